"""What goes over the SPI bus makes an ST7789 panel show the screen."""

from harness import png, screens, spi, st7789
from harness.checks import demand
from harness.machine import Board
from harness.scenario import PHOTOGRAPH

BOARD = Board(modules={}, small_panels=True, trace_gpio=True)
SIZE, OFFSET, ROTATION = (80, 160), (26, 1), 90


def inputs(_folder):
    return {"cat.jpg": PHOTOGRAPH}


def check(result):
    trace = result.files / "gpio.trace"
    panel = st7789.St7789()
    count = 0
    for is_data, byte in spi.sent(trace):
        panel.take(is_data, byte)
        count += 1
    trace.unlink()
    demand(count > 0, "nothing went over the bus")
    seen = st7789.turned(panel.shown(SIZE, OFFSET), -ROTATION)
    png.write(result.files / "seen.png", screens.widened(seen, (5, 6, 5)))
    demand(panel.inverted, "the colours of the panel, which is inverted, were not inverted")
    yield f"{count} bytes went over the bus"
    yield screens.same(seen, (5, 6, 5), png.read(result.files / "drawn.png"))
