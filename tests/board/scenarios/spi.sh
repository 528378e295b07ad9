# A photograph on an ST7789 panel on an SPI bus; the program is never ended, so that the last picture stays on the panel.
. /board/functions.sh

show "st7789:/dev/spidev0.0?dc=gpiochip0:7&rst=gpiochip0:5&bl=gpiochip0:6&size=80x160&offset=26,1&rotate=90" 160x80 8
