"""What the benchmarks share: programs and peers in turn, ratios over rounds, and what to call things in tables.

Rounds go through all contenders in turn, so that a change of the machine's speed meets all of them; a ratio is the median
over the rounds of the ratios within a round.
"""

import os
import platform
import re
import subprocess
import time
from statistics import median

HERE = os.path.dirname(os.path.abspath(__file__))
ONNX_RUNTIME, OPENVINO, NCNN, KERAS, TENSORFLOW = "ONNX Runtime", "OpenVINO", "ncnn", "Keras", "TensorFlow"
# Name of the environment, and of the package in it.
PACKAGES = {
    ONNX_RUNTIME: ("onnxruntime", "onnxruntime"),
    OPENVINO: ("openvino", "openvino"),
    NCNN: ("ncnn", "ncnn"),
    KERAS: ("keras", "keras"),
    TENSORFLOW: ("keras", "tensorflow-cpu"),
}


def output(command, **environment):
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | environment).stdout


def python(folder, name, script, *arguments):
    """The command that runs one of the scripts here in the environment of the peer `name`."""
    environment, _ = PACKAGES[name]
    return [os.path.join(folder, environment, "bin", "python"), os.path.join(HERE, script), *map(str, arguments)]


def peer(folder, name, file, threads, iterations, **settings):
    """Milliseconds that a peer takes for one run of FOLDER/file."""
    command = python(folder, name, "peer.py", PACKAGES[name][0], os.path.join(folder, file), threads, iterations)
    return float(output(command + [f"{key}={value}" for key, value in settings.items()]))


def whole(command, **environment):
    """Runs the command to its end; gives its seconds, its peak memory in bytes and what it printed."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment)
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, usage.ru_maxrss * 1024, printed


def alternate(contenders, rounds):
    """What each contender gave in each round."""
    results = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            results[name].append(run())
    return results


def ratio(values, others):
    return median(value / other for value, other in zip(values, others))


def version(folder, name):
    environment, package = PACKAGES[name]
    code = f"import importlib.metadata as m; print(m.version('{package}'))"
    return f"{name} {output([os.path.join(folder, environment, 'bin', 'python'), '-c', code]).strip().split('-')[0]}"


def machine():
    with open("/proc/cpuinfo") as file:
        text = file.read()
    name = re.search(r"model name\s*: (.*)", text) or re.search(r"CPU part\s*: (.*)", text)
    family = re.search(r"cpu family\s*: (\d+)", text)
    return f"{name[1] if name else platform.machine()}{f' (family {family[1]})' if family else ''}, {os.cpu_count()} cores"


def heading(program, versions):
    """The first line of every benchmark: the machine, this program's version, the peers'."""
    print("; ".join([machine(), output([program, "--version"]).strip(), *versions]))
