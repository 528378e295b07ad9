"""Checks that ONNX Runtime gives, for imported backbones, what the framework gave that wrote the weights.

usage: import_agrees.py FOLDER     (needs onnxruntime)

FOLDER holds NAME.json with a picture and the framework's answers, and NAME.backbone.onnx.
"""

import json
import pathlib
import sys

import numpy as np
import onnxruntime

WITHIN = 1e-4

files = sorted(pathlib.Path(sys.argv[1]).glob("*.json"))
wrong = 0
for file in files:
    answer = json.loads(file.read_text())
    session = onnxruntime.InferenceSession(file.with_suffix(".backbone.onnx"), providers=["CPUExecutionProvider"])
    source, output = session.get_inputs()[0], session.get_outputs()[0]
    size = answer["size"]
    assert source.type == "tensor(float)" and source.shape[1:] == [3, size, size], (source.type, source.shape)
    picture = np.array(answer["picture"], np.float32).reshape(1, size, size, 3).transpose(0, 3, 1, 2)
    # Any number of pictures at a time.
    ours = session.run(None, {source.name: np.concatenate([picture, picture[..., ::-1]])})[0]
    assert len(ours) == 2
    theirs = np.array(answer["probabilities"] or answer["features"])
    ours = ours[0]
    if output.name == "features" and answer["probabilities"]:
        ours = np.exp(ours - ours.max())
        ours /= ours.sum()
    apart = np.abs(ours - theirs).max() / max(1, np.abs(theirs).max())
    wrong += apart > WITHIN
    print(f"{file.stem}: {apart:.1e} apart{'' if apart <= WITHIN else ', TOO FAR'}")
sys.exit(1 if wrong or not files else 0)
