"""Networks of keras.applications: parameters as Keras counts them, multiply-adds as counted from the kernels."""

import keras
import numpy as np
import pytest

from helpers import shapes

# Parameters; multiply-adds and receptive field by the rules of helpers.shapes.
NETWORKS = {
    "VGG16": (138_357_544, 15_470_264_320, 404),
    "InceptionV3": (23_851_784, 5_713_216_096, 1535),
    "ResNet50": (25_636_712, 3_857_973_248, 675),
    "DenseNet121": (8_062_504, 2_834_161_664, 2263),
    "Xception": (22_910_480, 8_357_403_496, 1371),
    "MobileNetV2": (3_538_984, 300_774_272, 683),
    "EfficientNetB0": (5_330_571, 385_814_752, 229),
    "ConvNeXtTiny": (28_589_128, 4_455_531_264, 1880),
    "InceptionResNetV2": (55_873_736, 13_155_794_016, 3263),
}
# Receptive field of the last feature map, as published: A. Araujo, W. Norris and J. Sim, Distill, 2019.
PUBLISHED = {"VGG16": 212, "InceptionV3": 1311, "ResNet50": 483, "InceptionResNetV2": 3039}


def kernels_times_places(model):
    """Multiply-adds counted another way: each weight of a kernel is used once at each place of the layer's output."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += kernels_times_places(layer)
        else:
            kernels = sum(np.prod(weight.shape) for weight in layer.weights if weight.name.endswith("kernel"))
            total += int(kernels * np.prod(layer.output.shape[1:-1]))
    return total


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_keras_applications(name):
    parameters, multiply_adds, field = NETWORKS[name]
    with keras.StatelessScope(initialize_variables=False):  # no memory for weights, of which VGG16 has half a gigabyte
        model = getattr(keras.applications, name)(weights=None)
    table = shapes.from_keras(model)
    assert table.parameters == model.count_params() == parameters
    assert table.trainable == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert table.multiply_adds == kernels_times_places(model) == multiply_adds
    assert table.output_shape == (1000,)
    assert table.rows[-1].receptive_field == (field, field)
    if name in PUBLISHED:
        last_map = [row for row in table if row.jump == (32, 32)][-1]
        assert last_map.receptive_field == (PUBLISHED[name],) * 2
