"""Networks of `lif` layers (A17, streaming) on the engine of networks in steps: each clock of the window is a step.

Such a network has no `steps`: its neurons make one step a clock, and forget at the end of the window. A streaming
design gives every synapse gates of its own. The engine of networks in steps, built with BITS = 1, takes the window for
a sample of L steps in which the input is the same code and only its bit differs: in step t each synapse adds the
product of the two bits that belong to clock t. `steps_of` says so in the terms of A20, so the image, the clocks and the
simulator of that engine serve both.

The engine has one width for all neurons, whereas the layers of such a network are often as narrow as each can be.
`potential_range` says how far a layer's potentials go at most. A layer that never reaches the limits of its own width
gives the same spikes in a neuron of any other width that holds them.
"""

from __future__ import annotations

import numpy as np

from ..errors import require
from ..network import Network
from ..network_layers import DenseLayer
from ..neurons import Lif
from ..neurons.lif import leak
from ..steps import Steps
from ..streams import encode

__all__ = ["check_bits", "check_width", "engine_width", "in_steps", "potential_range", "steps_of"]


#: How the engine names itself in an error message, and what runs the networks that it refuses.
ENGINE = "the engine of networks in steps"
STREAM = "a streaming design (back end 'stream')"


def in_steps(network: Network) -> bool:
    """Return whether a network goes to the engine of networks in steps: it has steps (A20), or neurons of A17."""
    return network.steps is not None or network.temporal


def steps_of(network: Network) -> Steps:
    """Return the steps of a network as the engine runs it.

    Args:
        network: a network in steps, or one of `lif` layers: of that the steps are the L clocks of its window.

    Raises:
        ScError: it is neither.

    Example:
        >>> from sc_neurocore.network import InputSpec
        >>> layers = (DenseLayer([[3, -2]], [1], neuron=Lif(theta=9)), DenseLayer([[3]], [0]))
        >>> steps_of(Network(8, layers, InputSpec((2,), full_scale=8))).content()
        {'count': 8, 'constant': True, 'readout': 'sum', 'edges': []}
    """
    if network.steps is not None:
        return network.steps
    require(network.temporal, f"{ENGINE} runs networks in steps (A20): this one runs for one window")
    return Steps(network.length, constant=True, readout="sum")


def check_bits(network: Network) -> None:
    """Raise ScError unless the engine has what a network without `steps` needs: dense layers of `lif`, and counters.

    The message names what the engine lacks, and the streaming design, which has it.
    """
    instead = f"needs {STREAM}"
    for k, layer in enumerate(network.layers):
        require(
            isinstance(layer, DenseLayer),
            f"{ENGINE} runs dense layers only: layer {k} is {layer.label}, and a lif network with it {instead}",
        )
        require(
            layer.adder == "apc", f"{ENGINE} adds all synapses of a neuron: layer {k} has a MUX adder, which {instead}"
        )
        if k == len(network.layers) - 1:
            continue
        kind = "no" if layer.neuron is None else layer.neuron.kind
        require(
            isinstance(layer.neuron, Lif),
            f"{ENGINE} runs networks without steps whose hidden layers are all lif: layer {k} has {kind} neurons, "
            f"so it {instead}",
        )


