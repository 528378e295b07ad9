"""Makes a data set of COUNT different pictures, PNG of 32×32, in the layout of the recipe.

usage: make_tiny.py COUNT OUT

Four fifths are for training. Class `a` has stripes that lie, class `b` stripes that stand.
"""

import sys
import zlib
from pathlib import Path
from random import Random
from struct import pack

SIZE = 32
random = Random(16)


def chunk(kind, content):
    return pack(">I", len(content)) + kind + content + pack(">I", zlib.crc32(kind + content))


def png(rows):
    """A file of rows of RGB, none of them filtered."""
    header = pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


count, out = int(sys.argv[1]), Path(sys.argv[2])
for split, share in (("train", 0.8), ("valid", 0.2)):
    for name in "ab":
        folder = out / split / name
        folder.mkdir(parents=True)
        for index in range(round(count * share / 2)):
            colours = [random.randbytes(3) for _ in range(SIZE)]
            rows = [colour * SIZE for colour in colours] if name == "a" else [b"".join(colours)] * SIZE
            (folder / f"{index:06}.png").write_bytes(png(rows))
