"""Layer arithmetic: how long, how many parameters, how much work, how wide a view; for a layer and for a network.

``conv_output_length`` and its neighbors answer one question about one layer (`arithmetic`). ``trace`` follows a whole
network, described layer by layer (`base`, `convolutions`, `pooling`), and shows it as a table
(`network`). ``from_keras`` makes the same table from a built Keras model (`keras_models`), and the two compare equal.

Nothing here imports a framework. Heights come before widths, shapes leave the batch out, channels come last.

Examples
--------
>>> from helpers import shapes
>>> lenet = shapes.trace((32, 32, 1), [
...     shapes.Conv2D(6, 5), shapes.MaxPooling2D(2),
...     shapes.Conv2D(16, 5), shapes.MaxPooling2D(2),
...     shapes.Flatten(), shapes.Dense(120), shapes.Dense(84), shapes.Dense(10)])
>>> lenet.parameters
61706
"""

from .arithmetic import (
    ReceptiveField,
    activation_bytes,
    activation_size,
    batch_normalization_parameters,
    conv_multiply_adds,
    conv_output_length,
    conv_parameters,
    dense_multiply_adds,
    dense_parameters,
    pool_output_length,
    same_padding,
    split_padding,
    transposed_output_length,
    window_extent,
)
from .base import (
    Activation,
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LayerNormalization,
    LayerScale,
    LocalResponseNormalization,
    ReLU,
    Rescaling,
    Reshape,
    Softmax,
    Unchanged,
)
from .convolutions import Conv2D, DepthwiseConv2D, SeparableConv2D
from .keras_models import from_keras
from .network import NetworkTable, Row, trace
from .pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D, ZeroPadding2D

__all__ = [
    "Activation", "AveragePooling2D", "BatchNormalization", "Conv2D", "Dense", "DepthwiseConv2D",
    "Dropout", "Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Layer", "LayerNormalization", "LayerScale",
    "LocalResponseNormalization", "MaxPooling2D", "NetworkTable", "ReLU", "ReceptiveField", "Rescaling", "Reshape", "Row",
    "SeparableConv2D", "Softmax", "Unchanged", "ZeroPadding2D", "activation_bytes", "activation_size",
    "batch_normalization_parameters", "conv_multiply_adds", "conv_output_length", "conv_parameters",
    "dense_multiply_adds", "dense_parameters", "from_keras",
    "pool_output_length", "same_padding", "split_padding", "trace", "transposed_output_length", "window_extent",
]
