"""Compares how many pictures a second become features of a full-size VGG16, and prints a table.

usage: throughput.py VGGCAM FOLDER BATCH THREADS ROUNDS

Features are the 4096 values in front of the last layer. Pictures are decoded and in memory, as bytes; whatever an engine
has to make of them counts. OpenVINO is measured with one stream and with the streams that it chooses, and the better one
counts; where it computes in bfloat16 unless told otherwise, it is measured both ways, and only the one in float32 is a peer.
"""

import json
import os
import sys
from statistics import median

from measure import KERAS, ONNX_RUNTIME, OPENVINO, TENSORFLOW, alternate, heading, output, peer, ratio, version

vggcam, folder = sys.argv[1:3]
batch, threads, rounds = map(int, sys.argv[3:])
BATCHES = 4
GOAL = 1.25


def mine():
    command = [vggcam, "bench", "--model", os.path.join(folder, "vgg16-f32.onnx"), "--batch", str(batch)]
    return json.loads(output([*command, "--threads", str(threads), "--json"]))["pictures_per_second"]


def rate(name, file, **settings):
    return batch * 1e3 / peer(folder, name, file, threads, BATCHES, **settings)


def openvino(**precision):
    hints = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}, {"PERFORMANCE_HINT": "THROUGHPUT"}
    return max(rate(OPENVINO, "vgg16-features.onnx", **hint, **precision) for hint in hints)


def main():
    names = {name: version(folder, name) for name in (KERAS, TENSORFLOW, ONNX_RUNTIME, OPENVINO)}
    heading(vggcam, names.values())
    print(f"features of a full-size VGG16, {batch} pictures at a time, {threads} threads, float32")
    print(f"medians of {rounds} alternated rounds of {BATCHES} batches each\n", flush=True)
    peers = {
        names[KERAS]: lambda: rate(KERAS, "vgg16.weights.h5", batch=batch),
        names[ONNX_RUNTIME]: lambda: rate(ONNX_RUNTIME, "vgg16-features.onnx"),
        names[OPENVINO]: lambda: openvino(INFERENCE_PRECISION_HINT="f32"),
    }
    others = {f"{names[OPENVINO]}, precision of its choice": openvino}
    results = alternate({"vggcam": mine} | peers | others, rounds)
    fastest = [max(rates) for rates in zip(*(results[name] for name in peers))]
    print("| | pictures a second | over the fastest peer |")
    print("|---|---|---|")
    for name, rates in results.items():
        print(f"| {name} | {median(rates):.1f} | {ratio(rates, fastest):.2f} |")
    print(f"\nvggcam ÷ fastest peer: {ratio(results['vggcam'], fastest):.2f} (goal: at least {GOAL})")
    unbound = ratio(results["vggcam"], [max(rates) for rates in zip(*(results[name] for name in peers | others))])
    print(f"vggcam ÷ fastest in any precision: {unbound:.2f}")


main()
