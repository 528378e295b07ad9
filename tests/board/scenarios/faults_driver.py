"""The program goes on through every fault that a driver can have, and says what it was."""

from harness import model, recovery
from harness.machine import VIVID, Board
from harness.recovery import NEVER

BOARD = Board(modules={"vivid": VIVID}, patience=3000)
FAULTS = {
    "disconnect": ("the device is gone until it is closed (timed from the fault)", "unplugged"),
    "unbind": ("the driver is taken from the device, and given back once the loss is reported", "unplugged"),
    "fatal_error": ("every wait fails until the stream is stopped (timed from the fault)", "EIO"),
    "no_frames": ("all frames are dropped, until the loss is reported", "no picture for"),
    "damaged_frame": ("a frame is marked as damaged", NEVER),
    "queue_error": ("a buffer cannot be queued", None),
    "start_error": ("a fatal error, and then the stream fails to start once (timed from the fault)", "cannot start it"),
    "buffers_error": ("a fatal error, and then no buffers are given once (timed from the fault)", "Invalid argument"),
}
LIMIT_MS = 3000


def inputs(folder):
    return model.write(folder)


def check(result):
    yield from recovery.check(result, FAULTS, LIMIT_MS)
