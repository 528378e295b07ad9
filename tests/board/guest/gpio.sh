# A GPIO chip with lamps and a button, by gpio-sim; sourced after functions.sh.

# make_gpio NAME…: a chip whose lines have these names. Sets $gpio to the folder that holds its lines.
make_gpio() {
    chip=/sys/kernel/config/gpio-sim/board
    line=0
    for name in "$@"; do
        mkdir -p "$chip/bank/line$line"
        echo "$name" >"$chip/bank/line$line/name"
        line=$((line + 1))
    done
    echo "$line" >"$chip/bank/num_lines"
    echo 1 >"$chip/live"
    gpio=/sys/devices/platform/$(cat "$chip/dev_name")/$(cat "$chip/bank/chip_name")
}

# lamps NAME: what the program drives the lines 0, 1 and 2 to, as a line `NAME 1 0 0` of the file `lamps`.
lamps() {
    echo "$1 $(cat "$gpio/sim_gpio0/value" "$gpio/sim_gpio1/value" "$gpio/sim_gpio2/value" | tr '\n' ' ')" >>lamps
}

# press LINE SECONDS: a button between the line and ground, held so long.
press() {
    echo pull-down >"$gpio/sim_gpio$1/pull"
    sleep "$2"
    echo pull-up >"$gpio/sim_gpio$1/pull"
}
