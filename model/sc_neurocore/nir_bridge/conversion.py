"""From a NIR network to a `Network`, by the conversions that training has: `to_network` and `lif_network`.

Two kinds of neurons can stand for those of NIR:

* "rate": `window_if` (A8, window neuron), for feed-forward networks whose inputs are rates, that is constant currents
  or random spikes. Over a run, an IF or LIF neuron with a mean input of I spikes at a rate close to
  r = max(0, a·I + c). The slope a and the offset c are measured for each neuron, or for each channel of images, by
  least squares over calibration samples that the float reference runs. Folded into weights and biases, they turn the
  network into an ordinary network of ReLUs. `to_network` chooses scales, codes and thresholds for it from the same
  samples. If the last layer has neurons, its currents are read, not its spikes.
* "lif": `lif` (A13, leaky integrate-and-fire neuron; A17, streaming), one clock for each step, so T = L. Weights are
  streams of bits. Only the streaming designs have such neurons.

A conversion goes through these steps: `chain` checks that the nodes form a single chain; `rate_counts` measures rates;
`_Walk` makes torch modules of the nodes; `_check_graph` compares these with the file's nodes; `to_network` does the
rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from .. import checks
from ..errors import ScError, require, require_one_of
from ..names import NEURONS
from ..network import THETA_FRAC, InputSpec, Network
from ..sources import log2_length
from ..training.convert import calibration_samples, to_network
from ..training.lif_conversion import LifFloats, lif_network
from ..training.stages import Stage, stages_of
from .graph import SPIKING, Node
from .layout import as_inputs, code_order, image_shape, seen_values, stated
from .network import NirNetwork
from .steps import Floats, leak_and_gain, pure

__all__ = [
    "NEURONS",
    "RateModel",
    "as_inputs",
    "chain",
    "convert",
    "lif_layers",
    "rate_counts",
    "rate_model",
    "rate_shape",
    "with_input",
]

_BATCH, _CHUNK = 128, 1024
# Values that a node may have over a run, of all steps and samples of a batch: long runs take fewer samples at a time.
_RUN_VALUES = 1 << 25
# Tolerance of `_check_graph`, relative to the greatest value: rounding of single precision over some thousand terms.
_ROUNDING = 1e-4
# A neuron or channel with fewer samples that make it spike shares its layer's offset.
_FEW = 32
# How often `fit_rates` fits a line and chooses the samples anew.
_FIT_ROUNDS = 12


def _require(condition: object, node: Node | None, why: str) -> None:
    """Raise ScError with `why` unless `condition` holds; a message about a node begins with its name and kind."""
    require(condition, why if node is None else f"node {node.name!r} ({node.kind}) {why}")


def chain(network: NirNetwork) -> list[Node]:
    """Return the nodes of a network that is a single chain from Input to Output.

    Input and Output are left out. The engines compute one layer after the other, so they take nothing but a chain.

    Raises:
        ScError: There are several Inputs or Outputs, a cycle, or a node with several edges; the message names it.
    """
    graph = network.graph
    _require(
        len(graph.inputs) == 1 and len(graph.outputs) == 1,
        None,
        f"hardware takes a network with one Input and one Output node, this one has {len(graph.inputs)} and "
        f"{len(graph.outputs)}: join them before export, or run it as it is by run()",
    )
    cyclic = [c.nodes for c in network.order if c.cyclic]
    if cyclic:
        raise ScError(f"hardware takes feed-forward networks: nodes {', '.join(cyclic[0])} form a cycle")
    name, found = graph.inputs[0], []
    while True:
        node, after = graph.nodes[name], graph.after(name)
        _require(len(graph.before(name)) <= 1, node, "adds up several edges: hardware takes a single chain of nodes")
        if node.kind not in ("Input", "Output"):
            found.append(node)
        if name == graph.outputs[0]:
            return found
        _require(
            len(after) == 1, node, f"has {len(after)} edges to other nodes: hardware takes a single chain of nodes"
        )
        name = after[0]


def rate_counts(
    network: NirNetwork, x: Floats, steps: int, names: list[str], progress: Any = None
) -> dict[str, Floats]:
    """Return the mean of the spikes of nodes over a run, with the same input in every step.

    A run of many steps holds many values, so samples go through the network in batches that fit the memory.

    Args:
        network: The network that runs.
        x: Inputs, (n, *input_shape).
        steps: T, the number of steps, at least 1.
        names: Spiking nodes whose rates are wanted.
        progress: Called with (samples done, n) after each batch, or None.

    Returns:
        For each name the mean over T of its spikes, float64 (n, *shape). The name "" stands for the Output, whose mean
        is that of its values.
    """
    parts: dict[str, list[Floats]] = {name: [] for name in ["", *names]}
    widest = max(prod(node.output_shape) for node in network.graph.nodes.values())
    batch = max(1, min(_BATCH, _RUN_VALUES // (checks.integer("steps", steps, 1) * widest)))
    for start in range(0, len(x), batch):
        run = network.run(x[start : start + batch], steps, record=names)
        parts[""].append(run.output.mean(axis=0, dtype=np.float64))
        for name in names:
            parts[name].append(run.spikes[name].mean(axis=0, dtype=np.float64))
        if progress:
            progress(min(start + batch, len(x)), len(x))
    return {name: np.concatenate(part) for name, part in parts.items()}


# The chain as torch modules, in double precision.


class RateModel:
    """A network of ReLUs whose activations are the rates of a NIR network, as `rate_model` makes it.

    Attributes:
        model: Torch modules as `to_network` takes them, in single precision. Inputs are v / full_scale, in the order of
            `spec`.
        fits: For each layer of neurons a dict: "node", its name; "rate", its mean rate in spikes a step; and "error",
            the root mean square difference between the ReLUs and the measured rates.
        spec: The InputSpec, with the order of its samples.
        names: The nodes whose activations `hidden` returns, in the order of the network: neurons and pooling.
    """

    def __init__(
        self, model: nn.Sequential, fits: list[dict[str, Any]], spec: InputSpec, names: Sequence[str] = ()
    ) -> None:
        self.model, self.fits, self.spec, self.names = model, fits, spec, tuple(names)

    def _inputs(self, spec: InputSpec, samples: ArrayLike) -> Tensor:
        """Return raw samples as the first module takes them: (n, values), or images (n, channels, height, width)."""
        x = torch.from_numpy(spec.pooled(samples) / spec.full_scale).float()
        if isinstance(self.model[0], nn.Linear):
            return x
        return x.reshape(-1, *spec.output_shape).permute(0, 3, 1, 2)

    def scores(self, spec: InputSpec, samples: ArrayLike) -> Tensor:
        """Return the scores of raw samples.

        Args:
            spec: As `rate_model` was given it, or with its order. The model's own spec is used where the sizes agree.
            samples: Raw integers, (n, *spec.shape).

        Returns:
            (n, classes); the class of a sample is the index of its greatest score.
        """
        return self.hidden(spec, samples)[-1]

    def hidden(self, spec: InputSpec, samples: ArrayLike) -> list[Tensor]:
        """Return the activations behind each ReLU and each pooling, then the scores.

        Args:
            spec: See `scores`.
            samples: Raw integers, (n, *spec.shape).

        Returns:
            A tensor for each of `names`, (n, channels, positions…) or (n, neurons), and last the scores, (n, classes).
        """
        parts = []
        y = self._inputs(self.spec if spec.size == self.spec.size else spec, samples)
        with torch.no_grad():
            for module in self.model:
                y = module(y)
                if isinstance(module, (nn.ReLU, nn.AvgPool2d)):
                    parts.append(y)
        return [*parts, y.flatten(1)]

    def classes(self, spec: InputSpec, samples: ArrayLike) -> NDArray[np.int64]:
        """Return the class of each raw sample, (n,); samples go through the model 1024 at a time.

        Args:
            spec: See `scores`.
            samples: Raw integers, (n, *spec.shape).
        """
        raw = np.asarray(samples)
        parts = [self.scores(spec, raw[k : k + _CHUNK]).argmax(dim=1).numpy() for k in range(0, len(raw), _CHUNK)]
        found: NDArray[np.int64] = np.concatenate(parts)
        return found


def _dense(node: Node) -> nn.Linear:
    """Return an Affine or Linear node as a torch module in double precision; a Linear gets a bias of 0."""
    weight = node.params["weight"]
    _require(weight.ndim == 2, node, f"must have a weight of two axes, got shape {weight.shape}")
    linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
    bias = np.broadcast_to(node.params.get("bias", 0.0), weight.shape[:1])
    _set(linear, weight, bias)
    return linear


def _set(module: nn.Linear | nn.Conv2d, weight: Any, bias: Any) -> None:
    """Copy weights and biases into a module."""
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(np.array(weight, dtype=np.float64)))
        assert module.bias is not None
        module.bias.copy_(torch.from_numpy(np.array(bias, dtype=np.float64)))


def _conv(node: Node) -> nn.Conv2d:
    """Return a Conv1d or Conv2d as a torch Conv2d in double precision, without groups and dilation.

    The hardware knows neither (A19, convolution). So the kernel is written out: a weight of another group, or between
    the taps of a dilated kernel, becomes 0. A Conv1d becomes a Conv2d over images of one row.

    Args:
        node: The node. Its stride and its padding must be the same on all sides.

    Raises:
        ScError: Strides or paddings differ between the sides.
    """
    p = node.params
    weight, groups = np.asarray(p["weight"], np.float64), p["groups"]
    stride, dilation, pads = p["stride"], p["dilation"], p["pads"]
    out, inner = weight.shape[:2]
    _require(
        len(set(stride)) == 1 and len(set(pads)) == 1 and pads[0][0] == pads[0][1],
        node,
        f"must have one stride and one padding for all sides, got the strides {stride} and the paddings {pads}: a "
        "convolution that differs by side has no counterpart",
    )
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
    full = np.zeros((out, inner * groups, *spans))
    for g in range(groups):
        rows = slice(g * out // groups, (g + 1) * out // groups)
        taps = tuple(slice(None, None, d) for d in dilation)
        full[(rows, slice(g * inner, (g + 1) * inner), *taps)] = weight[rows]
    padding = pads[0][0]
    if node.kind == "Conv1d":  # rows of zeros above and below, as many as the padding adds
        wide = np.zeros((*full.shape[:2], 2 * padding + 1, full.shape[2]))
        wide[:, :, padding] = full
        full = wide
    module = nn.Conv2d(full.shape[1], out, full.shape[2:], stride[0], padding, dtype=torch.float64)
    _set(module, full, np.broadcast_to(p["bias"].reshape(-1), (out,)))
    return module


def _per_channel(node: Node, factor: NDArray[np.float64], images: bool) -> NDArray[np.float64]:
    """Return a factor for each channel of an image, from one for each value.

    Args:
        node: The Scale or readout that the factors come from, for the message.
        factor: A single factor, or one for each value, (channels, positions…).
        images: Whether the values form images. If not, factors stay as they are, flattened.

    Raises:
        ScError: The values of a channel have different factors: a convolution has the same weights at all positions.
    """
    if not images or factor.size == 1:
        return factor.reshape(-1)
    flat = factor.reshape(factor.shape[0], -1)
    _require(
        (flat == flat[:, :1]).all(),
        node,
        "must scale all values of a channel by one factor, because a convolution has the same weights at every place",
    )
    return np.array(flat[:, 0])


class _Walk:
    """What has been built on the way along a chain: modules, and what a step to the next node needs.

    Weights and neurons are separate nodes in NIR, and a Scale or SumPool2d may stand anywhere. Here each node changes
    the state, so that at the end there are only weights, ReLUs, poolings and flattenings.

    Attributes:
        modules: The torch modules so far.
        x: What arrives at the next node on the calibration samples: behind neurons their measured rates.
        rates: Measured rates by node, or None if only shapes are asked for.
        factor: Factors that the next weights must take, because of a Scale or a SumPool2d: one, or one for each value.
        open: The last weights, while no neurons follow them yet; else None.
        fits: See `RateModel`.
        lines: Slope and offset of each node of neurons, as `fit_rates` found them.
        names: See `RateModel`.
    """

    def __init__(self, x: Tensor, rates: Mapping[str, Floats] | None) -> None:
        self.modules: list[nn.Module] = []
        self.x, self.rates = x, rates
        self.factor: NDArray[np.float64] = np.ones(1)
        self.open: nn.Linear | nn.Conv2d | None = None
        self.fits: list[dict[str, Any]] = []
        self.lines: dict[str, tuple[Any, Any]] = {}
        self.names: list[str] = []

    def weighted(self, node: Node) -> None:
        """Add the module of an Affine, Linear or convolution. Two dense nodes in a row become one."""
        if node.kind in ("Affine", "Linear"):
            made: nn.Linear | nn.Conv2d = _dense(node)
            if self.open is not None:
                _require(
                    isinstance(self.open, nn.Linear), node, "needs neurons between it and the convolution before it"
                )
                outer, inner = (m.weight.detach().numpy() for m in (made, self.open))
                joined = nn.Linear(inner.shape[1], outer.shape[0], dtype=torch.float64)
                biases = [cast(Tensor, m.bias).detach().numpy() for m in (made, self.open)]
                _set(joined, outer @ inner, outer @ biases[1] + biases[0])
                self.modules[-1] = self.open = joined
                return
            factor = torch.from_numpy(self.factor.reshape(1, -1))
        else:
            _require(self.open is None, node, "needs neurons between it and the weights before it")
            made = _conv(node)
            factor = torch.from_numpy(_per_channel(node, self.factor, images=True).reshape(1, -1, 1, 1))
        with torch.no_grad():
            made.weight.mul_(factor)
        self.factor = np.ones(1)
        self.modules.append(made)
        self.open = made

    def scale(self, node: Node) -> None:
        """Take in a Scale: into the weights before it if these are open, else into the next ones."""
        factor = np.broadcast_to(np.asarray(node.params["scale"], np.float64), node.input_shape)
        if self.open is None:
            self.factor = self.factor * factor
        else:
            self.rows(_per_channel(node, factor, isinstance(self.open, nn.Conv2d)))

    def rows(self, factor: Any, offset: Any = 0.0) -> None:
        """Multiply the outputs of the open weights by a factor, and add an offset to them.

        Args:
            factor: One number for each output channel, or a single one.
            offset: The same.
        """
        assert self.open is not None
        f = torch.as_tensor(np.array(factor, dtype=np.float64)).reshape(-1)
        with torch.no_grad():
            self.open.weight.mul_(f.reshape(-1, *[1] * (self.open.weight.ndim - 1)))
            assert self.open.bias is not None
            self.open.bias.mul_(f).add_(torch.as_tensor(np.array(offset, dtype=np.float64)))

    def pool(self, node: Node) -> None:
        """Add an average pooling; of a SumPool2d, the factor size² goes into the next weights."""
        p = node.params
        _require(self.open is None, node, "must come behind the neurons of a layer, not between weights and neurons")
        kernel, stride = set(p["kernel"]), set(p["stride"])
        _require(
            len(kernel) == 1 and len(stride) == 1 and not any(map(any, p["pads"])),
            node,
            f"must have one kernel size and one stride for both sides and no padding, got the kernel {p['kernel']}, "
            f"the stride {p['stride']} and the padding {p['pads']}",
        )
        (size,) = kernel
        if node.kind == "SumPool2d":
            self.factor = self.factor * size**2
        _require(
            self.factor.size == 1,
            node,
            "must not come behind a Scale with a factor for each value: take one factor, or move the Scale behind it",
        )
        module = nn.AvgPool2d(size, stride.pop())
        self.modules.append(module)
        self.names.append(node.name)
        self.x = module(self.x)

    def flatten(self, node: Node) -> None:
        """Take in a Flatten: values of images become a row of values, and so do the factors."""
        _require(
            len(node.output_shape) == 1,
            node,
            f"must flatten all axes of a sample into one, but gives the shape {node.output_shape}: set start_dim and "
            "end_dim",
        )
        _require(self.open is None, node, "must come behind the neurons of a layer, not between weights and neurons")
        if self.factor.size > 1:
            self.factor = np.broadcast_to(self.factor, node.input_shape).reshape(-1)
        if self.x.ndim > 2:
            self.modules.append(nn.Flatten())
            self.x = self.x.flatten(1)

    def currents(self, node: Node) -> Tensor:
        """Return the outputs of the open weights for what arrives, (n, channels, positions).

        Raises:
            ScError: There are no weights before the neurons.
        """
        _require(self.open is not None, node, "needs weights before it: an Affine, a Linear or a convolution")
        with torch.no_grad():
            y: Tensor = self.modules[-1](self.x)
        return y.reshape(len(y), y.shape[1], -1)

    def neurons(self, node: Node) -> None:
        """Put a ReLU in the place of neurons, whose rates, if they were measured, go into the weights before it."""
        current = self.currents(node).numpy()
        rate = np.zeros((len(current), *node.output_shape)) if self.rates is None else self.rates[node.name]
        if self.rates is not None:
            self.fit(node, current, rate)
        self.modules.append(nn.ReLU())
        self.names.append(node.name)
        shape = node.output_shape
        rates = torch.from_numpy(rate)
        self.x = rates.reshape(len(rates), shape[0], 1, shape[1]) if len(shape) == 2 else rates
        self.open = None

    def fit(self, node: Node, current: NDArray[Any], rate: NDArray[Any]) -> None:
        """Find the lines of a layer's rates, put them into its weights, and note how well they fit.

        Args:
            node: The neurons.
            current: What the weights give, (n, channels, positions).
            rate: The measured rates, of the same number of values.
        """
        slope, offset, error = fit_rates(node, current, rate.reshape(current.shape))
        self.rows(slope, offset)
        self.lines[node.name] = slope, offset
        self.fits.append({"node": node.name, "rate": round(float(rate.mean()), 6), "error": round(error, 6)})


def fit_rates(
    node: Node, current: NDArray[np.float64], rate: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return (a, c, error) for which max(0, a·I + c) comes closest to the measured rates.

    A line is fitted to the samples on which a neuron spikes, or on which the line before says that it does; the choice
    of samples and the line are found in turn, 12 times. A sample that is 0 on both sides tells nothing.

    Args:
        node: The neurons, for messages.
        current: I, the mean input, (n, channels, positions).
        rate: Measured spikes a step, of the same shape.

    Returns:
        The slopes a and the offsets c, (channels,) each, and the root mean square error of the rates. A channel with
        fewer than 32 samples that make it spike has the slope and the offset of the whole layer.

    Raises:
        ScError: No neuron ever spikes, or the rates of the layer do not grow with the input.

    Example:
        >>> I = np.linspace(-1, 1, 101).reshape(-1, 1, 1)
        >>> a, c, error = fit_rates(None, I, np.maximum(0.5 * I - 0.1, 0))
        >>> round(float(a[0]), 3), round(float(c[0]), 3), round(error, 6)
        (0.5, -0.1, 0.0)
    """
    _require(bool((rate > 0).any()), node, "never spikes on the calibration samples: nothing can be calibrated")
    i, r = (a.transpose(1, 0, 2).reshape(a.shape[1], -1) for a in (current, rate))
    used = r > 0
    slope = offset = np.zeros(len(i))
    for _ in range(_FIT_ROUNDS):
        slope, offset = _lines(i, r, used)
        _require(
            slope is not None,
            node,
            "has a rate of spikes that does not grow with its input on the calibration samples, so no ReLU can stand "
            "for it: look at its threshold and reset, or give samples that drive it more",
        )
        # What is 0 on both sides tells nothing.
        used = (r > 0) | (slope[:, None] * i + offset[:, None] > 0)
    guess = np.maximum(slope[:, None] * i + offset[:, None], 0)
    return slope, offset, float(np.sqrt(np.square(guess - r).mean()))


