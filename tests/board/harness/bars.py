"""Colour bars: as vivid draws them, and as frames of a webcam in YUYV and as a JPEG without Huffman tables.

The conversion is that of JPEG and of ITU-R BT.601, whose limited range uncompressed webcam pictures have.
"""

import struct

from .checks import demand

# Eight upright bars of 75 %, from the left, as red, green and blue.
COLOURS = [
    (191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0),
    (191, 0, 191), (191, 0, 0), (0, 0, 191), (0, 0, 0),
]  # fmt: skip


def grey(colour):
    """A colour as vivid makes it grey: luma of BT.709."""
    red, green, blue = colour
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def luma(colour):
    """Brightness of a colour by BT.601, 0 to 255."""
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue


def chroma(colour):
    """Blue and red difference of a colour by BT.601, -127.5 to 127.5."""
    y = luma(colour)
    return (colour[2] - y) / 1.772, (colour[0] - y) / 1.402


def yuyv(width, height):
    """The bars as a frame in YUYV, limited range."""
    row = bytearray()
    for x in range(0, width, 2):
        colour = COLOURS[x * 8 // width]
        y = round(16 + luma(colour) * 219 / 255)
        u, v = (round(128 + difference * 224 / 255) for difference in chroma(colour))
        row += bytes((y, u, y, v))
    return bytes(row) * height


def write(folder, width, height):
    """Writes the pictures of the webcam into a folder; returns their names in the guest with their paths."""
    (folder / "bars.yuyv").write_bytes(yuyv(width, height))
    (folder / "bars.jpg").write_bytes(jpeg(width, height))
    return {name: folder / name for name in ("bars.yuyv", "bars.jpg")}


def check(picture, area, expected=COLOURS, tolerance=6):
    """Demands the bars in `area` (left, top, right, bottom) of a picture: every pixel in the middle half of each bar, but
    for the outermost eighth above and below, differs from its colour by at most `tolerance` of 255 in each channel. Returns
    the largest difference."""
    left, top, right, bottom = area
    largest = 0
    step = (right - left) / 8
    for index, colour in enumerate(expected):
        for y in range(top + (bottom - top) // 8, bottom - (bottom - top) // 8):
            for x in range(round(left + (index + 0.25) * step), round(left + (index + 0.75) * step)):
                seen = picture.at(x, y)
                difference = max(abs(a - b) for a, b in zip(seen, colour))
                demand(difference <= tolerance, f"bar {index} is {seen} at {x},{y}, and not {colour}")
                largest = max(largest, difference)
    return largest


# ---- JPEG: every block of 8x8 is of one colour, so that only its mean is coded -----------------------------------------

# Lengths and symbols of the standard's Huffman tables for means (K.3 and K.4): how many codes of each length there are.
LUMA_LENGTHS = [0, 1, 5, 1, 1, 1, 1, 1, 1]
CHROMA_LENGTHS = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1]
# "No more values in this block" in the standard's tables for what deviates from the mean (K.5 and K.6).
LUMA_END, CHROMA_END = "1010", "00"


def codes(lengths):
    """Huffman codes of the sizes 0, 1, 2…, as strings of bits."""
    found, code = [], 0
    for length, count in enumerate(lengths, 1):
        for _ in range(count):
            found.append(f"{code:0{length}b}")
            code += 1
        code <<= 1
    return found


def coded_mean(difference, table):
    """A mean, as its difference to that of the block before."""
    size = abs(difference).bit_length()
    bits = difference if difference >= 0 else difference + (1 << size) - 1
    return table[size] + (f"{bits:0{size}b}" if size else "")


def jpeg(width, height):
    """The bars as a baseline JPEG with colour in half the columns, without Huffman tables, as webcams send them. Bars must
    be multiples of 16 columns wide, and the height a multiple of 8."""
    luma_codes, chroma_codes = codes(LUMA_LENGTHS), codes(CHROMA_LENGTHS)
    bits, before = [], [0, 0, 0]
    for _ in range(height // 8):
        for block in range(width // 16):
            colour = COLOURS[block * 16 * 8 // width]
            blue, red = chroma(colour)
            # A mean is coded as eight times its distance from the middle, here in steps of 4.
            means = [round(value * 8 / 4) for value in (luma(colour) - 128, blue, red)]
            for component, mean in ((0, means[0]), (0, means[0]), (1, means[1]), (2, means[2])):
                table, end = (luma_codes, LUMA_END) if component == 0 else (chroma_codes, CHROMA_END)
                bits.append(coded_mean(mean - before[component], table) + end)
                before[component] = mean
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    scan = bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8)).replace(b"\xff", b"\xff\0")

    def segment(marker, body):
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    steps = segment(0xDB, b"\0" + bytes([4] * 64))
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes([1, 0x21, 0, 2, 0x11, 0, 3, 0x11, 0])
    header = bytes([3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0])
    return b"\xff\xd8" + steps + segment(0xC0, frame) + segment(0xDA, header) + scan + b"\xff\xd9"
