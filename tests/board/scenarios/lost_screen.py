"""The screen does not pass for live while the camera is lost, and shows its pictures again when it is back."""

from harness import bars, model, png
from harness.checks import demand
from harness.machine import Board

BOARD = Board(modules={"uvcvideo": "", "vhci-hcd": ""})
# The upper part of the screen, which is the picture whatever stands below.
AREA = (0, 0, 640, 300)


def inputs(folder):
    return bars.write(folder, 640, 360) | model.write(folder)


def check(result):
    live, lost, back = (png.read(result.files / f"{name}.png") for name in ("live", "lost", "back"))
    bars.check(live, AREA)
    bars.check(back, AREA)
    # A picture that looks live while the camera is away would deceive.
    left, top, right, bottom = AREA
    pairs = [(live.at(x, y), lost.at(x, y)) for y in range(top, bottom) for x in range(left, right)]
    changed = sum(max(abs(a - b) for a, b in zip(*pair)) > 24 for pair in pairs) / len(pairs)
    demand(changed > 0.5, f"the picture looks live while the camera is lost: {changed:.0%} of it change")
    yield f"lost: {changed:.0%} of the picture change, look at lost.png; back: the bars are there again"
