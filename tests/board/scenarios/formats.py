"""Every pixel format of a camera comes to the screen in the right colours."""

import json

from harness import bars, model, png
from harness.checks import Failure, demand
from harness.machine import VIVID, Board

BOARD = Board(modules={"vivid": VIVID, "uvcvideo": "", "vhci-hcd": ""})
FORMATS = ["YUYV", "UYVY", "NV12", "YU12", "RGB3", "GREY", "webcam-YUYV", "webcam-MJPG"]
# The upper part of the screen, which is the picture whatever stands below.
AREA = (0, 0, 640, 300)
# By rounding to the limited range and back, to steps of the JPEG, and by scaling.
TOLERANCE = 6


def inputs(folder):
    return bars.write(folder, 640, 360) | model.write(folder)


def check(result):
    failed = result.files / "failed"
    reasons = dict(line.split(" ", 1) for line in failed.read_text().splitlines()) if failed.exists() else {}
    wrong = []
    for name in FORMATS:
        try:
            demand(name not in reasons, f"the program ended with {reasons.get(name)}")
            lines = [json.loads(line) for line in (result.files / f"{name}.jsonl").read_text().splitlines()]
            demand(sum("label" in line for line in lines) == 3, "there are not three results")
            colours = [(round(bars.grey(colour)),) * 3 for colour in bars.COLOURS] if name == "GREY" else bars.COLOURS
            largest = bars.check(png.read(result.files / f"{name}.png"), AREA, colours, TOLERANCE)
            yield f"{name}: within {largest} of 255"
        except Failure as failure:
            wrong.append(name)
            yield f"{name}: {failure}"
    demand(not wrong, f"wrong: {', '.join(wrong)}")
