"""Measures the peak memory of `finetune features` and `finetune train` on more and more pictures, and prints a table.

usage: memory.py FINETUNE VGGCAM FOLDER THREADS COUNT…

FOLDER/pictures-COUNT is a data set of COUNT pictures. Peak memory is the largest resident set, mapped files included.
"""

import os
import sys
from tempfile import TemporaryDirectory

from measure import heading, whole

finetune, vggcam, folder, threads = sys.argv[1:5]
counts = list(map(int, sys.argv[5:]))


def measure(count):
    """Peak memory of both commands, in bytes, and the size of the features between them."""
    data = os.path.join(folder, f"pictures-{count}")
    with TemporaryDirectory(dir=folder) as fresh:
        features = os.path.join(fresh, "features")
        commands = [
            [finetune, "features", data, "--out", features],
            [finetune, "train", data, "--features", features, "--out", os.path.join(fresh, "out"), "--epochs", "3"],
        ]
        runs = [whole([*command, "--threads", threads], XDG_CACHE_HOME=fresh) for command in commands]
        size = os.path.getsize(features)
    for command, (seconds, _, _) in zip(commands, runs):
        print(f"finetune {command[1]} on {count} pictures: {seconds:.0f} s", file=sys.stderr)
    return [memory for _, memory, _ in runs], size


def main():
    heading(vggcam, [])
    print(f"peak memory with the bundled backbone, {threads} threads\n", flush=True)
    results = [measure(count) for count in counts]
    print("| pictures | features, MB | `finetune features`, MB | `finetune train --features`, MB |")
    print("|---|---|---|---|")
    for count, (peaks, size) in zip(counts, results):
        print(f"| {count:,} | {size / 1e6:.0f} | {' | '.join(f'{peak / 1e6:.0f}' for peak in peaks)} |")
    ratios = [last / first for first, last in zip(results[0][0], results[-1][0])]
    print(f"| ratio | {results[-1][1] / results[0][1]:.0f} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |")


main()