def potential_range(k: int, network: Network) -> tuple[int, int]:
    """Return bounds of the potential u of every neuron of a `lif` layer in every clock, for any input, unsaturated.

    In clock t a synapse adds its weight's bit of that clock, or nothing; the bias always adds its own. So the current
    lies between two sums, neuron by neuron. The leak keeps the order of potentials (A13, lif), so
    bounds of v before a clock give bounds of u in it. Behind it v is u, below theta, or what the reset leaves.

    Args:
        k: number of the layer, which has `Lif` neurons.
        network: a network without steps.

    Returns:
        (low, high): no u is below low, none above high. If both fit a width, neurons of that width never saturate.

    Example:
        >>> from sc_neurocore.network import InputSpec
        >>> layers = (DenseLayer([[3, -2]], [1], neuron=Lif(theta=9, leak_shift=1)), DenseLayer([[3]], [0]))
        >>> potential_range(0, Network(4, layers, InputSpec((2,), full_scale=4), theta_frac=0))
        (-1, 2)
    """
    layer = network.layers[k]
    assert isinstance(layer, DenseLayer)
    neuron = layer.neuron
    assert isinstance(neuron, Lif)
    # The bits of each code, shape (codes, L); a code's sign applies to all of them.
    streams = encode(np.arange(network.length), network.length, network.weight_source).astype(np.int64)
    weights, bias = layer.weights.astype(np.int64), layer.bias.astype(np.int64)
    start = neuron.v_reset if neuron.reset_mode else 0
    low = np.full(layer.neurons, start, dtype=np.int64)
    high, least, most = low.copy(), start, start
    for t in range(network.length):
        bits = np.sign(weights) * streams[np.abs(weights), t]
        always = np.sign(bias) * streams[np.abs(bias), t]
        currents = [(part(bits, 0).sum(axis=1) + always) << network.theta_frac for part in (np.minimum, np.maximum)]
        u_low, u_high = (
            leak(v, neuron.leak_mode, neuron.leak_shift, neuron.beta) + current
            for v, current in zip((low, high), currents, strict=True)
        )
        least, most = min(least, int(u_low.min())), max(most, int(u_high.max()))
        # Where a neuron rests v stays. Where it fires, v is at least 0 with reset_mode 0, since theta is taken off.
        stays_low, stays_high = (low, high) if neuron.refractory else (u_low, np.minimum(u_high, neuron.theta - 1))
        silent = np.minimum(u_high, neuron.theta - 1)
        if neuron.reset_mode:
            fired_low = fired_high = np.where(u_high >= neuron.theta, neuron.v_reset, silent)
        else:
            fires = u_high >= neuron.theta
            fired_low, fired_high = np.where(fires, 0, silent), np.where(fires, u_high - neuron.theta, silent)
        low = np.minimum(np.minimum(u_low, stays_low), fired_low)
        high = np.maximum(np.maximum(silent, stays_high), fired_high)
    return least, most


def _needed(k: int, network: Network) -> tuple[int, bool]:
    """Return the bits that a layer's neurons need in the engine, and whether just these, since they may saturate."""
    neuron = network.layers[k].neuron
    assert isinstance(neuron, Lif)
    low, high = potential_range(k, network)
    half = 1 << neuron.width - 1
    if low < -half or high >= half:
        return neuron.width, True
    # Threshold and reset value have to fit, too.
    reset = neuron.v_reset if neuron.reset_mode else 0
    return max(4, *((x if x >= 0 else -x - 1).bit_length() + 1 for x in (low, high, neuron.theta, reset))), False


def engine_width(network: Network) -> int:
    """Return the least width of neurons, the same in all layers, that gives every spike of a network of `lif` layers.

    Args:
        network: a network that `check_bits` lets through.

    Raises:
        ScError: no width does: a layer may saturate at its own, and another one needs more.
    """
    width = max(_needed(k, network)[0] for k in range(len(network.layers) - 1))
    check_width(network, width)
    return width


def check_width(network: Network, width: int) -> None:
    """Raise ScError unless neurons of one width give every spike of a network of `lif` layers.

    Args:
        network: a network that `check_bits` lets through.
        width: bits of the engine's potentials.
    """
    for k in range(len(network.layers) - 1):
        bits, exactly = _needed(k, network)
        require(
            bits == width or (bits < width and not exactly),
            f"{ENGINE} has one width for all neurons, {width}: layer {k} needs {'just ' if exactly else ''}{bits}"
            f"{', since its potentials may saturate there' if exactly else ''}; {STREAM} has a width for each layer",
        )
