"""PNG files without a library: colour pictures of 8 bits a channel, as the program and QEMU write them."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass
class Picture:
    """Rows of (red, green, blue), from the top."""

    width: int
    height: int
    rows: list[list[tuple[int, int, int]]]

    def at(self, x, y):
        return self.rows[y][x]


def read(path: Path) -> Picture:
    """Reads a picture; alpha is left out."""
    data = path.read_bytes()
    if not data.startswith(SIGNATURE):
        raise ValueError(f"{path} is no PNG file")
    position, packed = len(SIGNATURE), b""
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        position += length + 12
    if depth != 8 or colour not in (2, 6) or interlaced:
        raise ValueError(f"{path} is no plain RGB picture of 8 bits")
    channels = 3 if colour == 2 else 4
    lines = unfilter(zlib.decompress(packed), width * channels, channels)
    rows = [list(zip(line[0::channels], line[1::channels], line[2::channels])) for line in lines]
    return Picture(width, height, rows[:height])


def unfilter(data, row_bytes, pixel_bytes):
    """The rows of the pixel data, each restored from its difference to its neighbours."""
    lines, above = [], bytes(row_bytes)
    for start in range(0, len(data), row_bytes + 1):
        kind = data[start]
        line = bytearray(data[start + 1 : start + 1 + row_bytes])
        if kind == 2:
            line = bytearray((a + b) & 255 for a, b in zip(line, above))
        elif kind:
            for i, value in enumerate(line):
                left = line[i - pixel_bytes] if i >= pixel_bytes else 0
                corner = above[i - pixel_bytes] if i >= pixel_bytes else 0
                line[i] = (value + predict(kind, left, above[i], corner)) & 255
        lines.append(line)
        above = line
    return lines


def predict(kind, left, above, corner):
    """PNG's filters Sub, Average and Paeth."""
    if kind == 1:
        return left
    if kind == 3:
        return (left + above) // 2
    nearest = left + above - corner
    return min((left, above, corner), key=lambda value: abs(nearest - value))


def write(path: Path, picture: Picture):
    """Writes a picture, to be looked at."""
    raw = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in picture.rows)
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    with open(path, "wb") as file:
        file.write(SIGNATURE)
        for kind, body in parts:
            file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
