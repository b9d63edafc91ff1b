"""The packed simulator of networks in steps (A20): every sum exact, samples in parallel.

Graded codes are counted by the packed windows of `packed`, all steps of some samples at once; a constant input once.
Everything else in such a network is spikes, and a spike adds the weights of its neuron (A11, exact table: F[L, W] = W,
or the ones of the weight's stream where the source repeats numbers), by the compiled loops of `kernels_steps`. `lif`,
`li`, `synaptic` and `alif` neurons and their groups are compiled; a network with any other kind runs by the neurons'
own `step_of_sample`, in NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import kernels_steps as compiled
from .errors import require
from .network import Network
from .neurons import ClockNeuron
from .packed import Windows
from .result import Result, sample_result
from .steps import Steps, spike_sums
from .threads import in_blocks

__all__ = ["Prepared", "prepare", "run"]

_KINDS = {"li": compiled.LI, "lif": compiled.LIF, "synaptic": compiled.SYNAPTIC, "alif": compiled.ALIF}
# Where the parameters of a neuron stand in a plan. What a kind lacks keeps the plan's own value.
_PARAMETERS = {
    "shift": ("leak_shift",),
    "beta": ("beta",),
    "theta": ("theta",),
    "reset": ("v_reset",),
    "rest": ("refractory",),
    "shift_2": ("leak_shift_i", "leak_shift_a"),
    "beta_2": ("beta_i", "beta_a"),
    "raised": ("b",),
}
# Windows of the first layer that are counted at a time: steps of samples.
_WINDOWS = 1024
# Below this many steps of samples threads cost more to start than they save.
_SERIAL_STEPS = 64


def _fits(low: int, high: int, bits: int) -> bool:
    """Return whether low … high are signed integers of so many bits."""
    return -(1 << bits - 1) <= low and high < 1 << bits - 1


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A network in steps in the form that `run` needs.

    Attributes:
        steps: The network's steps.
        windows: The packed weights of the first layer, for graded codes.
        plan: What the compiled kernels read; None for a network with neurons of other kinds.
        links: For each layer, for itself (source −1 is the input, else the layer before) and for each edge into it,
            (source, delay, what a spike adds, shape (source neurons, neurons)).
        bias: What the biases add, for each layer.
    """

    steps: Steps
    windows: Windows
    plan: compiled.Plan | None
    links: list[list[tuple[int, int, NDArray[np.int64]]]]
    bias: list[NDArray[np.int64]]


def prepare(network: Network) -> Prepared:
    """Return the packed weights of a network in steps. Pass them to `run` to pack only once for several runs."""
    steps = network.steps
    assert steps is not None
    links: list[list[tuple[int, int, NDArray[np.int64]]]] = []
    for k, layer in enumerate(network.weighted):
        own = [(k - 1, 0, spike_sums(layer.weights, network).T)]
        links.append(own + [(e.source, e.delay, spike_sums(e.weights, network).T) for e in steps.into(k)])
    bias = [spike_sums(layer.bias, network) for layer in network.weighted]
    windows = Windows(network.weighted[0], network)
    return Prepared(steps, windows, _plan(network, links, bias), links, bias)


