"""The program goes on through every fault that a USB webcam can have, and says what it was."""

from harness import bars, model, recovery
from harness.machine import Board
from harness.recovery import NEVER

BOARD = Board(modules={"uvcvideo": "", "vhci-hcd": ""}, patience=3000)
FAULTS = {
    "unplug": ("the cable is pulled, and plugged in once the loss is reported", "unplugged"),
    "glitch": ("the cable has a loose contact (timed from the fault)", "unplugged"),
    "reset": ("the USB device is reset (timed from the fault)", "unplugged"),
    "unbind": ("uvcvideo is taken from the webcam, and given back", "unplugged"),
    "stall": ("no data come, until the loss is reported", "no picture for"),
    "transfer_errors": ("five USB transfers fail, after which uvcvideo asks for no more (timed from the fault)", "no picture for"),
    "truncated_frames": ("three JPEGs end in the middle", NEVER),
    "noise_frames": ("three JPEGs are noise", NEVER),
    "flagged_frames": ("three JPEGs are marked as damaged", NEVER),
}
LIMIT_MS = 3000


def inputs(folder):
    return bars.write(folder, 256, 144) | model.write(folder)


def check(result):
    yield from recovery.check(result, FAULTS, LIMIT_MS)