def _lines(i: NDArray[np.float64], r: NDArray[np.float64], used: NDArray[np.bool_]) -> tuple[Any, Any]:
    """Return slope and offset of the regression line of each channel.

    Args:
        i: Inputs, (channels, samples).
        r: Rates, of the same shape.
        used: Which samples count.

    Returns:
        Two arrays (channels,), or (None, None) where the channels together do not rise. A channel with few samples or
        without a rise has the common line of all.
    """
    n = used.sum(axis=1)
    mean_i, mean_r = ((a * used).sum(axis=1) / np.maximum(n, 1) for a in (i, r))
    di, dr = (i - mean_i[:, None]) * used, (r - mean_r[:, None]) * used
    square, product = (di * di).sum(axis=1), (di * dr).sum(axis=1)
    if product.sum() <= 0:
        return None, None
    common = product.sum() / square.sum()
    base = (mean_r * n).sum() / n.sum() - common * (mean_i * n).sum() / n.sum()
    own = (n >= _FEW) & (product > 0)
    slope = np.where(own, product / np.where(square > 0, square, 1.0), common)
    return slope, np.where(own, mean_r - slope * mean_i, base)


def _uniform(node: Node, field: str) -> bool:
    """Return whether all values of a parameter are equal."""
    a = node.params[field]
    return bool((a == a.flat[0]).all())


