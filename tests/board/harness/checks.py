"""What checkers demand."""


class Failure(Exception):
    """Says what a scenario did not show."""


def demand(condition, message):
    """Fails the scenario unless `condition` holds."""
    if not condition:
        raise Failure(message)
