"""`Result`: what every back end returns for a batch of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .neurons import ClockNeuron, classify

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Result", "sample_result"]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """Outputs of a network for n images.

    All back ends return the same scores and counts, so results can be compared number by number.

    Attributes:
        scores: Sums S of the readout (A9), or what the readout of a network in steps says (A20), int32, shape (n,
            classes).
        counts: For each hidden layer the ones that its neurons emit, int16, shape (n, neurons); in steps the spikes of
            the whole sample. Empty where a back end cannot see them.
        clocks: Clocks of each image from the last input word accepted to the last score, both included, int64, shape
            (n,). None where the back end has no clocks.
        spikes: Where asked for, for each hidden layer the bit of every neuron at every local clock of its window (A17,
            streaming), bool, shape (n, L, neurons); in steps the spikes of every step, (n, T, neurons), and then, last,
            those of the readout where its neurons spike.

    Example:
        >>> Result(np.array([[3, 7], [5, 5]], dtype=np.int32)).classes.tolist()
        [1, 0]
    """

    scores: NDArray[np.int32]
    counts: tuple[NDArray[np.int16], ...] = ()
    clocks: NDArray[np.int64] | None = None
    spikes: tuple[NDArray[np.bool_], ...] = ()

    @property
    def classes(self) -> NDArray[np.int64]:
        """The class of each image: the index of its greatest score, the lowest such index on a tie (A9), shape (n,)."""
        return classify(self.scores)

    def mismatches(self, other: Result) -> int:
        """Return the number of images for which any score differs from those of `other`.

        Scores are compared, not classes: two back ends that agree on the class only by luck are noticed.
        """
        return int(np.any(self.scores != other.scores, axis=1).sum())


def sample_result(network: Network, samples: int, *, spikes: bool) -> Result:
    """Return a result of zeros for samples of a network in steps, which a simulator then fills (A20).

    Args:
        network: The network, in steps.
        samples: n, the number of samples.
        spikes: Whether the result keeps every spike.
    """
    assert network.steps is not None
    hidden = [layer.neurons for layer in network.layers[:-1]]
    neuron, kept = network.layers[-1].neuron, []
    if spikes:
        kept = [*hidden, network.classes] if isinstance(neuron, ClockNeuron) and neuron.fires else hidden
    return Result(
        scores=np.zeros((samples, network.classes), dtype=np.int32),
        counts=tuple(np.zeros((samples, neurons), dtype=np.int16) for neurons in hidden),
        spikes=tuple(np.zeros((samples, network.steps.count, neurons), dtype=bool) for neurons in kept),
    )
