"""Record the PyTorch networks.

Environment: Python 3.11, ``pip install torch==2.13.0 numpy h5py`` (the CPU build).

    COURSE_DATA_DIR=... python tests/recorders/record_pytorch.py data/recorded

pytorch_listing   the network as the well-known listing has it (padding 1: 50,186 parameters)
pytorch_common    the common specification: the same network, other initial weights
"""

import functools

import numpy as np
import recording
import torch
import torch.nn as nn
import torch.nn.functional as functional

NAMES = ["pytorch_listing", "pytorch_common"]


class ConvNet(nn.Module):
    def __init__(self, num_classes=recording.CLASSES):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(1, 32, kernel_size=(3, 3), stride=(1, 1), padding=1), nn.ReLU(),
                                    nn.MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=0))
        self.layer2 = nn.Sequential(nn.Conv2d(32, 64, kernel_size=(3, 3), stride=(1, 1), padding=1), nn.ReLU(),
                                    nn.MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=0))
        self.linear_1 = nn.Linear(7 * 7 * 64, num_classes)

    def forward(self, x):
        out = self.layer2(self.layer1(x))
        logits = self.linear_1(out.reshape(out.size(0), -1))
        return logits, functional.softmax(logits, dim=1)


LAYERS = [("conv1", "convolution, relu", "layer1.0 (Conv2d), layer1.1 (ReLU)", "layer1.0"),
          ("pool1", "max pooling", "layer1.2 (MaxPool2d)", None),
          ("conv2", "convolution, relu", "layer2.0 (Conv2d), layer2.1 (ReLU)", "layer2.0"),
          ("pool2", "max pooling", "layer2.2 (MaxPool2d)", None),
          ("flatten", "flatten", "reshape", None),
          ("logits", "dense", "linear_1 (Linear)", "linear_1"),
          ("probabilities", "softmax", "softmax", None)]

LAYOUT = {"images": "channels first: (images, channels, height, width)",
          "kernels": "weight: (out, in, height, width)",
          "dense": "weight: (out, in); the flattened input runs over channels, then height, then width"}


def accuracy(model, images, labels):
    images, labels = torch.from_numpy(images[:, None]), torch.from_numpy(labels)
    model.eval()
    with torch.no_grad():
        right = sum(int((model(x)[0].argmax(1) == y).sum())
                    for x, y in zip(images.split(1000), labels.split(1000)))
    return right / len(labels)


def train(model, x_train, y_train):
    x_train, y_train = torch.from_numpy(x_train[:, None]), torch.from_numpy(y_train)
    optimizer = torch.optim.SGD(model.parameters(), lr=recording.LEARNING_RATE, momentum=recording.MOMENTUM)
    stopwatch = recording.Stopwatch()
    for epoch in range(recording.EPOCHS):
        model.train()
        order = torch.from_numpy(recording.epoch_order(epoch))
        with stopwatch:
            for batch in order.split(recording.BATCH_SIZE):
                optimizer.zero_grad()
                functional.cross_entropy(model(x_train[batch])[0], y_train[batch]).backward()
                optimizer.step()
    return stopwatch


def outputs(model, x):
    model.eval()
    with torch.no_grad():
        conv1 = model.layer1[1](model.layer1[0](x))
        pool1 = model.layer1[2](conv1)
        conv2 = model.layer2[1](model.layer2[0](pool1))
        pool2 = model.layer2[2](conv2)
        logits, probabilities = model(x)
    return {"conv1": conv1, "pool1": pool1, "conv2": conv2, "pool2": pool2, "flatten": pool2.reshape(len(x), -1),
            "logits": logits, "probabilities": probabilities}


def measure():
    """Momentum, dropout and padding, as PyTorch understands them."""
    inputs, labels, kernel = recording.momentum_problem()
    linear = nn.Linear(6, 3)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(kernel.T.copy()))
        linear.bias.zero_()
    optimizer = torch.optim.SGD(linear.parameters(), lr=recording.LEARNING_RATE, momentum=recording.MOMENTUM)
    kernels, biases = [kernel], [np.zeros(3)]
    for _ in range(recording.MOMENTUM_STEPS):
        optimizer.zero_grad()
        functional.cross_entropy(linear(torch.from_numpy(inputs)), torch.from_numpy(labels.argmax(1))).backward()
        optimizer.step()
        kernels.append(linear.weight.detach().numpy().T.copy())
        biases.append(linear.bias.detach().numpy().copy())
    torch.manual_seed(3)
    drop, ones = nn.Dropout(recording.DROPOUT_ARGUMENT), torch.from_numpy(recording.dropout_input())
    image, small = recording.padding_input()
    padded = functional.conv2d(torch.from_numpy(image)[None, None], torch.from_numpy(small)[None, None], stride=2,
                               padding=1)
    return {
        "momentum": ({"call": "torch.optim.SGD(parameters, lr=0.05, momentum=0.9)", "learning_rate": 0.05, "momentum": 0.9},
                     recording.momentum_record(kernels, biases)),
        "dropout": ({"call": "nn.Dropout(0.8)", "argument": "p", "value": 0.8},
                    {"input": ones.numpy(), "training": drop.train()(ones).numpy(),
                     "inference": drop.eval()(ones).numpy()}),
        "padding": ({"call": "conv2d(image, kernel, stride=2, padding=1)"},
                    {"image": image, "kernel": small, "output": padded.numpy()[0, 0]}),
    }


def record(name, folder, replay):
    torch.manual_seed(NAMES.index(name))
    model = ConvNet()
    weights, metadata = recording.stored(replay, name)
    if replay:
        model.load_state_dict({"{}.{}".format(path, key): torch.from_numpy(weights[one][key])
                               for one, _, _, path in LAYERS if path for key in ("weight", "bias")})
    training = recording.trained(metadata, recording.COMMON_TRAINING, functools.partial(train, model),
                                 functools.partial(accuracy, model))
    images = recording.sample_digits()[:, None]
    values = outputs(model, torch.from_numpy(recording.scaled(images)))
    state = model.state_dict()
    layers = [recording.layer(one, kind, original, output=values[one].numpy(), weights={
        key: state["{}.{}".format(path, key)].numpy() for key in ("weight", "bias")} if path else {})
        for one, kind, original, path in LAYERS]
    recording.write(folder, name, "The PyTorch listing" if name.endswith("listing") else
                    "The common specification in PyTorch", "PyTorch", {"pytorch": torch.__version__}, layers, images, 255,
                    LAYOUT, training, measure() if name.endswith("common") else None)


if __name__ == "__main__":
    recording.main(__doc__, NAMES, record)
