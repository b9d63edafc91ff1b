"""The measurements behind `explain` for networks in steps (A20).

The samples go through step by step, in NumPy, so that states can be looked at; the scores must be those of the packed
simulator. In which stage such a network loses accuracy between floats and hardware is not measured.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import backends, data, packed, packed_steps
from ..errors import ScError, require, require_one_of
from ..evaluate import part_for
from ..network import Network
from ..neurons import ClockNeuron, classify
from ..neurons.sample import map_state
from ..steps import Steps
from . import rules
from .facts import class_facts, indices, input_facts, weight_facts
from .measure import dataset_of, split_of
from .result import Stage, Suggestion, Trial, wilson
from .steps_result import Raster, ScoreMargins, StateFacts, StepsExplanation, StepsLayer

__all__ = ["explain_steps"]

# Samples that go through the steps together.
_BLOCK = 256
# Bins of the histogram of margins.
_MARGIN_BINS = 20
# From this share of values at the ends of a state's width on the width counts as narrow.
_SATURATED = 1e-3
# Bits by which a state that saturates is widened, on trial.
_WIDER = (1, 2, 4)
# The greatest width of a state (A21, neurons in steps).
_WIDTH_MAX = 32


@dataclass(slots=True)
class _Values:
    """Running facts on one state of a layer: `StateFacts` before the shares."""

    width: int
    least: int = 0
    greatest: int = 0
    low: int = 0
    high: int = 0
    number: int = 0

    def add(self, values: NDArray[np.int64]) -> None:
        """Take in the values of one step of some samples."""
        end = 1 << self.width - 1
        self.least, self.greatest = min(self.least, int(values.min())), max(self.greatest, int(values.max()))
        self.low += int((values == -end).sum())
        self.high += int((values == end - 1).sum())
        self.number += values.size

    def facts(self, name: str) -> StateFacts:
        """Return the facts under the name of the state."""
        bits = max(self.greatest.bit_length(), (-self.least - 1).bit_length() if self.least < 0 else 0) + 1
        shares = self.low / self.number, self.high / self.number
        return StateFacts(name, self.width, bits, self.least, self.greatest, *shares)


@dataclass(slots=True)
class _Run:
    """What a run of all samples leaves.

    Attributes:
        scores: Scores if the sample ended after that step, shape (n, T, classes).
        fired: For each layer that spikes, spikes of each neuron in each step, over all samples, shape (T, neurons).
        least: For each of them, the fewest spikes of each neuron in a sample, shape (neurons,).
        states: For each layer, its states by name.
        first: For each layer that spikes, the spikes of the first sample, shape (T, neurons).
    """

    scores: NDArray[np.int64]
    fired: list[NDArray[np.int64]]
    least: list[NDArray[np.int64]]
    states: list[dict[str, _Values]] = field(default_factory=list)
    first: list[NDArray[np.bool_]] = field(default_factory=list)


def _states(neuron: ClockNeuron, state: Any, potential: NDArray[np.int64] | None) -> Iterator[tuple[str, Any]]:
    """Yield the name and the values of each state whose use of its width is looked at: u, and i or a."""
    if potential is None:
        return  # equations: states of any meaning and format
    yield "u", potential
    found: dict[str, list[NDArray[Any]]] = {}

    def look(name: str, values: NDArray[Any]) -> NDArray[Any]:
        found.setdefault(name, []).append(values)
        return values

    map_state(state, look)
    for name in ("i", "a"):
        if name in found:
            yield name, np.concatenate(found[name], axis=-1)


def _run(network: Network, steps: Steps, codes: NDArray[np.uint16], progress: backends.Progress | None) -> _Run:
    """Run all samples step by step, and return what they leave."""
    layers, ready = network.layers, packed_steps.prepare(network)
    spiking = [k for k, x in enumerate(layers) if isinstance(x.neuron, ClockNeuron) and x.neuron.fires]
    shapes = [layers[k].neurons for k in spiking]
    out = _Run(
        np.zeros((len(codes), steps.count, network.classes), dtype=np.int64),
        [np.zeros((steps.count, neurons), dtype=np.int64) for neurons in shapes],
        [np.full(neurons, steps.count, dtype=np.int64) for neurons in shapes],
        [{} for _ in layers],
    )
    for start in range(0, len(codes), _BLOCK):
        part = slice(start, start + _BLOCK)
        spikes = _run_block(network, steps, ready, codes[part], out, out.scores[part])
        for j, k in enumerate(spiking):
            out.fired[j] += spikes[k].sum(axis=0)
            out.least[j] = np.minimum(out.least[j], spikes[k].sum(axis=1).min(axis=0))
        if start == 0:
            out.first = [spikes[k][0] for k in spiking]
        if progress:
            progress(min(start + _BLOCK, len(codes)), len(codes))
    return out


def _run_block(
    network: Network,
    steps: Steps,
    ready: packed_steps.Prepared,
    codes: NDArray[np.uint16],
    out: _Run,
    scores: NDArray[np.int64],
) -> list[NDArray[np.bool_]]:
    """Run some samples, add to `out`, fill their scores, and return the spikes of each layer, (n, T, neurons).

    Sums are products of float matrices, which are exact below 2^53.
    """
    n, layers = len(codes), network.layers
    windows = ready.windows.sums(codes.reshape(-1, codes.shape[-1])).reshape(n, -1, layers[0].neurons)
    state = [x.neuron.start((n, x.neurons)) if isinstance(x.neuron, ClockNeuron) else None for x in layers]
    spikes = [np.zeros((n, steps.count, x.neurons), dtype=bool) for x in layers]
    total = np.zeros((n, network.classes), dtype=np.int64)
    for t in range(steps.count):
        for k, layer in enumerate(layers):
            s = windows[:, 0 if steps.constant else t] if k == 0 else np.tile(ready.bias[k], (n, 1))
            for source, delay, adds in ready.links[k][k == 0 :]:
                if t >= delay:
                    s = s + (spikes[source][:, t - delay] @ adds.astype(np.float64)).astype(np.int64)
            neuron = layer.neuron
            u: NDArray[np.int64] | None = s
            if isinstance(neuron, ClockNeuron):
                state[k], spikes[k][:, t], u = neuron.step_of_sample(state[k], s << network.theta_frac)
                for name, values in _states(neuron, state[k], u):
                    width = neuron.members(layer.neurons)[0][1].width  # type: ignore[attr-defined]  # it has a potential
                    out.states[k].setdefault(name, _Values(width)).add(values)
            if layer is layers[-1]:
                added = spikes[k][:, t] if steps.readout == "spikes" else u
                assert added is not None
                total = np.asarray(added if steps.readout == "potential" else total + added, dtype=np.int64)
        scores[:, t] = total
    return spikes


def explain_steps(
    network: Network,
    dataset: str | os.PathLike[str] | None = None,
    *,
    split: str | None = None,
    limit: int | None = None,
    backend: str = "packed",
    progress: Callable[[str], backends.Progress] | None = None,
) -> StepsExplanation:
    """Return what a network in steps does on the samples of a data set: its answers, spikes, states and margins.

    Args:
        network: The network, which has steps.
        dataset: Name of a data set or path of an .npz file; default the data set that the network names.
        split: The part of it; default the validation part, and all of an .npz file that the network was not trained on.
        limit: At most that many samples, from the front.
        backend: The back end to compare with, a key of `backends.BACKENDS`.
        progress: progress(label) returns what is called with (samples done, samples) while the work that the label
            names goes on.

    Raises:
        ScError: The network has no steps, the data are bad, the split or the back end is unknown or cannot run, or
            limit is below 1.
    """
    backend = backends.current_name(backend)
    require_one_of("backend", backend, backends.BACKENDS)
    require(limit is None or limit >= 1, f"limit must be at least 1, got {limit}")
    steps = network.steps
    if steps is None:
        raise ScError("explain_steps is for networks in steps (A20): this one runs for one window, which explain takes")
    name = dataset_of(network, dataset)
    part = part_for(network, name, split_of(network, name, split))
    raw, labels = part.x[:limit], part.y[:limit]
    codes = network.encode(raw)
    if backend != "packed":
        # What it lacks, be it a tool or a network that it can hold, is told before the work.
        backends.run(network, codes[:1], backend)
    run = _run(network, steps, codes, progress("explain") if progress else None)
    stream = packed.run(network, codes)
    require(
        np.array_equal(run.scores[:, -1], stream.scores),
        "the steps of the neurons and the packed simulator differ: this is a bug",
    )
    scores: dict[str, NDArray[Any]] = {"stream": stream.scores}
    stages = [_stage("stream", stream.scores, labels)]
    if backend != "packed":
        found = backends.run(network, codes, backend, progress(f"{backend} back end") if progress else None).scores
        scores[backend] = found
        stages.append(_compared(_stage(backend, found, labels), found, stream.scores, labels))
    layers = _layers(network, steps, run, len(labels))
    answers = classify(stream.scores)
    confusion = np.zeros((network.classes, network.classes), dtype=np.int64)
    np.add.at(confusion, (labels, answers), 1)
    by_step = tuple(int(n) for n in (classify(run.scores) == labels[:, None]).sum(axis=0))
    return StepsExplanation(
        network=network.name,
        topology=network.topology,
        length=network.length,
        steps=steps.count,
        constant=steps.constant,
        readout=steps.readout,
        data=Path(name).name,
        split=part.split,
        samples=len(labels),
        backend=backend,
        stages=tuple(stages),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        correct_by_step=by_step,
        inputs=_inputs(network, raw, codes),
        layers=layers,
        margins=_margins(stream.scores, answers == labels),
        raster=Raster(
            0,
            int(labels[0]),
            int(answers[0]),
            tuple(tuple((int(t), int(j)) for t, j in np.argwhere(spikes)) for spikes in run.first),
        ),
        spikes=sum(float(c.sum()) for c in stream.counts) / len(labels),
        suggestions=_suggestions(network, codes, labels, stages, layers, by_step),
        notes=("where floats and hardware first differ is not measured for networks in steps",),
        input=None if part.clipped is None else data.describe(network.input),
        clipped=part.clipped,
        classes=class_facts(network, labels, scores),
    )


def _stage(name: str, scores: NDArray[Any], labels: NDArray[np.int64]) -> Stage:
    """Return the stage of these scores."""
    correct = int((classify(scores) == labels).sum())
    return Stage(name, correct, correct / len(labels), wilson(correct, len(labels)))


def _compared(stage: Stage, scores: NDArray[Any], stream: NDArray[Any], labels: NDArray[np.int64]) -> Stage:
    """Return the stage of another back end with what differs from the stage "stream"."""
    before, after = classify(stream), classify(scores)
    return replace(
        stage,
        changed=int((before != after).sum()),
        harmful=int(((before == labels) & (after != labels)).sum()),
        helpful=int(((before != labels) & (after == labels)).sum()),
        mismatches=int(np.any(scores != stream, axis=1).sum()),
    )


def _inputs(network: Network, raw: data.Samples, codes: NDArray[np.uint16]) -> Any:
    """Return the facts on the input codes; all steps of all samples are vectors of codes alike."""
    flat = codes.reshape(-1, codes.shape[-1])
    return input_facts(
        network, np.asarray(raw).reshape(len(flat), *network.raw_shape[-len(network.input.shape) :]), flat
    )


def _layers(network: Network, steps: Steps, run: _Run, samples: int) -> tuple[StepsLayer, ...]:
    """Return the report of each layer."""
    out, spiking = [], 0
    for k, layer in enumerate(network.layers):
        neuron = layer.neuron
        report = StepsLayer(
            index=k,
            kind="sum" if neuron is None else neuron.kind,
            inputs=layer.inputs,
            sources=sum(edge.weights.shape[1] for edge in steps.into(k)),
            neurons=layer.neurons,
            weights=weight_facts(layer, network.length),  # type: ignore[arg-type]  # all layers are dense (A20)
            states=tuple(values.facts(name) for name, values in run.states[k].items()),
        )
        if isinstance(neuron, ClockNeuron) and neuron.fires:
            fired, least = run.fired[spiking], run.least[spiking]
            spiking += 1
            report = replace(
                report,
                rate=float(fired.sum()) / (samples * fired.size),
                rate_by_step=_rounded(fired.mean(axis=1) / samples),
                rate_of=_rounded(fired.sum(axis=0) / (samples * steps.count)),
                dead=indices(fired.sum(axis=0) == 0),
                always_on=indices(least > 0),
                constant=indices(least == steps.count),
            )
        out.append(report)
    return tuple(out)


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return values as floats with five digits behind the point, short enough for JSON."""
    return tuple(round(float(v), 5) for v in values)


