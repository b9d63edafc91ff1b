"""The clocks of the engine of networks in steps, exactly, from which inputs are not 0 and which neurons spike.

Of a network of `lif` layers without steps (A17, streaming) each clock of the window is a step here.

A layer's list holds what is not 0 of its input and of its edges, and the bias. The engine visits the list once for each
group of `lanes` neurons, an entry a clock, and drains a group while it visits the next one. So sparse spikes save
clocks, and zeros cost none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import require
from ..network import Network
from .bit_steps import steps_of
from .spike_image import spike_config

__all__ = ["entries", "spike_clocks", "worst_clocks"]


def entries(network: Network, codes: ArrayLike, spikes: Sequence[NDArray[np.bool_]]) -> NDArray[np.int64]:
    """Return the length of each layer's list in each step of n samples (A20, orders).

    Args:
        network: a network in steps, or one of `lif` layers, whose T steps are the L clocks of its window.
        codes: input codes as the network takes them, shape (n, T, inputs), or (n, inputs) of a constant input.
        spikes: of each layer that spikes, bool, shape (n, T, neurons), as in `Result.spikes`.

    Returns:
        Numbers of entries, the bias among them, int64 of shape (n, T, layers).

    Raises:
        ScError: the network has neither steps nor `lif` layers, or codes or spikes have another shape.
    """
    steps, x = steps_of(network), network.check_codes(codes)
    hidden = len(network.layers) - 1
    # The last layer's spikes matter only where an edge takes them.
    needed = max([hidden, *(edge.source + 1 for edge in steps.edges)])
    wanted = [(len(x), steps.count, layer.neurons) for layer in network.layers[:needed]]
    require(
        [s.shape for s in spikes[:needed]] == wanted,
        f"spikes must have shapes {wanted}, got {[s.shape for s in spikes]}",
    )
    found = np.ones((len(x), steps.count, hidden + 1), dtype=np.int64)
    # The input of a constant sample is listed in the first step only: later its sum is known. That of a network without
    # steps is visited in each of its clocks.
    if network.steps is None:
        found[:, :, 0] += np.count_nonzero(x, axis=1)[:, None]
    elif steps.constant:
        found[:, 0, 0] += np.count_nonzero(x, axis=1)
    else:
        found[:, :, 0] += np.count_nonzero(x, axis=2)
    fired = [s.sum(axis=2, dtype=np.int64) for s in spikes]
    for k in range(hidden):
        found[:, :, k + 1] += fired[k]
    for edge in steps.edges:
        found[:, edge.delay :, edge.target] += fired[edge.source][:, : steps.count - edge.delay]
    return found


def spike_clocks(
    network: Network, codes: ArrayLike, spikes: Sequence[NDArray[np.bool_]], lanes: int
) -> NDArray[np.int64]:
    """Return the engine's clocks for n samples, exactly, with a reader that is always ready.

    They are counted in each step from its last input word accepted, in a step without input words from the end of the
    step before, and end with the last score; all ends are included. So they do not count how long a sample takes to
    come in.

    RTL: rtl/sc_spike_ctrl.v, sc_spike_layer.v.

    Args:
        network: a network in steps.
        codes: input codes as the network takes them.
        spikes: of each layer that spikes, as for `entries`.
        lanes: lanes of the engine, 1 … 64.

    Returns:
        Clocks of each sample, int64 of shape (n,).

    Raises:
        ScError: the network has neither steps nor `lif` layers, no engine holds it, or codes or spikes have another
            shape.
    """
    return _total(network, entries(network, codes, spikes), lanes)


def worst_clocks(network: Network, lanes: int) -> int:
    """Return the clocks of a sample in which no input is 0 and every neuron spikes in every step: none takes more."""
    steps = steps_of(network)
    shape = (1, network.input.size) if steps.constant else (1, steps.count, network.input.size)
    spikes = [np.ones((1, steps.count, layer.neurons), dtype=bool) for layer in network.layers]
    return int(spike_clocks(network, np.ones(shape, dtype=np.int64), spikes, lanes)[0])


def _total(network: Network, listed: NDArray[np.int64], lanes: int) -> NDArray[np.int64]:
    """Return the clocks of samples whose lists have these numbers of entries, shape (n, T, layers)."""
    steps, words = steps_of(network), spike_config(network, lanes).parameter_words
    # A step begins in 4 clocks, the first one in 2, and looks at its inputs, of which the last one is counted.
    total = np.full(len(listed), 4 * steps.count - 3, dtype=np.int64)
    total += 1 if steps.constant else steps.count
    for k, layer in enumerate(network.layers):
        last = k == len(network.layers) - 1
        # Clocks of a neuron in the drain, by step: a score takes one more, and in the last step two.
        each = np.full(steps.count, words + last)
        each[-1] += last
        groups, rest = -(-layer.neurons // lanes), (layer.neurons - 1) % lanes + 1
        # Reading the table; for each edge 4 clocks, and one for each of its sources.
        fixed = 2 + sum(4 + edge.weights.shape[1] for edge in steps.into(k))
        entry = listed[:, :, k]
        # The last entry of a group waits until the group before is drained, but for what leaves within the 4 clocks
        # that its sums take.
        early = 0 if last else min(4 // words, lanes - 1) * words
        between = (groups - 1) * np.maximum(entry, lanes * each + 4 - early)
        total += (fixed + entry + between + 3 + rest * each).sum(axis=1)
    return total
