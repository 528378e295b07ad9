"""Checks that ONNX Runtime gives the same answers as vggcam to the same pixels.

usage: onnxruntime_agrees.py VGGCAM MODEL FOLDER…     (needs onnxruntime, pillow)

Pictures are brought to the network's size beforehand and kept without loss, so that neither program scales them. What is left apart
is the order of sums in float, and in int8 activations that lie beside a half and round to the other step.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

# Two best probabilities that are closer in ONNX Runtime may be in the other order.
TIE = 0.02
# Mean and largest difference of the probabilities of a class.
MEAN, LARGEST = 0.001, 0.05
# Mean difference of familiarities in units of their spread.
FAMILIARITY = 0.02

program, model, folders = sys.argv[1], sys.argv[2], sys.argv[3:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
labels = json.loads(session.get_modelmeta().custom_metadata_map["vggcam.labels"])
source = session.get_inputs()[0]
size = source.shape[1]


def prepare(out):
    """Writes every picture of the folders at the network's size; gives the number of pictures."""
    files = [file for folder in folders for file in sorted(Path(folder).iterdir()) if file.suffix in (".jpg", ".jpeg", ".png")]
    for number, file in enumerate(files):
        picture = ImageOps.exif_transpose(Image.open(file)).convert("RGB").resize((size, size), Image.BILINEAR)
        picture.save(Path(out) / f"{number:05}-{file.stem}.png", compress_level=1)
    return len(files)


disagreements, differences, familiarities, ties = [], [], [], 0
with tempfile.TemporaryDirectory() as out:
    pictures = prepare(out)
    answered = subprocess.run([program, "classify", "--model", model, "--json", out], stdout=subprocess.PIPE, check=True)
    for line in answered.stdout.splitlines():
        ours = json.loads(line)
        answers = session.run(None, {source.name: np.asarray(Image.open(ours["file"]), np.uint8)[None]})
        theirs = answers[0][0]
        if len(answers) > 1:
            familiarities.append((ours["familiarity"], float(answers[1][0, 0])))
        mine = np.array([ours["probabilities"][label] for label in labels])
        differences.append(np.abs(mine - theirs))
        second, first = np.sort(theirs)[-2:]
        if first - second <= TIE:
            ties += 1
        elif theirs.argmax() != mine.argmax():
            disagreements.append((Path(ours["file"]).name, mine.tolist(), theirs.tolist()))
strange = 0.0
if familiarities:
    mine, theirs = np.array(familiarities).T
    strange = float(np.abs(mine - theirs).mean() / max(mine.std(), 1.0))
mean, largest = float(np.mean(differences or [1])), float(np.max(differences or [1]))
print(f"{len(differences)} of {pictures} pictures, {ties} within {TIE} of a tie, {len(disagreements)} with another top class, "
      f"probabilities {mean:.1e} and at most {largest:.1e} apart, familiarity {strange:.1e} of its spread")
for file, mine, theirs in disagreements:
    print(f"  {file}: vggcam {mine}, ONNX Runtime {theirs}")
agrees = not disagreements and mean <= MEAN and largest <= LARGEST and strange <= FAMILIARITY
sys.exit(0 if agrees and len(differences) == pictures > 0 else 1)
