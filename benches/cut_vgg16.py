"""Cuts the full-size VGG16 behind its last hidden layer, for batches of decoded pictures.

usage: cut_vgg16.py VGG16.onnx BATCH OUT.onnx     (needs onnx)

What it writes takes uint8 RGB, BATCH×224×224×3, and gives BATCH×4096 features.
"""

import sys

import onnx
from onnx import TensorProto, helper

source, batch, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
graph = onnx.load(source).graph
last = max(i for i, node in enumerate(graph.node) if node.op_type == "Gemm")
nodes = [
    helper.make_node("Cast", ["pictures"], ["real"], name="real", to=TensorProto.FLOAT),
    helper.make_node("Transpose", ["real"], [graph.input[0].name], name="planes", perm=[0, 3, 1, 2]),
    *graph.node[:last],
]
features = graph.node[last].input[0]
used = {name for node in nodes for name in node.input}
tensors = [tensor for tensor in graph.initializer if tensor.name in used]
width = tensors[-1].dims[0]
size = graph.input[0].type.tensor_type.shape.dim[-1].dim_value
inputs = [helper.make_tensor_value_info("pictures", TensorProto.UINT8, [batch, size, size, 3])]
outputs = [helper.make_tensor_value_info(features, TensorProto.FLOAT, [batch, width])]
model = helper.make_model(
    helper.make_graph(nodes, "features", inputs, outputs, tensors),
    opset_imports=[helper.make_opsetid("", 13)],
    ir_version=8,
)
onnx.checker.check_model(model)
onnx.save(model, out)
