"""An ST7789 as its data sheet describes it: takes commands and data, and shows what its memory holds."""

from .checks import demand
from .png import Picture

COLUMNS, ROWS = 240, 320
SWRESET, SLPIN, SLPOUT, INVOFF, INVON, DISPOFF, DISPON = 0x01, 0x10, 0x11, 0x20, 0x21, 0x28, 0x29
CASET, RASET, RAMWR, MADCTL, COLMOD, RAMWRC = 0x2A, 0x2B, 0x2C, 0x36, 0x3A, 0x3C


class St7789:
    """The controller. Its memory holds (red, green, blue) in steps of RGB565, as the glass shows it unturned."""

    def __init__(self):
        self.memory = [[(0, 0, 0)] * COLUMNS for _ in range(ROWS)]
        self.unknown = set()
        self.command, self.data = None, []
        self.reset()

    def reset(self):
        self.awake = self.on = self.inverted = False
        self.pixel_format = None
        self.order = 0
        self.columns, self.rows = (0, COLUMNS - 1), (0, ROWS - 1)
        self.column = self.row = 0

    def take(self, is_data, byte):
        """One byte, with the level of the line that tells data from commands."""
        if not is_data:
            self.command, self.data = byte, []
            self.obey()
        elif self.command in (RAMWR, RAMWRC):
            self.data.append(byte)
            if len(self.data) == 2:
                self.pixel(self.data[0] << 8 | self.data[1])
                self.data = []
        else:
            self.data.append(byte)
            self.set_parameter()

    def obey(self):
        """A command that takes no data, or the start of one that does."""
        command = self.command
        if command == SWRESET:
            self.reset()
        elif command in (SLPIN, SLPOUT):
            self.awake = command == SLPOUT
        elif command in (INVOFF, INVON):
            self.inverted = command == INVON
        elif command in (DISPOFF, DISPON):
            self.on = command == DISPON
        elif command == RAMWR:
            self.column, self.row = self.columns[0], self.rows[0]

    def set_parameter(self):
        """Data of a command that sets something."""
        if self.command == MADCTL:
            self.order = self.data[0]
        elif self.command == COLMOD:
            self.pixel_format = self.data[0] & 7
        elif self.command in (CASET, RASET) and len(self.data) == 4:
            window = (self.data[0] << 8 | self.data[1], self.data[2] << 8 | self.data[3])
            if self.command == CASET:
                self.columns = window
            else:
                self.rows = window

    def pixel(self, value):
        """Stores a pixel where the window and the order of access say, and goes on to the next."""
        # MADCTL: bit 5 exchanges columns and rows, bits 6 and 7 count them from the other end.
        exchanged, x, y = self.order & 0x20, self.column, self.row
        if exchanged:
            x, y = y, x
        x = COLUMNS - 1 - x if self.order & 0x40 else x
        y = ROWS - 1 - y if self.order & 0x80 else y
        demand(0 <= x < COLUMNS and 0 <= y < ROWS, f"a pixel is sent to {x},{y}, outside the controller's memory")
        self.memory[y][x] = (value >> 11, value >> 5 & 63, value & 31)
        self.column += 1
        if self.column > self.columns[1]:
            self.column = self.columns[0]
            self.row = self.row + 1 if self.row < self.rows[1] else self.rows[0]

    def shown(self, size, offset):
        """What a panel of `size` shows whose first pixel is `offset` columns and rows into the memory, unturned."""
        demand(self.awake and self.on, "the panel was not switched on")
        demand(self.pixel_format == 5, f"the panel was set to pixel format {self.pixel_format}, and not to 16 bits")
        demand(not self.order & 0x08, "red and blue are exchanged")
        rows = self.memory[offset[1] : offset[1] + size[1]]
        return Picture(*size, [row[offset[0] : offset[0] + size[0]] for row in rows])


def turned(picture: Picture, degrees):
    """The picture turned back, so that what is drawn on a panel mounted at `degrees` (clockwise) stands upright."""
    rows = picture.rows
    for _ in range(degrees // 90 % 4):
        rows = [list(row) for row in zip(*reversed(rows))]
    return Picture(len(rows[0]), len(rows), rows)
