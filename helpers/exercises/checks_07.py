"""The checks of lesson 07, transfer learning: splits by group, freezing, and a choice among ways."""

from __future__ import annotations

import numpy as np

from helpers.exercises import Checks, case

check = Checks()


def _held_out(groups, share, seed):
    """Hold out group after group and count the rows, one by one."""
    order = np.random.default_rng(seed).permutation(np.unique(groups)).tolist()
    held = []
    while order and sum(group in held for group in groups.tolist()) < share * len(groups):
        held.append(order.pop(0))
    return np.array([group in held for group in groups.tolist()], bool)


def _on_both_sides(out, groups, *others):
    held_out = np.asarray(out)
    return [], sorted(set(groups[held_out].tolist()) & set(groups[~held_out].tolist()))


@check.exercise
def group_split():
    """Exercise 7.1."""
    visits = np.array([3, 3, 8, 3, 5, 5, 8, 8, 8, 1, 1, 1, 1, 2, 2, 9])
    pairs, names = np.array([4, 6, 7, 9, 9, 7, 6, 4]), np.array(["ada", "bo", "ada", "cy"])
    half, quarter, met = _held_out(visits, 0.5, 2), _held_out(visits, 0.25, 2), _held_out(pairs, 0.5, 2)
    return [
        case("the shape and the type", visits, 0.25, 0, shape=(16,), dtype="bool",
             hint="One truth value for each row: groups == group gives them."),
        case("no group on both sides", visits, 0.25, 0, hint="Hold out every row of a group, wherever it stands.",
             holds={"groups that stand on both sides": _on_both_sides}),
        case("enough rows", visits, 0.5, 2, expected=half,
             hint="Take groups in the order that permutation lists, and stop once out.mean() has reached the share.",
             slips={"True means held out: this is the training part.": ~half}),
        case("no group too many", visits, 0.25, 2, expected=quarter,
             hint="Ask before each group whether the share is reached, and stop there."),
        case("the share is met exactly", pairs, 0.5, 2, expected=met, hint="At least share: stop at >=, not at >."),
        case("a share of 0", visits, 0.0, 0, expected=np.zeros(16, bool),
             hint="Compare with the share before you hold out the first group."),
        case("the order of the generator", visits, 0.05, 3, expected=_held_out(visits, 0.05, 3),
             hint="The first group that permutation lists goes first, even if a smaller one would do."),
        case("names instead of numbers", names, 0.5, 0, expected=_held_out(names, 0.5, 0),
             hint="np.unique sorts strings as well."),
    ]


@check.exercise
def share_leaked():
    """Exercise 7.2."""
    tracks = np.repeat(np.arange(10), 30)
    one, first = np.array([1, 1, 1, 2, 2, 2]), np.array([1, 1, 1, 1, 0, 0], bool)
    people, asked = np.array(["eve", "bo", "ann", "bo", "dan", "eve"]), np.array([0, 1, 1, 0, 0, 1], bool)
    fifth = np.random.default_rng(0).permutation(300) < 60
    kept = set(tracks[~fifth].tolist())
    return [
        case("tracks kept whole", tracks, tracks < 2, expected=0.0,
             hint="Compare the groups of held_out with the groups of ~held_out."),
        case("one frame of each track", tracks, np.arange(300) % 30 == 0, expected=1.0,
             hint="Each held-out frame has 29 relatives in training.",
             slips={"Divide by the number of held-out rows, not by all rows.": 10 / 300}),
        case("one track kept whole, one cut", one, first, expected=0.25,
             hint="Of the four rows held out, one has relatives in training.",
             slips={"Count rows, not groups.": 0.5, "Count held-out rows that have relatives in training, "
                    "not training rows that have relatives held out.": 1.0}),
        case("in any order", people, asked, expected=2 / 3,
             hint="bo and eve have relatives in training, wherever these stand; ann has none."),
        case("a random fifth", tracks, fifth, expected=sum(g in kept for g in tracks[fifth].tolist()) / 60,
             hint="np.isin answers for all rows at once."),
        case("everything held out", np.array([1, 2, 2]), np.ones(3, bool), expected=0.0,
             hint="There is no training part in which a relative could stand."),
        case("nothing held out", np.array([1, 2]), np.array([False, False]), expected=0.0,
             hint="The mean of no numbers is nan: treat this case on its own."),
    ]


