"""The object that every loader of the course returns."""

from __future__ import annotations

import dataclasses

import numpy as np

__all__ = ["Dataset"]


@dataclasses.dataclass(frozen=True, repr=False)
class Dataset:
    """Images and labels, ready for a lesson, with the facts about where they come from.

    Parameters
    ----------
    name : str
        What the data is called, for example ``"MNIST"``.
    source : {"real", "sample"}
        ``"real"`` for the published data set, ``"sample"`` for the course's offline sample.
    origin : str
        In words, where this copy came from. Never a path of the reader's machine.
    license, citation : str
        The terms of use, and whom to cite.
    class_names : tuple of str
        ``class_names[label]`` is the English name of a label.
    x_train, x_test : numpy.ndarray
        Images, uint8, shape ``(images, height, width)`` for gray or ``(images, height, width, 3)`` for RGB.
    y_train, y_test : numpy.ndarray
        Labels, integers from 0 to ``len(class_names) - 1``, shape ``(images,)``.
    x_validation, y_validation : numpy.ndarray, optional
        A validation set, where the source keeps one apart. Otherwise a lesson splits one off first.
    groups_train, groups_test : numpy.ndarray, optional
        For each image the object or the person it shows. Images of one group belong on one side of a split.
    notes : tuple of str
        What a reader must know about this copy, such as images left out or groups unknown.
    sample : str
        What a reader must know of an offline sample first, for its repr.
    expected : str
        Which table of expected results applies, if not that of ``source``: nobody has measured the reader's own files.

    Raises
    ------
    ValueError
        When images and labels do not fit together.
    """

    name: str
    source: str
    origin: str
    license: str
    citation: str
    class_names: tuple[str, ...]
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    x_validation: np.ndarray | None = None
    y_validation: np.ndarray | None = None
    groups_train: np.ndarray | None = None
    groups_test: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    sample: str = "not the real data"
    expected: str = ""

    def __post_init__(self):
        if self.source not in ("real", "sample"):
            raise ValueError(f"source must be 'real' or 'sample', not {self.source!r}")
        for part in ("train", "validation", "test"):
            self._check_part(part)

    def _check_part(self, part):
        images, labels = getattr(self, f"x_{part}"), getattr(self, f"y_{part}")
        if part == "validation" and images is None and labels is None:
            return
        if images is None or labels is None:
            raise ValueError(f"{self.name}: the {part} set needs both images and labels")
        if images.dtype != np.uint8 or images.ndim not in (3, 4):
            raise ValueError(f"{self.name}: x_{part} must be uint8 images, not {images.dtype} of shape {images.shape}")
        if labels.shape != (len(images),):
            raise ValueError(f"{self.name}: {len(images)} {part} images, but labels of shape {labels.shape}")
        if not np.issubdtype(labels.dtype, np.integer):
            raise ValueError(f"{self.name}: y_{part} must be integers, not {labels.dtype}")
        if len(labels) and not (0 <= labels.min() and labels.max() < len(self.class_names)):
            raise ValueError(f"{self.name}: y_{part} must lie in 0..{len(self.class_names) - 1}, "
                             f"but reaches from {labels.min()} to {labels.max()}")
        groups = getattr(self, f"groups_{part}", None)
        if groups is not None and groups.shape != labels.shape:
            raise ValueError(f"{self.name}: groups_{part} has shape {groups.shape}, the labels have {labels.shape}")

    def split_training(self, share: float = 1 / 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Draw a validation set from the training images, by whole groups where groups exist.

        Parameters
        ----------
        share : float
            How much of the training images (of the groups, where there are some) goes to validation, between 0 and 1.
        seed : int
            A different seed draws a different set.

        Returns
        -------
        training, validation : numpy.ndarray of int
            Row numbers into ``x_train`` and ``y_train``, shuffled. Together they hold each row once.

        Raises
        ------
        ValueError
            When the share is not between 0 and 1, or leaves one side empty.
        """
        from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit

        if not 0 < share < 1:
            raise ValueError(f"share must lie between 0 and 1, not {share}")
        splitter = ShuffleSplit if self.groups_train is None else GroupShuffleSplit
        splits = splitter(n_splits=1, test_size=share, random_state=seed).split(self.x_train, groups=self.groups_train)
        training, validation = next(splits)
        # scikit-learn returns the rows of a split by group in order; a lesson's batches must not be.
        random = np.random.default_rng(seed)
        return random.permutation(training), random.permutation(validation)

    def __repr__(self) -> str:
        parts = [f"{len(self.x_train):,} training"]
        if self.x_validation is not None:
            parts.append(f"{len(self.x_validation):,} validation")
        parts.append(f"{len(self.x_test):,} test")
        size = "x".join(map(str, self.x_train.shape[1:]))
        kind = "real data" if self.source == "real" else f"offline sample, {self.sample}"
        return (f"{self.name} ({kind}): {' + '.join(parts)} images of {size}, "
                f"{len(self.class_names)} classes; {self.origin}; {self.license}")
