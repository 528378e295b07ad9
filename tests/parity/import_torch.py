"""Lets PyTorch write VGG16 weights, with what it computes from them, for `tests/imports/frameworks.rs`.

usage: import_torch.py FOLDER     (needs torch and safetensors)

The networks have the layers and names of torchvision's `vgg16` and `vgg16_bn`. Each file NAME in FOLDER has a NAME.json
beside it: a picture, and the probabilities and features that it gives.
"""

import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

FOLDER = pathlib.Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
BLOCKS = [2, 2, 3, 3, 3]
MEAN = np.array([0.485, 0.456, 0.406])
DEVIATION = np.array([0.229, 0.224, 0.225])
torch.manual_seed(5)
random = np.random.default_rng(5)


class VGG16(nn.Module):
    """As torchvision's, whose average pool over 7×7 changes nothing at 224 pixels."""

    def __init__(self, widths, side, dense, norms=False):
        super().__init__()
        layers, inputs = [], 3
        for count, width in zip(BLOCKS, widths):
            for place in range(count):
                layers.append(nn.Conv2d(inputs, width + place, 3, padding=1))
                if norms:
                    layers.append(nn.BatchNorm2d(width + place))
                layers.append(nn.ReLU(inplace=True))
                inputs = width + place
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((side, side))
        first, second, classes = dense
        self.classifier = nn.Sequential(
            nn.Linear(inputs * side * side, first), nn.ReLU(True), nn.Dropout(),
            nn.Linear(first, second), nn.ReLU(True), nn.Dropout(), nn.Linear(second, classes))
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight)
                nn.init.uniform_(module.bias, -0.5, 0.5)
            elif isinstance(module, nn.BatchNorm2d):
                for values in (module.weight, module.bias, module.running_mean, module.running_var):
                    nn.init.uniform_(values, 0.5, 1.5)
        self.eval()

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


def answers(name, model, size):
    picture = random.integers(0, 256, (size, size, 3), dtype=np.uint8)
    prepared = ((picture / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
    with torch.no_grad():
        planes = torch.flatten(model.avgpool(model.features(torch.from_numpy(prepared))), 1)
        features = model.classifier[:-1](planes)
        probabilities = torch.softmax(model.classifier[-1](features), 1)
    answer = {"size": size, "picture": picture.ravel().tolist(), "features": features[0].tolist(),
              "probabilities": probabilities[0].tolist(), "options": []}
    (FOLDER / f"{name}.json").write_text(json.dumps(answer))


def state_dict(name, model, size):
    save_file({key: value.numpy() for key, value in model.state_dict().items()}, FOLDER / name)
    answers(name, model, size)


small = dict(widths=[4, 6, 8, 10, 12], side=3, dense=[20, 16, 7])
state_dict("torch.safetensors", VGG16(**small), 96)
state_dict("torch-norms.safetensors", VGG16(norms=True, **small), 96)
state_dict("torch-full.safetensors", VGG16([64, 127, 254, 510, 510], 7, [4096, 4096, 1000]), 224)
for name, norms in [("torch.onnx", False), ("torch-norms.onnx", True)]:
    model = VGG16(norms=norms, **small)
    torch.onnx.export(model, torch.zeros(1, 3, 96, 96), FOLDER / name, opset_version=12,
                      training=torch.onnx.TrainingMode.PRESERVE if norms else torch.onnx.TrainingMode.EVAL)
    answers(name, model, 96)
print(f"wrote {len(list(FOLDER.glob('torch*.json')))} files of weights with their answers")
