#!/usr/bin/env bash
# How near the inner loops of the ARM kernels come to what the processors can do, by LLVM's models of them.
#
# usage: benches/arm/mca.sh [PROGRAM]
#
# Builds vggcam for aarch64, unless it is given a PROGRAM with symbols, writes the loops beside this script, and prints a
# table. LLVM_MCA names the llvm-mca to use: one with a model of the Neoverse N1 of its own (LLVM 22 has one), which is the
# server version of the Cortex-A76 and its nearest relative. What LLVM calls cortex-a76 is a copy of the Cortex-A57, whose
# one load unit also moves integer registers to vectors; it is listed to show the difference.
#
#   bound      cycles that the multiplications alone take
#   resources  cycles that the busiest unit, or the decoder, takes
#   simulated  cycles that the model takes for an iteration among many, and how near they are to the bound
#
# Two things to know of the models. Neoverse N1's starts three instructions in a cycle, where the Cortex-A76 decodes four:
# the row with four shows that. Cortex-A53's lets nothing write back before an older instruction does, so that a load, which
# is done before a multiplication, costs a cycle however it is placed; the processor itself starts a load of half a register
# along with a multiplication.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=benches/arm
mca=${LLVM_MCA:-llvm-mca}
objdump=${OBJDUMP:-aarch64-linux-gnu-objdump}

program=${1:-}
if [ -z "$program" ]; then
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=${CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER:-aarch64-linux-gnu-gcc}
    cargo build --release --config profile.release.strip=false --target aarch64-unknown-linux-gnu --bin vggcam
    program=${CARGO_TARGET_DIR:-target}/aarch64-unknown-linux-gnu/release/vggcam
fi
listing=$(mktemp)
trap 'rm -f "$listing"' EXIT
"$objdump" -d --no-show-raw-insn "$program" >"$listing"

# file, function, multiplication, their number in an iteration, title
extract() {
    {
        printf '// %s\n// The loop of an iteration, taken from the program by benches/arm/mca.sh.\n' "$5"
        python3 "$here/extract.py" "$2" "$3" "$4" <"$listing"
    } >"$here/$1.s"
}
extract dot_sdot 7dotprod3dot sdot 48 "dotprod::dot: 6 pixels by 16 outputs, 8 bytes of each pixel"
extract product_neon 10neon_words7product smlal 192 "neon_words::product: 6 tiles by 16 outputs, 8 channels"
extract dot_neon 10neon_words3dot smlal 192 "neon_words::dot: 6 pixels by 16 outputs, 8 bytes of each pixel"

# file, model, multiply-accumulates of a multiplication, multiplications that start in a cycle, more options
row() {
    local file=$1 model=$2 each=$3 rate=$4
    shift 4
    local count
    count=$(grep -cE $'^\t(sdot|smlal)' "$here/$file.s")
    "$mca" -mtriple=aarch64 -mattr=+dotprod -mcpu="$model" -iterations=1000 "$@" "$here/$file.s" | awk \
        -v name="$file" -v model="$model $*" -v macs=$((count * each)) -v bound="$(python3 -c "print($count / $rate)")" '
        /^Total Cycles:/ { cycles = $3 / 1000 }
        /^Block RThroughput:/ { busiest = $3 }
        END {
            printf "%-13s %-26s %5d %7.1f %9.1f %9.1f %6.1f %8.1f %%\n",
                name, model, macs, bound, busiest, cycles, macs / cycles, 100 * bound / cycles
        }'
}
"$mca" --version | grep -i 'version'
printf '%-13s %-26s %5s %7s %9s %9s %6s %10s\n' loop model MACs bound resources simulated MAC/c 'of peak'
row dot_sdot neoverse-n1 16 2
row dot_sdot neoverse-n1 16 2 --dispatch=4
row dot_sdot cortex-a76 16 2
row product_neon cortex-a72 4 1
row product_neon cortex-a53 4 1
row product_neon neoverse-n1 4 1
row dot_neon cortex-a72 4 1
row dot_neon cortex-a53 4 1
