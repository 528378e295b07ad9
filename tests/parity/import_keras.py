"""Lets Keras write VGG16 weights in all its layouts, with what it computes from them, for `tests/imports/frameworks.rs`.

usage: import_keras.py FOLDER     (needs tensorflow-cpu and tf_keras, which is Keras 2)

Each file NAME in FOLDER has a NAME.json beside it: a picture, and the probabilities and features that it gives. Theano
itself is gone: its layouts are written here from known weights, and their answers computed by NumPy from the definition of
a convolution, in which kernels are turned.
"""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import h5py
import keras
import numpy as np
import tf_keras

FOLDER = pathlib.Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
BLOCKS = [2, 2, 3, 3, 3]
MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)
random = np.random.default_rng(11)


def vgg(k, size, widths, dense, norms=False, pooled=False):
    """VGG16 in the Keras that `k` is, with random weights; and the model of its features."""
    initial = {"kernel_initializer": "he_uniform", "bias_initializer": k.initializers.RandomUniform(-1, 1)}
    value = inputs = k.Input((size, size, 3))
    for block, (count, width) in enumerate(zip(BLOCKS, widths), 1):
        for place in range(1, count + 1):
            name = f"block{block}_conv{place}"
            activation = None if norms else "relu"
            value = k.layers.Conv2D(width + place - 1, 3, padding="same", activation=activation, name=name, **initial)(value)
            if norms:
                value = k.layers.BatchNormalization(epsilon=0.01)(value)
                value = k.layers.Activation("relu")(value)
        value = k.layers.MaxPooling2D(2)(value)
    if pooled or not dense:
        value = k.layers.GlobalAveragePooling2D()(value)
    else:
        value = k.layers.Flatten()(value)
    features = value
    for index, units in enumerate(dense):
        last = index + 1 == len(dense)
        features = value
        # Small logits, so that no probability is 0 or 1 whatever the weights.
        extra = {"kernel_initializer": k.initializers.RandomUniform(-0.002, 0.002)} if last else initial
        value = k.layers.Dense(units, activation="softmax" if last else "relu", **extra)(value)
    model = k.Model(inputs, value)
    for layer in model.layers:
        if isinstance(layer, k.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, w.shape).astype(np.float32) for w in layer.get_weights()])
    return model, k.Model(inputs, features)


def answers(name, models, options=()):
    """Writes what the models give for a random picture."""
    model, features = models
    size = model.input_shape[1]
    picture = random.integers(0, 256, (size, size, 3), dtype=np.uint8)
    prepared = (picture[None, :, :, ::-1] - MEAN_BGR).astype(np.float32)
    run = lambda m: np.asarray(m(prepared, training=False))[0].tolist()
    top = any("dense" in layer.name or layer.name == "predictions" for layer in model.layers)
    put(name, picture, run(features), run(model) if top else None, options)


def put(name, picture, features, probabilities, options=()):
    answer = {"size": len(picture), "picture": picture.ravel().tolist(), "features": features,
              "probabilities": probabilities, "options": list(options)}
    (FOLDER / f"{name}.json").write_text(json.dumps(answer))


SMALL = dict(size=96, widths=[4, 6, 8, 10, 12])
TOP = [20, 16, 7]
# Keras 3 in its three forms.
models = vgg(keras, dense=TOP, **SMALL)
for name, save in [("keras3.weights.h5", models[0].save_weights), ("keras3.keras", models[0].save),
                   ("keras3-whole.h5", models[0].save)]:
    save(FOLDER / name)
    answers(name, models)
models = vgg(keras, dense=TOP, norms=True, **SMALL)
models[0].save(FOLDER / "keras3-norms.keras")
answers("keras3-norms.keras", models)
models = vgg(keras, dense=[], **SMALL)
models[0].save_weights(FOLDER / "keras3-notop.weights.h5")
answers("keras3-notop.weights.h5", models, ["--size", "96"])
models = vgg(keras, dense=[9, 4], pooled=True, **SMALL)
models[0].save(FOLDER / "keras3-pooled.keras")
answers("keras3-pooled.keras", models)
# A model in a model, as after transfer learning in Keras.
base = vgg(keras, dense=[], **SMALL)[0]
model = keras.Sequential([keras.Input((96, 96, 3)), base, keras.layers.Dense(8, activation="relu"),
                          keras.layers.Dense(3, activation="softmax")])
