"""A model that cannot run, in use on a card as if an update had just brought it, and what became of it."""

import json
from pathlib import Path

import card
from harness.checks import demand

STATE = "/var/lib/vggcam"
NAME = "broken"


def put_in_use(disk: Path, work: Path):
    """What debugfs must do to put it over the model in use, on trial; and the name of that model's file."""
    before = installed(disk, work)["current"]
    file = "0" * 32 + ".onnx"
    (work / file).write_bytes(b"no model")
    previous = {"file": before["file"], "name": before["name"]}
    state = {"current": {"file": file, "name": NAME, "trial": {"starts": 0}}, "previous": previous}
    (work / "installed.json").write_text(json.dumps(state))
    commands = [
        f"rm {STATE}/installed.json",
        f"write {work / 'installed.json'} {STATE}/installed.json",
        f"write {work / file} {STATE}/models/{file}",
    ]
    return commands, before["file"]


def check_in_use(disk: Path, work: Path):
    """Demands that it is the one that the board will start with."""
    demand(installed(disk, work)["current"]["name"] == NAME, "the card was not changed")


def check_taken_back(disk: Path, work: Path, file: str):
    """Demands that `file` is in use again, and that the list says why."""
    state = installed(disk, work)
    demand(state["current"]["file"] == file, f"{state['current']['name']} is in use")
    demand((state.get("withdrawn") or {}).get("name") == NAME, f"nothing is said of the model that was taken back: {state}")


def installed(disk, work):
    """The list of installed models."""
    text = card.content(disk, f"{STATE}/installed.json", work)
    demand(text is not None, f"there is no {STATE}/installed.json on the card")
    return json.loads(text)
