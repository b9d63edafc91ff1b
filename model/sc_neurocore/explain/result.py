"""What `explain` finds, as plain records, and the two statistics that say whether a drop is one."""

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
    """Return the 95 % interval of a share of `correct` in `samples` ≥ 1 independent samples (Wilson 1927).

    >>> [round(bound, 4) for bound in wilson(95, 100)]
    [0.8882, 0.9785]
    """
    p, z2 = correct / samples, _Z * _Z
    middle = (p + z2 / (2 * samples)) / (1 + z2 / samples)
    half = _Z * math.sqrt(p * (1 - p) / samples + z2 / (4 * samples * samples)) / (1 + z2 / samples)
    return max(0.0, middle - half), min(1.0, middle + half)


def sign_test(harmful: int, helpful: int) -> float:
    """Return the two-sided probability of a split at least as uneven if both kinds of change were equally likely.

    The exact binomial test of paired answers (McNemar 1947): samples that both stages get right, or both wrong, do not
    count.

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

    interval: 95 % of the accuracy (Wilson). changed: predictions other than the stage's before; harmful: of these,
    from right to wrong; helpful: from wrong to right; None at the first stage. mismatches: samples of which any score
    differs from the stream stage's, where the stage is another back end: 0, or a bug.
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
        """Right answers that the step to this stage takes, net: negative where it gives some."""
        return (self.harmful or 0) - (self.helpful or 0)


@dataclass(frozen=True, slots=True)
class Margin:
    """Readout margins of one stage against the error that the next one adds.

    The margin of a sample is its best less its second score in stage `before`, the error what stage `after` adds to
    that difference, both in units of S. rms: of the error. median: of margin / rms (None without error). below: share
    of samples with a margin under rms, those likely to flip. changed: predictions that flip, changed_below: of these,
    ones of samples below. histogram: samples by margin / rms, in steps of ½ up to 10, the last with all above.
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
    """Root mean square and greatest magnitude of an error; relative: rms by the range of the float layer's output."""

    rms: float
    worst: float
    relative: float


@dataclass(frozen=True, slots=True)
class WeightFacts:
    """Weight codes of a layer, biases left out.

    zero: share of codes 0. clip: share at ±(L−1). largest: greatest magnitude. used: distinct codes of the 2L − 1.
    effective: 2^entropy of their distribution, the number of codes used equally often that would say as much.
    headroom: by how many times the scale w_s is too wide: the greatest whole factor by which all codes would still fit.
    """

    zero: float
    clip: float
    largest: int
    used: int
    effective: float
    headroom: int


@dataclass(frozen=True, slots=True)
class Activity:
    """Counts of a hidden layer over all samples, in the hardware's stage.

    zero, top: shares of counts at 0 and at L. clipped: share that A8 clips at L. dead, always_on, saturated: neurons
    (their indices) that are never above 0, always above 0, always at L. dead_channels: channels all of whose neurons
    are dead; in a dense layer each neuron is a channel. unclipped: the 99.9 % quantile of the counts above 0 as they
    would be without the clip, at most 64·L; None where all are 0. Both clipped and unclipped are None for `lif` and
    pooling. least, greatest, mean, zero_share, top_share: of each neuron.
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

    p1, p10, median: quantiles over neurons and samples, at most θ ("θ or more"). one_unit: share within 2^f LSB: one
    product bit more or less may change the count. below_stream: share within the RMS of the layer's stream error.
    histogram: shares by distance / θ, in steps of 1/20 up to 1, the last with all above.
    """

    p1: float
    p10: float
    median: float
    one_unit: float
    below_stream: float
    histogram: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LifFacts:
    """`lif` neurons: rate is their spikes per clock; v_saturated the share of updates that A13 saturates."""

    rate: float
    highest_rate: float
    v_saturated: float


@dataclass(frozen=True, slots=True)
class LayerReport:
    """One layer; pooling has no weights, θ or sums of its own.

    Errors are in codes of the output: counts (1 of L) of a hidden layer, units of S at the readout.
    injected: what this layer alone adds to its own stage's input: "weights" (against the given float model), "round",
    "clip", "stream". accumulated: difference of two stages at this layer's output: "weights", "quantised", "stream",
    "total" (first stage to hardware). range: greatest less least output of the first stage, in the same codes.
    stream_offset: RMS over neurons of the mean of S − exact S; stream_spread: RMS of the rest. In units of S.
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
    """Input codes: shares at 0 and at L, inputs never above 0 (their number), and the error of rounding, in codes."""

    zero: float
    top: float
    dead: int
    rms: float
    worst: float


@dataclass(frozen=True, slots=True)
class Cause:
    """Stage `stage` once more, with one source of error taken out: what it alone costs.

    cause: "weights", "input", "clip", "round", "stream" or "offset" (the mean of a layer's stream error over samples,
    which a bias could take off). correct: right answers without it. gain: by how many these exceed the stage's own.
    restored: predictions that become those of the stage before again, of the ones that the step changes.
    """

    stage: str
    cause: str
    layer: int
    correct: int
    gain: int
    restored: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A changed network, run on the same samples in the hardware's arithmetic: what the change gives, measured."""

    change: str
    correct: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the numbers say. rule: the name under which docs/explain.md states it. layer: None where none is meant."""

    rule: str
    layer: int | None
    text: str
    numbers: dict[str, Any]
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A class with a name: samples of it, how many of them each stage gets right, and the stream stage's answers."""

    name: str
    samples: int
    correct: dict[str, int]
    answers: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a network loses accuracy, from float to hardware. notes: what could not be said, and why.

    input: what numbers the network takes, where they are real; clipped: share of the samples' values outside of them.
    classes: of a network whose classes have names.
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