def rate_model(
    network: NirNetwork,
    samples: ArrayLike,
    input_spec: InputSpec,
    *,
    steps: int,
    scale: float | None = None,
    offset: float | None = None,
    order: str | None = None,
    progress: Any = None,
) -> RateModel:
    """Return the network of ReLUs whose activations are the rates of `network`; the module says how it is made.

    Its layers are compared with the nodes of the file before it is returned, so a value in the wrong place is an error
    and not just a loss of accuracy.

    Args:
        network: A chain of nodes, see `chain`.
        samples: Raw integers from the training data, (n, *input_spec.shape). At most 1024 of them are used.
        input_spec: What the samples are.
        steps: T of the run that measures the rates, at least 1.
        scale: The network was trained on scale · v / full_scale + offset. Default of both: the values that samples
            stand for (`InputSpec.affine`).
        offset: See scale.
        order: Order of the axes of images, "hwc" or "chw", where the shape of the samples allows both.
        progress: Called with (samples done, samples) during the run, or None.

    Returns:
        The network of ReLUs.

    Raises:
        ScError: The network has no counterpart, samples do not fit, a layer never spikes, or the layers differ from
            those of the file by more than rounding. The message names the node.
    """
    nodes = chain(network)
    rate_shape(network)  # before the work
    checks.integer("steps", steps, 1)
    spec = stated(network, input_spec, order)
    factor, low = _checked_scale(spec, scale, offset)
    x = as_inputs(network, spec, calibration_samples(samples), factor, low)
    spiking = [n.name for n in nodes if n.kind in SPIKING]
    hidden = spiking[:-1] if spiking and nodes[-1].name == spiking[-1] else spiking
    walk = _walk(network, nodes, x, rate_counts(network, x, steps, hidden, progress))
    if factor != 1.0 or low != 0.0:
        _fold_input(next(m for m in walk.modules if isinstance(m, (nn.Linear, nn.Conv2d))), factor, low)
    modules = _in_torch_order(walk.modules, network, spec)
    rates = RateModel(nn.Sequential(*modules).float(), walk.fits, spec, walk.names)
    first = np.asarray(samples)[:_BATCH]
    _check_graph(network, nodes, walk, rates, first, as_inputs(network, spec, first, factor, low))
    return rates


