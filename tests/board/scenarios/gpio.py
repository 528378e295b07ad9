"""Lamps on GPIO lines show the class, and a button leafs through the pages and stops the picture."""

from harness import model, png
from harness.checks import demand
from harness.machine import VIVID, Board

BOARD = Board(modules={"vivid": VIVID, "gpio-sim": ""}, gpio_sim=True)


def inputs(folder):
    return model.write(folder)


def share(picture, strongest):
    """Share of the pixels in which a channel is above 150 and both others below 100."""
    pixels = [pixel for row in picture.rows for pixel in row]
    others = [channel for channel in range(3) if channel != strongest]
    lit = sum(pixel[strongest] > 150 and all(pixel[other] < 100 for other in others) for pixel in pixels)
    return lit / len(pixels)


def check(result):
    lamps = dict(line.split(" ", 1) for line in (result.files / "lamps").read_text().splitlines())
    for index, colour in enumerate(model.LABELS):
        expected = ["1" if lamp == index else "0" for lamp in range(3)]
        demand(lamps[colour].split() == expected, f"the camera sees {colour}, and the lamps are {lamps[colour]}")
    yield "the lamp of the class is on, and the others are off"

    pictures = {name: png.read(result.files / f"{name}.png") for name in
                ("before", "next_page", "first_page", "stopped", "going_on")}  # fmt: skip
    blue, red = 2, 0
    for name, colour in (("before", blue), ("first_page", blue), ("stopped", blue), ("going_on", red)):
        demand(share(pictures[name], colour) > 0.4, f"{name}.png does not show the picture that it should")
    demand(share(pictures["next_page"], blue) < 0.4, "a short press does not bring the next page")
    yield "a short press brings the next page, a long one stops the picture, another lets it go on"
