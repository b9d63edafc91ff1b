"""From the numbers to a suggestion. Each rule has a name, under which docs/explain.md states it.

There is a drop if the hardware loses more answers than it wins against the first stage, and an exact sign test of the
two numbers gives p < 0.05. Then the stage with the greatest net loss is taken, and in it the cause without which most
answers come back. What helps against this cause is tried: the network is rebuilt by A12 (what training may assume) with
the change, and run on the same samples in the hardware's arithmetic. So the figures of a suggestion are measured.

========== ================================= =====================================================================
rule       holds if                          trials
========== ================================= =====================================================================
mismatch   a back end gives other scores     none: a bug
no-drop    no more answers lost than won     none
noise      p ≥ 0.05                          none
clip       cause: the clip of a layer at L   its θ × 1.25, 1.5, 2, 3, 4, 6, 8
coarse     cause: rounding; 99.9 % of the    its θ × 0.8, 0.67, 0.5, 0.33, 0.25
           layer's counts are at most L / 2
rounding   cause: rounding, of counts or     L × 2, 4, 8, 16 until at most a quarter of the answers is lost
           of inputs
weights    cause: weights (float model       as for stream
           given)
offset     cause: streams, and at least half biases corrected again, same L
           of it is their mean error
stream     cause: streams                    w_s / headroom where that is at least 2; then, if that is not enough,
                                             L × 2 … 16
spread     no single cause gives any back    L × 2 … 16
dead       neurons (of a convolution:        taken out: scores stay, weights and clocks are saved
           channels) never above 0
constant   neurons always at L               none: a bias could replace them
headroom   all weight codes of a layer       none: the same values as greater codes have less stream error
           would fit if doubled
========== ================================= =====================================================================

`dead` and `constant` are told in any case, `headroom` where neither `weights` nor `stream` is. A trial counts as better
only with more right answers than the network has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import packed
from ..data import Samples
from ..errors import ScError
from ..network import Network
from ..sources import log2_length
from .chain import Chain, without_channels
from .result import Cause, LayerReport, Stage, Suggestion, Trial

__all__ = ["ALPHA", "Facts", "mismatches", "suggest"]

# Significance level of the sign test: from this p on a drop counts as chance.
ALPHA = 0.05
# Changes that are tried: factors of θ upwards and downwards, and factors of L.
_RAISE = (1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
_LOWER = (0.8, 0.67, 0.5, 0.33, 0.25)
_LONGER = (2, 4, 8, 16)
# Of the answers lost now, this share may stay lost under a change that is called enough.
_ENOUGH = 0.25
# The board for which savings are estimated.
_BOARD = "icebreaker"
_NAMES = {
    "weights": "rounding the weights of layer {k}",
    "input": "rounding the inputs",
    "clip": "the clip at L of layer {k}",
    "round": "rounding the counts of layer {k}",
    "stream": "the streams of layer {k}",
    "offset": "the mean error of the streams of layer {k}",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules look at.

    Attributes:
        network: The network.
        raw: Raw samples, (n, *shape).
        labels: Their classes, (n,).
        chain: The network in its stages, to try changes; None for `lif` networks.
        stages: The stages, from floats on.
        layers: The reports of the layers.
        causes: What each source of error costs.
        p_value: Of the sign test between the first stage and the hardware; None for `lif` networks.
        harmful: Changes from right to wrong from the first stage to the hardware.
        helpful: Changes from wrong to right.
        counts: Counts of each hidden layer in the stage of the hardware, (n, neurons) each.
        codes: Codes of the inputs, (n, inputs).
    """

    network: Network
    raw: Samples
    labels: NDArray[np.int64]
    chain: Chain | None
    stages: tuple[Stage, ...]
    layers: tuple[LayerReport, ...]
    causes: tuple[Cause, ...]
    p_value: float | None
    harmful: int
    helpful: int
    counts: tuple[NDArray[np.int16], ...]
    codes: NDArray[np.uint16]

    @property
    def first(self) -> Stage:
        """The stage that the hardware is compared with."""
        return self.stages[0]

    @property
    def hardware(self) -> Stage:
        """The stage "stream", the arithmetic of the hardware."""
        return next(stage for stage in self.stages if stage.name == "stream")

    @property
    def goal(self) -> float:
        """The number of right answers from which on a change is good enough: at most a quarter of the loss is left."""
        return self.first.correct - _ENOUGH * (self.first.correct - self.hardware.correct)


