"""The measurements behind `explain`: stages, errors of each layer, causes, margins.

`_Counting` measures networks of `window_if` layers, which have float counterparts (A12), and `_Temporal` those with
`lif` layers, of which only activity is measured. Samples go through in blocks, so that memory does not grow with their
number; `_Tally` and `_Sum` are the running sums.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import backends, data, packed
from ..errors import require, require_one_of
from ..evaluate import part_for
from ..network import Network, WeightedLayer
from ..neurons import LifState, classify, lif_leak, lif_step
from ..own_data.npz import array_names, read_arrays
from ..reference import Floats, per_bias, per_neuron
from ..streams import encode, mux_select
from . import rules
from .chain import Chain, Parameters
from .facts import class_facts, indices, input_facts, weight_facts
from .result import (
    Activity,
    Cause,
    ClassFacts,
    Error,
    Explanation,
    InputFacts,
    LayerReport,
    LifFacts,
    Margin,
    Stage,
    ThresholdMargin,
    WeightFacts,
    sign_test,
    wilson,
)

__all__ = ["explain", "load_model"]

# Samples that are measured at a time.
_BLOCK = 1024
_LIF_BLOCK = 256
# Range of the histogram of unclipped counts, in units of L.
_OPEN = 64
# Histograms of margins: their bins, and the width of a bin of the readout's, in units of the RMS error.
_MARGIN_BINS = 20
_MARGIN_STEP = 0.5
_CALIBRATION_SAMPLES = 1024


def load_model(path: str | os.PathLike[str], network: Network) -> list[tuple[Floats, Floats]]:
    """Return the float weights and biases of an .npz file, one pair a layer.

    The file has arrays weight0, bias0, weight1, … The numbers are indices of layers; pooling has no arrays. A bias that
    is left out is 0. Shapes are those of the network's codes, of a convolution (channels out, kernel height, kernel
    width, channels in).

    Args:
        path: The file.
        network: The network that the weights were converted to.

    Returns:
        Weights and biases, float64. Pooling has empty arrays.

    Raises:
        ScError: The file is missing, has other arrays, or an array has another shape, no floats or infinite values.
    """
    file = Path(path)
    require(file.is_file(), f"model file {file} does not exist")
    arrays = read_arrays(file, array_names(file))
    weighted = [(k, layer) for k, layer in enumerate(network.layers) if isinstance(layer, WeightedLayer)]
    wanted = [f"{what}{k}" for k, _ in weighted for what in ("weight", "bias")]
    unknown = sorted(set(arrays) - set(wanted))
    require(not unknown, f"{file}: arrays must be {', '.join(wanted)}, got {', '.join(unknown)}")
    pairs = [(np.zeros(0), np.zeros(0))] * len(network.layers)
    for k, layer in weighted:
        require(f"weight{k}" in arrays, f"{file}: array weight{k} is missing")
        pairs[k] = (arrays[f"weight{k}"], arrays.get(f"bias{k}", np.zeros(layer.bias.shape)))
    return _checked_model(pairs, network, f"{file}: ")


def _checked_model(pairs: Sequence[tuple[Any, Any]], network: Network, where: str) -> list[tuple[Floats, Floats]]:
    """Return weights and biases, float64, after checking their number, shapes and values.

    Args:
        pairs: One pair a layer; that of pooling is ignored.
        network: The network whose codes have the same shapes.
        where: How messages begin.
    """
    require(len(pairs) == len(network.layers), f"{where}a model has {len(network.layers)} pairs, got {len(pairs)}")
    values: list[tuple[Floats, Floats]] = []
    for k, (layer, pair) in enumerate(zip(network.layers, pairs, strict=True)):
        if not isinstance(layer, WeightedLayer):
            values.append((np.zeros(0), np.zeros(0)))
            continue
        weights, bias = (np.asarray(array) for array in pair)
        for name, array, codes in ((f"weight{k}", weights, layer.weights), (f"bias{k}", bias, layer.bias)):
            require(
                np.issubdtype(array.dtype, np.floating) and array.shape == codes.shape,
                f"{where}{name} must be floats of shape {codes.shape}, got {array.dtype} {array.shape}",
            )
            require(bool(np.isfinite(array).all()), f"{where}{name} must be finite")
        values.append((weights.astype(np.float64), per_neuron(layer, bias)))
    return values


def dataset_of(network: Network, dataset: str | os.PathLike[str] | None) -> str:
    """Return the data set that the user named, else the one that the network was trained on.

    Raises:
        ScError: None was named, and the network was trained on data of the user's own.
    """
    if dataset is not None:
        return os.fspath(dataset)
    name = network.input.dataset
    require(name in data.DATASETS, f"{network.name} was trained on data of your own: name the .npz file by --data")
    return name


def split_of(network: Network, dataset: str, split: str | None) -> str:
    """Return the part to look at: not the test part, unless it is asked for; all of a file never trained on."""
    if split is not None or dataset in data.DATASETS or not dataset.endswith(".npz"):
        return split or "validation"
    return "validation" if data.file_sha256(dataset) == network.info.get("data_sha256") else "all"


def explain(
    network: Network,
    dataset: str | os.PathLike[str] | None = None,
    *,
    split: str | None = None,
    limit: int | None = None,
    backend: str = "packed",
    model: str | os.PathLike[str] | Parameters | None = None,
    progress: Callable[[str], backends.Progress] | None = None,
) -> Explanation:
    """Return where `network` loses accuracy between floats and hardware, on the samples of a data set.

    The network is computed in stages, from floats to hardware. Between two stages lies one kind of error, so the
    answers that change there are its cost:

    * "model": the float weights that were converted, where `model` gives them;
    * "float": weights on the grid of codes, all else real, as training states it;
    * "quantised": codes of inputs and activations, exact products X·W / L;
    * "stream": the arithmetic of the hardware, by the packed simulator;
    * the back end, if it is another than "packed". It must give the same scores as "stream".

    A network with `lif` layers has the last two only. For a network in steps (A20) there is `explain_steps`.

    Args:
        network: The network.
        dataset: "digits", "mnist" or an .npz file; default the data set that the network names.
        split: The part of it; default the validation part, and all of an .npz file that the network was not trained on.
        limit: At most that many samples, from the front.
        backend: The back end to compare with, a key of `backends.BACKENDS`.
        model: The path of an .npz file (see `load_model`), or a pair of weights and biases for each layer, in the
            shapes of the codes; the pair of pooling is ignored.
        progress: progress(label) returns what is called with (samples done, samples) while the work that the label
            names goes on.

    Returns:
        The stages, what each layer and each cause costs, and suggestions.

    Raises:
        ScError: The data are bad, the split or the back end is unknown or cannot run, limit is below 1, the scales do
            not fit the network, or it has steps.
    """
    backend = backends.current_name(backend)
    require_one_of("backend", backend, backends.BACKENDS)
    require(limit is None or limit >= 1, f"limit must be at least 1, got {limit}")
    network.one_window("explain")
    name = dataset_of(network, dataset)
    part = part_for(network, name, split_of(network, name, split))
    raw, labels = part.x[:limit], part.y[:limit]
    values = None
    if model is not None:
        other = network.other_neurons
        require(other is None, f"a model of {other} layers cannot be compared: A12 speaks of window_if networks")
        if isinstance(model, (str, os.PathLike)):
            values = load_model(model, network)
        else:
            values = _checked_model(model, network, "")
    if backend != "packed":
        # What it lacks, be it a tool or a network that it can hold, is told before the work.
        backends.run(network, network.input.encode(raw[:1], network.length), backend)
    work = _Temporal(network, raw, labels) if network.other_neurons else _Counting(network, raw, labels, values)
    work.run(progress("explain") if progress else None)
    if backend != "packed":
        work.check(backend, progress(f"{backend} back end") if progress else None)
    stages = work.stages()
    harmful, helpful = work.changes(work.float_stages[0], "stream")[1:] if work.float_stages else (0, 0)
    p_value = sign_test(harmful, helpful) if work.float_stages else None
    facts = rules.Facts(
        network=network,
        raw=raw,
        labels=labels,
        chain=work.chain,
        stages=stages,
        layers=work.layers(),
        causes=work.causes(),
        p_value=p_value,
        harmful=harmful,
        helpful=helpful,
        counts=work.counts,
        codes=work.codes,
    )
    return Explanation(
        network=network.name,
        topology=network.topology,
        length=network.length,
        data=Path(name).name,
        split=part.split,
        samples=len(labels),
        backend=backend,
        stages=stages,
        p_value=p_value,
        inputs=work.inputs(),
        layers=facts.layers,
        causes=facts.causes,
        margins=work.margins(),
        suggestions=rules.suggest(facts),
        notes=tuple(work.notes),
        input=None if part.clipped is None else data.describe(network.input),
        clipped=part.clipped,
        classes=work.classes(),
    )


class _Work:
    """What both kinds of networks share: stages from scores, activity from counts, the comparison with a back end.

    Attributes:
        chain: See `rules.Facts`.
        float_stages: Names of the stages before "stream".
        codes: Codes of the inputs, (n, inputs).
        scores: Scores by stage, (n, classes) each, in the order of the stages.
        counts: Counts of each hidden layer in the stage "stream".
        mismatches: By back end the samples whose scores differ from the stage "stream".
        notes: What could not be said, and why.
    """

    chain: Chain | None = None
    float_stages: tuple[str, ...] = ()

    def __init__(self, network: Network, raw: data.Samples, labels: NDArray[np.int64]) -> None:
        self.network, self.raw, self.labels = network, raw, labels
        self.codes = network.input.encode(raw, network.length)
        self.scores: dict[str, NDArray[Any]] = {}
        self.counts: tuple[NDArray[np.int16], ...] = ()
        self.mismatches: dict[str, int] = {}
        self.notes: list[str] = []

    def run(self, progress: backends.Progress | None) -> None:
        """Measure; this fills scores and counts. `progress` is called with (samples done, samples)."""
        raise NotImplementedError

    def layers(self) -> tuple[LayerReport, ...]:
        """Return the reports of the layers, after `run`."""
        raise NotImplementedError

    def causes(self) -> tuple[Cause, ...]:
        """Return what each source of error costs; nothing for `lif` networks."""
        return ()

    def margins(self) -> tuple[Margin, ...]:
        """Return the readout margins between the stages; nothing for `lif` networks."""
        return ()

    def check(self, backend: str, progress: backends.Progress | None) -> None:
        """Run another back end, and count the samples whose scores differ from those of the stage "stream"."""
        scores = backends.run(self.network, self.codes, backend, progress).scores
        self.scores[backend] = scores
        self.mismatches[backend] = int(np.any(scores != self.scores["stream"], axis=1).sum())

    def changes(self, before: str, after: str) -> tuple[int, int, int]:
        """Return the number of predictions between two stages that are (changed, harmful, helpful).

        Harmful ones go from right to wrong, helpful ones from wrong to right.

        Args:
            before: Name of the first stage.
            after: Name of the second stage.
        """
        a, b = classify(self.scores[before]), classify(self.scores[after])
        right_a, right_b = a == self.labels, b == self.labels
        return int((a != b).sum()), int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())

    def stages(self) -> tuple[Stage, ...]:
        """Return the stages with accuracies and changes, in their order."""
        found: list[Stage] = []
        n = len(self.labels)
        for name, scores in self.scores.items():
            correct = int((classify(scores) == self.labels).sum())
            stage = Stage(name, correct, correct / n, wilson(correct, n), mismatches=self.mismatches.get(name))
            if found:
                changed, harmful, helpful = self.changes(found[-1].name, name)
                stage = replace(stage, changed=changed, harmful=harmful, helpful=helpful)
            found.append(stage)
        return tuple(found)

    def classes(self) -> tuple[ClassFacts, ...]:
        """Return the figures of each class, where classes have names."""
        return class_facts(self.network, self.labels, self.scores)

    def inputs(self) -> InputFacts:
        """Return the facts on the input codes; their error is against the samples in units of codes."""
        return input_facts(self.network, self.raw, self.codes)

    def activity(self, k: int, clipped: float | None, unclipped: int | None) -> Activity:
        """Return the activity of hidden layer k.

        Args:
            k: Index of the layer.
            clipped: Share of counts that the neuron clips at L (A8), or None.
            unclipped: See `Activity.unclipped`.
        """
        c, length = self.counts[k], self.network.length
        channels = self.network.layers[k].output_shape[2]
        least, greatest = c.min(axis=0), c.max(axis=0)
        return Activity(
            zero=float((c == 0).mean()),
            top=float((c == length).mean()),
            clipped=clipped,
            dead=indices(greatest == 0),
            dead_channels=indices(greatest.reshape(-1, channels).max(axis=0) == 0),
            always_on=indices(least > 0),
            saturated=indices(least == length),
            unclipped=unclipped,
            least=tuple(least.tolist()),
            greatest=tuple(greatest.tolist()),
            mean=_rounded(c.mean(axis=0)),
            zero_share=_rounded((c == 0).mean(axis=0)),
            top_share=_rounded((c == length).mean(axis=0)),
        )

    def weights(self, k: int) -> WeightFacts | None:
        """Return the facts on the weight codes of layer k, or None for pooling."""
        layer = self.network.layers[k]
        return weight_facts(layer, self.network.length) if isinstance(layer, WeightedLayer) else None


def _rounded(values: Floats) -> tuple[float, ...]:
    """Return values as floats with four digits behind the point, short enough for JSON."""
    return tuple(round(float(v), 4) for v in values)


@dataclass(slots=True)
class _Sum:
    """Running sums of an error: the number of values, the sum of squares, and the greatest magnitude."""

    n: int = 0
    squares: float = 0.0
    worst: float = 0.0

    def add(self, error: NDArray[Any]) -> None:
        """Take in the errors of a block, of any shape."""
        self.n += error.size
        self.squares += float(np.square(error, dtype=np.float64).sum())
        self.worst = max(self.worst, float(np.abs(error).max()))

    @property
    def rms(self) -> float:
        """Root mean square of all errors so far; 0 without any."""
        return float(np.sqrt(self.squares / self.n)) if self.n else 0.0

    def result(self, span: float) -> Error:
        """Return the error, relative to the range `span` of the layer's output."""
        return Error(self.rms, self.worst, self.rms / span if span else 0.0)


