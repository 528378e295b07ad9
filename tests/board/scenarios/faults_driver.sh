# Every fault that the driver vivid can inject, and the driver taken away and given back.
. /board/functions.sh
. /board/faults.sh

set_control() {
    v4l2_control /dev/video0 "$@"
}
watch_camera() {
    until_true 10 set_control "OSD Text Mode" 2 || fail "vivid is gone"
    start_camera --model /board/colours.onnx --camera "v4l2:/dev/video0?format=YUYV&size=320x180&fps=30" --display none
    until_true 30 more_than 0 -1 || fail "no result: $(tail -n 1 messages)"
}

# The node stays; every call fails until the last user has closed it.
disconnect() {
    set_control "Disconnect"
    restored
}
unbind() {
    echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
    seen_lost
    echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
    until_true 10 test -e /dev/video0 || mark "no node $fault $cycle"
    restored
}
# Until the stream is stopped, every wait fails.
fatal_error() {
    set_control "Inject Fatal Streaming Error"
    restored
}
no_frames() {
    set_control "Percentage of Dropped Buffers" 100
    seen_lost
    set_control "Percentage of Dropped Buffers" 0
    restored
}
damaged_frame() {
    set_control "Inject V4L2_BUF_FLAG_ERROR"
    restored
}
queue_error() {
    set_control "Inject VIDIOC_QBUF Error"
    restored
}
# The stream has to be started again, and that fails once.
start_error() {
    set_control "Inject VIDIOC_STREAMON Error"
    set_control "Inject Fatal Streaming Error"
    restored
}
buffers_error() {
    set_control "Inject VIDIOC_REQBUFS Error"
    set_control "Inject Fatal Streaming Error"
    restored
}

begin
repeat loses disconnect
repeat loses unbind
repeat loses fatal_error
repeat loses no_frames
repeat passes damaged_frame
repeat passes queue_error
repeat loses start_error
repeat loses buffers_error
end
