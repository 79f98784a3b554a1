"""Computing features once is the same work as running the frozen base in every epoch: the same head comes out."""

import numpy as np

from helpers import pretrained
from tests.benchmark import measure_transfer
from tests.benchmark.entries import find_entries


def test_both_ways_train_the_same_head_and_leave_the_base_alone(monkeypatch):
    monkeypatch.setattr(measure_transfer, "EPOCHS", 2)
    random = np.random.default_rng(0)
    x, y = random.uniform(size=(100, 32, 32, 3)).astype("float32"), random.integers(0, 5, 100)
    base, _ = pretrained.pretrained_network()
    base_before = base.get_weights()
    heads = []
    for model, work in measure_transfer.both_ways(base, x, y):
        before = model.get_layer("head").get_weights()
        work()
        heads.append(model.get_layer("head").get_weights())
        assert all(not np.allclose(old, new, atol=1e-4) for old, new in zip(before, heads[-1]))
    # Both have moved by about a thousandth a step; what is left between them is rounding.
    for one, other in zip(*heads):
        np.testing.assert_allclose(one, other, atol=2e-4)
    assert all(np.array_equal(*pair) for pair in zip(base_before, base.get_weights()))


def test_the_benchmark_knows_the_entry():
    (found,) = find_entries("new head")
    assert found.limit == 1 / 8 and found.baseline == "the base in every epoch"
