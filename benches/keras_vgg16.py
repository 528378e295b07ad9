"""The full-size VGG16 of `make_vgg16.py` in Keras.

usage: keras_vgg16.py FILE.onnx FILE.weights.h5     (needs tensorflow-cpu and onnx) writes its weights for Keras
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from tensorflow import keras
from tensorflow.keras.applications import vgg16


def use_threads(threads):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def features(weights, values):
    """The network without its last layer, from RGB pictures whose values are of the type `values`."""
    network = vgg16.VGG16(weights=weights)
    network = keras.Model(network.input, network.get_layer("fc2").output)
    pictures = keras.Input(network.input_shape[1:], dtype=values)
    return keras.Model(pictures, network(vgg16.preprocess_input(keras.ops.cast(pictures, "float32"))))


def convert(source, destination):
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(source).graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    ours = [node for node in graph.node if node.op_type in ("Conv", "Gemm")]
    network = vgg16.VGG16(weights=None)
    theirs = [layer for layer in network.layers if layer.weights]
    assert len(ours) == len(theirs)
    height, width, channels = network.get_layer("block5_pool").output.shape[1:]
    for node, layer in zip(ours, theirs):
        weights, bias = (tensors[name] for name in node.input[1:])
        if node.op_type == "Conv":
            weights = weights.transpose(2, 3, 1, 0)
        elif layer.name == "fc1":
            # Keras flattens channels last.
            weights = weights.reshape(-1, channels, height, width).transpose(2, 3, 1, 0).reshape(-1, len(bias))
        else:
            weights = weights.T
        layer.set_weights([weights, bias])
    network.save_weights(destination)


if __name__ == "__main__":
    convert(*sys.argv[1:])