def _checked_scale(spec: InputSpec, scale: float | None, offset: float | None) -> tuple[float, float]:
    """Return scale and offset, see `seen_values`; raise ScError unless they are finite and the scale is above 0."""
    factor, low = seen_values(spec, scale, offset)
    return checks.number("scale", factor, 0.0, open_low=True), checks.number("offset", low)


def _in_torch_order(modules: list[nn.Module], network: NirNetwork, spec: InputSpec) -> list[nn.Module]:
    """Return the modules for samples of `spec`, which torch sees as (channels, height, width), from NIR's order.

    `to_network` shows images to the modules as (n, channels, height, width) and flattens them in that order. NIR's
    Input may have taken the values in another order, so the columns of a first dense layer are put into torch's order.
    A first convolution of images already has it.

    Args:
        modules: The modules, whose first weights take values in the order of the Input.
        network: The network that they come from.
        spec: What the samples are, with their order.
    """
    codes = code_order(network, spec)
    seen = np.arange(spec.size).reshape(spec.output_shape).transpose(2, 0, 1).reshape(-1)
    rest = modules[1:] if isinstance(modules[0], nn.Flatten) else modules
    first = rest[0]
    if isinstance(first, nn.Linear):
        columns = torch.from_numpy(np.argsort(codes)[seen])
        with torch.no_grad():
            first.weight.copy_(first.weight[:, columns])
        return [nn.Flatten(), *rest] if len(spec.shape) > 1 else rest
    height, _, channels = spec.output_shape
    if isinstance(first, nn.Conv2d) and channels != first.in_channels:
        # A Conv1d of samples (channels, width): an image of one channel, whose rows the kernel takes all at once.
        out, inner, rows, wide = first.weight.shape
        assert (channels, height) == (1, inner)
        above = (rows - 1) // 2
        stride, padding = int(first.stride[0]), int(first.padding[0])
        taller = nn.Conv2d(1, out, (inner + 2 * above, wide), stride, padding, dtype=torch.float64)
        full = np.zeros(tuple(taller.weight.shape))
        full[:, 0, above : above + inner] = first.weight.detach().numpy()[:, :, above]
        _set(taller, full, cast(Tensor, first.bias).detach().numpy())
        return [taller, *rest[1:]]
    assert np.array_equal(codes, seen)
    return rest


