"""Compares `vggcam` with its peers on a full-size int8 VGG16, one picture at a time, and prints a table.

usage: compare.py VGGCAM FOLDER PYTHON_ONNXRUNTIME PYTHON_OPENVINO STOCK_TRACT [ROUNDS]

FOLDER holds vgg16-int8.onnx (by `finetune quantize`) and vgg16-static.onnx (by ONNX Runtime). Every peer is measured with
both, and its better one counts. Rounds go through all contenders in turn, so that a change of the machine's speed meets all
of them; a ratio is the median over the rounds of the ratios within a round.
"""

import json
import os
import platform
import re
import subprocess
import sys
from statistics import median

vggcam, folder, ort, ov, stock = sys.argv[1:6]
rounds = int(sys.argv[6]) if len(sys.argv) > 6 else 5
ours, static = (os.path.join(folder, name) for name in ("vgg16-int8.onnx", "vgg16-static.onnx"))
here = os.path.dirname(os.path.abspath(__file__))
ITERATIONS = 20


def output(command, **environment):
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | environment).stdout


def mine(threads, isa=""):
    command = [vggcam, "bench", "--json", "--model", ours, "--threads", str(threads), "--iterations", str(ITERATIONS)]
    return json.loads(output(command, VGGCAM_ISA=isa))["latency_ms"]["p50"]


def peer(python, kind, threads):
    command = [python, os.path.join(here, "peer.py"), kind]
    return min(float(output([*command, file, str(threads), str(ITERATIONS)])) for file in (ours, static))


def version(python, package):
    return output([python, "-c", f"import importlib.metadata as m; print(m.version('{package}'))"]).strip()


def processor():
    with open("/proc/cpuinfo") as file:
        text = file.read()
    name = re.search(r"model name\s*: (.*)", text) or re.search(r"CPU part\s*: (.*)", text)
    family = re.search(r"cpu family\s*: (\d+)", text)
    return f"{name[1] if name else platform.machine()}{f' (family {family[1]})' if family else ''}, {os.cpu_count()} cores"


def main():
    ort_name = f"ONNX Runtime {version(ort, 'onnxruntime')}"
    ov_name = f"OpenVINO {version(ov, 'openvino').split('-')[0]}"
    print(f"{processor()}; {output([vggcam, '--version']).strip()}; {ort_name}; {ov_name}")
    print(f"full-size VGG16, int8, one picture; medians of {rounds} alternated rounds of {ITERATIONS} pictures each\n")
    forced = ["avx2"] if platform.machine() == "x86_64" else []
    for threads in (1, 2):
        contenders = {"vggcam": lambda: mine(threads)}
        contenders |= {f"vggcam, VGGCAM_ISA={isa}": lambda isa=isa: mine(threads, isa) for isa in forced}
        contenders |= {ort_name: lambda: peer(ort, "onnxruntime", threads), ov_name: lambda: peer(ov, "openvino", threads)}
        results = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, run in contenders.items():
                results[name].append(run())
        peers = [ort_name, ov_name]
        fastest = [min(results[name][i] for name in peers) for i in range(rounds)]
        print(f"| {threads} thread{'s' if threads > 1 else ''} | ms | over the fastest peer | over ONNX Runtime |")
        print("|---|---|---|---|")
        for name, times in results.items():
            over_fastest = median(t / f for t, f in zip(times, fastest))
            over_ort = median(t / o for t, o in zip(times, results[ort_name]))
            print(f"| {name} | {median(times):.1f} | {over_fastest:.2f} | {over_ort:.2f} |")
        plain = float(output([stock, ours, str(threads), "3"]))
        print(f"| stock tract on the same file | {plain:.0f} | | {plain / median(results['vggcam']):.0f} × vggcam |\n", flush=True)


main()
