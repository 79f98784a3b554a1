"""A whole network as a table: one row for each layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .arithmetic import Fields, ReceptiveField, Shape, activation_bytes, activation_size
from .base import Layer, positions
from .checks import sizes
from .show_network import as_html, as_text


@dataclass(frozen=True)
class Row:
    """One layer of a traced network. Shapes and sizes are for one example.

    Attributes
    ----------
    name, kind, settings : str
        What the layer is called, what it is, and how it is set.
    output_shape : tuple of int
        Without the batch.
    activation_bytes : int
        Memory of the output.
    parameters, trainable : int
        All parameters, and those that training changes.
    multiply_adds : int
        See `conv_multiply_adds` for what counts.
    fields : tuple of ReceptiveField
        What one output number sees, one for each axis: (height, width) for pictures.
    """

    name: str
    kind: str
    settings: str
    output_shape: Shape
    activation_bytes: int
    parameters: int
    trainable: int
    multiply_adds: int
    fields: Fields

    @property
    def activation_size(self) -> int:
        """How many numbers the output holds."""
        return activation_size(self.output_shape)

    @property
    def not_trainable(self) -> int:
        """Parameters that are kept and not trained: moving averages, and all of a frozen layer."""
        return self.parameters - self.trainable

    @property
    def receptive_field(self) -> Shape:
        """Pixels of the input, padding included, behind one output number: (height, width) for pictures."""
        return tuple(field.size for field in self.fields)

    @property
    def jump(self) -> tuple[int, ...]:
        """Pixels of the input from the view of one output number to that of its neighbor; 0 where all see the same."""
        return tuple(field.jump for field in self.fields)

    @property
    def numbers(self) -> dict[str, object]:
        """What two tables are compared by, by the words that `difference` uses."""
        return {"output shape": self.output_shape, "parameters": self.parameters, "trainable": self.trainable,
                "multiply-adds": self.multiply_adds, "receptive field": self.receptive_field, "jump": self.jump}


def _sum_of(column, about):
    return property(lambda table: sum(getattr(row, column) for row in table.rows[1:]), doc=about)


@dataclass(frozen=True, eq=False, repr=False)
class NetworkTable:
    """A traced network. A notebook shows it as a table, a terminal as text.

    Row 0 is the input. `table[3]` and `table["conv1"]` are rows; `len(table)` counts the layers, the input not. Two
    tables are equal when their output shapes, parameters, multiply-adds and receptive fields are, whatever the names.
    """

    rows: tuple[Row, ...]

    def __len__(self) -> int:
        return len(self.rows) - 1

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, key: int | str) -> Row:
        if not isinstance(key, str):
            return self.rows[key]
        for row in self.rows:
            if row.name == key:
                return row
        raise KeyError(f"no layer is called {key!r}; there are {', '.join(row.name for row in self.rows)}")

    def __eq__(self, other):
        if not isinstance(other, NetworkTable):
            return NotImplemented
        return [row.numbers for row in self.rows] == [row.numbers for row in other.rows]

    def __hash__(self):
        return hash(tuple(tuple(row.numbers.values()) for row in self.rows))

    def __repr__(self):
        return as_text(self)

    def _repr_html_(self):
        return as_html(self)

    @property
    def input_shape(self) -> Shape:
        """Shape of one example."""
        return self.rows[0].output_shape

    @property
    def output_shape(self) -> Shape:
        """Shape of what comes out at the end."""
        return self.rows[-1].output_shape

    parameters = _sum_of("parameters", "All parameters of the network.")
    trainable = _sum_of("trainable", "Parameters that training changes.")
    not_trainable = _sum_of("not_trainable", "Parameters that are kept and not trained.")
    multiply_adds = _sum_of("multiply_adds", "Multiply-adds for one example.")
    activation_size = _sum_of("activation_size", "Numbers in the outputs of all layers together, the input not counted.")
    activation_bytes = _sum_of("activation_bytes", "Bytes of these outputs, if each is kept, as training mostly has to.")

    def difference(self, other: NetworkTable) -> str:
        """Say in words where two tables part: the first row that differs, and what follows from it."""
        if self == other:
            return f"No difference: {len(self)} layers, {self.parameters:,} parameters."
        pairs = list(zip(self.rows, other.rows))
        parted = [number for number, (row, its) in enumerate(pairs) if row.numbers != its.numbers]
        lines = []
        if parted:
            row, its = pairs[parted[0]]
            lines.append(f"They part at row {parted[0]}: {row.name} ({row.kind}) here, {its.name} ({its.kind}) there.")
            lines += [f"  {column}: {_plain(value)} here, {_plain(its.numbers[column])} there"
                      for column, value in row.numbers.items() if value != its.numbers[column]]
            if len(parted) > 1:
                lines.append(f"After it, {len(parted) - 1} more of {len(pairs) - 1 - parted[0]} rows differ.")
        for place, rows in ("here", self.rows[len(pairs):]), ("there", other.rows[len(pairs):]):
            if rows:
                lines.append(f"Only {place}: {', '.join(f'{row.name} ({row.kind})' for row in rows)}.")
        lines.append(f"In all: {self.parameters:,} parameters here, {other.parameters:,} there.")
        return "\n".join(lines)


def _plain(value):
    return f"{value:,}" if isinstance(value, int) else f"({', '.join(str(size) for size in value)})"


def trace(input_shape: Shape, layers: Iterable[Layer]) -> NetworkTable:
    """Follow one example through a network, layer by layer, with arithmetic alone.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one example, without the batch: (height, width, channels) for a picture.
    layers : sequence of Layer
        Descriptions such as ``shapes.Conv2D(6, 5)``, first to last.

    Returns
    -------
    NetworkTable

    Raises
    ------
    ValueError
        When a layer does not fit its input, or is not a description of this module. The message names the layer.

    Examples
    --------
    >>> from helpers import shapes
    >>> trace((28, 28, 1), [shapes.Conv2D(6, 5), shapes.MaxPooling2D(2)]).output_shape
    (12, 12, 6)
    """
    rows = [input_row(sizes(input_shape))]
    try:
        layers = list(layers)
    except TypeError:
        raise ValueError(f"layers must be a list of layer descriptions, got {layers!r}. Write [{layers!r}].") from None
    names = _names(layers)
    for number, (name, layer) in enumerate(zip(names, layers), start=1):
        try:
            rows.append(describe(name, layer, rows[-1].output_shape, rows[-1].fields))
        except ValueError as error:
            raise ValueError(f"layer {number}, {name} ({layer.kind}): {error}") from None
    return NetworkTable(tuple(rows))


def input_row(shape: Shape) -> Row:
    """Row 0: the input itself, in which each number sees itself."""
    return Row("input", "Input", "", shape, activation_bytes(shape), 0, 0, 0,
               tuple(ReceptiveField() for _ in positions(shape)))


def describe(name: str, layer: Layer, input_shape: Shape, fields: Fields) -> Row:
    """The row of one layer behind an input of this shape and these receptive fields."""
    shape = layer.output_shape(input_shape)
    trained, kept = layer.parameters(input_shape)
    return Row(name, layer.kind, layer.settings, shape, activation_bytes(shape), trained + kept,
               trained if layer.trainable else 0, layer.multiply_adds(input_shape),
               layer.receptive_fields(fields, input_shape))


def _names(layers):
    """A name for each layer: its own, or one made from its kind as Keras does, conv2d, conv2d_1 and so on."""
    names = [getattr(layer, "name", None) for layer in layers]
    for number, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            hint = (" Call it, with brackets." if isinstance(layer, type) and issubclass(layer, Layer)
                    else " Use from_keras for a Keras model." if type(layer).__module__.startswith("keras")
                    else " Use Unchanged(name) for a layer that keeps the shape and has no parameters.")
            raise ValueError(f"layer {number + 1} is {layer!r}, which is not a layer description of this module such "
                             f"as Conv2D(6, 5).{hint}")
        if names[number] is None:
            kind = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", layer.kind)).lower()
            count = next(n for n in range(len(layers)) if (f"{kind}_{n}" if n else kind) not in names)
            names[number] = f"{kind}_{count}" if count else kind
        elif names[number] in names[:number]:
            raise ValueError(f"name {names[number]!r} is given to two layers, the second is layer {number + 1}. "
                             "Give each its own, or none.")
    return names
