# The screen before the webcam is unplugged, while it is away, and after it is back.
. /board/functions.sh

plug_camera 640 360
start_camera --model /board/colours.onnx --camera "v4l2:$webcam?format=MJPG&size=640x360" \
    --display "png:screen.png?size=640x480"
until_true 60 more_than 5 -1 || fail "no result"
sleep 1
cp screen.png live.png
echo unplug >/tmp/webcam
until_true 20 more_than 0 0 || fail "no loss is reported"
running || fail "the program ended: $(tail -n 1 messages)"
sleep 3
cp screen.png lost.png
echo plug >/tmp/webcam
count
results_before=$results
until_true 60 more_than $((results_before + 5)) 0 || fail "it is not back"
sleep 1
cp screen.png back.png
stop_camera
