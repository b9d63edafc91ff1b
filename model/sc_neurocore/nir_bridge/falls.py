"""Whether a stage of an import loses more than its arithmetic explains, and at which node the difference begins."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import packed
from ..network import InputSpec, Network, PoolLayer
from .conversion import RateModel, as_inputs, rate_counts
from .network import NirNetwork

__all__ = ["Fall", "begins_in_network", "begins_in_rates", "fall"]

# A stage may lose this share of the samples in any case: rates are not quite lines, weights not quite codes.
_BASE = 0.02
# Standard deviations of the noise that a fall may have.
_SIGMAS = 3.0
# A node meets another one where it explains this share of its variance.
_EXPLAINED = 0.5
# Samples that the search for a node looks at.
_SAMPLES = 256


class Fall:
    """How far accuracy fell between two stages; lost and allowed are shares of the samples."""

    def __init__(self, lost: float, allowed: float) -> None:
        self.lost, self.allowed = lost, allowed

    @property
    def large(self) -> bool:
        """Whether it is more than the arithmetic and the noise explain."""
        return self.lost > self.allowed


def fall(before: NDArray[Any], after: NDArray[Any], labels: NDArray[Any], resolution: int, layers: int) -> Fall:
    """Return the fall from the classes `before` to those `after`, of the same samples.

    Allowed are 2 % of the samples; layers / resolution, since in every layer anew a code is off by up to 1 / L of its
    range, and the samples that this loses, those near a border of two classes, are about as many; and 3 standard
    deviations of the noise. As both classify the same samples, only those count that one gets right and the other
    wrong, d of n: if each of them is equally likely to go either way, the difference has the standard deviation √d / n
    (McNemar 1947).

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
    """Return the share of the variance of `wanted` that `found` explains, at most 1."""
    total = float(np.square(wanted - wanted.mean(axis=0)).sum())
    left = float(np.square(found - wanted).sum())
    return 1 - left / total if total > 0 else 1.0


def _first(rows: Sequence[tuple[str, float]], of: str) -> str:
    """Return where a difference begins, in words."""
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
    """Return at which node the activations of the network of ReLUs begin to differ from the reference's rates."""
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
    """Return at which node the counts of a Network begin to differ from the activations of the network of ReLUs."""
    spec: InputSpec = made.input
    raw = np.asarray(samples)[:_SAMPLES]
    counts = packed.run(made, spec.encode(raw, made.length)).counts
    scales = iter(made.info["scales"])
    rows, scale = [], 1.0
    for name, layer, count, wanted in zip(
        rates.names, made.layers[:-1], counts, rates.hidden(rates.spec, raw), strict=False
    ):
        if not isinstance(layer, PoolLayer):
            scale = next(scales)["output"]
        image = wanted.movedim(1, -1).reshape(len(raw), -1).numpy()
        rows.append((name, _explained(count * (scale / made.length), image)))
    return _first(rows, f"the counts at L = {made.length}")
