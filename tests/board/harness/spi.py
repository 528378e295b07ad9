"""What was sent over the SPI bus, from QEMU's trace of the GPIO lines that it is driven over."""

from pathlib import Path

from .devicetree import CS, DC, MOSI, SCK


def sent(trace: Path):
    """The bytes that went over the bus while the panel was selected, each as (is data, byte); SPI mode 0. A byte that is not
    whole when the panel is let go is dropped, as the panel does."""
    lines = {}
    byte = bits = 0
    with open(trace, "rb") as events:
        for event in events:
            if not event.startswith(b"pl061_set_output"):
                continue
            # "pl061_set_output PL061 0x9030000 setting output 1 to 0"
            words = event.split()
            line, level = int(words[-3]), int(words[-1])
            if line == SCK and level and not lines.get(SCK) and not lines.get(CS):
                byte = byte << 1 | lines.get(MOSI, 0)
                bits += 1
                if bits == 8:
                    yield bool(lines.get(DC, 0)), byte
                    byte = bits = 0
            elif line == CS:
                byte = bits = 0
            lines[line] = level