def _check_graph(
    network: NirNetwork, nodes: list[Node], walk: _Walk, rates: RateModel, samples: NDArray[Any], x: Floats
) -> None:
    """Refuse a model whose layers are not those of the network.

    One side is the nodes of the file, as the float reference runs them on the network's own input, with the lines of
    the rates in the place of neurons. The other side is the folded and reordered modules, on the raw samples. Only
    rounding may make a difference; anything more is a mistake in the order of values.

    Args:
        network: The network of the file.
        nodes: Its chain.
        walk: What was built of it.
        rates: The finished model.
        samples: Raw samples, (n, *spec.shape).
        x: The same samples as the network takes them.

    Raises:
        ScError: A node differs; the message names the first one.
    """
    found = dict(zip([*rates.names, nodes[-1].name], rates.hidden(rates.spec, samples), strict=True))
    y: Floats = x.astype(np.float64)
    for node in nodes:
        function = pure(node, network.rule_of(node.name), np.float64)
        if function is not None:
            y = function(y)
        else:
            last = node is nodes[-1]
            slope, offset = (_readout(network, node), 0.0) if last else walk.lines[node.name]
            flat = y.reshape(len(y), y.shape[1], -1)
            flat = flat * np.reshape(slope, (-1, 1)) + np.reshape(offset, (-1, 1))
            y = (flat if last else np.maximum(flat, 0)).reshape(y.shape)
        if node is not nodes[-1] and node.name not in walk.lines:
            continue  # between neurons what scales is folded into the next weights
        wanted, got = y.reshape(len(y), -1), found[node.name].double().numpy().reshape(len(y), -1)
        top = float(np.abs(wanted).max())
        far = float(np.abs(got - wanted).max())
        _require(
            far <= _ROUNDING * max(top, 1e-6),
            node,
            f"is where the converted graph begins to differ from the network, by {far:g} of {top:g}: it is not "
            "converted; an order of the samples (order='hwc' or 'chw', --order), or an Input's shape (input_shape=…), "
            "that is not the network's gives that",
        )


