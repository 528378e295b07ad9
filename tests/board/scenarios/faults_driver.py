"""The program goes on through every fault that a driver can have, and says what it was."""

from harness import model, recovery
from harness.machine import VIVID, Board

BOARD = Board(modules={"vivid": VIVID}, patience=3000)
# Faults that must be reported, and a word of the cause; None for one that may be.
LOSES = {
    "disconnect": "unplugged",
    "unbind": "unplugged",
    "fatal_error": "EIO",
    "no_frames": "no picture for",
    "queue_error": None,
    "start_error": "cannot start it",
    "buffers_error": "Invalid argument",
}
LIMIT_MS = 3000


def inputs(folder):
    return model.write(folder)


def check(result):
    yield from recovery.check(result, LOSES, LIMIT_MS)
