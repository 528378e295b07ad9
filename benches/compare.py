"""Compares `vggcam` with its peers on a full-size VGG16, one picture at a time, and prints tables: int8, then float.

usage: compare.py VGGCAM FOLDER STOCK_TRACT [ROUNDS]

FOLDER holds the networks, and a Python environment for each peer. In int8, every peer is measured with the file of
`finetune quantize` and with what ONNX Runtime's `quantize_static` makes of the same network, and its better one counts. Float
files are for OpenVINO to compute in any precision that it chooses, which is bfloat16 where the processor has it; its time in
float32 stands beside that.
"""

import json
import os
import platform
import sys
from statistics import median

from measure import NCNN, ONNX_RUNTIME, OPENVINO, alternate, heading, output, peer, ratio, version

vggcam, folder, stock = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
ITERATIONS = 20
SETTINGS = {OPENVINO: {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1}}


def mine(file, threads, isa="", engine="auto"):
    command = [vggcam, "bench", "--json", "--model", os.path.join(folder, file), "--threads", str(threads)]
    command += ["--iterations", str(ITERATIONS), "--engine", engine]
    return json.loads(output(command, VGGCAM_ISA=isa))["latency_ms"]["p50"]


def better(name, files, threads, **precision):
    settings = SETTINGS.get(name, {}) | precision
    return min(peer(folder, name, file, threads, ITERATIONS, **settings) for file in files)


def table(threads, contenders, peers, baselines):
    """Times the contenders, and prints each beside the fastest peer and the first one; then what is too slow for rounds."""
    results = alternate(contenders, rounds)
    fastest = [min(times) for times in zip(*(results[name] for name in peers))]
    print(f"| {threads} thread{'s' if threads > 1 else ''} | ms | over the fastest peer | over {ONNX_RUNTIME} |")
    print("|---|---|---|---|")
    for name, times in results.items():
        print(f"| {name} | {median(times):.1f} | {ratio(times, fastest):.2f} | {ratio(times, results[peers[0]]):.2f} |")
    for name, run in baselines.items():
        time = run()
        print(f"| {name} | {time:.0f} | | {time / median(results['vggcam']):.0f} × vggcam |")
    print(flush=True)


def main():
    names = {name: version(folder, name) for name in (ONNX_RUNTIME, OPENVINO, NCNN)}
    heading(vggcam, names.values())
    print(f"full-size VGG16, one picture; medians of {rounds} alternated rounds of {ITERATIONS} pictures each\n")
    forced = ["avx2"] if platform.machine() == "x86_64" else []
    forms = {
        "int8": ("vgg16-int8.onnx", {ONNX_RUNTIME: ["vgg16-int8.onnx", "vgg16-static.onnx"]}),
        "float": ("vgg16-f32.onnx", {ONNX_RUNTIME: ["vgg16-f32.onnx"], NCNN: ["vgg16-f32"]}),
    }
    for form, (ours, files) in forms.items():
        files[OPENVINO] = files[ONNX_RUNTIME]
        for threads in (1, 2):
            print(f"{form}:\n")
            contenders = {"vggcam": lambda: mine(ours, threads)}
            contenders |= {f"vggcam, VGGCAM_ISA={isa}": lambda isa=isa: mine(ours, threads, isa) for isa in forced}
            contenders |= {names[name]: lambda name=name: better(name, files[name], threads) for name in files}
            if form == "float":
                precision = {"INFERENCE_PRECISION_HINT": "f32"}
                contenders[f"{names[OPENVINO]}, float32"] = lambda: better(OPENVINO, files[OPENVINO], threads, **precision)
            plain = {
                "int8": lambda: float(output([stock, os.path.join(folder, ours), str(threads), "3"])),
                "float": lambda: mine(ours, threads, engine="tract"),
            }
            table(threads, contenders, [names[name] for name in files], {"stock tract on the same file": plain[form]})


main()