def suggest(facts: Facts) -> tuple[Suggestion, ...]:
    """Return what the rules of this module say, the most important first.

    A drop is explained by one suggestion, from `_drop`. Other back ends that differ, dead and constant neurons, and
    codes with headroom are told in addition.

    Args:
        facts: What was measured.
    """
    found = mismatches(facts.stages, len(facts.labels))
    if facts.p_value is not None:
        found.append(_drop(facts, facts.p_value))
    found += _dead(facts)
    found += _constant(facts)
    if facts.chain is not None and not any(s.rule in ("weights", "stream") for s in found):
        found += _headroom(facts)
    return tuple(found)


def mismatches(stages: Sequence[Stage], samples: int) -> list[Suggestion]:
    """Return a suggestion for each back end whose scores are not those of the stream stage, of so many samples."""
    return [
        Suggestion(
            "mismatch",
            None,
            f"THE {stage.name} BACK END DIFFERS from the stream stage in {stage.mismatches:,} of "
            f"{samples:,} samples. The two must agree in every score: this is a bug, in the RTL or in the "
            f"model, and nothing else here counts before it is found",
            {"backend": stage.name, "mismatches": stage.mismatches},
        )
        for stage in stages
        if stage.mismatches
    ]


def _percent(share: float) -> str:
    """Return a share as a percentage with two digits behind the point."""
    return f"{100 * share:.2f} %"


def _drop(facts: Facts, p_value: float) -> Suggestion:
    """Return what is said of the drop from the first stage to the hardware: none, chance, or its cause and a remedy.

    Args:
        facts: What was measured.
        p_value: Of the sign test.
    """
    first, last, n = facts.first, facts.hardware, len(facts.labels)
    harmful, helpful = facts.harmful, facts.helpful
    lost = harmful - helpful
    low, high = last.interval
    numbers: dict[str, Any] = {"lost": lost, "harmful": harmful, "helpful": helpful, "p": p_value}
    counted = f"{first.name} {first.correct:,}, hardware {last.correct:,} of {n:,} right"
    interval = f"the 95 % interval of the hardware's {_percent(last.accuracy)} is {_percent(low)} to {_percent(high)}"
    if lost <= 0:
        return Suggestion("no-drop", None, f"{counted}, nothing lost; {interval}", numbers)
    if p_value >= ALPHA:
        return Suggestion(
            "noise",
            None,
            f"the drop is within chance: {counted}; {harmful} answers lost against {helpful} won, an uneven split with "
            f"probability p = {p_value:.2g} (sign test, ≥ {ALPHA}); {interval}. Nothing to mend that {n:,} samples "
            f"show",
            numbers,
        )
    order = [s for s in facts.stages if s.mismatches is None]
    worst = max(order[1:], key=lambda s: s.lost)
    start = (
        f"{counted} (p = {p_value:.2g}); stage {worst.name} loses most, {worst.lost:,} net of {worst.changed:,} changed"
    )
    numbers |= {"stage": worst.name, "stage_lost": worst.lost}
    causes = sorted((c for c in facts.causes if c.stage == worst.name), key=lambda c: -c.gain)
    if not causes or causes[0].gain <= 0:
        return _longer(facts, Suggestion("spread", None, f"{start}, and no single cause gives any back", numbers))
    return _remedy(facts, causes[0], start, numbers)


