"""What `explain` finds, as plain records, and the two statistics that say whether a drop is more than chance."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

__all__ = [
    "Activity",
    "Cause",
    "ClassFacts",
    "Error",
    "Explanation",
    "InputFacts",
    "LayerReport",
    "LifFacts",
    "Margin",
    "Stage",
    "Suggestion",
    "ThresholdMargin",
    "Trial",
    "WeightFacts",
    "sign_test",
    "wilson",
]

_Z = 1.959963984540054  # two-sided 95 %


def wilson(correct: int, samples: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Wilson 1927).

    Args:
        correct: Number of hits.
        samples: Number of independent samples, at least 1.

    Returns:
        The lower and the upper bound, in [0, 1]; the share itself is never outside, whatever floats make of it.

    Example:
        >>> [round(bound, 4) for bound in wilson(95, 100)]
        [0.8882, 0.9785]
    """
    p, z2 = correct / samples, _Z * _Z
    middle = (p + z2 / (2 * samples)) / (1 + z2 / samples)
    half = _Z * math.sqrt(p * (1 - p) / samples + z2 / (4 * samples * samples)) / (1 + z2 / samples)
    return max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half))


def sign_test(harmful: int, helpful: int) -> float:
    """Return the two-sided probability of a split at least as uneven if both kinds of change were equally likely.

    This is the exact binomial test of paired answers (McNemar 1947). Samples that both stages get right, or both wrong,
    do not count.

    Args:
        harmful: Samples that only the first stage gets right.
        helpful: Samples that only the second stage gets right.

    Example:
        >>> round(sign_test(8, 1), 4)
        0.0391
    """
    n = harmful + helpful
    ways = tail = 1
    for k in range(min(harmful, helpful)):
        ways = ways * (n - k) // (k + 1)  # n over k + 1
        tail += ways
    return min(1.0, 2 * tail / (1 << n))


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage on the way from floats to hardware.

    Attributes:
        name: "model", "float", "quantised", "stream", or the name of another back end.
        correct: Number of right answers.
        accuracy: Their share, in [0, 1].
        interval: 95 % confidence interval of the accuracy (`wilson`).
        changed: Predictions other than those of the stage before; None at the first stage.
        harmful: Changes from right to wrong; None at the first stage.
        helpful: Changes from wrong to right; None at the first stage.
        mismatches: Samples of which any score differs from the stream stage's, where the stage is another back end.
            Anything but 0 is a bug.
    """

    name: str
    correct: int
    accuracy: float
    interval: tuple[float, float]
    changed: int | None = None
    harmful: int | None = None
    helpful: int | None = None
    mismatches: int | None = None

    @property
    def lost(self) -> int:
        """Right answers that the step to this stage takes, net. Negative where it gives some."""
        return (self.harmful or 0) - (self.helpful or 0)


@dataclass(frozen=True, slots=True)
class Margin:
    """Readout margins of one stage, against the error that the next stage adds.

    The margin of a sample is its best less its second score in stage `before`. The error is what stage `after` adds to
    that difference. Both are in units of S.

    Attributes:
        before: Name of the first stage.
        after: Name of the second stage.
        rms: Root mean square of the error.
        median: Median of margin / rms; None where there is no error.
        below: Share of samples with a margin under rms, those whose class is likely to change.
        changed: Number of predictions that change.
        changed_below: Number of these that belong to samples below.
        histogram: Samples by margin / rms, in steps of ½ up to 10; the last entry has all above.
    """

    before: str
    after: str
    rms: float
    median: float | None
    below: float
    changed: int
    changed_below: int
    histogram: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Error:
    """The size of an error over samples and neurons.

    Attributes:
        rms: Root mean square.
        worst: Greatest magnitude.
        relative: rms divided by the range of the float layer's output.
    """

    rms: float
    worst: float
    relative: float


@dataclass(frozen=True, slots=True)
class WeightFacts:
    """Facts on the weight codes of a layer, without biases.

    Attributes:
        zero: Share of codes that are 0.
        clip: Share at ±(L − 1).
        largest: Greatest magnitude.
        used: Number of distinct codes, of the 2L − 1 that there are.
        effective: 2^entropy of their distribution, see `chain.entropy_codes`.
        headroom: The greatest whole factor by which all codes would still fit: the scale w_s is that many times too
            wide.
    """

    zero: float
    clip: float
    largest: int
    used: int
    effective: float
    headroom: int


@dataclass(frozen=True, slots=True)
class Activity:
    """Counts of a hidden layer over all samples, in the stage of the hardware.

    Attributes:
        zero: Share of counts at 0.
        top: Share of counts at L.
        clipped: Share that A8 clips at L; None for `lif` neurons and pooling.
        dead: Indices of neurons that are never above 0.
        dead_channels: Indices of channels whose neurons are all dead; in a dense layer each neuron is a channel.
        always_on: Indices of neurons that are always above 0.
        saturated: Indices of neurons that are always at L.
        unclipped: 99.9 % quantile of the counts above 0 as they would be without the clip, at most 64·L; None where all
            are 0, and for `lif` neurons and pooling.
        least: Least count of each neuron.
        greatest: Greatest count of each neuron.
        mean: Mean count of each neuron.
        zero_share: Share of counts at 0 of each neuron.
        top_share: Share of counts at L of each neuron.
    """

    zero: float
    top: float
    clipped: float | None
    dead: tuple[int, ...]
    dead_channels: tuple[int, ...]
    always_on: tuple[int, ...]
    saturated: tuple[int, ...]
    unclipped: int | None
    least: tuple[int, ...]
    greatest: tuple[int, ...]
    mean: tuple[float, ...]
    zero_share: tuple[float, ...]
    top_share: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ThresholdMargin:
    """How far 2^f·S lies from the nearest rounding boundary of A8, θ·(m − ½) for m = 1 … L, in LSBs of θ.

    A sum close to a boundary gives another count after a small error. f is theta_frac.

    Attributes:
        p1: 1 % quantile over neurons and samples, at most θ, which stands for "θ or more".
        p10: 10 % quantile.
        median: Median.
        one_unit: Share within 2^f LSB: one product bit more or less may change the count.
        below_stream: Share within the RMS of the layer's stream error.
        histogram: Shares by distance / θ, in steps of 1/20 up to 1; the last entry has all above.
    """

    p1: float
    p10: float
    median: float
    one_unit: float
    below_stream: float
    histogram: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LifFacts:
    """Facts on a layer of `lif` neurons (A13, leaky integrate-and-fire neuron).

    Attributes:
        rate: Mean of the spikes a clock.
        highest_rate: The same of the neuron that spikes most.
        v_saturated: Share of updates at which the potential saturates.
    """

    rate: float
    highest_rate: float
    v_saturated: float


@dataclass(frozen=True, slots=True)
class LayerReport:
    """What was found about one layer. Errors are in codes of its output: counts (1 of L), or units of S at the readout.

    Attributes:
        index: Index of the layer.
        kind: Its type: "dense", "conv" or "pool".
        inputs: Number of inputs.
        neurons: Number of outputs.
        theta: Its threshold θ, or None.
        weights: None for pooling.
        range: Greatest less least output of the first stage.
        injected: What this layer alone adds to its own stage's input, by cause: "weights" (against the given float
            model), "round", "clip", "stream".
        accumulated: Difference of two stages at this layer's output: "weights", "quantised", "stream", and "total" from
            the first stage to the hardware.
        stream_offset: RMS over neurons of the mean of S − exact S, in units of S.
        stream_spread: RMS of the rest, in units of S.
        activity: None for the readout.
        thresholds: None for layers without a window neuron.
        lif: None for layers without `lif` neurons.
    """

    index: int
    kind: str
    inputs: int
    neurons: int
    theta: int | None
    weights: WeightFacts | None
    range: float | None = None
    injected: dict[str, Error] | None = None
    accumulated: dict[str, Error] | None = None
    stream_offset: float | None = None
    stream_spread: float | None = None
    activity: Activity | None = None
    thresholds: ThresholdMargin | None = None
    lif: LifFacts | None = None


@dataclass(frozen=True, slots=True)
class InputFacts:
    """Facts on the input codes.

    Attributes:
        zero: Share at 0.
        top: Share at L.
        dead: Number of inputs that are never above 0.
        rms: Root mean square of the rounding error, in codes.
        worst: Its greatest magnitude, in codes.
    """

    zero: float
    top: float
    dead: int
    rms: float
    worst: float


@dataclass(frozen=True, slots=True)
class Cause:
    """One stage computed once more with one source of error taken out: what that error alone costs.

    Attributes:
        stage: The stage.
        cause: "weights", "input", "clip", "round", "stream", or "offset", the mean of a layer's stream error over
            samples, which a bias could take off.
        layer: Index of the layer.
        correct: Right answers without this error.
        gain: By how many these exceed the stage's own.
        restored: Of the predictions that the step to this stage changes, those that become the old ones again.
    """

    stage: str
    cause: str
    layer: int
    correct: int
    gain: int
    restored: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A changed network, run on the same samples in the arithmetic of the hardware: what a change gives, measured.

    Attributes:
        change: The change, in words.
        correct: Right answers with it.
        accuracy: Their share, in [0, 1].
    """

    change: str
    correct: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the numbers say, and what could be done.

    Attributes:
        rule: The name under which docs/explain.md states the rule.
        layer: Index of the layer that is meant, or None.
        text: The sentence for the user.
        numbers: The numbers in it, by name.
        trials: Changes that were tried.
    """

    rule: str
    layer: int | None
    text: str
    numbers: dict[str, Any]
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """Facts on a class that has a name.

    Attributes:
        name: The name.
        samples: Number of its samples.
        correct: How many of these each stage gets right, by stage.
        answers: How often the stream stage answers with this class.
    """

    name: str
    samples: int
    correct: dict[str, int]
    answers: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a network loses accuracy, from float to hardware.

    Attributes:
        network: Its name.
        topology: Its layers, such as "64-32-10".
        length: L.
        data: Name of the data set or file.
        split: The part of it.
        samples: Number of samples.
        backend: The back end that was compared with the packed simulator.
        stages: In their order, from floats on.
        p_value: Of the `sign_test` between the first stage and the stream stage; None for `lif` networks.
        inputs: The input codes.
        layers: One report a layer.
        causes: Each source of error, taken out alone.
        margins: Readout margins, one for each step between stages.
        suggestions: The most important one first.
        notes: What could not be said, and why.
        input: What numbers the network takes, where they are real numbers.
        clipped: Share of the samples' values that are outside of these.
        classes: One entry a class, where classes have names.
    """

    network: str
    topology: str
    length: int
    data: str
    split: str
    samples: int
    backend: str
    stages: tuple[Stage, ...]
    p_value: float | None
    inputs: InputFacts
    layers: tuple[LayerReport, ...]
    causes: tuple[Cause, ...]
    margins: tuple[Margin, ...]
    suggestions: tuple[Suggestion, ...]
    notes: tuple[str, ...]
    input: str | None = None
    clipped: float | None = None
    classes: tuple[ClassFacts, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return asdict(self)

    def to_text(self, stream: Any = None) -> str:
        """Return the explanation for a terminal; heads are bold where `stream`, to which it goes, shows that."""
        from .report import text

        return text(self, stream)
