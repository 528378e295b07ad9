"""Checks that two ONNX backbones give the same answers for the pictures of a folder.

usage: same_backbones.py A.onnx B.onnx FOLDER     (needs onnxruntime, pillow)
"""

import pathlib
import sys

import numpy as np
import onnxruntime
from PIL import Image

sessions = [onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in sys.argv[1:3]]
pictures = 0
widest = 0.0
for file in sorted(pathlib.Path(sys.argv[3]).glob("*.jpg")):
    picture = np.asarray(Image.open(file).convert("RGB").resize((224, 224)), np.float32).transpose(2, 0, 1)[None]
    a, b = (session.run(None, {session.get_inputs()[0].name: picture})[0] for session in sessions)
    pictures += 1
    widest = max(widest, float(np.abs(a - b).max()))
print(f"{pictures} pictures, answers at most {widest:.1e} apart")
sys.exit(1 if widest > 1e-5 or pictures == 0 else 0)
