"""Transfer learning: what a random split leaks, and the four cases."""

import math

import numpy as np

from .strokes import BLUE, DEEP_BLUE, DEEP_ORANGE, HATCH, INK, LINE, ORANGE, PALE_BLUE, RULED, SOFT, WHITE, Picture

LOOKS = {"frozen": {"fill": RULED, "stroke": SOFT}, "trained on": {"fill": PALE_BLUE, "stroke": BLUE, "line": 1.75},
         "new": {"fill": HATCH, "stroke": ORANGE, "line": 2}, "left out": {"fill": "none", "stroke": LINE, "dash": "4 3"}}


def sign(picture, kind, x, y, radius):
    """Draw a traffic sign of one of five shapes around (x, y)."""
    turn, corners = {"yield": (90, 3), "warning": (-90, 3), "stop": (22.5, 8), "priority": (0, 4)}.get(kind, (0, 0))
    if corners:
        size = radius * (1.15 if corners == 3 else 1)
        angles = [math.radians(turn + 360 * corner / corners) for corner in range(corners)]
        picture.polygon([(x + size * math.cos(angle), y + size * math.sin(angle)) for angle in angles],
                        fill=WHITE, stroke=INK, line=1.5)
    else:
        picture.circle(x, y, radius, fill=WHITE, stroke=INK, line=1.5)
        picture.path([(x - 0.55 * radius, y), (x + 0.55 * radius, y)], stroke=INK, line=2)


def tracks_split():
    """Draw five tracks of eight frames, split at random and split by track."""
    kinds, frames, share = ("no entry", "warning", "yield", "stop", "priority"), 8, 0.2
    count = round(share * len(kinds) * frames)
    chosen = np.zeros(len(kinds) * frames, bool)
    # The old generator of NumPy: its numbers never change between versions.
    chosen[np.random.RandomState(3).permutation(chosen.size)[:count]] = True
    by_track = np.zeros((len(kinds), frames), bool)
    by_track[2] = True
    splits = [("A random split", chosen.reshape(len(kinds), frames)), ("A split by track", by_track)]
    both = [int((held.any(axis=1) & ~held.all(axis=1)).sum()) for _, held in splits]
    picture = Picture(800, 372, "A random split and a split by track", (
        f"{len(kinds)} physical signs, {frames} frames each, {count} frames held out for validation. Split at random, {both[0]} "
        f"of the {len(kinds)} signs have frames on both sides. Split by track, {both[1]} have."))
    cell, height, top = 36, 40, 66
    for (name, held), number, left in zip(splits, both, (80, 484)):
        picture.text(left + frames * cell / 2, 36, name, bold=True, size=15)
        for r in range(len(kinds)):
            y = top + r * (height + 6)
            picture.text(left - 12, y + 25, f"sign {r + 1}", anchor="end", size=13, fill=SOFT)
            for c in range(frames):
                look = {"fill": HATCH, "stroke": ORANGE, "line": 2} if held[r, c] else {"fill": PALE_BLUE, "stroke": PALE_BLUE}
                picture.rect(left + c * cell + 1, y + 1, cell - 2, height - 2, **look)
                sign(picture, kinds[r], left + (c + 0.5) * cell, y + height / 2, 5 + 0.95 * c)
        picture.text(left + frames * cell / 2, 322, [
            (f"{number} of {len(kinds)}", DEEP_ORANGE if number else DEEP_BLUE, True), " signs on both sides"])
    picture.rect(80, 342, 16, 14, fill=PALE_BLUE)
    picture.text(104, 354, "training", anchor="start", size=13)
    picture.rect(190, 342, 16, 14, fill=HATCH, stroke=ORANGE, line=2)
    picture.text(214, 354, f"validation, {count} of {chosen.size} frames", anchor="start", size=13)
    picture.text(772, 354, "The camera comes closer, frame by frame.", anchor="end", size=13, fill=SOFT)
    return picture


def transfer_four_cases():
    """Draw what the rule of thumb says for small and large, similar and different new data."""
    layers = 5
    cases = {
        ("small", "similar"): (["frozen"] * layers, "Keep all, train a new head",
                               ("The late features fit already.", "Too few pictures to move them.")),
        ("small", "different"): (["frozen"] * 2 + ["left out"] * (layers - 2), "Keep the early layers only",
                                 ("Late features are too special;", "edges and colors still serve.")),
        ("large", "similar"): (["trained on"] * layers, "Fine-tune everything",
                               ("A good start, and enough", "pictures to improve on it.")),
        ("large", "different"): (["new"] * layers, "Train from scratch",
                                 ("Enough pictures to learn it all.", "Starting from old weights may help.")),
    }
    picture = Picture(800, 452, "Transfer learning, four cases", "The rule of thumb. " + " ".join(
        f"New data {size} and {likeness}: {advice[0].lower() + advice[1:]}."
        for (size, likeness), (_, advice, _) in cases.items()))
    for column, (likeness, word) in enumerate((("similar", "to"), ("different", "from"))):
        picture.text(271 + 340 * column, 38, ["new data ", (likeness, INK, True), f" {word} the old"])
    for row, size in enumerate(("small", "large")):
        picture.text(56, 138 + 172 * row, size, bold=True)
        picture.text(56, 156 + 172 * row, "new data")
        for column, likeness in enumerate(("similar", "different")):
            looks, advice, reasons = cases[size, likeness]
            x, y = 108 + 340 * column, 58 + 172 * row
            picture.rect(x, y, 326, 160, fill=WHITE, stroke="#d9d4c9", radius=8)
            picture.text(x + 18, y + 28, advice, bold=True, anchor="start", size=15)
            middle = y + 76
            picture.path([(x + 22, middle), (x + 22 + 48 * layers, middle)], stroke=SOFT)
            for layer, look in enumerate([*looks, "new"]):
                head = layer == layers
                height = 26 if head else 64 - 7 * layer
                picture.rect(x + 20 + 48 * layer, middle - height / 2, 28, height, **LOOKS[look])
            for line, words in enumerate(reasons):
                picture.text(x + 18, y + 128 + 18 * line, words, size=13, fill=SOFT, anchor="start")
    x = 108
    for look, words, room in (("frozen", "kept, frozen", 148), ("trained on", "kept, trained further", 200),
                              ("new", "new, trained", 148), ("left out", "left out", 0)):
        picture.rect(x, 414, 18, 18, **LOOKS[look])
        picture.text(x + 26, 428, words, size=13, anchor="start")
        x += room
    return picture
