"""Writes what Keras computes, for `tests/keras.rs` to compare with.

usage: keras_reference.py OUT.json     (needs tensorflow-cpu)

Four things: `vgg16.preprocess_input` of a random picture; the features of a small VGG with random weights, whose
weights are written in this project's layouts (kernels O×I×3×3, dense rows O×I over channel-first inputs); and how a
softmax layer trains on random features with Adam, in steps over all samples, so that their order does not matter; and
Grad-CAM over the last convolution of the small VGG with a layer of logits behind it, by a gradient tape.
"""

import json
import sys

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras.applications import vgg16

SIZE = 32
BLOCKS = [(6, 2), (8, 2), (12, 3)]
DENSE = [20, 10]

keras.utils.set_random_seed(7)
random = np.random.default_rng(7)
pictures = random.integers(0, 256, (4, SIZE, SIZE, 3), dtype=np.uint8)
preprocessed = vgg16.preprocess_input(pictures.astype(np.float32))

inputs = keras.Input((SIZE, SIZE, 3))
value = inputs
for channels, convolutions in BLOCKS:
    for _ in range(convolutions):
        value = keras.layers.Conv2D(
            channels, 3, padding="same", activation="relu", kernel_initializer="he_uniform",
            bias_initializer=keras.initializers.RandomUniform(-1, 1),
        )(value)
    value = keras.layers.MaxPooling2D(2)(value)
side, channels = value.shape[1], value.shape[3]
value = keras.layers.Flatten()(value)
for units in DENSE:
    value = keras.layers.Dense(
        units, activation="relu", kernel_initializer="he_uniform",
        bias_initializer=keras.initializers.RandomUniform(-1, 1),
    )(value)
model = keras.Model(inputs, value)
features = model.predict(preprocessed, verbose=0)

logits = keras.layers.Dense(3)
scores_of_model = logits(value)
last = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)][-1]
both = keras.Model(inputs, [last.output, scores_of_model])
heats = []
for picture in preprocessed:
    for answer in range(3):
        with tf.GradientTape() as tape:
            maps, scores = both(picture[np.newaxis])
            score = scores[0, answer]
        weights = tf.reduce_mean(tape.gradient(score, maps), axis=(1, 2))
        heats.append(tf.nn.relu(tf.reduce_sum(maps * weights[:, None, None, :], axis=-1))[0].numpy())

layers = []
first_dense = True
for layer in model.layers:
    if isinstance(layer, keras.layers.Conv2D):
        kernel, bias = layer.get_weights()
        layers.append({"kind": "conv", "weights": kernel.transpose(3, 2, 0, 1), "bias": bias})
    elif isinstance(layer, keras.layers.MaxPooling2D):
        layers.append({"kind": "pool"})
    elif isinstance(layer, keras.layers.Dense):
        kernel, bias = layer.get_weights()
        if first_dense:
            rows = kernel.reshape(side, side, channels, -1).transpose(2, 0, 1, 3)
            kernel = rows.reshape(kernel.shape)
            first_dense = False
        layers.append({"kind": "dense", "weights": kernel.T, "bias": bias})

for layer in layers:
    if "weights" in layer:
        layer["outputs"], layer["inputs"] = layer["weights"].shape[:2]
        layer["weights"] = layer["weights"].ravel().tolist()
        layer["bias"] = layer["bias"].tolist()

classes = random.integers(0, 3, 40)
samples = (random.normal(size=(40, 6)) + np.eye(3, 6)[classes] * 2).astype(np.float32)
head = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="softmax")])
kernel, bias = head.layers[0].get_weights()
untrained = {"weights": kernel.T.ravel().tolist(), "bias": bias.tolist()}
head.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
history = head.fit(samples, keras.utils.to_categorical(classes, 3), batch_size=40, epochs=30, verbose=0).history
kernel, bias = head.layers[0].get_weights()

logits_kernel, logits_bias = logits.get_weights()
reference = {
    "gradcam": {
        "logits": {"weights": logits_kernel.T.ravel().tolist(), "bias": logits_bias.tolist()},
        "heats": [heat.ravel().tolist() for heat in heats],
    },
    "head": {
        "features": samples.ravel().tolist(),
        "classes": classes.tolist(),
        "untrained": untrained,
        "losses": history["loss"],
        "accuracies": history["accuracy"],
        "trained": {"weights": kernel.T.ravel().tolist(), "bias": bias.tolist()},
    },
    "size": SIZE,
    "pictures": pictures.reshape(len(pictures), -1).tolist(),
    "preprocessed_bgr_planes": preprocessed.transpose(0, 3, 1, 2).reshape(len(pictures), -1).tolist(),
    "layers": layers,
    "features": features.tolist(),
}
with open(sys.argv[1], "w") as file:
    json.dump(reference, file)
print(f"wrote {sys.argv[1]}: {len(layers)} layers, {features.shape[1]} features of {len(pictures)} pictures")