def _margins(scores: NDArray[np.int32], right: NDArray[np.bool_]) -> ScoreMargins:
    """Return the margins of scores, apart for right and wrong answers."""
    wide = np.sort(scores.astype(np.int64), axis=1)
    margin = wide[:, -1] - wide[:, -2] if wide.shape[1] > 1 else np.zeros(len(wide), dtype=np.int64)
    step = max(1, -(-int(margin.max()) // _MARGIN_BINS))
    bins = np.minimum(margin // step, _MARGIN_BINS)

    def histogram(those: NDArray[np.bool_]) -> tuple[int, ...]:
        return tuple(np.bincount(bins[those], minlength=_MARGIN_BINS + 1).tolist())

    return ScoreMargins(
        median_right=float(np.median(margin[right])) if right.any() else None,
        median_wrong=float(np.median(margin[~right])) if not right.all() else None,
        tied=int((margin == 0).sum()) if scores.shape[1] > 1 else 0,
        step=step,
        right=histogram(right),
        wrong=histogram(~right),
    )


# --- rules -----------------------------------------------------------------------------------------------------------


def _suggestions(
    network: Network,
    codes: NDArray[np.uint16],
    labels: NDArray[np.int64],
    stages: list[Stage],
    layers: tuple[StepsLayer, ...],
    by_step: tuple[int, ...],
) -> tuple[Suggestion, ...]:
    """Return what the rules for networks in steps say; docs/explain.md states them."""
    found = rules.mismatches(stages, len(labels))
    found += _saturates(network, codes, labels, layers, stages[0].correct)
    found += _narrower(network, codes, labels, layers)
    found += _fewer_steps(by_step, len(labels))
    found += _dead(network, layers, len(labels))
    for r in layers:
        if r.constant:
            text = (
                f"neurons of layer {r.index} spike in every step of {len(labels):,} samples: {len(r.constant)} of "
                f"{r.neurons}. They tell nothing: biases of the layers that take them could stand for them"
            )
            found.append(Suggestion("constant", r.index, text, {"constant": list(r.constant)}))
    return tuple(found)


def _with_width(network: Network, width: int) -> Network | None:
    """Return the network with states of so many bits, or None where a threshold or another value does not fit."""

    def changed(neuron: Any) -> Any:
        parts = getattr(neuron, "parts", None)
        if parts is not None:
            return replace(neuron, parts=tuple((count, replace(each, width=width)) for count, each in parts))
        return None if neuron is None else replace(neuron, width=width)

    try:
        return replace(network, layers=tuple(x.replaced(neuron=changed(x.neuron)) for x in network.weighted))
    except ScError:
        return None


def _trial(network: Network, width: int, codes: NDArray[np.uint16], labels: NDArray[np.int64]) -> Trial | None:
    """Return how many answers are right with states of so many bits, or None where the network cannot have them."""
    other = _with_width(network, width)
    if other is None:
        return None
    correct = int((packed.run(other, codes).classes == labels).sum())
    return Trial(f"width = {width}", correct, correct / len(labels))


def _saturates(
    network: Network, codes: NDArray[np.uint16], labels: NDArray[np.int64], layers: tuple[StepsLayer, ...], correct: int
) -> list[Suggestion]:
    """Return a suggestion if a state is often at an end of its width: a wider one, tried."""
    worst = max(
        ((x.at_low + x.at_high, r.index, x) for r in layers for x in r.states), default=None, key=lambda entry: entry[0]
    )
    if worst is None or worst[0] < _SATURATED:
        return []
    share, k, x = worst
    widths = [x.width + more for more in _WIDER if x.width + more <= _WIDTH_MAX]
    trials = tuple(t for w in widths if (t := _trial(network, w, codes, labels)) is not None)
    text = (
        f"state {x.name} of layer {k} is at an end of its {x.width} bits in {100 * share:.2f} % of all steps of its "
        "neurons: it saturates there"
    )
    best = max((t.correct for t in trials), default=0)
    if best > correct:
        text += ". Give the neurons more width, or a stronger leak"
    else:
        text += ". No wider one that was tried gives more right answers"
    numbers = {"state": x.name, "width": x.width, "at_low": x.at_low, "at_high": x.at_high}
    return [Suggestion("saturated", k, text, numbers, trials)]


def _narrower(
    network: Network, codes: NDArray[np.uint16], labels: NDArray[np.int64], layers: tuple[StepsLayer, ...]
) -> list[Suggestion]:
    """Return a suggestion if all states fit fewer bits than they have: that width, tried."""
    states = [x for r in layers for x in r.states]
    if not states or any(r.kind == "equations" for r in layers):
        return []
    bits, width = max(4, *(x.bits for x in states)), states[0].width
    # Thresholds and reset values must fit too.
    while bits < width and (trial := _trial(network, bits, codes, labels)) is None:
        bits += 1
    if bits >= width:
        return []
    assert trial is not None
    text = (
        f"no state has needed more than {bits} of its {width} bits on these samples: a narrower state takes less logic "
        "and memory"
    )
    return [Suggestion("narrower", None, text, {"width": width, "bits": bits}, (trial,))]


def _fewer_steps(by_step: tuple[int, ...], samples: int) -> list[Suggestion]:
    """Return a suggestion if fewer steps give as many right answers."""
    least = next(t for t, correct in enumerate(by_step) if correct >= by_step[-1]) + 1
    if least == len(by_step):
        return []
    text = f"after {least} of {len(by_step)} steps as many answers are right as after all: a sample could be shorter"
    trial = Trial(f"T = {least}", by_step[least - 1], by_step[least - 1] / samples)
    return [Suggestion("fewer-steps", None, text, {"steps": len(by_step), "enough": least}, (trial,))]


def _dead(network: Network, layers: tuple[StepsLayer, ...], samples: int) -> list[Suggestion]:
    """Return a suggestion to take out neurons of hidden layers that never spike, with the weights that this saves."""
    steps = network.steps
    assert steps is not None
    gone = {r.index: r.dead for r in layers[:-1] if r.dead}
    if not gone:
        return []
    used = [np.ones(layer.neurons, dtype=bool) for layer in network.layers]
    for k, dead in gone.items():
        used[k][list(dead)] = False
    saved = 0
    for k, layer in enumerate(network.weighted):
        before = used[k - 1] if k else np.ones(layer.inputs, dtype=bool)
        saved += layer.synapses.size - int(used[k].sum()) * (int(before.sum()) + 1)
    for edge in steps.edges:
        saved += edge.weights.size - int(used[edge.target].sum()) * int(used[edge.source].sum())
    where = ", ".join(f"{len(d)} of {network.layers[k].neurons} neurons of layer {k}" for k, d in gone.items())
    rare = 1 - 0.05 ** (1 / samples)
    text = (
        f"no spike in {samples:,} samples: {where} (so each in under {100 * rare:.2f} % of such samples, at 95 %). "
        f"Without them {saved:,} weights and biases fewer give the same scores here"
    )
    numbers: dict[str, Any] = {"dead": {str(k): list(d) for k, d in gone.items()}, "weights_saved": saved}
    return [Suggestion("dead", next(iter(gone)) if len(gone) == 1 else None, text, numbers)]