def _base(frozen=None):
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((6,)), layers.Dense(5, name="one"), layers.BatchNormalization(name="norm1"),
        layers.Dense(4, name="two"), layers.BatchNormalization(name="scaled"), layers.Dense(3, name="three")])
    for part in (model, *model.layers):
        part.trainable = frozen not in (part.name, "all")
    return model


def _trained(count, model, name):
    """Return which layers should train after a call with "two", and which do."""
    return "two, three", ", ".join(layer.name for layer in model.layers if layer.trainable and layer.weights)


def _averages_moved(count, model, name):
    before = model.get_layer("scaled").get_weights()[2]
    model(np.full((8, 6), 3.0), training=True)
    return 0.0, float(np.abs(model.get_layer("scaled").get_weights()[2] - before).max())


@check.exercise
def freeze_for_tuning():
    """Exercise 7.3."""
    return [
        case("which layers train", _base(), "two", holds={"the layers that train": _trained},
             hint="Walk through model.layers: before the name trainable = False; from it on True, except batch normalization."),
        case("batch normalization behind it", _base(), "one", hint="isinstance(layer, keras.layers.BatchNormalization)",
             holds={"how far its moving mean moves in training": _averages_moved}),
        case("the last layer", _base(), "three", expected=15,
             hint="Add up the sizes in model.trainable_weights: np.prod(weight.shape) of each.",
             slips={"Count model.trainable_weights, not model.weights.": 110}),
        case("a model that came frozen", _base("all"), "two", expected=39,
             hint="Set trainable of the model to True first: otherwise its layers report nothing.",
             holds={"how many weights the model trains": lambda n, model, name: (4, len(model.trainable_weights))}),
        case("a layer that came frozen", _base("three"), "two", expected=39,
             hint="Set trainable of each layer, also to True.", slips={"A layer that came frozen stayed frozen.": 24}),
        case("a name that is not there", _base("all"), "four", raises=ValueError,
             hint="list.index raises, and so does model.get_layer: ask before you change anything.",
             holds={"parts set to trainable before it was refused": lambda message, model, name: (
                 0, sum(part.trainable for part in (model, *model.layers)))}),
    ]


@check.exercise
def choose_way():
    """Exercise 7.4."""
    costs, two = {"scratch": 30.0, "head": 1.0, "tune": 9.0}, {"scratch": 30.0, "head": 1.0}
    return [
        case("a clear winner", {"scratch": [0.9, 0.91, 0.9], "head": [0.7, 0.69, 0.71], "tune": [0.7, 0.7, 0.71]}, costs,
             expected="scratch", hint="The others lie far behind in every seed. Return the name of the way alone."),
        case("three alike", {"scratch": [0.8, 0.9, 0.85], "head": [0.85, 0.8, 0.84], "tune": [0.86, 0.85, 0.83]}, costs,
             expected="head", hint="None is clearly worse than the best. Take the cheapest of them."),
        case("the cheapest is clearly worse",
             {"scratch": [0.8, 0.9, 0.85], "head": [0.3, 0.35, 0.25], "tune": [0.82, 0.85, 0.86]}, costs,
             expected="tune", hint="First leave out what is clearly worse, then look at the costs."),
        case("always behind by the same", {"scratch": [0.3, 0.6, 0.9], "head": [0.28, 0.58, 0.88]}, two, expected="scratch",
             hint="The seeds differ, the differences do not. Subtract seed by seed first."),
        case("three seeds", {"scratch": [0.70, 0.80, 0.90], "head": [0.68, 0.77, 0.86]}, two, expected="scratch",
             hint="The mean difference is 0.03, its standard error 0.00577, and 4.30 times that is 0.0248."),
        case("not quite 4.30 standard errors", {"scratch": [0.70, 0.80, 0.90], "head": [0.68, 0.77, 0.85]}, two,
             expected="head",
             hint="The mean difference is 0.0333, its standard error 0.0088: 3.8 of them. t is 4.30, and std needs ddof=1."),
        case("five seeds",
             {"scratch": [0.70, 0.80, 0.90, 0.75, 0.85], "head": [0.70, 0.78, 0.86, 0.72, 0.82]}, two, expected="scratch",
             hint="With five seeds there are 4 degrees of freedom and t is 2.78; the standard error divides by √5."),
        case("the greatest mean", {"scratch": [0.5, 0.9, 0.91], "head": [0.8, 0.8, 0.82], "tune": [0.85, 0.86, 0.87]}, costs,
             expected="tune", hint="The best has the greatest mean, not the greatest single accuracy."),
    ]
