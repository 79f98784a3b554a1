"""Layer arithmetic against counting with loops, against wrong formulas that are in use, and on bad input."""

import doctest
import importlib
import itertools
import math
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers import shapes
from tests.shapes.edges import edges, two_hundred


def one_axis(length, kernel, stride, dilation):
    return {"length": length, "kernel": kernel, "stride": stride, "dilation": dilation}


def places(length, kernel, stride, before=0, after=0, dilation=1):
    """Where windows stand, found by moving one along until it no longer fits."""
    starts, start = [], -before
    while start + (kernel - 1) * dilation <= length + after - 1:
        starts.append(start)
        start += stride
    return starts


@two_hundred
@edges(lambda *numbers: {**one_axis(*numbers), "zeros": 0}, lambda *numbers: {**one_axis(*numbers), "zeros": 2})
@given(length=st.integers(1, 60), kernel=st.integers(1, 12), stride=st.integers(1, 6), zeros=st.integers(0, 6),
       dilation=st.integers(1, 4))
def test_valid_and_numbered_padding_count_windows(length, kernel, stride, zeros, dilation):
    counted = len(places(length, kernel, stride, zeros, zeros, dilation))
    if counted:
        assert shapes.conv_output_length(length, kernel, stride, zeros, dilation) == counted
    else:
        with pytest.raises(ValueError, match=f"kernel {kernel}.*longer than the input"):
            shapes.conv_output_length(length, kernel, stride, zeros, dilation)
    if zeros == 0 and counted:
        assert shapes.conv_output_length(length, kernel, stride, "valid", dilation) == counted
        assert counted == len(range(0, length - shapes.window_extent(kernel, dilation) + 1, stride))
    if dilation == 1 and counted:
        assert shapes.pool_output_length(length, kernel, stride, zeros) == counted


@two_hundred
@edges(one_axis)
@given(length=st.integers(1, 60), kernel=st.integers(1, 12), stride=st.integers(1, 6), dilation=st.integers(1, 4))
def test_same_padding_is_the_least_that_gives_a_window_for_every_stride(length, kernel, stride, dilation):
    before, after = shapes.same_padding(length, kernel, stride, dilation)
    wanted = math.ceil(length / stride)
    assert len(places(length, kernel, stride, before, after, dilation)) == wanted
    assert after - before in (0, 1)
    if before + after:  # one zero less, and a window is lost
        assert len(places(length, kernel, stride, before, after - 1, dilation)) == wanted - 1
    assert shapes.conv_output_length(length, kernel, stride, "same", dilation) == wanted
    assert shapes.split_padding(length, kernel, stride, "same", dilation) == (before, after)


def test_split_padding_of_names_and_numbers():
    assert shapes.split_padding(10, 3) == (0, 0)
    assert shapes.split_padding(10, 3, padding=2) == (2, 2)
    assert shapes.split_padding(10, 4, padding="SAME") == (1, 2)


def test_pooling_without_a_stride_lays_windows_side_by_side():
    assert shapes.pool_output_length(28, 2) == 14
    assert shapes.pool_output_length(29, 3) == 9
    assert shapes.pool_output_length(65, 3, 2) == 32
    assert shapes.pool_output_length(65, 3, 2, "same") == 33


@two_hundred
@given(length=st.integers(1, 30), kernel=st.integers(1, 9), stride=st.integers(1, 5))
def test_transposed_length_undoes_a_convolution(length, kernel, stride):
    # "valid": lay down one kernel for each input and see how far the last one reaches
    reach = 1 + max(start + tap for start in range(0, length * stride, stride) for tap in range(kernel))
    longest = shapes.transposed_output_length(length, kernel, stride, "valid")
    assert longest == max(reach, length * stride)
    assert shapes.conv_output_length(longest, kernel, stride, "valid") == length
    longest = shapes.transposed_output_length(length, kernel, stride, "same")
    assert longest == length * stride
    assert shapes.conv_output_length(longest, kernel, stride, "same") == length


# --- Formulas that are in use, and wrong ---------------------------------------------------------------------------

def ceiling_formula(length, kernel, stride):
    return (length - kernel + stride - 1) // stride


def test_the_ceiling_formula_is_short_by_one_exactly_when_the_last_window_ends_on_the_last_pixel():
    cases = [(n, k, s) for n, k, s in itertools.product(range(5, 61), range(1, 13), range(1, 6)) if k <= n]
    wrong = [case for case in cases if ceiling_formula(*case) != shapes.conv_output_length(*case)]
    assert (len(wrong), len(cases)) == (1480, 3220)
    assert wrong == [(n, k, s) for n, k, s in cases if (n - k) % s == 0]
    assert all(shapes.conv_output_length(*case) - ceiling_formula(*case) == 1 for case in wrong)
    assert ceiling_formula(270, 11, 4) == shapes.conv_output_length(270, 11, 4) == 65  # right by luck
    assert (ceiling_formula(65, 3, 2), shapes.conv_output_length(65, 3, 2)) == (31, 32)


