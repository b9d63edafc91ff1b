"""What every back end returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .neurons import classify

__all__ = ["Result"]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """Outputs of a network for n images.

    scores: S of the readout, int32 (n, classes). counts: the ones that each hidden layer emits, one int16 array
    (n, neurons) a hidden layer; empty where a back end cannot see them. clocks: from the last input word accepted
    to the last score, both included, int64 (n,), where the back end has clocks. spikes: where asked for, the bit of
    every hidden neuron at every local clock of its window (A17), one bool array (n, L, neurons) a hidden layer.
    """

    scores: NDArray[np.int32]
    counts: tuple[NDArray[np.int16], ...] = ()
    clocks: NDArray[np.int64] | None = None
    spikes: tuple[NDArray[np.bool_], ...] = ()

    @property
    def classes(self) -> NDArray[np.int64]:
        """Index of the greatest score of each image, the lowest one on a tie (A9)."""
        return classify(self.scores)

    def mismatches(self, other: Result) -> int:
        """Return the number of images for which any score (hence the class) differs from `other`."""
        return int(np.any(self.scores != other.scores, axis=1).sum())
