"""Compares `finetune train` with the same recipe in Keras, from photographs to a measured model, and prints a table.

usage: recipe.py FINETUNE VGGCAM FOLDER DATA THREADS ROUNDS

Whole processes count, from start to end. A Keras process takes a while before it sees the first photograph, so the ratio is
also given without its imports, and without imports and the making of the network.
"""

import json
import os
import sys
from tempfile import TemporaryDirectory

from measure import KERAS, TENSORFLOW, alternate, heading, python, ratio, version, whole

finetune, vggcam, folder, data, threads, rounds = *sys.argv[1:5], int(sys.argv[5]), int(sys.argv[6])
GOAL = 0.7


def mine():
    with TemporaryDirectory(dir=folder) as fresh:
        out, cache = os.path.join(fresh, "out"), os.path.join(fresh, "cache")
        command = [finetune, "train", data, "--backbone", os.path.join(folder, "vgg16-f32.onnx")]
        seconds, memory, _ = whole([*command, "--out", out, "--cache", cache, "--threads", str(threads)])
        with open(os.path.join(out, "report.json")) as file:
            report = json.load(file)
    return {
        "whole": seconds,
        "memory": memory,
        "epochs": len(report["epochs"]),
        "accuracy": report["float"]["accuracy"],
        "steps": {},
    }


def keras():
    with TemporaryDirectory(dir=folder) as fresh:
        weights = os.path.join(folder, "vgg16.weights.h5")
        command = python(folder, KERAS, "keras_recipe.py", weights, data, fresh, threads)
        seconds, memory, printed = whole(command)
    return {"whole": seconds, "memory": memory} | json.loads(printed.splitlines()[-1])


def main():
    names = {name: version(folder, name) for name in (KERAS, TENSORFLOW)}
    heading(vggcam, names.values())
    count = sum(len(files) for _, _, files in os.walk(data))
    print(f"the recipe with a full-size VGG16 on {count} photographs, {threads} threads; rounds: {rounds}\n", flush=True)
    contenders = {"vggcam": mine, names[KERAS]: keras}
    results = alternate(contenders, rounds)
    print("| | whole process, s | photographs a second | peak memory, MB | epochs | accuracy | steps, s |")
    print("|---|---|---|---|---|---|---|")
    for name, runs in results.items():
        middle = sorted(runs, key=lambda run: run["whole"])[len(runs) // 2]
        steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in middle["steps"].items())
        figures = f"{middle['whole']:.1f} | {count / middle['whole']:.1f} | {middle['memory'] / 1e6:.0f}"
        print(f"| {name} | {figures} | {middle['epochs']} | {middle['accuracy']:.3f} | {steps} |")

    def over(*left_out):
        theirs = [run["whole"] - sum(run["steps"][step] for step in left_out) for run in results[names[KERAS]]]
        return ratio([run["whole"] for run in results["vggcam"]], theirs)

    print(f"\nvggcam ÷ Keras: {over():.2f} (goal: at most {GOAL})")
    print(f"vggcam ÷ Keras without its imports: {over('imports'):.2f}")
    print(f"vggcam ÷ Keras without its imports and the making of its network: {over('imports', 'network'):.2f}")


main()
