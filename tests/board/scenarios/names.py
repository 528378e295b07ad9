"""A webcam that comes back under another number is found by its lasting name; one in use is refused with the user's name."""

from harness import bars, model, recovery
from harness.checks import demand
from harness.machine import Board

BOARD = Board(modules={"uvcvideo": "", "vhci-hcd": ""})


def inputs(folder):
    return bars.write(folder, 256, 144) | model.write(folder)


def check(result):
    first, second = (result.files / "nodes").read_text().split()
    demand(first != second, f"the webcam came back as {second}, so nothing was tried")
    lines = [line for _, _, line in recovery.read(result.files / "events") if line]
    demand(any(line.get("state") == "live" for line in lines), "its return is not told")
    yield f"given as {first}, found again as {second}"
    status, holder = (result.files / "busy_exit").read_text().split()
    said = (result.files / "busy").read_text().strip()
    demand(status == "1", f"the second program ended with {status}: {said}")
    demand(f"vggcam (process {holder})" in said, f"the program that holds the camera is not named: {said}")
    yield said.splitlines()[-1]
