"""Writes a full-size VGG16 with random weights, as float and as ONNX Runtime quantizes it.

usage: make_vgg16.py FOLDER     (needs numpy, onnx, onnxruntime, pillow)

Speed does not depend on what a network has learnt, but for one thing: how many activations are zero in front of the dense
layers, where an engine may skip them. So every bias is set to let through the share of values that a trained VGG16 does:
18.3 % and 37.5 % and 41.1 % in front of the three dense layers (Han et al., EIE, 2016, table IV), half of them elsewhere.

FOLDER gets
  vgg16-f32.onnx     float, RGB from 0 to 255, N×3×224×224; mean and channel reversal are its first nodes
  pictures/          the pictures that ranges are measured on, as PNG
  vgg16-static.onnx  the same network behind them, int8 by onnxruntime.quantization.quantize_static
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

BLOCKS = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
DENSE = [4096, 4096, 1000]
DENSITIES_BEFORE_DENSE = [0.183, 0.375, 0.411]
MEAN_RGB = [123.68, 116.779, 103.939]
SIZE = 224

random = np.random.default_rng(16)


def picture(seed):
    """The pattern of the picture that `vggcam bench` uses, moved by `seed` steps; 1×3×H×W from 0 to 255."""
    x, y = np.meshgrid(np.arange(SIZE) + 7 * seed, np.arange(SIZE) + 3 * seed)
    wave = lambda a, b: (x * a + y * b) % 256
    blue = np.where((x // 16 + y // 16) % 2 == 0, 230, wave(7, 7))
    return np.stack([wave(3, 1), wave(1, 5), blue]).astype(np.float32)[None]


def graph(nodes, constants, shape, outputs):
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, outputs)]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "vgg16", inputs, made, tensors),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    return model


def run(nodes, constants, x, outputs):
    model = graph(nodes, constants, list(x.shape), outputs)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def threshold(values, density):
    """The bias for each channel that leaves `density` of its values above zero, over batch and places."""
    channels = np.moveaxis(values, 1, 0).reshape(values.shape[1], -1)
    return -np.quantile(channels, 1 - density, axis=1).astype(np.float32)


def build():
    """Nodes and constants from `x0`, the preprocessed picture, to `y`."""
    nodes, constants = [], {}
    x = np.concatenate([picture(seed) for seed in range(4)])
    x = (x - np.array(MEAN_RGB, np.float32)[None, :, None, None])[:, ::-1].copy()
    value, index = "x0", 0

    def named(kind):
        nonlocal index
        index += 1
        return f"{kind}{index}"

    def step(node, extra=None):
        """Adds the node, and carries the calibration pictures through it."""
        nonlocal x, value
        nodes.append(node)
        alone = helper.make_node(node.op_type, ["x", *node.input[1:]], ["y"])
        alone.attribute.extend(node.attribute)
        x = run([alone], extra or {}, x, None)
        value = node.output[0]

    last_block = len(BLOCKS) - 1
    for block, (width, depth) in enumerate(BLOCKS):
        for conv in range(depth):
            before_dense = block == last_block and conv == depth - 1
            name = named("conv")
            inputs = x.shape[1]
            w = random.normal(0, (2 / (9 * inputs)) ** 0.5, (width, inputs, 3, 3)).astype(np.float32)
            attributes = dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1])
            sums = run([helper.make_node("Conv", ["x", "w"], ["y"], **attributes)], {"w": w}, x, None)
            if before_dense:
                # The density counts behind the pool.
                pooled = sums.reshape(*sums.shape[:2], 7, 2, 7, 2).max((3, 5))
                b = threshold(pooled, DENSITIES_BEFORE_DENSE[0])
            else:
                b = threshold(sums, 0.5)
            constants |= {f"{name}_w": w, f"{name}_b": b}
            step(helper.make_node("Conv", [value, f"{name}_w", f"{name}_b"], [name], name=name, **attributes),
                 {f"{name}_w": w, f"{name}_b": b})
            step(helper.make_node("Relu", [value], [f"{name}_relu"], name=f"{name}_relu"))
        name = named("pool")
        step(helper.make_node("MaxPool", [value], [name], name=name, kernel_shape=[2, 2], strides=[2, 2]))
    step(helper.make_node("Flatten", [value], ["flat"], name="flat"))
    for dense, outputs in enumerate(DENSE):
        name = named("fc")
        last = dense == len(DENSE) - 1
        w = random.normal(0, (2 / x.shape[1]) ** 0.5, (outputs, x.shape[1])).astype(np.float32)
        sums = x @ w.T
        spread = sums.std()
        w, sums = w / spread, sums / spread
        if last:
            b = np.zeros(outputs, np.float32)
        else:
            # Few pictures give few values: one threshold for all outputs, with some noise.
            b = np.full(outputs, -np.quantile(sums, 1 - DENSITIES_BEFORE_DENSE[dense + 1]), np.float32)
        constants |= {f"{name}_w": w, f"{name}_b": b}
        node = helper.make_node("Gemm", [value, f"{name}_w", f"{name}_b"], [name], name=name, transB=1)
        step(node, {f"{name}_w": w, f"{name}_b": b})
        if not last:
            step(helper.make_node("Relu", [value], [f"{name}_relu"], name=f"{name}_relu"))
    nodes.append(helper.make_node("Softmax", [value], ["y"], name="softmax", axis=1))
    return nodes, constants


class Pictures(CalibrationDataReader):
    def __init__(self):
        mean = np.array(MEAN_RGB, np.float32)[None, :, None, None]
        self.rest = iter([(picture(seed) - mean)[:, ::-1].copy() for seed in range(4)])

    def get_next(self):
        x = next(self.rest, None)
        return None if x is None else {"x": x}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pictures").mkdir(exist_ok=True)
    for seed in range(4):
        pixels = picture(seed)[0].transpose(1, 2, 0).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{seed}.png")
    nodes, constants = build()
    shape, outputs = [1, 3, SIZE, SIZE], [1, DENSE[-1]]
    pre = [
        helper.make_node("Sub", ["x", "mean"], ["minus_mean"], name="minus_mean"),
        helper.make_node("Gather", ["minus_mean", "bgr"], ["x0"], name="bgr_order", axis=1),
    ]
    first = {"mean": np.array(MEAN_RGB, np.float32).reshape(1, 3, 1, 1), "bgr": np.array([2, 1, 0], np.int64)}
    onnx.save(graph(pre + nodes, first | constants, shape, outputs), folder / "vgg16-f32.onnx")
    # quantize_static takes the picture that is preprocessed already.
    nodes[0].input[0] = "x"
    plain = folder / "plain.onnx"
    onnx.save(graph(nodes, constants, shape, outputs), plain)
    quantize_static(plain, folder / "vgg16-static.onnx", Pictures(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    plain.unlink()


if __name__ == "__main__":
    main()
