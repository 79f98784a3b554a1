"""How many random examples a test tries, and the edges that every run tries by name."""

from hypothesis import example, settings

# The same examples in every run.
two_hundred = settings(derandomize=True, deadline=None, max_examples=200, database=None)

# length, kernel, stride, dilation along one axis. Keras takes a stride or a dilation above 1, not both.
EDGES = {
    "kernel larger than the input": (3, 5, 1, 1),
    "kernel as long as the input": (5, 5, 2, 1),
    "stride larger than the kernel": (10, 2, 4, 1),
    "stride larger than the input": (3, 1, 4, 1),
    "dilation": (10, 3, 1, 3),
    "dilation of a kernel of one": (4, 1, 1, 3),
    "dilated kernel larger than the input": (5, 3, 1, 3),
    "dilated even kernel": (12, 4, 1, 2),
    "even kernel": (11, 4, 1, 1),
    "even kernel and stride": (13, 6, 3, 1),
    "last window ends on the last pixel": (25, 3, 2, 1),
    "one pixel": (1, 1, 1, 1),
    "one pixel and a larger kernel": (1, 4, 3, 1),
}


def edges(*makers):
    """Give a test, beside its random examples, each edge: a maker takes the four numbers and returns the test's arguments."""
    def decorate(test):
        for about, numbers in EDGES.items():
            for make in makers:
                test = example(**make(*numbers)).via(about)(test)
        return test
    return decorate
