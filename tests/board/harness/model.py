"""A model that tells which of red, green and blue is strongest in a picture: the mean of each channel, then softmax.

It costs next to nothing, so that a run's time is that of camera and screen, and its answer is known for every picture. It is
written as ONNX's protobuf by hand, because no package for that may be needed.
"""

import json
import struct

LABELS = ["red", "green", "blue"]
# How much a channel that is stronger by the whole range of a byte counts.
SHARPNESS = 20.0
# Rows and columns of the input.
SIDE = 32


def number(field, value):
    """A protobuf field that holds an integer."""
    return varint(field << 3) + varint(value)


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def block(field, value):
    """A protobuf field that holds text, bytes or a message."""
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def node(kind, inputs, output, *attributes):
    names = b"".join(block(1, name) for name in inputs)
    return block(1, names + block(2, output) + block(3, output) + block(4, kind) + b"".join(attributes))


def integer(name, value):
    return block(5, block(1, name) + number(3, value) + number(20, 2))


def integers(name, values):
    return block(5, block(1, name) + b"".join(number(8, value) for value in values) + number(20, 7))


def tensor(name, shape, values):
    dimensions = b"".join(number(1, side) for side in shape)
    return block(5, dimensions + number(2, 1) + block(8, name) + block(9, struct.pack(f"<{len(values)}f", *values)))


def port(field, name, kind, shape):
    sides = b"".join(block(1, number(1, side)) for side in shape)
    return block(field, block(1, name) + block(2, block(1, number(1, kind) + block(2, sides))))


def onnx():
    """The bytes of the model file."""
    weights = [SHARPNESS / 255 if row == column else 0.0 for row in range(3) for column in range(3)]
    graph = (
        node("Cast", ["picture"], "real", integer("to", 1))
        + node("ReduceMean", ["real"], "mean", integers("axes", [1, 2]), integer("keepdims", 0))
        + node("MatMul", ["mean", "weights"], "scores")
        + node("Softmax", ["scores"], "probabilities", integer("axis", 1))
        + block(2, "strongest colour")
        + tensor("weights", [3, 3], weights)
        + port(11, "picture", 2, [1, SIDE, SIDE, 3])
        + port(12, "probabilities", 1, [1, 3])
    )
    properties = {"vggcam.format_version": "1", "vggcam.name": "strongest colour", "vggcam.labels": json.dumps(LABELS)}
    return (
        number(1, 8)
        + block(7, graph)
        + block(8, block(1, "") + number(2, 13))
        + b"".join(block(14, block(1, key) + block(2, value)) for key, value in properties.items())
    )


def write(folder):
    """Writes the model into a folder; returns its name in the guest with its path."""
    (folder / "colours.onnx").write_bytes(onnx())
    return {"colours.onnx": folder / "colours.onnx"}
