"""Tests of the checkers themselves: each accepts what is right, and fails when it must."""

import json
import tempfile
import unittest
from pathlib import Path

from . import bars, devicetree, png, recovery, screens, spi, st7789
from .checks import Failure
from .machine import Result


def bar_picture(colours):
    return png.Picture(160, 16, [[colours[x * 8 // 160] for x in range(160)] for _ in range(16)])


def photograph():
    return png.Picture(40, 30, [[(x * 6, y * 8, (x * y) % 256) for x in range(40)] for y in range(30)])


class Pictures(unittest.TestCase):
    def test_bars_are_accepted_only_in_their_colours(self):
        area = (0, 0, 160, 16)
        off = [tuple(min(255, value + 6) for value in colour) for colour in bars.COLOURS]
        self.assertEqual(bars.check(bar_picture(off), area), 6)
        exchanged = [colour[::-1] for colour in bars.COLOURS]
        too_bright = [tuple(value + 7 for value in colour) for colour in bars.COLOURS]
        for wrong in (exchanged, too_bright, bars.COLOURS[::-1]):
            self.assertRaises(Failure, bars.check, bar_picture(wrong), area)

    def test_png_files_are_read_as_they_were_written(self):
        with tempfile.TemporaryDirectory() as folder:
            png.write(Path(folder) / "x.png", photograph())
            self.assertEqual(png.read(Path(folder) / "x.png"), photograph())

    def test_rows_of_all_png_filters_are_restored(self):
        rows = [bytes([10, 20, 30, 50]), bytes([12, 25, 29, 60])]
        for kind, line in (
            (0, [12, 25, 29, 60]),
            (1, [12, 13, 4, 31]),
            (2, [2, 5, 255, 10]),
            (3, [7, 9, 2, 21]),
            (4, [2, 5, 255, 10]),
        ):
            lines = png.unfilter(bytes([0, *rows[0], kind, *line]), 4, 1)
            self.assertEqual(bytes(lines[1]), rows[1], f"filter {kind}")

    def test_a_screen_with_one_wrong_pixel_is_refused(self):
        seen = photograph()
        self.assertIn("40x30", screens.same(seen, (8, 8, 8), photograph()))
        coarse = png.Picture(40, 30, [[(r >> 3, g >> 2, b >> 3) for r, g, b in row] for row in seen.rows])
        screens.same(coarse, (5, 6, 5), photograph())
        coarse.rows[7][9] = (31, 0, 31)
        self.assertRaisesRegex(Failure, "^1 of 1200 .* 9,7", screens.same, coarse, (5, 6, 5), photograph())


class Panel(unittest.TestCase):
    START = [(0, 0x11), (0, 0x3A), (1, 0x55), (0, 0x21), (0, 0x29)]

    def shown(self, order, window, pixels, size, offset):
        panel = st7789.St7789()
        (left, right), (top, bottom) = window
        events = [*self.START, (0, 0x36), (1, order)]
        events += [(0, 0x2A), (1, 0), (1, left), (1, 0), (1, right), (0, 0x2B), (1, 0), (1, top), (1, 0), (1, bottom), (0, 0x2C)]
        events += [(1, byte) for pixel in pixels for byte in pixel.to_bytes(2, "big")]
        for is_data, byte in events:
            panel.take(is_data, byte)
        return panel.shown(size, offset)

    def test_pixels_lie_where_window_and_order_say(self):
        red, green, blue, white = 0xF800, 0x07E0, 0x001F, 0xFFFF
        colours = {red: (31, 0, 0), green: (0, 63, 0), blue: (0, 0, 31), white: (31, 63, 31)}

        def expect(rows):
            return [[colours[pixel] for pixel in row] for row in rows]

        pixels = [red, green, blue, white]
        upright = self.shown(0, ((10, 11), (20, 21)), pixels, (2, 2), (10, 20))
        self.assertEqual(upright.rows, expect([[red, green], [blue, white]]))
        mirrored = self.shown(0x40, ((10, 11), (20, 21)), pixels, (2, 2), (228, 20))
        self.assertEqual(mirrored.rows, expect([[green, red], [white, blue]]))
        # Rotated by 90 degrees: columns and rows exchanged, one of them mirrored.
        rotated = self.shown(0x60, ((20, 21), (10, 11)), pixels, (2, 2), (228, 20))
        self.assertEqual(rotated.rows, expect([[blue, red], [white, green]]))
        self.assertEqual(st7789.turned(rotated, -90).rows, expect([[red, green], [blue, white]]))

    def test_a_panel_that_sleeps_shows_nothing(self):
        self.assertRaisesRegex(Failure, "not switched on", st7789.St7789().shown, (2, 2), (0, 0))

    def test_bytes_are_read_off_the_lines(self):
        levels = [(devicetree.CS, 1), (devicetree.SCK, 0), (devicetree.DC, 0), (devicetree.CS, 0)]

        def clock(byte, count=8):
            for bit in range(7, 7 - count, -1):
                levels.extend([(devicetree.MOSI, byte >> bit & 1), (devicetree.SCK, 1), (devicetree.SCK, 0)])

        clock(0x2C)
        levels.append((devicetree.DC, 1))
        clock(0xA5)
        clock(0xFF, count=3)
        levels += [(devicetree.CS, 1), (devicetree.SCK, 1), (devicetree.SCK, 0), (devicetree.CS, 0)]
        clock(0x0F)
        with tempfile.NamedTemporaryFile("w") as trace:
            for line, level in levels:
                trace.write(f"pl061_set_output /machine/x setting output {line} to {level}\n")
            trace.flush()
            self.assertEqual(list(spi.sent(Path(trace.name))), [(False, 0x2C), (True, 0xA5), (True, 0x0F)])


class Recovery(unittest.TestCase):
    RESULT = json.dumps({"camera": "x", "label": "red"})
    LOST = json.dumps({"camera": "x", "state": "camera lost", "cause": "unplugged"})
    LIVE = json.dumps({"camera": "x", "state": "live"})
    GOOD = [
        "mark process 7 2000 4 9",
        "mark inject unplug 1",
        LOST,
        "mark restored unplug 1",
        RESULT,
        LIVE,
        RESULT,
        RESULT,
        "mark process 7 2100 4 9",
    ]

    def check(self, lines, **demands):
        """The checker's word on events that come a tenth of a second apart."""
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "events").write_text("".join(f"{i / 10:.6f} {line}\n" for i, line in enumerate(lines)))
            (Path(folder) / "exit").write_text("0\n")
            demands = {"kinds": {"unplug": ("", "unplug")}, "limit_ms": 1000} | demands
            return list(recovery.check(Result("", 0, Path(folder), 0), **demands))

    def test_recovery_is_timed_from_the_whole_device_to_the_first_result_of_a_live_camera(self):
        table = self.check(self.GOOD)
        self.assertRegex(table[1], r"unplug +1 +1 +300 +300 +300 +unplugged")

    def test_what_must_not_be_fails(self):
        def without(line):
            return [kept for kept in self.GOOD if kept != line]

        def replaced(line, other):
            return [other if kept == line else kept for kept in self.GOOD]

        for reason, lines, demands in (
            ("1 of 1 not survived", without(self.LIVE), {}),
            ("none was reported", without(self.LOST), {}),
            ("no cause says 'reset'", self.GOOD, {"kinds": {"unplug": ("", "reset")}}),
            ("was reported as a loss", self.GOOD, {"kinds": {"unplug": ("", recovery.NEVER)}}),
            ("reset: was not injected", self.GOOD, {"kinds": {"unplug": ("", None), "reset": ("", None)}}),
            ("took 300 ms", self.GOOD, {"limit_ms": 200}),
            ("the program ended: error: gone", [*self.GOOD[:-1], "mark died unplug 2 1 error: gone", self.GOOD[-1]], {}),
            ("did not come to its end", self.GOOD[:-1], {}),
            ("not the same process", replaced(self.GOOD[-1], "mark process 8 2000 4 9"), {}),
            ("threads grew", replaced(self.GOOD[-1], "mark process 7 2000 5 9"), {}),
            ("descriptors grew", replaced(self.GOOD[-1], "mark process 7 2000 4 10"), {}),
            ("memory grew", replaced(self.GOOD[-1], "mark process 7 9000 4 9"), {}),
        ):
            with self.subTest(reason):
                self.assertRaisesRegex(Failure, reason, self.check, lines, **demands)


if __name__ == "__main__":
    unittest.main()