def _remedy(facts: Facts, cause: Cause, start: str, numbers: dict[str, Any]) -> Suggestion:
    """Return the suggestion for the cause that costs most, with the changes tried that could help against it.

    Args:
        facts: What was measured.
        cause: The cause.
        start: The beginning of the text, with what was lost.
        numbers: The numbers in it.
    """
    k = cause.layer
    report = facts.layers[k]
    what = _NAMES[cause.cause].format(k=k)
    numbers = numbers | {"cause": cause.cause, "gain": cause.gain, "restored": cause.restored}
    start = f"{start}; without {what} {cause.gain:,} come back"
    if cause.cause == "clip":
        assert report.activity is not None
        clipped = report.activity.clipped or 0.0
        numbers |= {"clipped": clipped, "unclipped": report.activity.unclipped, "theta": report.theta}
        text = (
            f"{start}. It clips {_percent(clipped)} of the counts: unclipped, 99.9 % of those above 0 reach up to "
            f"{report.activity.unclipped}, L is {facts.network.length}. Raise theta of layer {k}, now {report.theta}"
        )
        return _thresholds(facts, Suggestion("clip", k, text, numbers), _RAISE)
    if cause.cause == "round" and report.activity is not None:
        reach = report.activity.unclipped
        if reach is not None and 2 * reach <= facts.network.length:
            numbers |= {"unclipped": reach, "theta": report.theta}
            text = (
                f"{start}. 99.9 % of its counts above 0 are at most {reach} of {facts.network.length}: theta of layer "
                f"{k}, now {report.theta}, is too great"
            )
            return _thresholds(facts, Suggestion("coarse", k, text, numbers), _LOWER)
    if cause.cause in ("input", "round"):
        return _longer(facts, Suggestion("rounding", k, f"{start}. L = {facts.network.length} is coarse", numbers))
    if cause.cause in ("stream", "offset"):
        gains = {c.cause: c.gain for c in facts.causes if c.stage == "stream" and c.layer == k}
        numbers |= {"offset": report.stream_offset, "spread": report.stream_spread}
        if 2 * gains["offset"] >= gains["stream"]:
            text = (
                f"{start}. The error of its sums has a mean of {report.stream_offset:.2f} a neuron (RMS, units of S), "
                f"{report.stream_spread:.2f} around it: biases could take the mean off (A12), convert with calibration "
                f"samples that are like these"
            )
            return _tried(facts, Suggestion("offset", k, text, numbers), [_trial(facts, "biases corrected anew")])
        text = f"{start}. The error of its sums is {report.stream_spread:.2f} RMS around its mean, in units of S"
        return _finer(facts, Suggestion("stream", k, text, numbers), report)
    return _finer(facts, Suggestion("weights", k, start, numbers), report)


def _finer(facts: Facts, said: Suggestion, report: LayerReport) -> Suggestion:
    """Try the codes' full range if they use half of it or less; otherwise, or if that does not help, a longer L.

    Args:
        facts: What was measured.
        said: The suggestion so far.
        report: The report of the layer.

    Returns:
        The suggestion with its trials.
    """
    k, weights = report.index, report.weights
    assert weights is not None
    wide = weights.headroom
    trials: tuple[Trial, ...] = ()
    if wide >= 2:
        text = (
            f"{said.text}. Its weight codes reach ±{weights.largest} of ±{facts.network.length - 1}: the scale "
            f"is {wide} times too wide"
        )
        numbers = said.numbers | {"headroom": wide, "largest": weights.largest}
        trial = _trial(facts, f"weight scale of layer {k} / {wide}", narrower={k: wide})
        said = _tried(facts, Suggestion(said.rule, k, text, numbers), [trial])
        if trial is not None and trial.correct >= facts.goal:
            return said
        trials = said.trials
    longer = _longer(facts, Suggestion(said.rule, k, said.text, said.numbers))
    return Suggestion(longer.rule, longer.layer, longer.text, longer.numbers, (*trials, *longer.trials))


