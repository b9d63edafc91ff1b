"""The exact table (A11): a window's sums without its clocks, at a cost that does not grow with L.

Because all products share their two sources, the number of ones of a product depends on the two codes only: it is
F[X, W]. So for each synapse the row T[synapse, X] = sign · F[X, |W|] is computed once, for all X and all neurons. An
inference then adds one row for each input that is not zero, and never visits the others (A10, two orders). An input of
a convolution adds a row to every position that the kernel reaches from it (A19, convolution).

The sums equal those of the golden model. Networks with `lif` neurons or MUX adders are refused, because their sums are
not functions of the codes. Training uses `rows`, `taps` and `sums` for its forward pass too.

Numba compiles on the first call and caches the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import require
from .jit import njit
from .network import Network
from .network_layers import WeightedLayer, Window
from .neurons import WindowNeuron
from .result import Result
from .sources import source
from .threads import in_blocks

__all__ = ["Prepared", "Taps", "prepare", "rows", "run", "sums", "taps"]

# Neurons of a row are rounded up to whole vectors of 32 bytes, so that no loop has a rest.
_VECTOR = 16
# Images between two passes of the neurons, so that memory stays small.
_BLOCK = 1024
# Fewer images than these take less time than threads to start.
_SERIAL = 64


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """Which outputs each input position reaches, and through which taps of the kernel.

    The pairs of all input positions are in two lists, one position after the other.

    Attributes:
        positions: Number of output positions.
        first: The pairs of input position p are the entries first[p] … first[p + 1] − 1; shape (input positions + 1,).
        target: Output position of each pair, shape (entries,).
        kernel: Index of the tap in the kernel of each pair, shape (entries,).
    """

    positions: int
    first: NDArray[np.int64]
    target: NDArray[np.int64]
    kernel: NDArray[np.int64]


def taps(window: Window) -> Taps:
    """Return the taps of a window. A dense layer has one position, whose channels are all inputs.

    Example:
        >>> found = taps(Window((1, 3, 1), kernel=(1, 2), stride=1, padding=0))
        >>> found.first.tolist(), found.target.tolist(), found.kernel.tolist()
        ([0, 1, 3, 4], [0, 0, 1, 1], [0, 1, 0, 1])
    """
    fields, positions = window.fields(), prod(window.input_shape[:2])
    channels = fields.shape[-1]
    # The input position of each output position and kernel tap; padding stays −1.
    spots = fields.reshape(len(fields), -1, channels)[:, :, 0] // channels
    target, kernel = np.nonzero(spots >= 0)
    origin = spots[target, kernel]
    # Sorted by input position, so that the pairs of one position are neighbours.
    order = np.argsort(origin, kind="stable")
    first = np.searchsorted(origin[order], np.arange(positions + 1))
    return Taps(len(spots), first, target[order], kernel[order])


#: For each layer its table, its taps and what the bias adds; None for pooling.
Prepared = list[tuple[NDArray[Any], Taps, NDArray[np.int64]] | None]


@njit(nogil=True)
def _fill(table: NDArray[Any], weights: NDArray[np.int16], r: NDArray[np.int64]) -> None:
    """Fill the table T of a layer.

    Row t + 1 of a synapse is row t plus what the product bit at clock t counts, since a code X covers the clocks before
    X.

    Args:
        table: The result, shape (synapses, L + 1, lanes); lanes behind the neurons become 0.
        weights: Signed codes, shape (synapses, neurons).
        r: The numbers of the weight source, shape (L,).
    """
    synapses, neurons = weights.shape
    one, zero = table.dtype.type(1), table.dtype.type(0)
    for i in range(synapses):
        w = weights[i]
        table[i, 0, :] = zero
        for t in range(len(r)):
            before, after, bound = table[i, t], table[i, t + 1], r[t]
            for j in range(neurons):
                step = one if w[j] > bound else (-one if -w[j] > bound else zero)
                after[j] = before[j] + step
            after[neurons:] = zero


def rows(weights: NDArray[np.int16], length: int, weight_source: str = "vdc") -> NDArray[Any]:
    """Return the table T[synapse, X, neuron] = sign · F[X, |W|] (A11, exact table).

    Args:
        weights: Signed codes, shape (synapses, neurons).
        length: L.
        weight_source: Spelling of the weights' number source.

    Returns:
        Shape (synapses, L + 1, neurons rounded up to 16); int16 if the sum of a whole neuron always fits it, else
        int32.

    Raises:
        ScError: If not even 32 bits can hold the sums of so many synapses.
    """
    synapses, neurons = weights.shape
    numbers = source(weight_source, length).astype(np.int64)
    # The greatest product is F[L, L − 1]: L − 1 for numbers that are all different, up to L where some come twice.
    most = synapses * int((numbers < length - 1).sum())
    kind = np.int16 if most <= np.iinfo(np.int16).max else np.int32
    require(most <= np.iinfo(np.int32).max, f"{synapses} synapses at L = {length} are too many")
    table = np.empty((synapses, length + 1, -(-neurons // _VECTOR) * _VECTOR), dtype=kind)
    _fill(table, np.ascontiguousarray(weights), numbers)
    return table


@njit(nogil=True)
def _add(
    out: NDArray[Any],
    codes: NDArray[Any],
    table: NDArray[Any],
    first: NDArray[np.int64],
    target: NDArray[np.int64],
    kernel: NDArray[np.int64],
) -> None:
    """Do the work of `sums`, compiled."""
    images, inputs = codes.shape
    positions = len(first) - 1
    channels = inputs // positions
    width = table.shape[2]
    for i in range(images):
        x = codes[i]
        mine = np.zeros((out.shape[1], width), dtype=table.dtype)
        for p in range(positions):
            for c in range(channels):
                code = np.int64(x[p * channels + c])
                # A zero input contributes nothing (A10): its rows of the table are not even read.
                if code != 0:
                    for k in range(first[p], first[p + 1]):
                        add, into = table[kernel[k] * channels + c, code], mine[target[k]]
                        for j in range(width):
                            into[j] += add[j]
        for p in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[i, p, j] = mine[p, j]


def sums(out: NDArray[Any], codes: NDArray[Any], table: NDArray[Any], reached: Taps) -> None:
    """Compute the sums of all neurons without their bias. All arrays may have any dtype that holds the integers.

    Args:
        out: The result, filled by this call, shape (images, positions, neurons).
        codes: Codes of the inputs, 0 … L, shape (images, inputs).
        table: The layer's table from `rows`.
        reached: The layer's taps.
    """
    _add(out, codes, table, reached.first, reached.target, reached.kernel)


def _prepared(layer: WeightedLayer, network: Network) -> tuple[NDArray[Any], Taps, NDArray[np.int64]]:
    """Return the layer's table, its taps, and what the bias adds to each neuron's sum (A7, bias)."""
    synapses = np.ascontiguousarray(layer.synapses[:, :-1].T)
    codes = layer.bias.astype(np.int64)
    ones = (source(network.weight_source, network.length) < np.abs(codes)[:, None]).sum(axis=1)
    return rows(synapses, network.length, network.weight_source), taps(layer.window), np.sign(codes) * ones


def prepare(network: Network) -> Prepared:
    """Return the tables of a network. Pass them to `run` to build them only once for several runs.

    Raises:
        ScError: For networks whose sums are no functions of the codes: those with `lif` neurons or MUX adders (A17,
            streaming), and those in steps (A20).
    """
    network.one_window("the exact table")
    other = network.other_neurons
    require(
        not network.temporal, f"the exact table holds for window_if neurons only (A17), the network has {other} neurons"
    )
    require(not network.mux, "the exact table holds for parallel counters only (A17), the network has MUX adders")
    return [_prepared(layer, network) if isinstance(layer, WeightedLayer) else None for layer in network.layers]


def run(network: Network, codes: ArrayLike, prepared: Prepared | None = None) -> Result:
    """Run the network on n images.

    Args:
        network: The network.
        codes: Input codes, 0 … L, shape (n, inputs).
        prepared: The network's tables from `prepare`, where they exist already.

    Returns:
        Scores and counts, equal to those of the golden model.

    Raises:
        ScError: If the codes have a wrong shape or are out of range, and as `prepare`.
    """
    network.one_window("the exact table")
    images = network.check_codes(codes)
    tables = prepare(network) if prepared is None else prepared
    length = network.length
    scores = np.zeros((len(images), network.classes), dtype=np.int32)
    counts = tuple(np.zeros((len(images), x.neurons), dtype=np.int16) for x in network.layers[:-1])

    def work(part: slice) -> None:
        x = images[part]
        for k, layer in enumerate(network.layers):
            ready = tables[k]
            if ready is None:
                c = layer.codes(x.astype(np.int64))
            else:
                table, reached, bias = ready
                out = np.empty((len(x), reached.positions, len(bias)), dtype=np.int64)
                sums(out, x, table, reached)
                s = (out + bias).reshape(len(x), layer.neurons)
                if layer.neuron is None:
                    scores[part] = s
                    continue
                assert isinstance(layer.neuron, WindowNeuron)
                c = layer.neuron.counts(s, network.theta_frac, length)
            counts[k][part] = c
            x = c.astype(np.uint16)

    in_blocks(work, len(images), _BLOCK, serial=len(images) < _SERIAL)
    return Result(scores=scores, counts=counts)
