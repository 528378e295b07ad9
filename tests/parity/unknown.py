"""Trains on photographs and measures on others how well unknown ones are told, and whether confidences mean what they say.

usage: unknown.py FINETUNE PHOTOGRAPHS CACHE   (PHOTOGRAPHS holds train/, valid/ and negatives/, whose files are KIND_N.jpg)

Every figure is of pictures that neither the temperature, nor the threshold, nor the negatives were taken from: each half of
valid/ and negatives/ is measured with a model that was made with the other half, and each kind of negatives with one that was
made without it. The goals that are asserted leave room beyond what is expected.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

finetune, photographs, cache = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), sys.argv[3]
negatives = sorted((photographs / "negatives").iterdir())
valid = {folder.name: sorted(folder.iterdir()) for folder in sorted((photographs / "valid").iterdir())}


def links(folder, files):
    folder.mkdir(parents=True)
    for file in files:
        (folder / file.name).symlink_to(file)
    return folder


def run(*arguments):
    done = subprocess.run([finetune, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def measured(work, name, train_valid, train_negatives, test_valid, test_negatives):
    """Evaluation of the int8 model on pictures that it was not made with."""
    data = work / name / "data"
    data.mkdir(parents=True)
    (data / "train").symlink_to(photographs / "train")
    for folder, files in train_valid.items():
        links(data / "valid" / folder, files)
    given = ["--negatives", links(work / name / "given", train_negatives)] if train_negatives else ["--accept", "0.95"]
    run("train", data, "--cache", cache, "--out", work / name / "out", *given)
    for folder, files in test_valid.items():
        links(work / name / "test" / folder, files)
    others = links(work / name / "others", test_negatives)
    model = work / name / "out/model.onnx"
    return json.loads(run("evaluate", "--model", model, work / name / "test", "--negatives", others, "--json"))


def half(files, parity):
    return files[parity::2]


def told(name, found):
    rejects = sum(f["false_rejects"]["count"] for f in found), sum(f["false_rejects"]["of"] for f in found)
    accepts = sum(f["false_accepts"]["count"] for f in found), sum(f["false_accepts"]["of"] for f in found)
    error = sum(f["calibration_error"] for f in found) / len(found)
    print(f"{name:28} cats and dogs unknown {rejects[0] / rejects[1]:6.1%}, negatives known {accepts[0] / accepts[1]:6.1%} "
          f"({accepts[0]} of {accepts[1]}), calibration error {error:.2%}", flush=True)
    return rejects[0] / rejects[1], accepts[0] / accepts[1], error


with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    split = [{name: half(files, parity) for name, files in valid.items()} for parity in (0, 1)]
    halves = [measured(work, f"half{p}", split[p], half(negatives, p), split[1 - p], half(negatives, 1 - p)) for p in (0, 1)]
    alone = [measured(work, f"alone{p}", split[p], [], split[1 - p], negatives) for p in (0, 1)]
    kinds = sorted({file.name.rsplit("_", 1)[0] for file in negatives})
    left_out = []
    for kind in kinds:
        others = [file for file in negatives if not file.name.startswith(f"{kind}_")]
        of_kind = [file for file in negatives if file.name.startswith(f"{kind}_")]
        left_out.append(measured(work, kind, split[0], others, split[1], of_kind))

rejected, accepted, error = told("half of the negatives given", halves)
_, accepted_alone, _ = told("no negatives given", alone)
for kind, found in zip(kinds, left_out):
    told(f"all negatives but {kind}", [found])
_, accepted_kinds, _ = told("each kind left out, together", left_out)
assert rejected <= 0.075, "too many cats and dogs become unknown"
assert accepted <= 0.20, "too many negatives stay known"
assert accepted_kinds <= 0.30, "too many negatives of kinds that were not given stay known"
assert accepted_alone <= 0.60, "too many negatives stay known where none were given"
assert error <= 0.03, "confidences do not mean what they say"
