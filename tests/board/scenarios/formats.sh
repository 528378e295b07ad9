# Colour bars from real drivers in each pixel format: the screen goes to FORMAT.png.
. /board/functions.sh

# take NAME CAMERA: the screen after three results from a camera.
take() {
    vggcam run --json --model /board/colours.onnx --camera "$2" --display "png:$1.png?size=640x480" --frames 3 \
        >"$1.jsonl" 2>"$1.messages" || echo "$1 $? $(tail -n 1 "$1.messages")" >>failed
}

v4l2_control /dev/video0 "OSD Text Mode" 2 || fail "no control"
for format in YUYV UYVY NV12 YU12 RGB3 GREY; do
    take "$format" "v4l2:/dev/video0?format=$format&size=640x360"
done

plug_camera 640 360
for format in YUYV MJPG; do
    take "webcam-$format" "v4l2:$webcam?format=$format&size=640x360"
done
