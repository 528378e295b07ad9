"""A 32-bit framebuffer shows the screen to the bit, and what it showed before comes back."""

from harness import png, screens
from harness.checks import demand
from harness.machine import Board
from harness.scenario import PHOTOGRAPH

BOARD = Board(modules={}, screen=(480, 320))


def inputs(_folder):
    return {"cat.jpg": PHOTOGRAPH}


def check(result):
    drawn = png.read(result.files / "drawn.png")
    seen, depths = screens.read_framebuffer(result.files, "shown")
    yield "inside: " + screens.same(seen, depths, drawn)
    yield "outside: " + screens.same(png.read(result.files / "outside.png"), (8, 8, 8), drawn)
    before, after = (screens.read_framebuffer(result.files, name)[0] for name in ("before", "after"))
    demand(before.rows == after.rows, "what was on the framebuffer before did not come back")
    yield "what was there before came back"
    demand((result.files / "exit").read_text().strip() == "0", "the program did not end with 0 on SIGTERM")
