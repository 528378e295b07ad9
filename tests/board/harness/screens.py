"""Reading screens back, and comparing them with what the program draws into a PNG of the same size."""

import re
from pathlib import Path

from .checks import demand
from .png import Picture


def read_framebuffer(folder: Path, name):
    """The steps of each pixel's red, green and blue in a framebuffer that a script saved as NAME.raw beside NAME.geometry
    (sysfs's virtual_size, bits_per_pixel and stride), and how many bits each has."""
    width, height, bits, stride = map(int, re.findall(r"\d+", (folder / f"{name}.geometry").read_text()))
    raw = (folder / f"{name}.raw").read_bytes()
    demand(len(raw) >= stride * height, f"{name} has only {len(raw)} bytes")
    fields, pixel_bytes = {16: (((11, 5), (5, 6), (0, 5)), 2), 32: (((16, 8), (8, 8), (0, 8)), 4)}[bits]
    rows = []
    for y in range(height):
        line = raw[y * stride : y * stride + width * pixel_bytes]
        pixels = (int.from_bytes(line[i : i + pixel_bytes], "little") for i in range(0, len(line), pixel_bytes))
        rows.append([tuple(pixel >> offset & (1 << length) - 1 for offset, length in fields) for pixel in pixels])
    return Picture(width, height, rows), tuple(length for _, length in fields)


def same(seen: Picture, depths, drawn: Picture):
    """Demands that every pixel of `seen`, whose channels have `depths` bits, is one of the two steps next to the drawn
    colour; with 8 bits that is the colour itself. Returns a line that says so."""
    size = (seen.width, seen.height)
    demand(size == (drawn.width, drawn.height), f"it is {size}, and drawn is {(drawn.width, drawn.height)}")
    wrong, first = 0, ""
    for y, (seen_row, drawn_row) in enumerate(zip(seen.rows, drawn.rows)):
        for x, (steps, colour) in enumerate(zip(seen_row, drawn_row)):
            exact = (value * ((1 << depth) - 1) / 255 for value, depth in zip(colour, depths))
            if any(abs(step - value) >= 1 for step, value in zip(steps, exact)):
                wrong += 1
                first = first or f"{x},{y} is {steps} where {colour} is drawn"
    demand(not wrong, f"{wrong} of {size[0] * size[1]} pixels differ; the first at {first}")
    colours = {pixel for row in drawn.rows for pixel in row}
    demand(len(colours) > 500, f"the screen has only {len(colours)} colours, which is no photograph")
    return f"{size[0]}x{size[1]} at {'+'.join(map(str, depths))} bits: every pixel as drawn, of {len(colours)} colours"


def widened(seen: Picture, depths):
    """A picture to be looked at, of steps of `depths` bits."""
    rows = [[tuple(step * 255 // ((1 << depth) - 1) for step, depth in zip(steps, depths)) for steps in row] for row in seen.rows]
    return Picture(seen.width, seen.height, rows)