def _trial(facts: Facts, change: str, **how: Any) -> Trial | None:
    """Return what a change of the network gives on the same samples, or None where the network cannot be built.

    Args:
        facts: What was measured.
        change: The change, in words.
        **how: The change, as arguments of `Chain.rebuilt`.
    """
    assert facts.chain is not None
    network = facts.chain.rebuilt(facts.raw, **how)
    if network is None:
        return None
    classes = packed.run(network, network.input.encode(facts.raw, network.length)).classes
    correct = int((classes == facts.labels).sum())
    return Trial(change, correct, correct / len(facts.labels))


def _tried(facts: Facts, said: Suggestion, trials: Sequence[Trial | None]) -> Suggestion:
    """Return a suggestion with its trials, and with the best of them in its text.

    Args:
        facts: What was measured.
        said: The suggestion so far.
        trials: The trials, from the smallest change to the greatest; None where a network could not be built. Of
            equally good ones the first is named. The text says if none is better than the network as it is.
    """
    made = [trial for trial in trials if trial is not None]
    best = max(made, key=lambda t: t.correct, default=None)
    now = facts.hardware.correct
    if best is None:
        text = f"{said.text}. No such change can be made here"
    elif best.correct > now:
        text = f"{said.text}: tried here, {best.change} gives {best.correct:,} right instead of {now:,}"
    else:
        text = f"{said.text}: tried here, that alone gives no more ({best.correct:,} with {best.change})"
    return Suggestion(said.rule, said.layer, text, said.numbers, (*said.trials, *made))


def _thresholds(facts: Facts, said: Suggestion, factors: Sequence[float]) -> Suggestion:
    """Try other thresholds of the layer that a suggestion is about.

    Args:
        facts: What was measured.
        said: The suggestion so far.
        factors: What its θ is multiplied by in each trial.
    """
    k = said.layer
    assert k is not None
    theta = facts.network.layers[k].theta or 1
    made = [
        _trial(facts, f"theta {max(1, round(theta * r))} (× {r:g}, the layers behind it rescaled)", theta={k: r})
        for r in factors
    ]
    said = _tried(facts, said, made)
    return Suggestion(
        said.rule, k, f"{said.text}. To train through the streams with it is better still", said.numbers, said.trials
    )


def _longer(facts: Facts, said: Suggestion) -> Suggestion:
    """Try the same values on streams of twice the length, until enough answers come back."""
    length = facts.network.length
    made: list[Trial] = []
    for factor in _LONGER:
        try:
            log2_length(length * factor)
        except ScError:
            break
        trial = _trial(facts, f"L = {length * factor}", length=length * factor)
        if trial is None:
            break
        made.append(trial)
        if trial.correct >= facts.goal:
            break
    said = _tried(facts, said, made)
    if not made or made[-1].correct < facts.goal:
        text = f"{said.text}; that is still short of three quarters of what is lost: train through the streams"
    else:
        text = f"{said.text}; to train through the streams is the way that keeps L"
    return Suggestion(said.rule, said.layer, text, said.numbers, said.trials)


