# A USB webcam that is pulled, reset, unbound, hangs, and sends damaged data.
. /board/functions.sh
. /board/faults.sh

watch_camera() {
    until_true 10 find_webcam || fail "the webcam is gone"
    start_camera --model /board/colours.onnx --camera "v4l2:$webcam?format=MJPG&size=256x144" --display none
    until_true 30 more_than 0 -1 || fail "no result: $(tail -n 1 messages)"
}
webcam_back() {
    until_true 20 find_webcam || mark "no node $fault $cycle"
    restored
}

unplug() {
    echo unplug >/tmp/webcam
    seen_lost
    echo plug >/tmp/webcam
    webcam_back
}
# A loose contact. It and the reset end by themselves, so that recovery is timed from their beginning.
glitch() {
    restored
    printf 'unplug\nplug\n' >/tmp/webcam
}
reset() {
    restored
    for device in /sys/bus/usb/devices/*; do
        if grep -q "virtual webcam" "$device/product" 2>/dev/null; then
            usb_reset "$(printf '/dev/bus/usb/%03d/%03d' "$(cat "$device/busnum")" "$(cat "$device/devnum")")"
        fi
    done
}
unbind() {
    interface=$(cd /sys/bus/usb/drivers/uvcvideo && echo *:1.0)
    echo "$interface" >/sys/bus/usb/drivers/uvcvideo/unbind
    seen_lost
    echo "$interface" >/sys/bus/usb/drivers/uvcvideo/bind
    webcam_back
}
# No data come, though nothing is wrong on the bus.
stall() {
    echo stall >/tmp/webcam
    seen_lost
    echo resume >/tmp/webcam
    restored
}
# After an error the driver gives up the transfer; without any of its five no data come until the stream starts again.
transfer_errors() {
    echo "halt 5" >/tmp/webcam
    restored
}
truncated_frames() {
    echo "truncate 3" >/tmp/webcam
    restored
}
noise_frames() {
    echo "garbage 3" >/tmp/webcam
    restored
}
flagged_frames() {
    echo "flag 3" >/tmp/webcam
    restored
}

plug_camera 256 144
begin
repeat loses unplug
repeat loses glitch
repeat loses reset
repeat loses unbind
repeat loses stall
repeat loses transfer_errors
repeat passes truncated_frames
repeat passes noise_frames
repeat passes flagged_frames
end