def test_the_kernel_sides_swapped_give_another_shape():
    def swapped(inputs, kernel, stride, kernels):
        (height, width, _), (kernel_height, kernel_width) = inputs, kernel
        return (height - kernel_width) // stride + 1, (width - kernel_height) // stride + 1, kernels

    right = shapes.Conv2D(4, (11, 5), stride=4).output_shape((270, 480, 3))
    assert right == (65, 119, 4)
    assert swapped((270, 480, 3), (11, 5), 4, 4) == (67, 118, 4)
    assert swapped((270, 480, 3), (11, 11), 4, 4) == shapes.Conv2D(4, 11, 4).output_shape((270, 480, 3))


# --- Parameters, memory, work ---------------------------------------------------------------------------------------

@two_hundred
@example(kernel=(1, 1), channels=1, kernels=1, groups=1, use_bias=False).via("the smallest")
@example(kernel=(3, 5), channels=2, kernels=3, groups=4, use_bias=True).via("groups and a kernel that is not square")
@given(kernel=st.tuples(st.integers(1, 9), st.integers(1, 9)), channels=st.integers(1, 5), kernels=st.integers(1, 5),
       groups=st.integers(1, 4), use_bias=st.booleans())
def test_convolution_parameters_are_the_sizes_of_its_arrays(kernel, channels, kernels, groups, use_bias):
    channels, kernels = channels * groups, kernels * groups
    weights = np.empty((*kernel, channels // groups, kernels))
    assert shapes.conv_parameters(kernel, channels, kernels, use_bias, groups) == weights.size + kernels * use_bias
    if use_bias:
        assert shapes.dense_parameters(channels, kernels) == np.empty((channels, kernels)).size + kernels
    assert shapes.dense_parameters(channels, kernels, use_bias=False) == channels * kernels


def test_multiply_adds_counted_one_by_one():
    counted = 0
    size = [len(places(length, kernel, 2)) for length, kernel in ((7, 3), (9, 2))]
    for _ in itertools.product(range(size[0]), range(size[1]), range(5), range(3), range(2), range(4)):
        counted += 1  # row, column, kernel, tap down, tap across, channel
    assert shapes.conv_multiply_adds(size, (3, 2), channels=4, kernels=5) == counted
    assert shapes.Conv2D(5, (3, 2), stride=2).multiply_adds((7, 9, 4)) == counted
    assert shapes.conv_multiply_adds(size, (3, 2), channels=4, kernels=2, groups=2) == counted * 2 // 5 // 2
    assert shapes.dense_multiply_adds(400, 120) == 48_000
    assert shapes.Dense(10).multiply_adds((7, 9, 4)) == 7 * 9 * 4 * 10
    assert shapes.MaxPooling2D().multiply_adds((8, 8, 4)) == 0


def test_activation_size_and_bytes_are_numpys():
    array = np.empty((65, 118, 96), "float32")
    assert shapes.activation_size(array.shape) == array.size == 736_320
    assert shapes.activation_bytes(array.shape) == array.nbytes


# --- Receptive fields -----------------------------------------------------------------------------------------------

WINDOW = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))


def views(layers, length=700):
    """The inputs that each output depends on, as (first, last): layer by layer, tap by tap, far from the borders."""
    seen = [(place, place) for place in range(length)]
    for kernel, stride, dilation in layers:
        views_of = [[seen[start + tap * dilation] for tap in range(kernel)]
                    for start in places(len(seen), kernel, stride, dilation=dilation)]
        seen = [(min(first for first, _ in view), max(last for _, last in view)) for view in views_of]
    return seen


@two_hundred
@example([]).via("no layer")
@example([(1, 3, 1)]).via("stride larger than the kernel")
@example([(2, 3, 1), (4, 2, 1)]).via("even kernels behind strides")
@example([(3, 1, 3), (3, 2, 2)]).via("dilation")
@given(st.lists(WINDOW, max_size=4))
def test_receptive_fields_of_windows_are_what_the_outputs_depend_on(layers):
    field = shapes.ReceptiveField()
    for arguments in layers:
        field = field.through_window(*arguments)
    seen = views(layers)
    if len(seen) > 1:
        assert {last - first + 1 for first, last in seen} == {field.size}
        assert {later[0] - earlier[0] for earlier, later in itertools.pairwise(seen)} == {field.jump}
        assert field.of_all(len(seen)) == (seen[-1][1] - seen[0][0] + 1, 0)


# --- Bad input ------------------------------------------------------------------------------------------------------