@dataclass(slots=True)
class _Tally:
    """Running sums of one layer.

    Attributes:
        injected: Errors that the layer itself adds, by cause.
        accumulated: Errors at its output, by stage.
        low: Least output in the first stage.
        high: Greatest output in the first stage.
        stream: Error of the sums S against exact products.
        stream_mean: Sum of this error over samples, for each neuron.
        samples: Number of samples in it.
        clipped: Number of counts that A8 clips at L.
        open_counts: Histogram of the counts without clip, up to `_OPEN` · L.
        distances: Histogram of the distance of sums from rounding boundaries; see `_activity`.
    """

    injected: dict[str, _Sum] = field(default_factory=dict)
    accumulated: dict[str, _Sum] = field(default_factory=dict)
    low: float = np.inf
    high: float = -np.inf
    stream: _Sum = field(default_factory=_Sum)
    stream_mean: Floats | float = 0.0  # sum over samples, a neuron
    samples: int = 0
    clipped: int = 0
    open_counts: NDArray[np.int64] | int = 0
    distances: NDArray[np.int64] | int = 0  # of 2·2^f·S from 2·(boundary), whole numbers


class _Counting(_Work):
    """Measures a network of `window_if` layers, in all stages.

    Args:
        network: The network.
        raw: Raw samples, (n, *shape).
        labels: Their classes, (n,).
        model: The float weights and biases that were converted, or None.

    Attributes:
        tallies: The running sums of each layer.
        without: Classes of each stage once more without one cause, by (stage, cause, layer), (n,) each.
    """

    def __init__(
        self, network: Network, raw: data.Samples, labels: NDArray[np.int64], model: Parameters | None
    ) -> None:
        super().__init__(network, raw, labels)
        self.chain: Chain = Chain(network, model)
        self.float_stages = (*(("model",) if model is not None else ()), "float", "quantised")
        n, depth = len(labels), len(network.layers)
        self.scores = {name: np.zeros((n, network.classes)) for name in (*self.float_stages, "stream")}
        self.tallies = [_Tally() for _ in range(depth)]
        pools = {k: self.chain.pooling(k) for k in range(depth)}
        weighted = [k for k, pool in pools.items() if pool is None]
        keys = [("float", "weights", k) for k in weighted if model is not None]
        keys += [("quantised", "input", 0)]
        for k in self.chain.hidden:
            pool = pools[k]
            if pool is None:
                keys.append(("quantised", "clip", k))
            if pool is None or pool.rounds:
                keys.append(("quantised", "round", k))
        keys += [("stream", cause, k) for k in weighted for cause in ("stream", "offset")]
        self.without = {key: np.zeros(n, dtype=np.int64) for key in keys}
        if network.info.get("scales") is None:
            self.notes.append(
                "the network has no scales: its codes are taken as the float network (w_s = 1, no product bias, A12)"
            )
        if model is None:
            self.notes.append(
                "an artifact holds codes only: what rounding the weights cost is not in these stages; --model gives it "
                "the float weights"
            )

    def run(self, progress: backends.Progress | None) -> None:
        result = packed.run(self.network, self.codes)
        self.counts = result.counts
        self.scores["stream"] = result.scores
        picked = np.linspace(0, len(self.codes) - 1, min(len(self.codes), _CALIBRATION_SAMPLES)).astype(np.int64)
        offsets = [
            np.zeros(0, dtype=np.int64) if self.chain.pooling(k) else self._offset(k, x[picked])
            for k, x in enumerate((self.codes, *self.counts))
        ]
        for start in range(0, len(self.labels), _BLOCK):
            part = slice(start, start + _BLOCK)
            self._block(part, offsets)
            if progress:
                progress(min(start + _BLOCK, len(self.labels)), len(self.labels))

    def _offset(self, k: int, x: NDArray[Any]) -> NDArray[np.int64]:
        """Return the mean error of the streams of a layer, which biases could take off (A12).

        Args:
            k: Number of the layer.
            x: Codes of its inputs for some samples.

        Returns:
            For each neuron a whole number of units of S; it is the same for every neuron of a channel.
        """
        layer = self.network.layers[k]
        assert isinstance(layer, WeightedLayer)
        mean = (self.chain.stream(k, x) - self.chain.exact(k, x)).mean(axis=0)
        return np.rint(per_neuron(layer, per_bias(layer, mean))).astype(np.int64)

    def _add(self, sums: dict[str, _Sum], name: str, error: NDArray[Any]) -> None:
        """Add an error to the running sum called `name`."""
        sums.setdefault(name, _Sum()).add(error)

    def _block(self, part: slice, offsets: Sequence[NDArray[np.int64]]) -> None:
        """Measure a block of samples: each layer in every stage, and each stage with each cause taken out.

        The stage "quantised" goes from layer to layer by its own counts; the stage "stream" has the counts of the
        packed simulator. That each layer gives these counts when it is computed alone is checked on the way.

        Args:
            part: The samples.
            offsets: Mean stream error of each layer that biases could take off, see `_offset`.
        """
        chain, network = self.chain, self.network
        real = network.input.pooled(self.raw[part]) / network.input.full_scale
        grid = chain.floats(real, chain.grid)
        first = grid if chain.model is None else chain.floats(real, chain.model)
        self.scores["float"][part] = grid[-1]
        if chain.model is not None:
            self.scores["model"][part] = first[-1]
            self._weights(part, real, first, grid)
        quantised: Floats = self.codes[part].astype(np.float64)
        streamed: list[NDArray[Any]] = [self.codes[part], *(c[part] for c in self.counts)]
        self._quantised(part, "input", 0, chain.scores_exact(0, real * network.length))
        for k, tally in enumerate(self.tallies):
            tally.low, tally.high = min(tally.low, float(first[k].min())), max(tally.high, float(first[k].max()))
            if chain.pooling(k):
                out_q, out_s = self._pooling(part, k, tally, quantised, streamed)
                self._accumulated(tally, first[k], grid[k], out_q, out_s)
                quantised = out_q
                continue
            s_q, s_e = chain.exact(k, quantised), chain.exact(k, streamed[k])
            s_s = chain.stream(k, streamed[k])
            error = s_s - s_e
            tally.stream.add(error)
            tally.stream_mean = tally.stream_mean + error.sum(axis=0)
            tally.samples += len(error)
            if k in chain.hidden:
                out_q, out_s = chain.counts(k, s_q), streamed[k + 1]
                if not np.array_equal(chain.open_counts(k, s_s, network.length), out_s):
                    raise AssertionError(f"layer {k} alone and in the network disagree")
                open_q = chain.counts(k, s_q, clip=False)
                self._add(tally.injected, "round", open_q - chain.ideal(k, s_q))
                self._add(tally.injected, "clip", out_q - open_q)
                self._add(tally.injected, "stream", out_s - chain.counts(k, s_e))
                self._activity(k, tally, s_s)
                for cause, options in (("clip", {"clip": False}), ("round", {"rounded": False})):
                    x = chain.counts(k, s_q, **options)
                    self._quantised(part, cause, k, chain.scores_exact(k + 1, x))
                self._streamed(part, "stream", k, chain.scores_stream(k + 1, chain.counts(k, s_e)))
                x_s = chain.open_counts(k, s_s - offsets[k], network.length)
                self._streamed(part, "offset", k, chain.scores_stream(k + 1, x_s))
            else:
                out_q, out_s = s_q, s_s
                if not np.array_equal(s_s, self.scores["stream"][part]):
                    raise AssertionError("the readout alone and in the network disagree")
                self.scores["quantised"][part] = s_q
                self._add(tally.injected, "stream", error)
                self._streamed(part, "stream", k, s_e)
                self._streamed(part, "offset", k, s_s - offsets[k])
            self._accumulated(tally, first[k], grid[k], out_q, out_s)
            quantised = out_q

    def _accumulated(self, tally: _Tally, first: Floats, grid: Floats, out_q: Floats, out_s: NDArray[Any]) -> None:
        """Add the differences of the stages at a layer's output.

        Args:
            tally: The layer's running sums.
            first: Output of the first stage, in codes.
            grid: Output of the stage "float".
            out_q: Output of the stage "quantised".
            out_s: Output of the stage "stream".
        """
        if self.chain.model is not None:
            self._add(tally.accumulated, "weights", grid - first)
        self._add(tally.accumulated, "quantised", out_q - grid)
        self._add(tally.accumulated, "stream", out_s - out_q)
        self._add(tally.accumulated, "total", out_s - first)

    def _pooling(
        self, part: slice, k: int, tally: _Tally, quantised: Floats, streamed: Sequence[NDArray[Any]]
    ) -> tuple[Floats, NDArray[Any]]:
        """Measure pooling layer k; return its outputs in the stages "quantised" and "stream".

        Args:
            part: The samples.
            k: Number of the layer.
            tally: Its running sums.
            quantised: Its inputs in the stage "quantised".
            streamed: The codes of all layers in the stage "stream", the inputs of the network first.

        Raises:
            AssertionError: The layer alone gives other codes than in the network. This is a bug.
        """
        chain = self.chain
        out_q, out_s = chain.pooled(k, quantised), streamed[k + 1]
        if not np.array_equal(chain.pooled(k, streamed[k]), out_s):
            raise AssertionError(f"layer {k} alone and in the network disagree")
        if ("quantised", "round", k) in self.without:
            real = chain.pooled(k, quantised, rounded=False)
            self._add(tally.injected, "round", out_q - real)
            self._quantised(part, "round", k, chain.scores_exact(k + 1, real))
        return out_q, out_s

    def _weights(self, part: slice, real: Floats, first: Sequence[Floats], grid: Sequence[Floats]) -> None:
        """Put the float weights back, one layer after the other, and note what this changes.

        Args:
            part: The samples.
            real: Real inputs.
            first: Outputs of the layers in the stage "model".
            grid: Outputs of the layers in the stage "float".
        """
        chain = self.chain
        assert chain.model is not None
        for k, tally in enumerate(self.tallies):
            if chain.pooling(k):
                continue
            mixed = list(chain.grid)
            mixed[k] = chain.model[k]
            outputs = chain.floats(real, mixed)
            # Layers before k are those of the grid, so the input of k is the float stage's own.
            self._add(tally.injected, "weights", grid[k] - outputs[k])
            self.without["float", "weights", k][part] = classify(outputs[-1])

    def _quantised(self, part: slice, cause: str, k: int, scores: Floats) -> None:
        """Note the classes of the stage "quantised" without a cause in layer k, from the scores (n, classes)."""
        self.without["quantised", cause, k][part] = classify(scores)

    def _streamed(self, part: slice, cause: str, k: int, scores: NDArray[Any]) -> None:
        """Note the classes of the stage "stream" without a cause in layer k, from the scores (n, classes)."""
        self.without["stream", cause, k][part] = classify(scores)

    def _activity(self, k: int, tally: _Tally, s: NDArray[np.int64]) -> None:
        """Add the sums s of layer k to its histograms: counts without clip, and distances from rounding boundaries."""
        length, theta, f = self.network.length, self.network.layers[k].theta, self.network.theta_frac
        assert theta is not None
        unclipped = self.chain.open_counts(k, s, _OPEN * length)
        tally.clipped += int((unclipped > length).sum())
        tally.open_counts = tally.open_counts + np.bincount(unclipped.ravel(), minlength=_OPEN * length + 1)
        # Boundaries of A8 are at 2·2^f·S = θ·(2m − 1), m = 1 … L; the nearest has the m that S / θ rounds up to.
        doubled = s << (f + 1)
        nearest = np.clip(doubled // (2 * theta) + 1, 1, length)
        distance = np.minimum(np.abs(doubled - theta * (2 * nearest - 1)), 2 * theta)
        tally.distances = tally.distances + np.bincount(distance.ravel(), minlength=2 * theta + 1)

    def layers(self) -> tuple[LayerReport, ...]:
        reports = []
        for k, (layer, tally) in enumerate(zip(self.network.layers, self.tallies, strict=True)):
            span = tally.high - tally.low
            offset = float(np.sqrt(np.square(tally.stream_mean).mean())) / max(1, tally.samples)
            summed, spiking = self.chain.pooling(k) is None, k in self.chain.spiking
            reports.append(
                LayerReport(
                    index=k,
                    kind=layer.type,
                    inputs=layer.inputs,
                    neurons=layer.neurons,
                    theta=layer.theta,
                    weights=self.weights(k),
                    range=span,
                    injected={name: e.result(span) for name, e in tally.injected.items()},
                    accumulated={name: e.result(span) for name, e in tally.accumulated.items()},
                    stream_offset=offset if summed else None,
                    stream_spread=float(np.sqrt(max(0.0, tally.stream.rms**2 - offset**2))) if summed else None,
                    activity=self._layer_activity(k, tally) if k in self.chain.hidden else None,
                    thresholds=self._thresholds(k, tally) if spiking else None,
                )
            )
        return tuple(reports)

    def _layer_activity(self, k: int, tally: _Tally) -> Activity:
        """Return the activity of hidden layer k, with the counts as they would be without the clip."""
        if k not in self.chain.spiking:
            return self.activity(k, None, None)
        above = np.array(tally.open_counts)
        above[0] = 0
        total = int(above.sum())
        quantile = int(np.searchsorted(np.cumsum(above), 0.999 * total)) if total else None
        return self.activity(k, tally.clipped / self.counts[k].size, quantile)

    def _thresholds(self, k: int, tally: _Tally) -> ThresholdMargin:
        """Return the quantiles and the histogram of the distances from rounding boundaries, in LSBs of θ."""
        theta, f = self.network.layers[k].theta, self.network.theta_frac
        assert theta is not None
        found = np.asarray(tally.distances)  # by twice the distance in LSB
        share = np.cumsum(found) / found.sum()

        def quantile(p: float) -> float:
            return int(np.searchsorted(share, p)) / 2

        def within(lsb: float) -> float:
            """Return the share of sums within a distance in LSBs; the last bin, θ or more, never counts as within."""
            return float(share[min(int(2 * lsb), len(share) - 1)]) if 2 * lsb < len(share) - 1 else float(share[-2])

        edges = np.minimum(np.arange(len(found)) * _MARGIN_BINS // (2 * theta), _MARGIN_BINS)
        return ThresholdMargin(
            p1=quantile(0.01),
            p10=quantile(0.1),
            median=quantile(0.5),
            one_unit=within(2.0**f),
            below_stream=within(tally.stream.rms * 2.0**f),
            histogram=_rounded(np.bincount(edges, weights=found, minlength=_MARGIN_BINS + 1) / found.sum()),
        )

    def causes(self) -> tuple[Cause, ...]:
        order = (*self.float_stages, "stream")
        found = []
        for (stage, cause, k), classes in self.without.items():
            before = classify(self.scores[order[max(0, order.index(stage) - 1)]])
            after = classify(self.scores[stage])
            correct = int((classes == self.labels).sum())
            found.append(
                Cause(
                    stage=stage,
                    cause=cause,
                    layer=k,
                    correct=correct,
                    gain=correct - int((after == self.labels).sum()),
                    restored=int(((before != after) & (classes == before)).sum()),
                )
            )
        return tuple(found)

    def margins(self) -> tuple[Margin, ...]:
        order = (*self.float_stages, "stream")
        return tuple(_margin(a, b, self.scores[a], self.scores[b]) for a, b in pairwise(order))


def _margin(before: str, after: str, a: NDArray[Any], b: NDArray[Any]) -> Margin:
    """Return the margins of stage `before` against the error that stage `after` adds.

    Args:
        before: Name of the first stage.
        after: Name of the second stage.
        a: Scores of the first stage, (n, classes).
        b: Scores of the second stage.
    """
    rows = np.arange(len(a))
    best = classify(a)
    rest = np.array(a, dtype=np.float64)
    rest[rows, best] = -np.inf
    second = classify(rest) if a.shape[1] > 1 else best
    margin = np.asarray(a[rows, best] - a[rows, second], dtype=np.float64)
    error = (b[rows, best] - b[rows, second]) - margin
    rms = float(np.sqrt(np.square(error, dtype=np.float64).mean()))
    changed = classify(b) != best
    under = margin < rms
    bins = _MARGIN_BINS + 1
    histogram: tuple[int, ...] = ()
    if rms:
        where = np.minimum(margin / (rms * _MARGIN_STEP), bins - 1).astype(np.int64)
        histogram = tuple(np.bincount(where, minlength=bins).tolist())
    return Margin(
        before=before,
        after=after,
        rms=rms,
        median=float(np.median(margin)) / rms if rms else None,
        below=float(under.mean()),
        changed=int(changed.sum()),
        changed_below=int((changed & under).sum()),
        histogram=histogram,
    )


class _Temporal(_Work):
    """Measures a network with `lif` layers. A12 defines no float counterpart for it, so these stages are left out.

    Attributes:
        saturated: By layer the number of updates of v that saturate.
    """

    def __init__(self, network: Network, raw: data.Samples, labels: NDArray[np.int64]) -> None:
        super().__init__(network, raw, labels)
        self.saturated = [0] * len(network.layers)
        self.notes.append(
            "the network has lif layers, whose spikes depend on the clock: a float and a quantised stage, error and "
            "threshold margins by layer are not defined for them (A12 speaks of counts), so only activity is reported"
        )

    def run(self, progress: backends.Progress | None) -> None:
        scores, counts = [], []
        for start in range(0, len(self.codes), _LIF_BLOCK):
            part = self.codes[start : start + _LIF_BLOCK]
            result = packed.run(self.network, part, spikes=True)
            scores.append(result.scores)
            counts.append(result.counts)
            self._membranes(part, result.spikes)
            if progress:
                progress(start + len(part), len(self.codes))
        self.scores["stream"] = np.concatenate(scores)
        self.counts = tuple(np.concatenate(c) for c in zip(*counts, strict=True))

    def _membranes(self, codes: NDArray[np.uint16], spikes: Sequence[NDArray[np.bool_]]) -> None:
        """Step the `lif` neurons once more, to count the updates that saturate. Spikes must be the simulator's.

        Args:
            codes: Input codes of a block, (n, inputs).
            spikes: Spikes of each hidden layer in the packed simulator, (n, L, neurons) each.
        """
        network = self.network
        bits = np.moveaxis(encode(codes, network.length, network.activation_source), -1, 1)
        for k, layer in enumerate(network.layers[:-1]):
            if layer.lif is not None:
                assert isinstance(layer, WeightedLayer)
                synapses = layer.synapses.astype(np.int64)
                streams = encode(np.abs(synapses), network.length, network.weight_source).astype(np.float32)
                slots = 1
                if layer.adder == "mux":
                    slots, sel = mux_select(layer.inputs + 1, network.length)
                    streams *= np.arange(layer.inputs + 1)[:, None] == sel
                streams *= np.sign(synapses)[..., None]
                state = LifState.start(layer.lif, (len(codes), layer.neurons))
                for t in range(network.length):
                    x = np.concatenate([bits[:, t], np.ones((len(codes), 1), dtype=bool)], axis=1).astype(np.float32)
                    current = (x @ streams[..., t].T).astype(np.int64) * slots << network.theta_frac
                    u = lif_leak(state.v, layer.lif) + current
                    over = (u > layer.lif.v_max) | (u < -layer.lif.v_max - 1)
                    self.saturated[k] += int((over & (state.rest == 0)).sum())
                    state, spike = lif_step(state, current, layer.lif)
                    if not np.array_equal(spike, spikes[k][:, t]):
                        raise AssertionError(f"layer {k}: neurons stepped here and in the packed simulator disagree")
            bits = spikes[k]

    def layers(self) -> tuple[LayerReport, ...]:
        reports = []
        n, length = len(self.labels), self.network.length
        for k, layer in enumerate(self.network.layers):
            hidden, lif = k < len(self.network.layers) - 1, None
            if layer.lif is not None:
                rates = self.counts[k].mean(axis=0) / length
                updates = n * length * layer.neurons
                lif = LifFacts(float(rates.mean()), float(rates.max()), self.saturated[k] / updates)
            reports.append(
                LayerReport(
                    index=k,
                    kind=layer.type,
                    inputs=layer.inputs,
                    neurons=layer.neurons,
                    theta=layer.theta if layer.lif is None else layer.lif.theta,
                    weights=self.weights(k),
                    activity=self.activity(k, None, None) if hidden else None,
                    lif=lif,
                )
            )
        return tuple(reports)
