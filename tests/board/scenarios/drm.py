"""A DRM card shows the screen to the bit."""

from harness import png, screens
from harness.checks import demand
from harness.machine import Board
from harness.scenario import PHOTOGRAPH

BOARD = Board(modules={}, screen=(480, 320))


def inputs(_folder):
    return {"cat.jpg": PHOTOGRAPH}


def check(result):
    yield "outside: " + screens.same(
        png.read(result.files / "outside.png"), (8, 8, 8), png.read(result.files / "drawn.png")
    )
    demand((result.files / "exit").read_text().strip() == "0", "the program did not end with 0 on SIGTERM")
