# Lamps that show the class, and a button: a short press goes to the next page, a long one stops the picture.
. /board/functions.sh
. /board/gpio.sh

# What the program is told; its lines go by name.
LAMPS="--light red=RED --light green=GREEN --light blue=BLUE"
BUTTON="--button BUTTON"
SHORT=0.1 LONG=1.5
# vivid's test patterns of one colour.
RED=7 GREEN=8 BLUE=9

# see PATTERN: the camera sees one colour; waits until the answer to it has settled.
see() {
    v4l2_control /dev/video0 "Test Pattern" "$1"
    sleep 3
}

make_gpio RED GREEN BLUE BUTTON
echo pull-up >"$gpio/sim_gpio3/pull"
v4l2_control /dev/video0 "OSD Text Mode" 2
v4l2_control /dev/video0 "Test Pattern" $RED
# shellcheck disable=SC2086 # the options are words
start_camera --model /board/colours.onnx --camera "v4l2:/dev/video0?format=YUYV&size=320x180" \
    --display "png:screen.png?size=240x240" $LAMPS $BUTTON
until_true 60 more_than 3 -1 || fail "no result"
running || fail "the program ended: $(tail -n 1 messages)"

see $RED
lamps red
see $GREEN
lamps green
see $BLUE
lamps blue
cp screen.png before.png
press 3 $SHORT
sleep 2
cp screen.png next_page.png
press 3 $SHORT
sleep 0.5
press 3 $SHORT
sleep 2
cp screen.png first_page.png

press 3 $LONG
see $RED
cp screen.png stopped.png
press 3 $LONG
sleep 3
cp screen.png going_on.png
stop_camera
