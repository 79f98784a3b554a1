"""The course as a path."""

from itertools import pairwise

from .strokes import BLUE, HATCH, INK, ORANGE, PALE_BLUE, PANEL, RULED, SOFT, WHITE, Picture

STATIONS = ((1, "Softmax", "regression", ("a loss and", "its gradient")), (2, "A hidden", "layer", ("what training", "needs")),
            (3, "LeNet", "", ("convolution", "and pooling")),
            (4, "Sign", "language", ("when to trust", "a score")), (5, "Frameworks", "", ("proof that two", "networks agree")),
            (6, "AlexNet,", "translated", ("reading what", "others wrote")),
            (7, "Transfer", "learning", ("features from", "elsewhere")),
            (8, "Deeper", "networks", ("what depth", "needs")))


def bars(picture, x, y):
    """Draw a few probabilities, one of them large."""
    for column, height in enumerate((6, 10, 28, 8, 4)):
        fill, stroke = (HATCH, ORANGE) if column == 2 else (BLUE, BLUE)
        picture.rect(x - 17.5 + 7 * column, y + 14 - height, 5.5, height, fill=fill, stroke=stroke)


def two_layers(picture, x, y):
    """Draw three inputs, two hidden units and an output, all connected."""
    columns = [[(x - 17, y + step) for step in (-14, 0, 14)], [(x, y - 9), (x, y + 9)], [(x + 17, y)]]
    for before, after in pairwise(columns):
        for start in before:
            for end in after:
                picture.path([start, end], stroke=SOFT, line=1)
    for column, fill in zip(columns, (WHITE, HATCH, PALE_BLUE)):
        for place in column:
            picture.circle(*place, 4.5, fill=fill, stroke=ORANGE if fill == HATCH else BLUE, line=1.5)


def window(picture, x, y):
    """Draw a window on a grid."""
    for row in range(4):
        for column in range(4):
            inside = 1 <= column <= 2 and row <= 1
            picture.rect(x - 16 + 8 * column, y - 16 + 8 * row, 8, 8, fill=PALE_BLUE if inside else WHITE, line=0.75)
    picture.frame(x - 8, y - 16, 16, 16, line=2)


def hand(picture, x, y):
    """Draw a hand that shows two."""
    bones = [[(x - 4, y + 6), (x - 9, y - 17)], [(x + 3, y + 6), (x + 7, y - 18)]]
    for stroke, line in ((BLUE, 7.5), (PALE_BLUE, 5)):
        for bone in bones:
            picture.path(bone, stroke=stroke, line=line)
    picture.rect(x - 10, y + 1, 20, 18, fill=PALE_BLUE, stroke=BLUE, line=1.25, radius=6)
    picture.path([(x - 9, y + 8), (x + 1, y + 8), (x + 4, y + 12)], stroke=BLUE, line=1.25)


def four(picture, x, y):
    """Draw four boxes around an equals sign."""
    for turn in range(4):
        dx, dy = (13 if turn % 2 else -13), (11 if turn // 2 else -11)
        picture.rect(x + dx - 6, y + dy - 6, 12, 12, fill=(PALE_BLUE, WHITE, RULED, HATCH)[turn], stroke=BLUE, line=1.25)
    for shift in (-2, 2):
        picture.path([(x - 4, y + shift), (x + 4, y + shift)], stroke=INK, line=1.75)


def narrowing(picture, x, y):
    """Draw the layers of a network, ever smaller."""
    for column, height in enumerate((28, 22, 16, 11, 8)):
        picture.rect(x - 18 + 7.6 * column, y - height / 2, 5.5, height, fill=PALE_BLUE, stroke=BLUE, line=1.25)


def transferred(picture, x, y):
    """Draw frozen layers with a new head."""
    for column, height in enumerate((28, 23, 18)):
        picture.rect(x - 18 + 9 * column, y - height / 2, 6.5, height, fill=RULED, stroke=SOFT)
    picture.rect(x + 10, y - 7, 8, 14, fill=HATCH, stroke=ORANGE, line=2)


def skipped(picture, x, y):
    """Draw three layers in a row, and a way around them."""
    for column in range(3):
        picture.rect(x - 17 + 13 * column, y - 7, 8, 20, fill=PALE_BLUE, stroke=BLUE, line=1.25)
    picture.path([(x - 21, y - 2), (x - 21, y - 16), (x + 21, y - 16), (x + 21, y - 2)], stroke=ORANGE, line=2)


ICONS = (bars, two_layers, window, hand, four, narrowing, transferred, skipped)


def course_map():
    """Draw the eight lessons as stations on a path, each with what it adds."""
    picture = Picture(800, 246, "The course", "Eight lessons on one path, each with what it adds. " + " ".join(
        f"{number}: {first} {second}".strip() + f", {' '.join(adds)}."
        for number, first, second, adds in STATIONS))
    left, pitch, middle, radius = 58, 98, 78, 34
    for place, ((number, first, second, adds), icon) in enumerate(zip(STATIONS, ICONS)):
        x = left + pitch * place
        if place < len(STATIONS) - 1:
            picture.arrow((x + radius + 5, middle), (x + pitch - radius - 5, middle), stroke=BLUE, line=2.5, head=10)
        picture.circle(x, middle, radius, fill=WHITE, stroke=BLUE, line=2.5)
        icon(picture, x, middle)
        picture.circle(x - 25, middle - 27, 11, fill=BLUE, stroke=PANEL, line=2)
        picture.text(x - 25, middle - 22, f"{number}", size=14, bold=True, fill=WHITE)
        picture.text(x, 146, first, size=15, bold=True)
        picture.text(x, 164, second, size=15, bold=True)
        for line, words in enumerate(adds):
            picture.text(x, 193 + 18 * line, words, size=13, fill=SOFT)
    return picture
