# What the scenarios share; sourced by each with busybox's shell. The folder is that of the result's files.

# fail WORDS: ends the scenario.
fail() {
    echo "FAILED: $*"
    exit 1
}

# until_true SECONDS COMMAND…: waits until the command succeeds.
until_true() {
    tries=$(($1 * 50))
    shift
    until "$@" 2>/dev/null; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        usleep 20000
    done
}

# mark WORDS: a line of our own among the program's, with the time.
mark() {
    echo "mark $*" | record events
}

# start_camera ARGUMENTS…: runs `vggcam run --json` in the background. Its lines go to the file `events`, each with the time
# in front; what it has said so far is counted in /tmp/counts. Sets $camera to the process.
start_camera() {
    [ -p /tmp/lines ] || mkfifo /tmp/lines
    rm -f /tmp/counts
    record events /tmp/counts </tmp/lines &
    vggcam run --json "$@" >/tmp/lines 2>>messages &
    camera=$!
    until_true 10 test -s /tmp/counts
}

# running: whether the program of start_camera still runs.
running() {
    kill -0 "$camera" 2>/dev/null
}

# count: sets $results, $lost and $live to how often the program has told of a result, a lost camera, its return.
count() {
    read -r results lost live </tmp/counts
}

# more_than RESULTS LOST: whether it has said more than that; true as well when it runs no more.
more_than() {
    count
    [ "$results" -gt "$1" ] && [ "$lost" -gt "$2" ] || ! running
}

# stop_camera: ends the program as a service manager does, and leaves its exit status in the file `exit`.
stop_camera() {
    kill -TERM "$camera"
    wait "$camera"
    echo $? >exit
}

# screenshot NAME: the screen as the host sees it, to NAME.png.
screenshot() {
    : >"/host/$1.wanted"
    until_true 600 test ! -e "/host/$1.wanted" || fail "no screenshot $1"
}

# plug_camera WIDTH HEIGHT: starts the USB webcam of colour bars, which obeys what is written to /tmp/webcam, and waits for
# its node. Sets $webcam to the node.
plug_camera() {
    mkfifo /tmp/webcam
    uvc_camera "$1" "$2" 30 /board/bars.yuyv /board/bars.jpg /tmp/webcam &
    until_true 20 find_webcam || fail "the USB webcam did not appear"
}

# find_webcam: sets $webcam to the node of the USB webcam that gives pictures, if it is there.
find_webcam() {
    for node in /sys/class/video4linux/video*; do
        if grep -q "virtual webcam" "$node/name" && [ "$(cat "$node/index")" = 0 ]; then
            webcam=/dev/${node##*/}
            [ -e "$webcam" ] && return 0
        fi
    done
    return 1
}

# show DISPLAY WIDTHxHEIGHT: shows a photograph on a display and draws it into drawn.png at the same size, then holds the
# program, so that both stay as they are.
show() {
    start_camera --camera "files:/board/cat.jpg?fps=0.1&hold=1000" --display "$1" --display "png:drawn.png?size=$2"
    until_true 60 more_than 0 -1 || fail "no result"
    sleep "${3:-1}"
    running || fail "the program ended: $(tail -n 1 messages)"
    kill -STOP "$camera"
}

# end_show: lets the program go on, and ends it.
end_show() {
    kill -CONT "$camera"
    stop_camera
}

# save_framebuffer NAME: the memory and the geometry of /dev/fb0.
save_framebuffer() {
    cat /dev/fb0 >"$1.raw"
    (cd /sys/class/graphics/fb0 && cat virtual_size bits_per_pixel stride) >"$1.geometry"
}
