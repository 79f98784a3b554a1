"""What the exercise of lesson 00 is tried with."""

from helpers.exercises import Checks, case

check = Checks()


@check.exercise
def places():
    """Return its cases; it has no number, and nothing is graded."""
    first, off = "The first place counts, too.", "Write the starting points down: 0, 1, 2 ... Where is the last one?"
    return [case("28 pixels, a window of 5", 28, 5, expected=24, slips={first: 23}, hint=off),
            case("a window as long as the row", 7, 7, expected=1, slips={first: 0}, hint="It fits where it is."),
            case("a window of one pixel", 9, 1, expected=9, hint=off)]
