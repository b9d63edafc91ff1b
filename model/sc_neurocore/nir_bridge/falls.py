"""Whether a stage of an import loses more than its arithmetic explains, and at which node the difference begins.

An import goes from the float reference to rates, and from rates to streams of bits. Each stage may lose a little. A
stage that loses much points to a mistake, such as a wrong framework or samples in another order. `fall` decides; the
two functions `begins_in_…` compare the activations node by node and name the first that differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import packed
from ..network import InputSpec, Network
from ..network_layers import WeightedLayer
from .conversion import RateModel, as_inputs, rate_counts
from .network import NirNetwork

__all__ = ["Fall", "begins_in_network", "begins_in_rates", "fall"]

# A stage may lose this share of the samples in any case: rates are not exactly linear, and codes round the weights.
_BASE = 0.02
# Standard deviations of the noise that a fall may have.
_SIGMAS = 3.0
# Two nodes are taken to agree where one explains at least this share of the variance of the other.
_EXPLAINED = 0.5
# Samples that the search for a node looks at.
_SAMPLES = 256


class Fall:
    """How far accuracy fell between two stages.

    Attributes:
        lost: Share of all samples, accuracy before less accuracy after. Negative where accuracy rises.
        allowed: Share that arithmetic and chance explain.
    """

    def __init__(self, lost: float, allowed: float) -> None:
        self.lost, self.allowed = lost, allowed

    @property
    def large(self) -> bool:
        """Whether accuracy fell by more than arithmetic and chance explain."""
        return self.lost > self.allowed


def fall(before: NDArray[Any], after: NDArray[Any], labels: NDArray[Any], resolution: int, layers: int) -> Fall:
    """Return the fall in accuracy from the classes `before` to the classes `after`, of the same samples.

    What is allowed is the sum of three terms:

    * 2 % of the samples in any case;
    * layers / resolution: in every layer a code is off by up to 1 / resolution of its range once more, and about as
      many samples lie that close to the border of two classes;
    * 3 standard deviations of chance. Both stages classify the same n samples, so only those count that one stage gets
      right and the other wrong. If there are d of these, and each is equally likely to go either way, the difference of
      the two accuracies has the standard deviation √d / n (McNemar 1947).

    Args:
        before: Classes that the first stage gives, (n,).
        after: Classes that the second stage gives, (n,).
        labels: The right classes, (n,).
        resolution: L of streams, or T, the number of steps in which rates were counted.
        layers: Number of layers with weights.

    Example:
        >>> y = np.zeros(100, int)
        >>> found = fall(y, np.array([0] * 60 + [1] * 40), y, 64, 2)
        >>> found.large, round(found.lost, 2), round(found.allowed, 2)
        (True, 0.4, 0.24)
    """
    right = before == labels, after == labels
    n = len(labels)
    differ = int((right[0] != right[1]).sum())
    lost = float(right[0].mean() - right[1].mean())
    return Fall(lost, _BASE + layers / resolution + _SIGMAS * sqrt(differ) / n)


def _explained(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    """Return the share of the variance of `wanted` that `found` explains, at most 1.

    It is 1 − Σ (found − wanted)² / Σ (wanted − mean)², with the mean over samples; 1 where `wanted` never changes. It
    is negative where `found` is worse than the mean would be.

    Args:
        found: (n, values).
        wanted: (n, values).
    """
    total = float(np.square(wanted - wanted.mean(axis=0)).sum())
    left = float(np.square(found - wanted).sum())
    return 1 - left / total if total > 0 else 1.0


def _first(rows: Sequence[tuple[str, float]], of: str) -> str:
    """Return a sentence that says where a difference begins.

    Args:
        rows: The name of each hidden node and the share of variance that is explained there, in the order of the
            network.
        of: What is compared, as the subject of the sentence.
    """
    for name, share in rows:
        if share < _EXPLAINED:
            left = f"{max(share, 0.0):.0%} of the variance"
            return f"the difference begins at node {name!r}: there {of} explain {left}"
    if not rows:
        return "the network has no hidden layer: the difference is in its last weights"
    name, share = min(rows, key=lambda row: row[1])
    return (
        f"no hidden layer stands out, {of} explain at least {share:.0%} of the variance (least at node {name!r}): the "
        "difference is in the last weights, or small in every layer"
    )


def begins_in_rates(
    network: NirNetwork,
    rates: RateModel,
    samples: ArrayLike,
    steps: int,
    scale: float | None = None,
    offset: float | None = None,
) -> str:
    """Return a sentence that says at which node the network of ReLUs begins to differ from the reference's rates.

    Args:
        network: The network whose rates are the reference.
        rates: The network of ReLUs that `rate_model` made of it.
        samples: Raw integers; the first 256 are used.
        steps: T, the number of steps of the reference's run.
        scale: See `rate_model`.
        offset: See `rate_model`.
    """
    raw = np.asarray(samples)[:_SAMPLES]
    spiking = [row["node"] for row in rates.fits]
    found = dict(zip(rates.names, rates.hidden(rates.spec, raw), strict=False))
    measured = rate_counts(network, as_inputs(network, rates.spec, raw, scale, offset), steps, spiking)
    rows = [
        (name, _explained(found[name].numpy().reshape(len(raw), -1), measured[name].reshape(len(raw), -1)))
        for name in spiking
    ]
    return _first(rows, "the ReLUs")


def begins_in_network(rates: RateModel, made: Network, samples: ArrayLike) -> str:
    """Return a sentence that says at which node the counts of a `Network` begin to differ from the network of ReLUs.

    Args:
        rates: The network of ReLUs.
        made: The `Network` that was made of it; its info must have the scales by which a count becomes an activation.
        samples: Raw integers; the first 256 are used.
    """
    spec: InputSpec = made.input
    raw = np.asarray(samples)[:_SAMPLES]
    counts = packed.run(made, spec.encode(raw, made.length)).counts
    scales = iter(made.info["scales"])
    rows, scale = [], 1.0
    for name, layer, count, wanted in zip(
        rates.names, made.layers[:-1], counts, rates.hidden(rates.spec, raw), strict=False
    ):
        if isinstance(layer, WeightedLayer):
            scale = next(scales)["output"]
        image = wanted.movedim(1, -1).reshape(len(raw), -1).numpy()
        rows.append((name, _explained(count * (scale / made.length), image)))
    return _first(rows, f"the counts at L = {made.length}")
