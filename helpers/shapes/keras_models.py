"""The same table for a built Keras model. Keras itself is not imported: a model is read by what it shows."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from . import base, convolutions, pooling
from .arithmetic import ReceptiveField, activation_bytes
from .network import NetworkTable, Row, describe, input_row

if TYPE_CHECKING:
    import keras

# Layers that are described here under the name that Keras gives them; LocalResponseNormalization is helpers/layers.py's.
DESCRIPTIONS = {kind.__name__: kind for kind in (
    base.Activation, base.BatchNormalization, base.Dense, base.Dropout, base.Flatten, base.LayerNormalization,
    base.LayerScale, base.LocalResponseNormalization, base.ReLU, base.Rescaling, base.Reshape, base.Softmax,
    convolutions.Conv2D, convolutions.DepthwiseConv2D, convolutions.SeparableConv2D, pooling.AveragePooling2D,
    pooling.GlobalAveragePooling2D, pooling.GlobalMaxPooling2D, pooling.MaxPooling2D, pooling.ZeroPadding2D)}
# Settings that Keras calls something else in a layer's configuration.
KERAS_WORDS = {"kernels": "filters", "kernel": "kernel_size", "stride": "strides", "dilation": "dilation_rate",
               "window": "pool_size"}
# Normalization keeps the statistics that it was adapted to; like all parameters, they are counted as Keras has them.
UNCHANGED = ("Identity", "LeakyReLU", "ELU", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "StochasticDepth",
             "Normalization", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomContrast",
             "RandomBrightness")
# CustomScaleLayer is Keras's in InceptionResNetV2: one branch plus the other times a number.
MERGING = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract", "Concatenate", "CustomScaleLayer")
ON_ONE_AXIS = ("BatchNormalization", "LayerNormalization", "Softmax")


def from_keras(model: keras.Model) -> NetworkTable:
    """Read a built Keras model into the table that `trace` makes.

    Shapes and parameters are those that Keras built; multiply-adds and receptive fields follow from the settings of
    the layers. So `trace(...) == from_keras(model)` compares arithmetic with fact.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and one output of a fixed size. Where branches meet in an Add or a
        Concatenate, the receptive field is the largest of theirs; where one of them was pooled over the whole map, as
        in squeeze-and-excitation, every number behind it sees what the pooling saw. A model inside the model is one row.

    Returns
    -------
    NetworkTable

    Raises
    ------
    ValueError
        When the model is not built, is a subclass with a `call` of its own, or has a layer that this module does not
        know: the message names it.
    """
    _check_model(model)
    start = input_row(_shape(model.inputs[0], model))
    return NetworkTable((start, *_rows(model, start.output_shape, start.fields)))


def _check_model(model):
    kinds = {kind.__name__ for kind in type(model).__mro__}
    if not kinds & {"Model", "Sequential", "Functional"}:
        raise ValueError(f"model must be a Keras model, got {type(model).__name__}. For a list of layer descriptions, "
                         "use trace(input_shape, layers).")
    label = f"model {model.name!r} ({type(model).__name__})"
    if not kinds & {"Sequential", "Functional"}:
        raise ValueError(f"{label} has a call method of its own, and its layers cannot be read in order. Write it with "
                         "keras.Sequential or the functional API.")
    if not getattr(model, "outputs", None):
        raise ValueError(f"{label} is not built: it does not know the size of its input. Put keras.Input(shape) first.")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(f"{label} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; a table follows "
                         "one input to one output. Make a keras.Model from one to the other.")


def _shape(tensor, layer):
    shape = tuple(tensor.shape[1:])
    if None in shape:
        raise ValueError(f"layer {layer.name!r} ({type(layer).__name__}) has the shape {shape}: a size is left open. "
                         "Build the model with a fixed size, such as keras.Input((32, 32, 3)).")
    return shape


def _rows(model, input_shape, starting_fields):
    """The rows of all layers of a model, whose input has this shape and these receptive fields."""
    seen = {_place(model.inputs[0]): (input_shape, starting_fields)}  # tensor -> its shape and receptive fields
    rows, used = [], set()
    for tensor in _in_order(model.outputs[0], seen):
        layer = tensor._keras_history.operation
        before = [seen[_place(parent)] for parent in _parents(tensor)]
        if not before:
            raise ValueError(f"layer {layer.name!r} ({type(layer).__name__}) has no input inside the model. "
                             "A table follows one input to one output.")
        if id(layer) in used:
            raise ValueError(f"layer {layer.name!r} ({type(layer).__name__}) is used twice in {model.name!r}, and its "
                             "parameters would be counted twice. Give each place a layer of its own.")
        used.add(id(layer))
        if hasattr(layer, "layers") and hasattr(layer, "inputs"):
            _check_model(layer)
            row = _as_one(layer, _rows(layer, *before[0]))
        else:
            row = _row(layer, _shape(tensor, layer), before)
        rows.append(row)
        seen[_place(tensor)] = (row.output_shape, row.fields)
    return rows


def _place(tensor):
    """What identifies a tensor: the layer that made it, and in which of its calls."""
    return id(tensor._keras_history.operation), tensor._keras_history.node_index


def _parents(tensor):
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index].input_tensors


def _in_order(output, known):
    """All tensors between what is known and the output, each after those that it is made from."""
    done, order, waiting = set(known), [], [output]
    while waiting:
        tensor = waiting[-1]
        missing = [parent for parent in _parents(tensor) if _place(parent) not in done]
        if _place(tensor) in done:
            waiting.pop()
        elif missing:
            waiting += missing
        else:
            done.add(_place(tensor))
            order.append(waiting.pop())
    return order


def _row(layer, shape, before):
    """The row of one layer: shape and parameters as Keras has them, the rest from its description."""
    kind = type(layer).__name__
    if kind in MERGING:
        description, fields = base.Unchanged(kind), _largest([fields for _, fields in before])
    elif len(before) > 1:
        raise ValueError(f"layer {layer.name!r} ({kind}) joins {len(before)} branches, and is not one of "
                         f"{', '.join(MERGING)}. A table cannot follow it.")
    else:
        description, fields = _description(layer, kind, before[0][0]), before[0][1]
    try:
        row = describe(layer.name, description, before[0][0], fields)
    except ValueError as error:  # what Keras builds and this module does not allow
        raise ValueError(f"layer {layer.name!r} ({kind}): {error}") from None
    return replace(row, output_shape=shape, activation_bytes=activation_bytes(shape),
                   parameters=_count(layer, "weights"), trainable=_count(layer, "trainable_weights"))


def _description(layer, kind, input_shape):
    if kind in UNCHANGED:
        return base.Unchanged(kind)
    if kind not in DESCRIPTIONS:
        raise ValueError(f"layer {layer.name!r} is a {kind}, which is not among the layers that can be traced: "
                         f"{', '.join(sorted([*DESCRIPTIONS, *UNCHANGED, *MERGING]))}.")
    config = layer.get_config()
    if config.get("data_format") == "channels_first":
        raise ValueError(f"layer {layer.name!r} ({kind}) puts the channels first. Tables are for "
                         'data_format="channels_last", the default of Keras.')
    last_axis = (-1, [-1], len(input_shape), [len(input_shape)])
    if kind in ON_ONE_AXIS and config.get("axis", -1) not in last_axis:
        raise ValueError(f"layer {layer.name!r} ({kind}) works along axis {config['axis']}. Tables are for the last "
                         "axis, axis=-1.")
    settings = {field.name: config[KERAS_WORDS.get(field.name, field.name)]
                for field in fields(DESCRIPTIONS[kind]) if not field.kw_only}
    if "activation" in settings:
        settings["activation"] = _activation(settings["activation"], none="linear" if kind == "Activation" else None)
    return DESCRIPTIONS[kind](**settings)


def _activation(activation, none):
    """The name of an activation function; Keras calls none "linear", and hides some names in a dictionary."""
    name = activation.get("config") if isinstance(activation, dict) else activation
    return none if name == "linear" else name if isinstance(name, str) else "own activation"


def _largest(branches):
    """For each axis, the largest field of all branches.

    Their jumps are the same where their maps match; it is 0 behind a branch in which every number sees the same.
    """
    return tuple(ReceptiveField(max(field.size for field in axis), min(field.jump for field in axis))
                 for axis in zip(*branches))


def _count(layer, which):
    return sum(math.prod(weight.shape) for weight in getattr(layer, which, ()))


def _as_one(model, rows):
    """One row for a whole model."""
    last = rows[-1]
    return Row(model.name, type(model).__name__, f"{len(rows)} layers", last.output_shape, last.activation_bytes,
               sum(row.parameters for row in rows), sum(row.trainable for row in rows),
               sum(row.multiply_adds for row in rows), last.fields)