def _dead(facts: Facts) -> list[Suggestion]:
    """Return a suggestion to take out neurons and channels that are never above 0, with what that saves."""
    gone = {
        r.index: r.activity.dead_channels
        for r in facts.layers
        if r.activity is not None and r.activity.dead_channels and r.kind != "pool"
    }
    if not gone:
        return []
    network, n = facts.network, len(facts.labels)
    # A layer needs a neuron, dead or not.
    cut = {k: d[1:] if len(d) == network.layers[k].output_shape[2] else d for k, d in gone.items()}
    small = without_channels(network, cut)
    before, after = (sum(layer.synapses.size for layer in x.weighted) for x in (network, small))
    bits = network.length.bit_length()  # log2 L + 1, sign and magnitude
    numbers: dict[str, Any] = {
        "dead": {str(k): list(d) for k, d in gone.items()},
        "weights_saved": before - after,
        "nonzero_saved": sum(
            int(np.count_nonzero(x.synapses)) - int(np.count_nonzero(y.synapses))
            for x, y in zip(network.weighted, small.weighted, strict=True)
        ),
        "bits_saved": (before - after) * bits,
        **_engine(facts, small, cut),
    }
    kinds = {k: "channels" if facts.layers[k].kind == "conv" else "neurons" for k in gone}
    where = ", ".join(
        f"{len(d)} of {network.layers[k].output_shape[2]} {kinds[k]} of layer {k}" for k, d in gone.items()
    )
    # Of n samples none: with 95 % confidence the share is below 1 − 0.05^(1/n), about 3 / n.
    rare = 1 - 0.05 ** (1 / n)
    text = (
        f"never above 0 in {n:,} samples: {where} (so each in under {_percent(rare)} of such samples, at "
        f"95 %). Without them {small.topology} gives the same scores here with {before - after:,} weights and biases, "
        f"{numbers['nonzero_saved']:,} of them not 0, fewer ({numbers['bits_saved']:,} bits)"
    )
    if "clocks_saved" in numbers:
        text += (
            f"; on {_BOARD} {numbers['lcs_saved']} LCs fewer (estimate), {numbers['clocks_saved']:.0f} of "
            f"{numbers['clocks']:.0f} clocks"
        )
    layer = next(iter(gone)) if len(gone) == 1 else None
    return [Suggestion("dead", layer, text, numbers)]


def _engine(facts: Facts, small: Network, cut: dict[int, tuple[int, ...]]) -> dict[str, Any]:
    """Return what the time-unrolled engine of dense networks saves, if both networks fit the board.

    Args:
        facts: What was measured.
        small: The network without its dead neurons.
        cut: The neurons that were taken out, by layer.

    Returns:
        "lcs_saved", logic cells by the estimate; "clocks", the mean over the samples; and "clocks_saved". It is empty
        if there are convolutions, or lif layers, for which no build was measured, or one of the two does not fit.
    """
    if not facts.network.dense or facts.network.temporal:
        return {}
    from ..hardware.boards import board
    from ..hardware.estimate import area, clocks, plan

    network = facts.network
    try:
        where = board(_BOARD)
        old, new = plan(network, where), plan(small, where)
    except ScError:
        return {}
    counts = [np.delete(c, list(cut.get(k, ())), axis=1) for k, c in enumerate(facts.counts)]
    now = float(clocks(network, facts.codes, facts.counts, old.config.lanes).mean())
    then = float(clocks(small, facts.codes, counts, new.config.lanes).mean())
    return {
        "lcs_saved": round(area(old.config, where.family)["lcs"]) - round(area(new.config, where.family)["lcs"]),
        "clocks": now,
        "clocks_saved": now - then,
    }


def _constant(facts: Facts) -> list[Suggestion]:
    """Return a suggestion for each layer with neurons that are always at L."""
    length = facts.network.length
    return [
        Suggestion(
            "constant",
            r.index,
            f"neurons of layer {r.index} always at L = {length} in {len(facts.labels):,} samples: "
            f"{len(r.activity.saturated)} of {r.neurons}. They tell nothing: a bias of the next layer could stand for "
            f"them, or theta, now {r.theta}, is too small",
            {"saturated": list(r.activity.saturated)},
        )
        for r in facts.layers
        if r.activity is not None and r.activity.saturated and r.kind != "pool"
    ]


def _headroom(facts: Facts) -> list[Suggestion]:
    """Return a suggestion for each layer whose weight codes would fit at least twice."""
    top = facts.network.length - 1
    return [
        Suggestion(
            "headroom",
            r.index,
            f"weight codes of layer {r.index} reach ±{w.largest} of ±{top}: the scale is {w.headroom} times too wide. "
            f"Rounding and streams would weigh that much less on the full range; weights trained on this grid need no "
            f"change",
            {"headroom": w.headroom, "largest": w.largest},
        )
        for r in facts.layers
        for w in (r.weights,)
        if w is not None and w.headroom >= 2
    ]
