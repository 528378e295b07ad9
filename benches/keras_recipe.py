"""The recipe of `finetune train` in Keras, on features that are computed once.

usage: keras_recipe.py VGG16.weights.h5 DATA OUT THREADS

Prints as JSON the seconds of its steps, how many epochs it trained, and the accuracy on DATA/valid.
"""

import time

marks = [("start", time.perf_counter())]


def mark(step):
    """Ends a step that began where the last one ended."""
    marks.append((step, time.perf_counter()))


import json
import sys
from pathlib import Path

import keras_vgg16
import numpy as np
from tensorflow import data, keras

BATCH = 32
mark("imports")

weights, folder, out, threads = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
keras.utils.set_random_seed(1)
keras_vgg16.use_threads(threads)
frozen = keras_vgg16.features(weights, "float32")
mark("network")


def features(split):
    """Features and classes of a folder's pictures, which are read and scaled while the network works."""
    pictures = keras.utils.image_dataset_from_directory(
        folder / split, image_size=frozen.input_shape[1:3], interpolation="bilinear", batch_size=BATCH, shuffle=False,
        verbose=False,
    )
    classes = [pictures.class_names.index(Path(file).parent.name) for file in pictures.file_paths]
    values = frozen.predict(pictures.prefetch(data.AUTOTUNE), verbose=0)
    np.save(out / f"{split}.npy", values)
    return values, keras.utils.to_categorical(classes)


train, train_classes = features("train")
valid, valid_classes = features("valid")
mark("features")

head = keras.Sequential([
    keras.Input(train.shape[1:]),
    keras.layers.Dropout(0.5),
    keras.layers.Dense(train_classes.shape[1], activation="softmax"),
])
head.compile(keras.optimizers.Adam(0.001), "categorical_crossentropy", metrics=["accuracy"])
history = head.fit(
    train, train_classes, batch_size=64, epochs=50, validation_data=(valid, valid_classes), verbose=0,
    callbacks=[
        keras.callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True),
        keras.callbacks.ModelCheckpoint(out / "{epoch:02d}.weights.h5", save_weights_only=True),
    ],
)
answers = head.predict(valid, batch_size=64, verbose=0)
head.save(out / "head.keras")
np.save(out / "answers.npy", answers)
mark("training")

print(json.dumps({
    "steps": {step: end - begin for (_, begin), (step, end) in zip(marks, marks[1:])},
    "epochs": len(history.epoch),
    "accuracy": float((answers.argmax(1) == valid_classes.argmax(1)).mean()),
}))