inner = keras.Sequential(model.layers[:-1])
inner.build((None, 96, 96, 3))
model.save(FOLDER / "keras3-nested.keras")
answers("keras3-nested.keras", (model, inner))
model.save(FOLDER / "keras3-nested-whole.h5")
answers("keras3-nested-whole.h5", (model, inner))
# Keras 2.
models = vgg(tf_keras, dense=TOP, **SMALL)
models[0].save_weights(FOLDER / "keras2.h5")
answers("keras2.h5", models)
models[0].save(FOLDER / "keras2-whole.h5")
answers("keras2-whole.h5", models)
models = vgg(tf_keras, dense=[], **SMALL)
models[0].save_weights(FOLDER / "keras2-notop.h5")
answers("keras2-notop.h5", models, ["--size", "96"])
# Full size, as `keras.applications` makes it.
full = keras.applications.VGG16(weights=None)
for layer in full.layers:
    weights = [random.normal(0, np.sqrt(2 / np.prod(w.shape[:-1])) if w.ndim > 1 else 0.1, w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)
full.layers[-1].set_weights([weights / 100 for weights in full.layers[-1].get_weights()])
models = (full, keras.Model(full.input, full.layers[-2].output))
full.save_weights(FOLDER / "keras3-full.weights.h5")
answers("keras3-full.weights.h5", models)
full2 = tf_keras.applications.VGG16(weights=None)
full2.set_weights(full.get_weights())
full2.save_weights(FOLDER / "vgg16_weights_tf_dim_ordering_tf_kernels.h5")
answers("vgg16_weights_tf_dim_ordering_tf_kernels.h5", models)
del full, full2, models


# Theano's layouts: weights as Theano would have trained them, and a forward pass by definition.
def convolve(planes, kernels, bias):
    """The convolution of the definition: the kernel is turned, out[y, x] = Σ k[i, j] · in[y - i, x - j]."""
    side = planes.shape[1]
    padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)))
    out = np.zeros((len(kernels), side, side))
    for i in range(3):
        for j in range(3):
            shifted = padded[:, 2 - i:2 - i + side, 2 - j:2 - j + side]
            out += np.tensordot(kernels[:, :, i, j], shifted, axes=1)
    return out + bias[:, None, None]


def theano_network(size=64):
    kernels, dense, inputs = [], [], 3
    for count, width in zip(BLOCKS, [4, 6, 8, 10, 12]):
        for place in range(count):
            outputs = width + place
            kernels.append((random.normal(0, np.sqrt(2 / (9 * inputs)), (outputs, inputs, 3, 3)).astype(np.float32),
                            random.uniform(-1, 1, outputs).astype(np.float32)))
            inputs = outputs
    inputs *= (size // 32) ** 2
    for units in TOP:
        dense.append((random.normal(0, np.sqrt(2 / inputs), (inputs, units)).astype(np.float32),
                      random.uniform(-1, 1, units).astype(np.float32)))
        inputs = units
    dense[-1] = (dense[-1][0] / 50, dense[-1][1])
    picture = random.integers(0, 256, (size, size, 3), dtype=np.uint8)
    value = (picture[:, :, ::-1] - MEAN_BGR).transpose(2, 0, 1).astype(np.float64)
    layers = iter(kernels)
    for count in BLOCKS:
        for _ in range(count):
            value = np.maximum(convolve(value, *next(layers)), 0)
        channels, side, _ = value.shape
        value = value.reshape(channels, side // 2, 2, side // 2, 2).max(axis=(2, 4))
    value = value.ravel()
    for weights, bias in dense[:-1]:
        value = np.maximum(value @ weights + bias, 0)
    logits = value @ dense[-1][0] + dense[-1][1]
    powers = np.exp(logits - logits.max())
    return kernels, dense, picture, value.tolist(), (powers / powers.sum()).tolist()


kernels, dense, picture, features, probabilities = theano_network()
with h5py.File(FOLDER / "theano2015.h5", "w") as file:
    # The layers between, of padding, pooling and dropout, have numbers and no parameters, as in the file of 2015.
    parameters = []
    layers = iter(kernels)
    for count in BLOCKS:
        for _ in range(count):
            parameters += [(), next(layers)]
        parameters.append(())
    parameters.append(())
    for layer in dense:
        parameters += [layer, ()]
    file.attrs["nb_layers"] = len(parameters)
    for index, layer in enumerate(parameters):
        group = file.create_group(f"layer_{index}")
        group.attrs["nb_params"] = len(layer)
        for number, values in enumerate(layer):
            group[f"param_{number}"] = values
put("theano2015.h5", picture, features, probabilities)
with h5py.File(FOLDER / "vgg16_weights_th_dim_ordering_th_kernels.h5", "w") as file:
    names = [f"block{b}_conv{c + 1}" for b, count in enumerate(BLOCKS, 1) for c in range(count)] + ["fc1", "fc2", "predictions"]
    file.attrs["layer_names"] = [name.encode() for name in names]
    for name, layer in zip(names, kernels + dense):
        group = file.create_group(name)
        group.attrs["weight_names"] = [f"{name}_W".encode(), f"{name}_b".encode()]
        group[f"{name}_W"], group[f"{name}_b"] = layer
put("vgg16_weights_th_dim_ordering_th_kernels.h5", picture, features, probabilities)
print(f"wrote {len(list(FOLDER.glob('*.json')))} files of weights with their answers")
