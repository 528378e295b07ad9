# Faults of cameras, each repeated $CYCLES times while one `vggcam run` goes on; sourced after functions.sh. The file `events`
# tells, between the program's lines, when each fault began and when the device was whole again.

# restored: the fault is over and the device can be used; from here on the recovery is timed.
restored() {
    mark "restored $fault $cycle"
}

# lost_since_inject, live_again, results_again: what the program has said since this cycle's fault began.
lost_since_inject() {
    count
    [ "$lost" -gt "$lost_before" ] || ! running
}
live_again() {
    count
    [ "$live" -gt "$live_before" ] || ! running
}
results_again() {
    count
    [ "$results" -gt $((results_before + 2)) ] || ! running
}

# seen_lost: waits until the program has said that the camera is lost.
seen_lost() {
    until_true 20 lost_since_inject || mark "silent $fault $cycle"
}

# repeat KIND FUNCTION: injects a fault again and again. FUNCTION injects it, undoes it and calls restored. KIND is `loses`
# where the program must say that the camera is lost and that it is back, and `passes` where results just go on.
repeat() {
    kind=$1 fault=$2 cycle=0
    while [ "$cycle" -lt "$CYCLES" ]; do
        cycle=$((cycle + 1))
        if ! running; then
            wait "$camera"
            mark "died $fault $cycle $? $(tail -n 1 messages)"
            watch_camera
        fi
        count
        results_before=$results lost_before=$lost live_before=$live
        until_true 30 results_again || mark "idle $fault $cycle"
        mark "inject $fault $cycle"
        "$fault"
        [ "$kind" = passes ] || until_true 60 live_again || mark "stuck $fault $cycle"
        count
        results_before=$results
        until_true 60 results_again || mark "stuck $fault $cycle"
    done
}

# measure: what the process holds.
measure() {
    memory=$(awk '/^RssAnon/ { print $2 }' "/proc/$camera/status")
    threads=$(awk '/^Threads/ { print $2 }' "/proc/$camera/status")
    mark "process $camera ${memory:-0} ${threads:-0} $(find "/proc/$camera/fd" | wc -l)"
}

# begin, end: measure once all memory is there that a run needs, and at the end.
begin() {
    watch_camera
    until_true 60 more_than 20 -1
    measure
}
end() {
    running || mark "died end 0 0 $(tail -n 1 messages)"
    measure
    stop_camera
}
