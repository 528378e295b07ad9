# A photograph on a framebuffer of 16 bits, as small panels with a kernel driver have it.
. /board/functions.sh

show fb:/dev/fb0 320x480
save_framebuffer shown
end_show