def _plan(
    network: Network, links: list[list[tuple[int, int, NDArray[np.int64]]]], bias: list[NDArray[np.int64]]
) -> compiled.Plan | None:
    """Return the plan of a network, or None if the kernels lack a kind of its neurons, or bits for its sums."""
    steps = network.steps
    assert steps is not None
    runs: list[list[tuple[int, Any]]] = []
    for layer in network.layers:
        assert layer.neuron is None or isinstance(layer.neuron, ClockNeuron)
        runs.append([] if layer.neuron is None else list(layer.neuron.members(layer.neurons)))
        if any(neuron.kind not in _KINDS for _, neuron in runs[-1]):
            return None
    sums = [steps.sum_range(k, network) for k in range(len(runs))]
    if not all(_fits(low, high, 32) for low, high in sums):
        return None
    # Two sizes only, since each of them is compiled for itself: that of most networks, and one that holds any.
    narrow = all(_fits(low, high, 16) for low, high in sums) and all(
        _narrow(each, *sums[k], network.theta_frac) for k, each in enumerate(runs)
    )
    sum_type, state = (np.int16, np.int32) if narrow else (np.int32, np.int64)
    lanes = [-(-layer.neurons // compiled.VECTOR_NEURONS) * compiled.VECTOR_NEURONS for layer in network.layers]
    shape, place = (len(lanes), max(lanes)), 0
    table: list[list[int]] = []
    rows: list[list[int]] = []
    weights = []
    padded_bias = np.zeros(shape, dtype=sum_type)
    values = {name: np.zeros(shape, dtype=state) for name in _PARAMETERS}
    values["theta"][:] = 1  # of lanes that are no neurons, whose potential stays 0
    ends = [1 << members[0][1].width - 1 if members else 1 for members in runs]
    for k, members in enumerate(runs):
        first = members[0][1] if members else None
        table.append(
            [
                lanes[k],
                len(rows),
                len(links[k]),
                _KINDS[first.kind] if first is not None else compiled.NO_NEURON,
                getattr(first, "leak_mode", 0),
                getattr(first, "reset_mode", 0),
            ]
        )
        for source, delay, adds in links[k]:
            rows.append([source, delay, place, len(adds)])
            padded = np.zeros((len(adds), lanes[k]), dtype=sum_type)
            padded[:, : adds.shape[1]] = adds
            weights.append(padded.reshape(-1))
            place += padded.size
        padded_bias[k, : len(bias[k])] = bias[k]
        lane = 0
        for count, neuron in members:
            for name, words in _PARAMETERS.items():
                for word in words:
                    if hasattr(neuron, word) and not (name == "reset" and neuron.reset_mode == 0):
                        values[name][k, lane : lane + count] = getattr(neuron, word)
            lane += count
    return compiled.Plan(
        layers=np.array(table, dtype=np.int64),
        links=np.array(rows, dtype=np.int64),
        weights=np.concatenate(weights),
        bias=padded_bias,
        low=np.array([-end for end in ends], dtype=state),
        high=np.array([end - 1 for end in ends], dtype=state),
        **values,
        theta_frac=network.theta_frac,
        readout=compiled.READOUT[steps.readout],
        longest=steps.longest,
        level=network.length,
    )


def _narrow(members: list[tuple[int, Any]], low: int, high: int, theta_frac: int) -> bool:
    """Return whether 32 bits hold every number in a step of these neurons, with sums low … high."""
    if not members:
        return True
    neuron = members[0][1]
    top = 1 << neuron.width - 1
    # leak(x) + I, before it saturates; twice a state, as theta + a and a + b; and the product of a leak.
    numbers = _fits((low << theta_frac) - top, (high << theta_frac) + top, 32) and _fits(-2 * top, 2 * top, 32)
    return numbers and (neuron.leak_mode == 0 or _fits(-256 * top, 256 * top, 32))


def run(
    network: Network, codes: ArrayLike, block: int = 1024, *, spikes: bool = False, prepared: Prepared | None = None
) -> Result:
    """Run a network in steps on n samples.

    Args:
        network: The network.
        codes: Input codes, 0 … L, shape (n, T, inputs), or (n, inputs) where the input is constant.
        block: The greatest number of samples that are processed at a time.
        spikes: Whether the result keeps every spike.
        prepared: The result of `prepare`, where it exists already.

    Returns:
        Scores and counts, and spikes where asked for; equal to those of the golden model.

    Raises:
        ScError: If the codes have a wrong shape or are out of range, or `block` is below 1.
    """
    require(block >= 1, f"block must be at least 1, got {block}")
    samples = np.asarray(codes)
    # The kernel looks at every code anyway, so that spikes of the right type need no look before.
    plain = samples.dtype == np.uint16 and samples.ndim == 3 and samples.shape[1:] == network.sample_shape
    unchecked = plain and samples.flags.c_contiguous
    if not unchecked:
        samples = network.check_codes(codes)
    ready = prepare(network) if prepared is None else prepared
    result = sample_result(network, len(samples), spikes=spikes)
    sizes = [layer.neurons for layer in network.layers]

    def work(part: slice) -> None:
        if ready.plan is None:
            _by_steps(network, ready, network.check_codes(samples[part]), part, result)
            return
        plan, count = ready.plan, ready.steps.count
        depth, lanes = plan.bias.shape
        some = samples[part]
        counts = np.zeros((len(some), depth, lanes), dtype=np.int32)
        kept = np.zeros((len(some), count, depth, lanes) if spikes else (len(some), 0, 0, 0), dtype=bool)
        nothing = np.zeros((len(some), 0, 0), dtype=plan.bias.dtype)
        scores = result.scores[part]
        if ready.steps.constant or not compiled.run_samples(plan, some, nothing, count, scores, counts, kept):
            network.check_codes(some)
            # Graded codes: the windows of the first layer are counted, those of some samples at a time.
            table = plan.layers.copy()
            table[0, 1:3] += [1, -1]  # without the link from the input, which is the first
            graded = plan._replace(layers=table)
            each = max(1, _WINDOWS // (1 if ready.steps.constant else count))
            for start in range(0, len(some), each):
                here = slice(start, start + each)
                flat = some[here].reshape(-1, some.shape[-1])
                base = np.zeros((len(flat), lanes), dtype=plan.bias.dtype)
                base[:, : sizes[0]] = ready.windows.sums(flat)
                base = base.reshape(len(some[here]), -1, lanes)
                empty = np.zeros((len(base), 0, 0), dtype=np.uint16)
                compiled.run_samples(graded, empty, base, count, scores[here], counts[here], kept[here])
        for k, found in enumerate(result.counts):
            found[part] = counts[:, k, : sizes[k]]
        for k, each_spike in enumerate(result.spikes):
            each_spike[part] = kept[:, :, k, : sizes[k]]

    try:
        in_blocks(work, len(samples), block, serial=len(samples) * ready.steps.count < _SERIAL_STEPS)
    except Exception:
        if unchecked:
            network.check_codes(codes)  # names the range of all codes, not of a block
        raise
    return result


def _by_steps(network: Network, ready: Prepared, samples: NDArray[np.uint16], part: slice, result: Result) -> None:
    """Run samples by the neurons' own steps, for kinds that are not compiled; the result's part is filled.

    Sums are products of float matrices, which are exact below 2^53 and far faster than those of integers.
    """
    steps, n = ready.steps, len(samples)
    layers = network.layers
    windows = ready.windows.sums(samples.reshape(-1, samples.shape[-1])).reshape(n, -1, layers[0].neurons)
    adds = [[(source, delay, w.astype(np.float64)) for source, delay, w in links] for links in ready.links]
    neurons = [layer.neuron for layer in layers]
    state = [
        x.start((n, len(b))) if isinstance(x, ClockNeuron) else None for x, b in zip(neurons, ready.bias, strict=True)
    ]
    fired: list[list[NDArray[np.bool_]]] = []
    for t in range(steps.count):
        fired.append([])
        for k, links in enumerate(adds):
            if k == 0:
                s = windows[:, 0 if steps.constant else t].copy()
            else:
                s = ready.bias[k] + (fired[t][k - 1] @ links[0][2]).astype(np.int64)
            for source, delay, weights in links[1:]:
                if t >= delay:
                    s = s + (fired[t - delay][source] @ weights).astype(np.int64)
            neuron = neurons[k]
            if not isinstance(neuron, ClockNeuron):
                result.scores[part] += s.astype(np.int32)
                continue
            state[k], spike, u = neuron.step_of_sample(state[k], s << network.theta_frac)
            fired[t].append(spike)
            if k < len(result.counts):
                result.counts[k][part] += spike
            if k < len(result.spikes):
                result.spikes[k][part, t] = spike
            if k == len(layers) - 1:
                if steps.readout == "spikes":
                    result.scores[part] += spike
                else:
                    assert u is not None
                    kept = 0 if steps.readout == "potential" else result.scores[part]
                    result.scores[part] = kept + u.astype(np.int32)
