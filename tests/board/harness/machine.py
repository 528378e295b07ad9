"""One boot of the virtual board: an initramfs with all that the scenario needs, QEMU, and what the guest leaves."""

import json
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import devicetree
from .debian import BoardError, Kernel, find

GUEST = Path(__file__).parent.parent / "guest"

# The cameras of vivid: a webcam (input 0), and an HDMI input of any size.
VIVID = "n_devs=1 node_types=0x1 num_inputs=2 input_types=0xc"
BASE_MODULES = {"virtio_pci": "", "9pnet_virtio": "", "9p": "", "configfs": ""}


@dataclass
class Board:
    """What a scenario's board has."""

    # Kernel modules with their options, beside those that every boot needs.
    modules: dict[str, str] = field(default_factory=lambda: {"vivid": VIVID})
    # Width and height of a 32-bit screen that is a framebuffer and a DRM card; None for no such screen.
    screen: tuple[int, int] | None = None
    # Whether it has a 320x480 RGB565 screen, and an SPI bus over GPIO lines.
    small_panels: bool = False
    # Whether gpio-sim, which is none of Debian's modules, has to be built.
    gpio_sim: bool = False
    # Whether every change of the GPIO chip's lines is kept in the result's `gpio.trace`.
    trace_gpio: bool = False
    # Seconds on this machine after which the guest is given up.
    patience: int = 900


@dataclass
class Result:
    """What a boot left: the script's output and status, and the folder with its files."""

    output: str
    status: int
    files: Path
    seconds: float


def qemu_machine(board: Board):
    """QEMU's command for the bare machine. One processor: with two, USB starves under emulation."""
    return ["qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72", "-smp", "1", "-m", "1024", "-net", "none"]


def boot(kernel: Kernel, board: Board, script: Path, inputs: dict[str, Path], environment: dict[str, str], out: Path):
    """Boots a board that runs `script`, with `inputs` (name in the guest: file) beside it. Its files come to `out`."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        command = qemu_machine(board)
        if board.small_panels:
            devicetree.build(folder / "board.dtb", qemu_machine(board))
            command += ["-dtb", str(folder / "board.dtb")]
        if board.screen:
            command += ["-device", "virtio-gpu-pci,xres=%d,yres=%d" % board.screen]
        if board.trace_gpio:
            command += ["-trace", "pl061_set_output", "-D", str(out / "gpio.trace")]
        initramfs(kernel, board, script, inputs, environment, folder)
        command += [
            # One instruction takes one nanosecond of the guest's time, and idle time passes at once: what is measured
            # inside does not depend on this machine's load.
            "-icount", "shift=0,sleep=off", "-rtc", "clock=vm",
            "-display", "none", "-monitor", "none", "-no-reboot",
            "-serial", f"file:{out}/console.log",
            "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
            "-virtfs", f"local,path={out},mount_tag=host,security_model=none",
            "-kernel", str(kernel.image), "-initrd", str(folder / "initramfs"),
            "-append", "console=ttyAMA0 quiet panic=-1",
        ]  # fmt: skip
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as qemu:
            try:
                attend(qemu, folder / "qmp", out, started + board.patience)
            finally:
                qemu.kill()
    status = out / "status"
    if not status.exists():
        raise BoardError(f"the guest died or took over {board.patience} s; see {out}/console.log\n{tail(out)}")
    return Result((out / "output").read_text(errors="replace"), int(status.read_text()), out, time.monotonic() - started)


def tail(out):
    """The last lines of the guest's console."""
    console = out / "console.log"
    return "\n".join(console.read_text(errors="replace").splitlines()[-8:]) if console.exists() else ""


def attend(qemu, monitor, out, deadline):
    """Waits for QEMU to end; takes a screenshot where the guest has left a file NAME.wanted, and removes that file."""
    while qemu.poll() is None and time.monotonic() < deadline:
        for wanted in out.glob("*.wanted"):
            monitor_command(monitor, "screendump", filename=str(wanted.with_suffix(".png")), format="png")
            wanted.unlink()
        time.sleep(0.05)


def monitor_command(path, name, **arguments):
    """Gives QEMU one command over QMP and returns its answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        stream = connection.makefile("rw")
        stream.readline()
        for command in ({"execute": "qmp_capabilities"}, {"execute": name, "arguments": arguments}):
            stream.write(json.dumps(command) + "\n")
            stream.flush()
            while not {"return", "error"} & (answer := json.loads(stream.readline())).keys():
                pass
    if "error" in answer:
        raise BoardError(f"QEMU refuses {name}: {answer['error']['desc']}")
    return answer["return"]


def initramfs(kernel, board, script, inputs, environment, folder):
    """Packs busybox, the modules, the guest's tools, the script and its inputs into `folder`/initramfs."""
    root = folder / "root"
    for part in ("bin", "modules", "lib", "dev", "proc", "sys", "tmp", "host", "board"):
        (root / part).mkdir(parents=True)
    shutil.copy(kernel.busybox, root / "bin")
    modules = BASE_MODULES | board.modules
    modules |= {"virtio-gpu": ""} if board.screen else {}
    modules |= {"spi-gpio": "", "spidev": ""} if board.small_panels else {}
    order = {}
    for module, options in modules.items():
        files = kernel.load_order(module)
        for file in files:
            order.setdefault(file, "")
        if files:  # else it is built into the kernel
            order[files[-1]] = options
    for file in order:
        shutil.copy(file, root / "modules")
    lines = [f"{file.name} {options}\n" for file, options in order.items()]
    (root / "modules/order").write_text("".join(lines))
    # The C library of the cross compiler, so that the program may be linked as users link it.
    for library in ("ld-linux-aarch64.so.1", "libc.so.6", "libm.so.6", "libgcc_s.so.1"):
        shown = subprocess.run(
            ["aarch64-linux-gnu-gcc", f"-print-file-name={library}"], check=True, capture_output=True, text=True
        )
        shutil.copy(shown.stdout.strip(), root / "lib")
    shutil.copy(GUEST / "init", root / "init")
    for library in GUEST.glob("*.sh"):
        shutil.copy(library, root / "board")
    shutil.copy(script, root / "board/scenario.sh")
    exports = [f"export {name}='{value}'\n" for name, value in environment.items()]
    (root / "board/environment").write_text("".join(exports))
    for name, file in inputs.items():
        shutil.copy(file, root / "board" / name)
    pack(root, folder)


def pack(root, folder):
    """Makes the initramfs in a folder of the files below root, which go."""
    for program in (root / "init", root / "bin/busybox"):
        program.chmod(0o755)
    with open(folder / "initramfs", "wb") as packed:
        names = subprocess.run(["find", "."], cwd=root, check=True, capture_output=True)
        cpio = [find("cpio"), "-o", "-H", "newc", "-R", "0:0", "--quiet"]
        subprocess.run(cpio, cwd=root, check=True, input=names.stdout, stdout=packed)
    shutil.rmtree(root)