BAD_ARGUMENTS = [
    ({"length": 5, "kernel": 7}, r"kernel 7 is longer than the input of 5\. Use a smaller kernel"),
    ({"length": 5, "kernel": 10, "padding": 2}, r"kernel 10 is longer than the input of 9 \(5 and 4 of padding\)"),
    ({"length": 5, "kernel": 3, "dilation": 3}, "kernel 3, spread over 7 by dilation 3, is longer than the input of 5"),
    ({"length": 5, "kernel": 3, "stride": 0}, "stride must be at least 1, got 0.*use 1 to visit every pixel"),
    ({"length": 5, "kernel": 3, "stride": 2.0}, "stride must be a whole number, got 2.0"),
    ({"length": 5, "kernel": 3, "stride": True}, "stride must be a whole number, got True"),
    ({"length": 5, "kernel": 3, "stride": np.True_}, "stride must be a whole number, got"),
    ({"length": 5, "kernel": 3, "stride": "2"}, "stride must be a whole number, got '2'"),
    ({"length": 5, "kernel": 0}, "kernel must be at least 1, got 0"),
    ({"length": 5, "kernel": None}, "kernel must be a whole number, got None"),
    ({"length": 0, "kernel": 1}, "length must be at least 1, got 0"),
    ({"length": 5, "kernel": 3, "dilation": 0}, "dilation must be at least 1, got 0"),
    ({"length": 5, "kernel": 3, "padding": -1}, "padding must be at least 0, got -1"),
    ({"length": 5, "kernel": 3, "padding": 0.5}, "padding must be a whole number, got 0.5.*use ZeroPadding2D"),
    ({"length": 5, "kernel": 3, "padding": False}, "padding must be a whole number, got False"),
    ({"length": 5, "kernel": 3, "padding": "full"}, 'padding must be "valid", "same" or a number.*got \'full\''),
]


@pytest.mark.parametrize("arguments, message", BAD_ARGUMENTS)
def test_bad_input_of_a_convolution_is_named_and_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        shapes.conv_output_length(**arguments)


@pytest.mark.parametrize("call, message", [
    (lambda: shapes.pool_output_length(5, 7), "window 7 is longer than the input of 5. Use a smaller window"),
    (lambda: shapes.pool_output_length(5, 0), "window must be at least 1"),
    (lambda: shapes.pool_output_length(5, 2, 0), "stride must be at least 1"),
    (lambda: shapes.same_padding(5, 3, 0), "stride must be at least 1"),
    (lambda: shapes.transposed_output_length(5, 3, 2, padding=1), 'padding must be "valid" or "same", got 1'),
    (lambda: shapes.conv_parameters((3, 3, 3), 1, 1), r"kernel must be one number or a pair \(height, width\)"),
    (lambda: shapes.conv_parameters(3, 0, 1), "channels must be at least 1"),
    (lambda: shapes.conv_parameters(3, 4, 6, groups=3), "groups must divide both the channels and the kernels"),
    (lambda: shapes.dense_parameters(10, 0), "units must be at least 1"),
    (lambda: shapes.dense_parameters(1.5, 10), "inputs must be a whole number"),
    (lambda: shapes.batch_normalization_parameters(-3), "channels must be at least 1"),
    (lambda: shapes.activation_size((None, 28, 28, 1)), "shape must be a whole number, got None.*leave the batch size"),
    (lambda: shapes.activation_size(28), r"shape must be a tuple such as \(28, 28, 1\), got 28"),
    (lambda: shapes.activation_size(()), "shape must hold at least one number"),
    (lambda: shapes.conv_multiply_adds((0, 28), 3, 1, 1), "size must be at least 1"),
    (lambda: shapes.ReceptiveField().through_window(0), "kernel must be at least 1"),
    (lambda: shapes.ReceptiveField().through_window(3, 0), "stride must be at least 1"),
    (lambda: shapes.ReceptiveField().of_all(0), "length must be at least 1"),
])
def test_other_bad_input_is_named_and_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_numpy_integers_are_whole_numbers():
    assert shapes.conv_output_length(np.int64(65), np.uint8(3), np.int32(2), np.int8(0)) == 32
    assert type(shapes.conv_output_length(np.int64(65), np.uint8(3))) is int


# --- The package ----------------------------------------------------------------------------------------------------

def test_examples_in_docstrings_hold():
    names = [f"{shapes.__name__}.{module.name}" for module in pkgutil.iter_modules(shapes.__path__)]
    results = [doctest.testmod(importlib.import_module(name)) for name in (shapes.__name__, *names)]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) >= 15


def test_all_names_are_there_and_documented():
    for name in shapes.__all__:
        assert getattr(shapes, name).__doc__, name


def test_nothing_but_the_standard_library_is_imported():
    code = ("import sys; before = set(sys.modules); import helpers.shapes; "
            "print(*{name.split('.')[0] for name in set(sys.modules) - before})")
    root = Path(shapes.__file__).parents[2]
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root).stdout
    assert set(loaded.split()) <= {"helpers"} | set(sys.stdlib_module_names)
