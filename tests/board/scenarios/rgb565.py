"""A 16-bit framebuffer shows the screen to the nearest steps of its channels."""

from harness import png, screens
from harness.checks import demand
from harness.machine import Board
from harness.scenario import PHOTOGRAPH

BOARD = Board(modules={}, small_panels=True)


def inputs(_folder):
    return {"cat.jpg": PHOTOGRAPH}


def check(result):
    seen, depths = screens.read_framebuffer(result.files, "shown")
    png.write(result.files / "seen.png", screens.widened(seen, depths))
    yield screens.same(seen, depths, png.read(result.files / "drawn.png"))
    demand((result.files / "exit").read_text().strip() == "0", "the program did not end with 0 on SIGTERM")
