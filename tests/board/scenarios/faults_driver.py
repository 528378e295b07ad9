"""The program goes on through every fault that a driver can have, and says what it was."""

from harness import model, recovery
from harness.machine import VIVID, Board

BOARD = Board(modules={"vivid": VIVID}, patience=3000)
# Faults that must be reported, and a word of the cause.
LOSES = {
    "disconnect": "",
    "unbind": "",
    "fatal_error": "",
    "no_frames": "",
    "start_error": "",
    "buffers_error": "",
}
LIMIT_MS = 3000


def inputs(folder):
    return model.write(folder)


def check(result):
    yield from recovery.check(result, LOSES, LIMIT_MS)
