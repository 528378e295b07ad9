#!/usr/bin/env python3
"""Writes a data set of drawn pictures, for reports on it.

usage: pictures.py FOLDER CLASSES PICTURES

FOLDER/train and FOLDER/valid get as many classes, with as many pictures each. Every class has stripes of its own colour and
slope under noise; the names of some classes are such that a page may stumble over them.
"""

import pathlib
import random
import struct
import sys
import zlib

NAMES = ["<b>bold</b> & \"co\"", "grüne Äpfel", "a_class_with_a_very_long_name_that_nobody_can_read_without_spaces"]


def png(width, height, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def picture(kind, seed):
    dice = random.Random(kind * 1000 + seed)
    width, height = dice.choice([(120, 90), (90, 120), (110, 110)])
    colours = random.Random(kind)
    bright = [colours.randrange(256) for _ in range(3)]
    slope, shift = kind % 7 - 3, dice.randrange(16)
    rows = []
    for y in range(height):
        stripes = (bright if (x + slope * y + shift) % 16 < 8 else [40, 40, 40] for x in range(width))
        rows.append(bytes(min(255, max(0, value + dice.randrange(-30, 30))) for pixel in stripes for value in pixel))
    return png(width, height, rows)


def main():
    folder, classes, pictures = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for split, first in (("train", 0), ("valid", 500)):
        for kind in range(classes):
            name = NAMES[kind].replace("/", "∕") if kind < len(NAMES) else f"class {kind}"
            place = folder / split / name
            place.mkdir(parents=True, exist_ok=True)
            for number in range(pictures):
                (place / f"{number}.png").write_bytes(picture(kind, first + number))


main()
