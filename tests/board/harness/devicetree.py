"""The device tree of a board with a small RGB565 screen and an SPI bus."""

import re
import subprocess
from pathlib import Path

from .debian import BoardError

# Lines of the PL061 GPIO chip that QEMU gives the board; its line 3 is the power button. The bus is driven bit by bit over
# them, so that QEMU's trace of the chip holds all that is sent.
SCK, MOSI, MISO, CS, RESET, BACKLIGHT, DC = 0, 1, 2, 4, 5, 6, 7

# The memory of the screen lies at the end of the board's 1024 MiB.
FRAMEBUFFER = """
    reserved-memory {
        #address-cells = <2>; #size-cells = <2>; ranges;
        screen@7f000000 { reg = <0 0x7f000000 0 0x400000>; no-map; };
    };
    framebuffer@7f000000 {
        compatible = "simple-framebuffer"; reg = <0 0x7f000000 0 0x4b000>;
        width = <320>; height = <480>; stride = <640>; format = "r5g6b5";
    };
"""

SPI = """
    spi9 {
        compatible = "spi-gpio"; #address-cells = <1>; #size-cells = <0>; num-chipselects = <1>;
        sck-gpios = <CHIP %d 0>; mosi-gpios = <CHIP %d 0>; miso-gpios = <CHIP %d 0>; cs-gpios = <CHIP %d 1>;
        spidev@0 { compatible = "rohm,dh2228fv"; reg = <0>; spi-max-frequency = <32000000>; };
    };
""" % (SCK, MOSI, MISO, CS)


def build(path: Path, qemu_machine):
    """Writes the device tree of QEMU's machine, with the screen and the bus added, to `path`."""
    base = path.with_suffix(".base")
    dump = [*qemu_machine, "-machine", f"dumpdtb={base}", "-display", "none"]
    subprocess.run(dump, check=True, capture_output=True)
    source = run(["dtc", "-q", "-I", "dtb", "-O", "dts", str(base)], None)
    chip = re.search(r"pl061@\w+ \{.*?phandle = <(0x[0-9a-f]+)>", source, re.DOTALL)
    if not chip:
        raise BoardError("QEMU's machine has no PL061 GPIO chip; use QEMU 7 or newer")
    added = FRAMEBUFFER + SPI.replace("CHIP", chip[1])
    end = source.rindex("};")
    run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", str(path)], source[:end] + added + source[end:])


def run(command, text):
    """What a command prints when it is given `text`."""
    return subprocess.run(command, input=text, check=True, capture_output=True, text=True).stdout