def _walk(network: NirNetwork, nodes: list[Node], x: Floats, rates: Mapping[str, Floats] | None) -> _Walk:
    """Return what is built along a chain of nodes.

    Args:
        network: The network.
        nodes: Its chain.
        x: Calibration samples as the network takes them, (n, *input_shape).
        rates: Measured rates by node. With None only the shapes count: neurons keep their currents.

    Raises:
        ScError: A node has no counterpart, or stands where it cannot.
    """
    _check_kinds(network, nodes)
    image = x.reshape(len(x), x.shape[1], 1, x.shape[2]) if x.ndim == 3 else x
    walk = _Walk(torch.from_numpy(image.astype(np.float64)), rates)
    for k, node in enumerate(nodes):
        if node.kind in ("Affine", "Linear", "Conv1d", "Conv2d"):
            walk.weighted(node)
        elif node.kind == "Scale":
            walk.scale(node)
        elif node.kind in ("SumPool2d", "AvgPool2d"):
            walk.pool(node)
        elif node.kind == "Flatten":
            walk.flatten(node)
        elif k == len(nodes) - 1:
            walk.currents(node)  # refuses neurons without weights
            walk.rows(_readout(network, node))
            walk.open = None
        else:
            walk.neurons(node)
    last = walk.modules[-1] if walk.modules else None
    _require(
        isinstance(last, (nn.Linear, nn.Conv2d)) and walk.factor.size == 1,
        nodes[-1] if nodes else None,
        "ends the chain: the last node must have weights or neurons",
    )
    _require(
        prod(nodes[-1].output_shape[1:]) == 1,
        nodes[-1],
        f"gives classes at several positions, {nodes[-1].output_shape}: a Flatten and an Affine could follow",
    )
    return walk


def rate_shape(network: NirNetwork) -> list[Stage]:
    """Return the stages that a rate network would have. This needs no data, so it is a cheap first check.

    Raises:
        ScError: There is no such network; the message names the node and says why.
    """
    nodes = chain(network)
    x = np.zeros((1, *network.input_shape), np.float64)
    model = nn.Sequential(*_walk(network, nodes, x, None).modules).float()
    channels, height, width = image_shape(network) or (prod(network.input_shape), 1, 1)
    return stages_of(model, (height, width, channels))


def _fold_input(module: nn.Linear | nn.Conv2d, scale: float, offset: float) -> None:
    """Change the first weights so that they take u, the fraction of the full scale, in place of scale · u + offset.

    Raises:
        ScError: The offset is not 0 and the first layer is a convolution with padding: the zeros around an image stand
            for code 0, that is the value offset, and the network was trained with 0 there.
    """
    require(
        offset == 0.0 or isinstance(module, nn.Linear) or module.padding == (0, 0),
        f"offset must be 0 where the first convolution has padding, got {offset:g}: the hardware pads an image with "
        "code 0, which stands for the value of the offset (--offset, or the least value of the data), while the "
        "network was trained with 0 around its images: train it without padding in the first layer, or on data whose "
        "least value is 0",
    )
    with torch.no_grad():
        assert module.bias is not None
        module.bias.add_(module.weight.flatten(1).sum(dim=1) * offset)
        module.weight.mul_(scale)


def _check_kinds(network: NirNetwork, nodes: list[Node]) -> None:
    """Refuse kinds of nodes, and parameters of neurons, for which a rate cannot stand; the message says what could."""
    for k, node in enumerate(nodes):
        last = k == len(nodes) - 1
        _require(
            node.kind != "Delay",
            node,
            "has no counterpart: a rate has no time that could be delayed; take the Delay out of the graph",
        )
        _require(
            node.kind != "Threshold",
            node,
            "has no rate of spikes that grows with its input, but spikes in every step or in none: an IF could stand "
            "in its place",
        )
        if node.kind in ("I", "LI", "CubaLI"):
            _require(last, node, "can only be the last node, as a readout: IF or LIF could stand in its place")
        if node.kind in SPIKING and not last:
            rule = network.rule_of(node.name)
            _require(
                rule.reset != "none",
                node,
                "is never reset, so its rate of spikes does not grow with its input as a ReLU does: give it a reset "
                "(reset='subtract' or reset='value')",
            )
            rest = np.asarray(node.params["v_reset"] if rule.reset == "value" else 0.0, np.float64)
            least = float((np.asarray(node.params["v_threshold"], np.float64) - rest).min())
            _require(
                least > 0,
                node,
                f"must have v_threshold above what it is reset to, but its threshold is {least:+g} from there: such a "
                "neuron spikes in every step or in none, so its rate does not grow with its input; raise v_threshold, "
                "or lower v_reset",
            )


