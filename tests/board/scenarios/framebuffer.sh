# A photograph on a 32-bit framebuffer: seen from inside and from outside, and gone when the program ends.
. /board/functions.sh

# Something that must come back.
yes "what was there before" | head -c 100000 >/dev/fb0
save_framebuffer before
show fb:/dev/fb0 480x320
save_framebuffer shown
screenshot outside
end_show
save_framebuffer after
