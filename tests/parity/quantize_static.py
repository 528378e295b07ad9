"""Writes what ONNX Runtime's `quantize_static` makes of small VGGs, for `tests/static_files.rs` to read.

usage: quantize_static.py FOLDER     (needs onnxruntime, onnx, numpy)

FOLDER gets NAME.onnx for each case, and cases.json: for each file whether it must be recognised, the node that the
refusal must name where it must not, inputs, and what ONNX Runtime gives for them. ONNX Runtime computes every node as
the file says it, without fusing: its fused int8 kernels saturate on processors without dot products.
"""

import json
import logging
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

SIZE = 32
MEAN_RGB = [123.68, 116.779, 103.939]
UINT8, INT8 = QuantType.QUInt8, QuantType.QInt8
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
logging.disable(logging.WARNING)


class Graph:
    """A float VGG that grows node by node."""

    def __init__(self, seed, constant_nodes=False):
        self.random = np.random.default_rng(seed)
        self.constant_nodes = constant_nodes
        self.nodes, self.constants = [], []

    def constant(self, name, values):
        tensor = numpy_helper.from_array(values, name)
        if self.constant_nodes:
            self.nodes.append(helper.make_node("Constant", [], [name], f"{name}_node", value=tensor))
        else:
            self.constants.append(tensor)
        return name

    def weights(self, name, shape, inputs):
        return self.constant(name, (self.random.normal(size=shape) * (2 / inputs) ** 0.5).astype(np.float32))

    def bias(self, name, count):
        return self.constant(name, (self.random.normal(size=count) * 0.3).astype(np.float32))

    def node(self, op_type, name, inputs, **attributes):
        self.nodes.append(helper.make_node(op_type, inputs, [name], name, **attributes))
        return name


def vgg(seed=1, channels=3, widths=(8, 12), convolutions=2, dense=(20, 5), opset=13, end="softmax", flatten="Flatten",
        bias="gemm", constant_nodes=False, picture=None, channels_last=False, relu=True, size=SIZE, logits=2.0):
    graph = Graph(seed, constant_nodes)
    value = "picture" if picture else "x"
    if picture or channels_last:
        value = graph.node("Transpose", "planes", [value], perm=[0, 3, 1, 2])
    if picture:
        value = graph.node("Cast", "real", [value], to=TensorProto.FLOAT)
        if picture == "mean":
            mean = graph.constant("mean", np.array(MEAN_RGB, np.float32).reshape(1, 3, 1, 1))
            value = graph.node("Sub", "minus_mean", [value, mean])
        value = graph.node("Gather", "bgr_planes", [value, graph.constant("bgr", np.array([2, 1, 0]))], axis=1)
    inputs, side = channels, size
    for block, width in enumerate(widths):
        for index in range(convolutions):
            name = f"block{block}_conv{index}"
            kernel = graph.weights(f"{name}_w", (width, inputs, 3, 3), 9 * inputs * (9000 if picture and inputs == 3 else 1))
            value = graph.node("Conv", name, [value, kernel, graph.bias(f"{name}_b", width)],
                               kernel_shape=[3, 3], pads=[1] * 4)
            value = graph.node("Relu", f"{name}_relu", [value]) if relu else value
            inputs = width
        value = graph.node("MaxPool", f"pool{block}", [value], kernel_shape=[2, 2], strides=[2, 2])
        side //= 2
    inputs *= side * side
    if flatten == "Flatten":
        value = graph.node("Flatten", "flat", [value], axis=1)
    else:
        value = graph.node("Reshape", "flat", [value, graph.constant("flat_shape", np.array([-1, inputs]))])
    for index, outputs in enumerate(dense):
        name = f"fc{index}"
        last = index + 1 == len(dense)
        shape = (outputs, inputs) if bias == "gemm" else (inputs, outputs)
        kernel = graph.weights(f"{name}_w", shape, inputs / (logits if last else 1) ** 2)
        if bias == "add":
            value = graph.node("MatMul", f"{name}_product", [value, kernel])
            value = graph.node("Add", name, [value, graph.bias(f"{name}_b", outputs)])
        else:
            value = graph.node("Gemm", name, [value, kernel, graph.bias(f"{name}_b", outputs)],
                               transB=int(bias == "gemm"))
        if not last:
            value = graph.node("Relu", f"{name}_relu", [value])
        inputs = outputs
    if end == "softmax":
        graph.node("Softmax", "y", [value], axis=1)
    else:
        graph.nodes[-1].output[0] = "y"
    if picture:
        source = helper.make_tensor_value_info("picture", TensorProto.UINT8, [1, size, size, 3])
    else:
        shape = [1, size, size, channels] if channels_last else [1, channels, size, size]
        source = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, dense[-1]])
    proto = helper.make_graph(graph.nodes, "vgg", [source], [result], graph.constants)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 19 else 10)
    onnx.checker.check_model(model)
    return model


