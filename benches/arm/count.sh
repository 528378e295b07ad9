#!/usr/bin/env bash
# Instructions that one picture takes on 64-bit ARM, by kernel: exact, and the same on every machine.
#
# usage: benches/arm/count.sh ISA PROGRAM ARGUMENT…       an ARGUMENT % stands for a number of pictures
# e.g.   benches/arm/count.sh neon target/aarch64-unknown-linux-gnu/release/vggcam \
#            bench --model vgg16-static.onnx --threads 1 --iterations %
#
# Build PROGRAM with symbols (cargo's --config profile.release.strip=false). What is printed is the difference between
# FIRST + 1 pictures and FIRST (5 unless set; more than bench runs beforehand), so that loading cancels out. Needs a
# qemu-aarch64 that takes plugins: Debian's package qemu-user, not qemu-user-static. QEMU names it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
isa=$1
shift
first=${FIRST:-5}
case $isa in
    dotprod) processor=cortex-a76 ;;
    *) processor=cortex-a72 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -shared -fPIC -o "$work/count.so" "$here/count.c"

# QEMU reads the program's symbols only where it logs something.
run() {
    local pictures=$1
    shift
    env -i VGGCAM_ISA="$isa" "$PATH_TO_QEMU" -cpu "$processor" -L /usr/aarch64-linux-gnu -d plugin -D /dev/null \
        -plugin "$work/count.so" "${@/#%/$pictures}" 2>&1 >/dev/null | grep '^count' >"$work/$pictures"
}
PATH_TO_QEMU=$(command -v "${QEMU:-qemu-aarch64}")
run "$first" "$@"
run $((first + 1)) "$@"
paste "$work/$first" "$work/$((first + 1))" | awk -F '\t' '
    { counts[$2] = $6 - $3; total += $6 - $3; names[NR] = $2 }
    END {
        for (i = 1; i <= NR; i++) if (counts[names[i]]) printf "%-18s %14d %6.2f %%\n", names[i], counts[names[i]], 100 * counts[names[i]] / total
        printf "%-18s %14d\n", "total", total
    }'
