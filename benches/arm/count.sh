#!/usr/bin/env bash
# Instructions that one picture takes on 64-bit ARM, by kernel: the same on every machine.
#
# usage: [ENGINE=half] benches/arm/count.sh ISA PROGRAM MODEL PICTURE
# e.g.   benches/arm/count.sh neon target/aarch64-unknown-linux-gnu/release/vggcam vgg16-int8.onnx cat.jpg
#
# Build PROGRAM with symbols (cargo's --config profile.release.strip=false). What is printed is the difference between
# classifying PICTURE twice and once, so that loading cancels out; reading the picture does not. The kernels' counts are
# exact; all else varies by a few thousand. Needs a qemu-aarch64 that takes plugins: Debian's package qemu-user, not
# qemu-user-static. QEMU names it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ $# -ne 4 ]; then
    sed -n '4,5s/^# //p' "$0" >&2
    exit 2
fi
isa=$1
program=$2
picture=$4
case $isa in
    dotprod) processor=cortex-a76 ;;
    *) processor=cortex-a72 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -shared -fPIC -o "$work/count.so" "$here/count.c"
# Packed weights are written beside this link, not beside the model.
ln -s "$(realpath "$3")" "$work/model.onnx"
qemu=$(command -v "${QEMU:-qemu-aarch64}")

# QEMU reads the program's symbols only where it logs something.
run() {
    if ! env -i VGGCAM_ISA="$isa" "$qemu" -cpu "$processor" -L /usr/aarch64-linux-gnu -d plugin -D /dev/null \
        -plugin "$work/count.so" "$program" classify --model "$work/model.onnx" --threads 1 --engine "${ENGINE:-auto}" "$@" \
        >/dev/null 2>"$work/log"; then
        grep -v '^count' "$work/log" >&2 || true
        exit 1
    fi
    grep '^count' "$work/log"
}
run "$picture" >/dev/null # writes the packed weights
run "$picture" >"$work/once"
run "$picture" "$picture" >"$work/twice"
paste "$work/once" "$work/twice" | awk -F '\t' '
    { counts[$2] = $6 - $3; total += $6 - $3; names[NR] = $2 }
    END {
        for (i = 1; i <= NR; i++) if (counts[names[i]]) printf "%-18s %14d %6.2f %%\n", names[i], counts[names[i]], 100 * counts[names[i]] / total
        printf "%-18s %14d\n", "total", total
    }'
