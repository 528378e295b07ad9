"""Writes a float VGG16 for ncnn: its graph and its weights.

usage: ncnn_model.py ONNX OUT      (needs numpy, onnx; writes OUT.param and OUT.bin)

The network is the one behind the preprocessing: convolutions with ReLU, max pools, dense layers, a softmax; `blob0` is its
input, the highest blob its output. Weights are float32, as they are in the file.
"""

import sys

import numpy as np
import onnx
from onnx import numpy_helper

source, out = sys.argv[1:]
graph = onnx.load(source).graph
values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
lines = ["Input layer0 0 1 blob0 0=224 1=224 2=3"]


def add(kind, settings, weights=None):
    """Appends a layer behind the last one, and its weights to the file."""
    lines.append(f"{kind} layer{len(lines)} 1 1 blob{len(lines) - 1} blob{len(lines)} {settings}")
    if weights is not None:
        matrix, bias = weights
        # A tag that says float32.
        file.write(np.uint32(0).tobytes() + matrix.astype(np.float32).tobytes() + bias.astype(np.float32).tobytes())


with open(f"{out}.bin", "wb") as file:
    relus = {node.input[0] for node in graph.node if node.op_type == "Relu"}
    for node in graph.node:
        activation = "1" if node.output[0] in relus else "0"
        if node.op_type == "Conv":
            weights, bias = (values[name] for name in node.input[1:3])
            size = f"0={weights.shape[0]} 1=3 4=1 5=1 6={weights.size}"
            add("Convolution", f"{size} 9={activation}", (weights, bias))
        elif node.op_type == "MaxPool":
            add("Pooling", "0=0 1=2 2=2")
        elif node.op_type == "Gemm":
            weights, bias = (values[name] for name in node.input[1:3])
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            weights = weights if transposed else weights.T
            size = f"0={weights.shape[0]} 1=1 2={weights.size}"
            add("InnerProduct", f"{size} 9={activation}", (np.ascontiguousarray(weights), bias))
add("Softmax", "0=0")
with open(f"{out}.param", "w") as file:
    file.write(f"7767517\n{len(lines)} {len(lines)}\n" + "\n".join(lines) + "\n")
