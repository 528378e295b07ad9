"""Writes the weights of an ONNX file by name, for Keras' environment, which has no ONNX.

usage: onnx_weights.py MODEL.onnx OUT.npz     (needs onnx)
"""

import sys

import numpy as np
import onnx
from onnx import numpy_helper

graph = onnx.load(sys.argv[1]).graph
np.savez(sys.argv[2], **{tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer})
print(f"wrote {sys.argv[2]}: {len(graph.initializer)} tensors")