def _readout(network: NirNetwork, node: Node) -> NDArray[np.float64]:
    """Return the factors of the currents of the last neurons, so that the greatest product is their class.

    The readout takes currents in place of spikes. A steady current x drives a membrane towards gain·x. The neuron
    spikes the faster, the closer gain·x comes to the threshold above the leak, so currents are compared in units of
    that distance.

    Returns:
        A factor for each channel, (channels,); the greatest is 1.

    Raises:
        ScError: Neurons differ in a time or leak, values of a channel differ, or a factor is not above 0.
    """
    p = node.params
    for field in ("tau", "tau_syn", "tau_mem", "v_leak"):
        if field in p:
            _require(
                _uniform(node, field),
                node,
                f"is the readout, whose neurons must all have the same {field}: it takes the class of the greatest "
                "current",
            )
    _, gain, _ = leak_and_gain(node, network.rule_of(node.name))
    w_in = np.asarray(p.get("w_in", 1.0), np.float64)
    factor = np.broadcast_to(gain * np.where(np.isinf(w_in), 1.0, w_in), node.output_shape).astype(np.float64)
    why = "is the readout: r, w_in and v_threshold − v_leak must be above 0"
    _require(bool((factor > 0).all()), node, why)
    if node.kind in SPIKING:
        level = np.asarray(p["v_threshold"], np.float64) - np.asarray(p.get("v_leak", 0), np.float64)
        _require(bool((level > 0).all()), node, f"{why}, got a v_threshold of {float(np.min(p['v_threshold'])):g}")
        factor = factor / np.broadcast_to(level, node.output_shape)
    flat = factor.reshape(factor.shape[0], -1)
    _require(
        (flat == flat[:, :1]).all(),
        node,
        "is the readout, in which all values of a channel must have the same parameters",
    )
    return np.asarray(flat[:, 0] / flat.max())


# lif neurons.


def lif_layers(
    network: NirNetwork, scale: float = 1.0, offset: float = 0.0, codes: NDArray[np.int64] | None = None
) -> list[LifFloats]:
    """Return the layers of a chain for `lif` neurons (A13, leaky integrate-and-fire neuron).

    Such a chain repeats two nodes: Affine or Linear, then IF or LIF. A Scale may stand before weights, and a Flatten at
    the front.

    Args:
        network: The network.
        scale: The network was trained on scale · v / full_scale + offset.
        offset: See scale.
        codes: Which input code arrives at each place of the Input, see `code_order`; None where the order is the same.

    Returns:
        Weights, biases and parameters in floats, as `lif_network` takes them. The first weights take input codes.

    Raises:
        ScError: The network has no such layers; the message names the node and says why.
    """
    found: list[LifFloats] = []
    weights: nn.Linear | None = None
    nodes = [n for n in chain(network) if not (n.kind == "Flatten" and not found)]
    factor = np.ones(1)
    for node in nodes:
        if node.kind in ("Affine", "Linear"):
            _require(weights is None, node, "needs neurons between it and the weights before it")
            weights = _dense(node)
            with torch.no_grad():
                weights.weight.mul_(torch.from_numpy(factor.reshape(1, -1)))
            factor = np.ones(1)
            if not found:
                _fold_input(weights, scale, offset)
                if codes is not None:
                    with torch.no_grad():
                        weights.weight.copy_(weights.weight[:, torch.from_numpy(np.argsort(codes))])
        elif node.kind == "Scale" and weights is None:
            factor = factor * np.broadcast_to(np.asarray(node.params["scale"], np.float64), node.input_shape)
        elif node.kind in ("IF", "LIF"):
            _require(weights is not None, node, "needs weights before it: an Affine or a Linear")
            assert weights is not None
            found.append(_lif(network, node, weights))
            weights = None
        else:
            _require(
                None,
                node,
                "has no counterpart in a network of lif layers: each is an Affine or a Linear, and then an IF or a "
                "LIF; neurons='rate' takes more kinds of nodes",
            )
    _require(
        found and weights is None,
        nodes[-1] if nodes else None,
        "must be an IF or a LIF as the last node: the scores are its spikes",
    )
    return found


