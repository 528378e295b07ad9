"""Trains with the recipe in Keras and with `finetune train --recipe keras` on the same backbone and photographs, and compares.

usage: keras_recipe.py FINETUNE WEIGHTS.npz PHOTOGRAPHS WORK     (needs tensorflow-cpu and pillow)

Photographs are squashed to the network's size and kept as PNG first, so that both see the same pixels. Then: features to
1e-4 of the largest; validation accuracies over five seeds, whose means are at most one point apart; one head of `finetune` in
Keras' whole network, with the same validation accuracy and the same probabilities as `finetune predict` writes.
"""

import csv
import hashlib
import json
import pathlib
import subprocess
import sys

import numpy as np
from PIL import Image
from tensorflow import keras
from tensorflow.keras.applications import vgg16

finetune, weights, photographs, work = sys.argv[1], np.load(sys.argv[2]), *map(pathlib.Path, sys.argv[3:])
SIZE = 224
SEEDS = [1, 2, 3, 4, 5]
COUNTS = {"train": 400, "valid": 200}
EPOCHS, BATCH, RATE, DROPOUT = 3, 64, 0.001, 0.5


def run(*arguments):
    subprocess.run([finetune, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def squash(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.open(source).convert("RGB").resize((SIZE, SIZE), Image.BILINEAR).save(target)


def pixels(files):
    return np.stack([np.asarray(Image.open(file)) for file in files])


def frozen_backbone():
    """The layers of the file up to the ReLU behind fc2, in Keras' layouts, with the recipe's preprocessing in front."""
    inputs = keras.Input((SIZE, SIZE, 3))
    value = inputs
    channels = 3
    for block, convolutions in enumerate([2, 2, 3, 3, 3], 1):
        for convolution in range(1, convolutions + 1):
            name = f"block{block}_conv{convolution}"
            channels = weights[f"{name}_W"].shape[0]
            value = keras.layers.Conv2D(channels, 3, padding="same", activation="relu", name=name)(value)
        value = keras.layers.MaxPooling2D(2)(value)
    side = value.shape[1]
    value = keras.layers.Flatten()(value)
    for name in ["fc1", "fc2"]:
        value = keras.layers.Dense(weights[f"{name}_W"].shape[1], activation="relu", name=name)(value)
    model = keras.Model(inputs, value, trainable=False)
    for layer in model.layers:
        if not layer.weights:
            continue
        kernel, bias = weights[f"{layer.name}_W"], weights[f"{layer.name}_b"]
        if kernel.ndim == 4:
            kernel = kernel.transpose(2, 3, 1, 0)
        elif layer.name == "fc1":
            # The file flattens channels first, Keras last.
            rows = kernel.reshape(channels, side, side, -1).transpose(1, 2, 0, 3)
            kernel = rows.reshape(kernel.shape)
        layer.set_weights([kernel, bias])
    return model


def kept_features(path):
    """The rows of a feature file by the hash of the picture."""
    content = path.read_bytes()
    header = json.loads(content[16:4096])
    length, record = header["features"], header["record_bytes"]
    records = (content[at:at + record] for at in range(header["header_bytes"], len(content), record))
    return {row[:32]: np.frombuffer(row[32:32 + 4 * length], "<f4") for row in records}


files, classes = {}, {}
for split, count in COUNTS.items():
    files[split], classes[split] = [], []
    for index, name in enumerate(["cats", "dogs"]):
        for source in sorted((photographs / split / name).iterdir())[:count]:
            target = work / "data" / split / name / f"{source.stem}.png"
            squash(source, target)
            files[split].append(target)
            classes[split].append(index)
for source in sorted((photographs / "test/test_images").iterdir()):
    squash(source, work / "test" / f"{source.stem}.png")

backbone = frozen_backbone()
features = {}
for split in COUNTS:
    preprocessed = vgg16.preprocess_input(pixels(files[split]).astype(np.float32))
    features[split] = backbone.predict(preprocessed, batch_size=32, verbose=0)

run("features", work / "data", "--out", work / "features")
kept = kept_features(work / "features")
for split in COUNTS:
    ours = np.stack([kept[hashlib.sha256(file.read_bytes()).digest()] for file in files[split]])
    apart = np.abs(ours - features[split]).max() / np.abs(features[split]).max()
    print(f"features of {len(ours)} pictures in {split}/: at most {apart:.1e} of the largest apart")
    assert apart <= 1e-4

ours, theirs = [], []
for seed in SEEDS:
    run("train", work / "data", "--recipe", "keras", "--seed", seed, "--features", work / "features",
        "--cache", work / "cache", "--out", work / f"seed-{seed}")
    report = json.loads((work / f"seed-{seed}/report.json").read_text())
    assert len(report["epochs"]) == EPOCHS
    ours.append(report["float"]["accuracy"])

    keras.utils.set_random_seed(seed)
    head = keras.Sequential([
        keras.Input(features["train"].shape[1:]),
        keras.layers.Dropout(DROPOUT),
        keras.layers.Dense(2, activation="softmax"),
    ])
    head.compile(keras.optimizers.Adam(RATE), "categorical_crossentropy", metrics=["accuracy"])
    truth = {split: keras.utils.to_categorical(classes[split], 2) for split in COUNTS}
    history = head.fit(features["train"], truth["train"], batch_size=BATCH, epochs=EPOCHS, verbose=0,
                       validation_data=(features["valid"], truth["valid"])).history
    theirs.append(history["val_accuracy"][-1])
print(f"validation accuracy over {len(SEEDS)} seeds: finetune {np.mean(ours):.4f} {np.round(ours, 4)}, "
      f"Keras {np.mean(theirs):.4f} {np.round(theirs, 4)}")
assert abs(np.mean(ours) - np.mean(theirs)) <= 0.01

trained = json.loads((work / f"seed-1/heads/epoch-{EPOCHS:03}.json").read_text())
dense = keras.layers.Dense(2, activation="softmax")
whole = keras.Sequential([backbone, dense])
dense.set_weights([np.reshape(trained["weights"], (2, -1)).T, np.array(trained["bias"])])
answers = dense(features["valid"]).numpy().argmax(axis=1)
accuracy = np.mean(answers == np.array(classes["valid"]))
# Sums in another order: a picture may tip over.
assert abs(accuracy - ours[0]) <= 1 / len(answers) + 1e-9, f"{accuracy} in Keras and {ours[0]}"

run("predict", work / "test", "--model", work / "seed-1/model-f32.onnx", "--out", work / "predicted.csv")
rows = list(csv.reader((work / "predicted.csv").open()))
assert rows[0] == ["id", "label"]
tests = [work / "test" / f"{name}.png" for name, _ in rows[1:]]
assert len(tests) == len(list((work / "test").iterdir()))
expected = whole.predict(vgg16.preprocess_input(pixels(tests).astype(np.float32)), verbose=0)[:, 1]
apart = np.abs(expected - [float(label) for _, label in rows[1:]]).max()
print(f"{len(tests)} rows of the submission: probabilities at most {apart:.1e} apart")
assert apart <= 1e-4
