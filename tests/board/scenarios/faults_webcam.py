"""The program goes on through every fault that a USB webcam can have, and says what it was."""

from harness import bars, model, recovery
from harness.machine import Board

BOARD = Board(modules={"uvcvideo": "", "vhci-hcd": ""}, patience=3000)
# Faults that must be reported, and a word of the cause.
LOSES = {
    "unplug": "unplugged",
    "glitch": "unplugged",
    "reset": "unplugged",
    "unbind": "unplugged",
    "stall": "no picture for",
    "transfer_errors": "no picture for",
}
LIMIT_MS = 3000


def inputs(folder):
    return bars.write(folder, 256, 144) | model.write(folder)


def check(result):
    yield from recovery.check(result, LOSES, LIMIT_MS)
