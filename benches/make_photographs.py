"""Makes a data set of 1,000 photographs a class, JPEG of at most 500×375, in the layout of the recipe.

usage: make_photographs.py [DATA] OUT     (needs pillow and numpy)

With DATA, a data set in that layout, its photographs are used as often as needed, each time with another crop and
brightness. Without, they are synthetic: textures with warm stripes or with cold spots.
"""

import sys
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

PER_CLASS = {"train": 800, "valid": 200}
SIZE = (500, 375)
random = np.random.default_rng(16)


def altered(file):
    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    width, height = picture.size
    # A box of 85 to 100 % of either side.
    sides = random.uniform(0.85, 1, 2) * (width, height)
    left, top = random.uniform(0, 1, 2) * ((width, height) - sides)
    scale = min(SIZE[0] / sides[0], SIZE[1] / sides[1])
    box = (left, top, left + sides[0], top + sides[1])
    picture = picture.resize([round(side * scale) for side in sides], Image.Resampling.BICUBIC, box)
    return ImageEnhance.Brightness(picture).enhance(random.uniform(0.8, 1.2))


def synthetic(kind):
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    angle, length = random.uniform(0, np.pi), random.uniform(20, 60)
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    wave = np.sin(along * 2 * np.pi / length)
    # Two colours, both warm or both cold.
    colours = np.sort(random.uniform(0, 255, (2, 3)))[:, ::-1]
    if kind == "spots":
        wave, colours = wave * np.sin(across * 2 * np.pi / length), colours[:, ::-1]
    pixels = np.where(wave[..., None] > 0.2, *colours)
    # What makes a photograph's JPEG as large as it is: detail, here noise of two sizes.
    coarse = random.normal(0, 12, (SIZE[1] // 5, SIZE[0] // 5, 1)).repeat(5, 0).repeat(5, 1)
    pixels = pixels + coarse + random.normal(0, 2, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def main():
    *data, out = map(Path, sys.argv[1:])
    classes = sorted(place.name for place in (data[0] / "train").iterdir()) if data else ["spots", "stripes"]
    for split, count in PER_CLASS.items():
        for name in classes:
            folder = out / split / name
            folder.mkdir(parents=True)
            if data:
                files = sorted(file for file in (data[0] / split / name).iterdir() if file.is_file())
                pictures = map(altered, islice(cycle(files), count))
            else:
                pictures = (synthetic(name) for _ in range(count))
            for index, picture in enumerate(pictures):
                picture.save(folder / f"{index:04}.jpg", quality=90)


main()
