# A webcam that comes back under another number, and one that another program uses.
. /board/functions.sh

# What udev does: the lasting name leads to the node of the day.
name_webcam() {
    until_true 20 find_webcam || fail "the webcam is gone"
    mkdir -p /dev/v4l/by-id
    ln -sf "../../${webcam##*/}" /dev/v4l/by-id/usb-virtual_webcam-video-index0
}

plug_camera 256 144
name_webcam
first=$webcam
start_camera --model /board/colours.onnx --camera "v4l2:$webcam?format=MJPG&size=256x144" --display none
until_true 60 more_than 5 -1 || fail "no result: $(tail -n 1 messages)"

# While somebody has the old node open, its number is not given again.
exec 9<"$webcam"
echo unplug >/tmp/webcam
until_true 20 more_than 0 0 || fail "no loss is reported"
rm /dev/v4l/by-id/*
echo plug >/tmp/webcam
name_webcam
echo "$first $webcam" >nodes
count
until_true 60 more_than $((results + 5)) 0 || fail "it is not back: $(tail -n 1 messages)"
running || fail "the program ended: $(tail -n 1 messages)"

# Another program wants the camera that is in use.
vggcam run --json --camera "$webcam" --frames 1 --display none >/dev/null 2>busy
echo "$? $camera" >busy_exit
stop_camera
