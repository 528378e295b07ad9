"""Checks that ONNX Runtime gives the same answers as `vggcam classify --json`.

usage: vggcam classify --model MODEL --json FOLDER… | onnxruntime_agrees.py MODEL     (needs onnxruntime, pillow)

Top classes must be equal, but for pictures whose two best probabilities are within TIE in ONNX Runtime, and probabilities must
hardly differ on the average. Pictures are decoded and resized by another library there, which moves some answers a little.
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

TIE = 0.1
# Mean difference of the probabilities of a class.
MEAN = 0.005
# Mean difference of familiarities in units of their spread: pixels are resized by another library and int8 activations may
# round to the next step, which moves sums over hundreds of features a little.
FAMILIARITY = 0.2

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
labels = json.loads(session.get_modelmeta().custom_metadata_map["vggcam.labels"])
source = session.get_inputs()[0]
size = source.shape[1]
pictures = ties = 0
disagreements = []
differences = []
familiarities = []
for line in sys.stdin:
    ours = json.loads(line)
    picture = ImageOps.exif_transpose(Image.open(ours["file"])).convert("RGB").resize((size, size), Image.BILINEAR)
    answers = session.run(None, {source.name: np.asarray(picture, np.uint8)[None]})
    theirs = answers[0][0]
    if len(answers) > 1:
        familiarities.append((ours["familiarity"], float(answers[1][0, 0])))
    mine = np.array([ours["probabilities"][label] for label in labels])
    pictures += 1
    differences.append(np.abs(mine - theirs))
    second, first = np.sort(theirs)[-2:]
    if first - second <= TIE:
        ties += 1
    elif theirs.argmax() != mine.argmax():
        disagreements.append((ours["file"], mine.tolist(), theirs.tolist()))
strange = 0.0
if familiarities:
    mine, theirs = np.array(familiarities).T
    strange = float(np.abs(mine - theirs).mean() / max(mine.std(), 1.0))
mean, widest = float(np.mean(differences or [0])), float(np.max(differences or [0]))
print(f"{pictures} pictures, {ties} within {TIE} of a tie, {len(disagreements)} with another top class, "
      f"probabilities {mean:.4f} and at most {widest:.4f} apart, familiarity {strange:.4f} of its spread")
for file, mine, theirs in disagreements:
    print(f"  {file}: vggcam {mine}, ONNX Runtime {theirs}")
sys.exit(1 if disagreements or mean > MEAN or strange > FAMILIARITY or pictures == 0 else 0)
