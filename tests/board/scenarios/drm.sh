# A photograph on a DRM card without any framebuffer, seen from outside.
. /board/functions.sh

show drm:/dev/dri/card0 480x320
screenshot outside
end_show
