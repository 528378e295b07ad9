"""A camera that is made: JPEG frames on standard output as fast as they are taken, and every few seconds a fault.

    camera.py FOLDER SECONDS

FOLDER has the frames (*.jpg), the number of the next fault (next) and the socket that is told of each fault (faults). Where there
is a file called calm, no faults come.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

out = sys.stdout.buffer


def ends(_frame):
    sys.exit("camera: the sensor does not answer")


def is_killed(_frame):
    os.kill(os.getpid(), signal.SIGKILL)


def is_cut_off(frame):
    """Ends in the middle of a frame."""
    out.write(frame[: len(frame) // 2])
    out.flush()
    sys.exit(1)


def closes_its_output(_frame):
    """Goes on without an output, and cannot be asked to end."""
    deaf()
    out.flush()
    os.close(out.fileno())
    time.sleep(3600)


def falls_silent(_frame):
    out.flush()
    time.sleep(3600)


def hangs(frame):
    """Falls silent, and cannot be asked to end."""
    deaf()
    falls_silent(frame)


def leaves_a_child(_frame):
    """Ends, while a program that it started holds its output."""
    subprocess.Popen(["sleep", "3613"])
    sys.exit(1)


def complains(_frame):
    """Ends with more messages than anybody reads."""
    for line in range(20_000):
        print("camera: line", line, "of many", file=sys.stderr)
    sys.exit(1)


def deaf():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def truncated(frame):
    return [frame[: len(frame) // 2]] * 3


def noise(frame):
    """The marks of a JPEG, and what does not belong between them."""
    return [frame[:200] + os.urandom(len(frame)).replace(b"\xff", b"\xfe") + b"\xff\xd9"] * 3


def rubbish(frame):
    """Bytes between two frames that belong to none."""
    return [os.urandom(100_000).replace(b"\xff", b"\xfe")]


# Each takes the frame that is due; the last three give what to send beside it.
FAULTS = [ends, is_killed, is_cut_off, closes_its_output, falls_silent, hangs, leaves_a_child, complains, truncated, noise, rubbish]


def main():
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    frames = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    counter = folder / "next"
    fault_at = time.monotonic() + seconds
    while True:
        # A second of each picture, so that labels change.
        frame = frames[int(time.monotonic()) % len(frames)]
        out.write(frame)
        out.flush()
        if time.monotonic() < fault_at or (folder / "calm").exists():
            continue
        fault_at = time.monotonic() + seconds
        number = int(counter.read_text())
        counter.write_text(str(number + 1))
        fault = FAULTS[number % len(FAULTS)]
        told.sendto(fault.__name__.encode(), str(folder / "faults"))
        # Those that end the stream do not come back.
        for piece in fault(frame):
            out.write(piece)


if __name__ == "__main__":
    main()