def samples(model, count, seed):
    source = model.graph.input[0]
    shape = [dim.dim_value for dim in source.type.tensor_type.shape.dim]
    random = np.random.default_rng(seed)
    for _ in range(count):
        if source.type.tensor_type.elem_type == TensorProto.UINT8:
            yield random.integers(0, 256, shape, dtype=np.uint8)
        else:
            # Squares and a shift of each channel, so that samples differ in what the network sees.
            coarse = random.normal(size=(shape[0], *(-(-axis // 8) if axis > 8 else axis for axis in shape[1:])))
            for axis, length in enumerate(shape):
                if length > 8:
                    coarse = coarse.repeat(8, axis).take(range(length), axis)
            yield (2 * coarse + 0.2 * random.normal(size=shape)).astype(np.float32)


class Samples(CalibrationDataReader):
    def __init__(self, model):
        self.rows = iter([{model.graph.input[0].name: sample} for sample in samples(model, 8, 11)])

    def get_next(self):
        return next(self.rows, None)


cases = []


def case(name, model=None, refused=None, change=None, **options):
    """Quantizes `model`; `refused` is the node that the refusal must name; `change` edits the quantized file."""
    model = model or vgg()
    float_path, path = folder / "float.onnx", folder / f"{name}.onnx"
    onnx.save(model, float_path)
    extra = options.pop("extra", {})
    options = {"activation_type": UINT8, "weight_type": INT8, **options}
    quantize_static(float_path, path, Samples(model), quant_format=QuantFormat.QDQ, extra_options=extra, **options)
    float_path.unlink()
    if change:
        changed = onnx.load(path)
        change(changed.graph)
        onnx.save(changed, path)
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0].name
    runs = [(sample, session.run(None, {source: sample})[0][0]) for sample in samples(model, 3, 23)]
    layers = [] if refused else layer_steps(path, settings, {source: runs[0][0]})
    cases.append({
        "name": name,
        "refused": refused,
        "softmax": any(node.op_type == "Softmax" for node in model.graph.node),
        "inputs": [in_planes(sample, model).ravel().tolist() for sample, _ in runs],
        "outputs": [output.tolist() for _, output in runs],
        "layers": layers,
    })
    spread = float(np.std([output for _, output in runs], axis=0).max())
    print(f"{name}: {'refused at ' + refused if refused else 'recognised'}, outputs spread by {spread:.3f}")


def layer_steps(path, settings, feed):
    """For each Conv and Gemm whose output is rounded: the uint8 steps that go in and those that come out of it."""
    model = onnx.load(path)
    makers = {output: node for node in model.graph.node for output in node.output}
    readers = {}
    for node in model.graph.node:
        for value in node.input:
            readers.setdefault(value, []).append(node)
    pairs = []
    for layer in model.graph.node:
        if layer.op_type not in ("Conv", "Gemm"):
            continue
        steps, value = None, layer.output[0]
        while value in readers and readers[value][0].op_type in ("Relu", "QuantizeLinear", "DequantizeLinear"):
            node = readers[value][0]
            value = node.output[0]
            if node.op_type == "QuantizeLinear":
                steps = value
        source = makers[layer.input[0]]
        while source.op_type != "DequantizeLinear":
            source = makers[source.input[0]]
        if steps:
            pairs.append((source.input[0], steps))
    known = {output.name for output in model.graph.output} | {source.name for source in model.graph.input}
    for name in dict.fromkeys(name for pair in pairs for name in pair):
        if name not in known:
            model.graph.output.append(helper.make_empty_tensor_value_info(name))
    session = onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    values = dict(zip(names, session.run(None, feed))) | feed

    def as_uint8(values):
        return (values.astype(np.int64) + (128 if values.dtype == np.int8 else 0)).ravel().tolist()

    return [{"inputs": as_uint8(values[a]), "outputs": as_uint8(values[b])} for a, b in pairs]


def in_planes(sample, model):
    last = any(node.op_type == "Transpose" for node in model.graph.node) and sample.dtype != np.uint8
    return sample.transpose(0, 3, 1, 2) if last else sample


def scaled(name, factor):
    """Multiplies the scales that the node called `name` and its partner read, as a constant of their own."""
    def change(graph):
        nodes = [node for node in graph.node if node.name in (f"{name}_QuantizeLinear", f"{name}_DequantizeLinear")]
        scales = {tensor.name: tensor for tensor in graph.initializer}
        value = numpy_helper.to_array(scales[nodes[0].input[1]]) * np.float32(factor)
        graph.initializer.append(numpy_helper.from_array(value.astype(np.float32), f"{name}_other_scale"))
        for node in nodes:
            node.input[1] = f"{name}_other_scale"
    return change


for activations, weights in [(UINT8, INT8), (INT8, INT8), (UINT8, UINT8)]:
    for per_channel in [False, True]:
        if weights == UINT8 and not per_channel:
            continue
        kind = f"{activations.name}-{weights.name}-{'channels' if per_channel else 'tensor'}".lower()
        types = {"activation_type": activations, "weight_type": weights, "per_channel": per_channel}
        case(kind, **types)
        case(f"{kind}-reduced", reduce_range=True, **types)
case("weights-asymmetric-narrow", weight_type=UINT8, reduce_range=True)
case("weights-uint8-symmetric", weight_type=UINT8, extra={"WeightSymmetric": True})
case("activations-symmetric", activation_type=INT8, extra={"ActivationSymmetric": True})
case("activations-symmetric-uint8", extra={"ActivationSymmetric": True})
case("all-symmetric-channels", activation_type=INT8, per_channel=True,
     extra={"ActivationSymmetric": True, "WeightSymmetric": True})
case("bias-float", extra={"QuantizeBias": False}, per_channel=True)
case("dedicated-pairs", extra={"DedicatedQDQPair": True})
case("relu-kept", extra={"QDQKeepRemovableActivations": True})
case("relu-absent", vgg(relu=False))
case("contrib-operators", extra={"UseQDQContribOps": True})
case("weights-rounded-in-graph", extra={"AddQDQPairToWeight": True}, per_channel=True)
case("reshape-and-logits", vgg(flatten="Reshape", end="logits"))
case("gemm-untransposed", vgg(bias="plain"), per_channel=True)
case("grey", vgg(channels=1), per_channel=True)
case("five-channels-one-dense", vgg(channels=5, widths=(8,), convolutions=1, dense=(7,)))
case("three-dense-odd-size", vgg(widths=(4, 6, 10), convolutions=3, dense=(16, 9, 3), size=30, seed=4), per_channel=True)
case("channels-last", vgg(seed=8, channels_last=True, logits=0.5))
case("sharp", vgg(logits=5.0), per_channel=True)
for opset in [14, 17, 19, 21]:
    case(f"opset-{opset}", vgg(opset=opset), per_channel=True)
# Weights in Constant nodes are rounded as if they were activations: uint8, and not symmetric.
case("constant-nodes", vgg(constant_nodes=True), per_channel=True, refused="block0_conv0_w_DequantizeLinear")


def constants_as_nodes(graph):
    nodes = [helper.make_node("Constant", [], [tensor.name], f"{tensor.name}_node", value=tensor)
             for tensor in graph.initializer]
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.node.extend(nodes)


case("all-constants-in-nodes", change=constants_as_nodes, per_channel=True)
case("weights-uint8", weight_type=UINT8, refused="block0_conv0_w_DequantizeLinear")
case("weights-asymmetric", extra={"WeightSymmetric": False}, refused="block0_conv0_w_DequantizeLinear")
case("relu-rescaled", op_types_to_quantize=["Conv", "Gemm"], refused="block0_conv0_relu_QuantizeLinear")
case("pool-rescaled", change=scaled("pool0", 1.5), refused="pool0_QuantizeLinear")
case("matmul-and-add", vgg(bias="add"), refused="fc0_product_QuantizeLinear")
case("last-left-float", refused="fc1", nodes_to_exclude=["fc1"])
case("first-left-float", refused="block0_conv0", nodes_to_exclude=["block0_conv0"])
case("picture-with-mean", vgg(picture="mean"), refused="bgr_planes_QuantizeLinear")
case("picture", vgg(picture="bare"))
case("probabilities-coarse", change=scaled("y", 3.0), refused="y_QuantizeLinear")


def far(graph):
    """Makes all weights of a convolution lie far from its zero point."""
    for tensor in graph.initializer:
        if tensor.name == "block1_conv0_w_zero_point":
            tensor.CopyFrom(numpy_helper.from_array(np.array(0, np.uint8), tensor.name))


case("weights-far-from-zero", weight_type=UINT8, extra={"WeightSymmetric": True}, change=far, refused="block1_conv0_w_DequantizeLinear")

(folder / "cases.json").write_text(json.dumps(cases))
print(f"wrote {len(cases)} files, {sum(bool(case['refused']) for case in cases)} of them to be refused, to {folder}")
