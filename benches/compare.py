"""Compares `vggcam` with its peers on a full-size VGG16, one picture at a time, and prints tables: int8, then float.

usage: compare.py VGGCAM FOLDER STOCK_TRACT [ROUNDS]

FOLDER holds the networks, and a Python environment for each peer. In int8, every peer is measured with the file of
`finetune quantize` and with what ONNX Runtime's `quantize_static` makes of the same network, and its better one counts.
Rounds go through all contenders in turn, so that a change of the machine's speed meets all of them; a ratio is the median
over the rounds of the ratios within a round.
"""

import json
import os
import platform
import re
import subprocess
import sys
from statistics import median

vggcam, folder, stock = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
here = os.path.dirname(os.path.abspath(__file__))
ITERATIONS = 20
ONNX_RUNTIME, OPENVINO, NCNN = "ONNX Runtime", "OpenVINO", "ncnn"
PACKAGES = {ONNX_RUNTIME: "onnxruntime", OPENVINO: "openvino", NCNN: "ncnn"}


def output(command, **environment):
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | environment).stdout


def mine(file, threads, isa="", engine="auto"):
    command = [vggcam, "bench", "--json", "--model", os.path.join(folder, file), "--threads", str(threads)]
    command += ["--iterations", str(ITERATIONS), "--engine", engine]
    return json.loads(output(command, VGGCAM_ISA=isa))["latency_ms"]["p50"]


def python(name):
    return os.path.join(folder, PACKAGES[name], "bin", "python")


def peer(name, files, threads):
    command = [python(name), os.path.join(here, "peer.py"), PACKAGES[name]]
    times = [output([*command, os.path.join(folder, file), str(threads), str(ITERATIONS)]) for file in files]
    return min(map(float, times))


def version(name):
    code = f"import importlib.metadata as m; print(m.version('{PACKAGES[name]}'))"
    return f"{name} {output([python(name), '-c', code]).strip().split('-')[0]}"


def processor():
    with open("/proc/cpuinfo") as file:
        text = file.read()
    name = re.search(r"model name\s*: (.*)", text) or re.search(r"CPU part\s*: (.*)", text)
    family = re.search(r"cpu family\s*: (\d+)", text)
    return f"{name[1] if name else platform.machine()}{f' (family {family[1]})' if family else ''}, {os.cpu_count()} cores"


def table(threads, contenders, peers, baselines):
    """Times the contenders, and prints each beside the fastest peer and the first one; then what is too slow for rounds."""
    results = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            results[name].append(run())
    fastest = [min(results[name][i] for name in peers) for i in range(rounds)]
    print(f"| {threads} thread{'s' if threads > 1 else ''} | ms | over the fastest peer | over {ONNX_RUNTIME} |")
    print("|---|---|---|---|")
    for name, times in results.items():
        over_fastest = median(t / f for t, f in zip(times, fastest))
        over_ort = median(t / o for t, o in zip(times, results[peers[0]]))
        print(f"| {name} | {median(times):.1f} | {over_fastest:.2f} | {over_ort:.2f} |")
    for name, run in baselines.items():
        time = run()
        print(f"| {name} | {time:.0f} | | {time / median(results['vggcam']):.0f} × vggcam |")
    print(flush=True)


def main():
    names = {name: version(name) for name in PACKAGES}
    print(f"{processor()}; {output([vggcam, '--version']).strip()}; {'; '.join(names.values())}")
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
            contenders |= {names[name]: lambda name=name: peer(name, files[name], threads) for name in files}
            plain = {
                "int8": lambda: float(output([stock, os.path.join(folder, ours), str(threads), "3"])),
                "float": lambda: mine(ours, threads, engine="tract"),
            }
            table(threads, contenders, [names[name] for name in files], {"stock tract on the same file": plain[form]})


main()
