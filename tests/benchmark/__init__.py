"""Times of the course's trainings beside the same work done with less in between.

    python -m tests.benchmark                 all entries
    python -m tests.benchmark lenet           those whose name contains a word

Seconds mean little on a shared machine. Ratios of two times taken in turn in one run mean more, so that is what the table holds.
"""