def _lif(network: NirNetwork, node: Node, weights: nn.Linear) -> LifFloats:
    """Return a layer of `lif` neurons in floats, with the gain of the membrane folded into its weights.

    A `lif` neuron computes u = β·v + W·x + b with one β, one threshold and one reset value for the whole layer, once a
    step. What differs from that is refused.

    Args:
        network: The network, for its discretisation.
        node: The IF or LIF.
        weights: The weights before it.

    Raises:
        ScError: Neurons of the layer differ, or their rules are none that a `lif` neuron has.
    """
    rule, p = network.rule_of(node.name), node.params
    decay, gain, leak = leak_and_gain(node, rule)
    for field in (f for f in ("tau", "v_threshold", "v_reset") if f in p):
        _require(
            _uniform(node, field),
            node,
            f"must have one {field} for all its neurons, because a lif layer has only one; neurons='rate' takes "
            "several",
        )
    beta = 1.0 if decay is None else float(decay.flat[0])
    theta, v_reset = float(p["v_threshold"].flat[0]), float(p["v_reset"].flat[0])
    start = {"zero": 0.0, "v_reset": v_reset, "v_leak": float(p["v_leak"].flat[0]) if "v_leak" in p else 0.0}
    _require(
        rule.spikes == "one",
        node,
        "spikes several times in a step, where a lif neuron spikes once at most: set spikes='one' (--set spikes=one), "
        "if the network was trained so",
    )
    _require(rule.v_min is None, node, "has a lower bound v_min, which a lif neuron has not: neurons='rate' takes it")
    _require(
        rule.fraction_bits is None,
        node,
        "cuts its potential to fraction_bits, where a lif neuron adds whole weights: neurons='rate' takes it",
    )
    _require(
        rule.reset != "none",
        node,
        "is never reset, where a lif neuron always is: give it a reset (reset='subtract' or reset='value')",
    )
    _require(
        not rule.reset_late or rule.reset == "value" or beta == 1.0,
        node,
        "subtracts its threshold a step late, after the leak, where a lif neuron subtracts it at once: train it with "
        "the reset at once, or take neurons='rate'; reset_late=False makes another network of it",
    )
    _require(
        not rule.resets_again,
        node,
        "resets a potential that is still above its threshold again in the next step, which a lif neuron does not: "
        "take neurons='rate'; reset_again=False makes another network of it, unless no potential is above twice the "
        "threshold",
    )
    v = start[rule.v_start]
    hard = rule.reset == "value"
    _require(
        v == (v_reset if hard else 0.0),
        node,
        f"starts from the potential {v:g}, where a lif neuron starts from "
        + (f"its v_reset, {v_reset:g}: set v_start='v_reset'" if hard else "0: set v_start='zero'"),
    )
    _require(
        theta > (v_reset if hard else 0.0), node, f"must have v_threshold above what it is reset to, got {theta:g}"
    )
    with torch.no_grad():
        size = weights.out_features
        weight = weights.weight * torch.from_numpy(np.broadcast_to(gain, (size,)).copy())[:, None]
        bias = weights.bias * torch.from_numpy(np.broadcast_to(gain, (size,)).copy())
        bias = bias + torch.from_numpy(np.broadcast_to(leak, (size,)).copy())
    return LifFloats(weight.float(), bias.float(), theta, beta, rule.compare == ">", v_reset if hard else None)


def convert(
    network: NirNetwork,
    samples: ArrayLike | None,
    *,
    length: int,
    input_spec: InputSpec,
    neurons: str = "rate",
    steps: int | None = None,
    scale: float | None = None,
    offset: float | None = None,
    order: str | None = None,
    theta_frac: int | None = None,
    rates: RateModel | None = None,
    name: str = "network",
    info: Mapping[str, Any] | None = None,
) -> Network:
    """Return the `Network` for a NIR network: integers, which every simulator and the hardware compute alike.

    Args:
        network: A network that `from_nir` returned.
        samples: Raw integers from the training data, (n, *input_spec.shape); some hundred are best. They set slopes,
            weight scales and thresholds. None is enough for neurons "lif".
        length: L, the number of bits of a stream (A1, window).
        input_spec: What the samples are.
        neurons: "rate" or "lif", see the module.
        steps: T of the runs that measure the rates; default L.
        scale: See `rate_model`.
        offset: See `rate_model`.
        order: See `rate_model`. The InputSpec of the result states the order of images.
        theta_frac: Fraction bits of the thresholds (A2, codes); default 4, and 8 for neurons "lif".
        rates: What `rate_model` returned for these samples, if it is already known.
        name: Name of the result.
        info: Facts that the result keeps beside those on its origin.

    Returns:
        The network. Its info names the file, the discretisation and, for "rate", how well the rates fit.

    Raises:
        ScError: The network has no counterpart, or the samples do not fit; the message names the node and says why.
    """
    log2_length(length)
    require_one_of("neurons", neurons, NEURONS)
    facts: dict[str, Any] = {"nir": {**network.origin, "discretisation": str(network.rule)}, **(info or {})}
    more: dict[str, Any] = {} if theta_frac is None else {"theta_frac": theta_frac}
    spec = stated(network, input_spec, order) if rates is None else rates.spec
    if neurons == "lif":
        layers = lif_layers(network, *_checked_scale(spec, scale, offset), code_order(network, spec))
        return lif_network(layers, length=length, input_spec=spec, name=name, info=facts, **more)
    require(samples is not None, "samples must be given: they set the scales")
    assert samples is not None
    if rates is None:
        rates = rate_model(network, samples, spec, steps=steps or length, scale=scale, offset=offset)
    facts["nir"]["rates"] = rates.fits
    made = to_network(
        rates.model,
        samples,
        length=length,
        # The values that samples stand for are in the model's weights: it takes shares of the full scale.
        input_spec=replace(spec, shift=None),
        theta_frac=theta_frac or THETA_FRAC,
        name=name,
        info=facts,
    )
    return with_input(made, spec)


def with_input(network: Network, spec: InputSpec) -> Network:
    """Return the network with another InputSpec. Its codes must be the same ones, for nothing else changes."""
    return replace(network, input=spec)
