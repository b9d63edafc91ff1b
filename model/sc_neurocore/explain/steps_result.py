"""What `explain` finds about a network in steps (A20), as plain records."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .result import ClassFacts, InputFacts, Stage, Suggestion, WeightFacts

__all__ = ["Raster", "ScoreMargins", "StateFacts", "StepsExplanation", "StepsLayer"]


@dataclass(frozen=True, slots=True)
class StateFacts:
    """How a state of a layer's neurons uses its bits, over all neurons, steps and samples.

    Attributes:
        name: "u", the potential before the reset; "i", the current of `synaptic` neurons; or "a", what the thresholds
            of `alif` neurons are above theta.
        width: Bits of the state.
        bits: The fewest bits, signed, that hold every value that it had.
        least: The least value.
        greatest: The greatest value.
        at_low: Share of values at the lower end of the width, where the state saturates.
        at_high: Share of values at the upper end.
    """

    name: str
    width: int
    bits: int
    least: int
    greatest: int
    at_low: float
    at_high: float


@dataclass(frozen=True, slots=True)
class StepsLayer:
    """What was found about one layer. A rate is spikes a neuron and step, 0 … 1.

    Attributes:
        index: Index of the layer.
        kind: Kind of its neurons; "sum" for a readout without neurons.
        inputs: Number of inputs.
        sources: Number of neurons whose spikes come over edges, counted for each edge.
        neurons: Number of neurons.
        weights: Facts on its weight codes, those of its edges not included.
        states: The states of its neurons; empty for "sum" and for equations.
        rate: Mean rate. None, as all that follows, where no neuron can spike.
        rate_by_step: Mean rate in each step.
        rate_of: Mean rate of each neuron.
        dead: Indices of neurons that never spike.
        always_on: Indices of neurons that spike at least once in every sample.
        constant: Indices of neurons that spike in every step of every sample.
    """

    index: int
    kind: str
    inputs: int
    sources: int
    neurons: int
    weights: WeightFacts
    states: tuple[StateFacts, ...]
    rate: float | None = None
    rate_by_step: tuple[float, ...] = ()
    rate_of: tuple[float, ...] = ()
    dead: tuple[int, ...] = ()
    always_on: tuple[int, ...] = ()
    constant: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Raster:
    """Every spike of one sample.

    Attributes:
        sample: Index of the sample.
        label: Its class.
        answer: The network's answer.
        spikes: For each layer that spikes, (step, neuron) of each spike, in the order of the steps.
    """

    sample: int
    label: int
    answer: int
    spikes: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, slots=True)
class ScoreMargins:
    """Best less second score of each sample, in units of a score.

    Attributes:
        median_right: Median over right answers; None without any.
        median_wrong: Median over wrong answers; None without any.
        tied: Samples whose best two scores are equal, so that the lower index decides.
        step: Width of a bin of the histograms.
        right: Right answers by margin; the last bin has all above.
        wrong: Wrong answers by margin.
    """

    median_right: float | None
    median_wrong: float | None
    tied: int
    step: int
    right: tuple[int, ...]
    wrong: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepsExplanation:
    """What a network in steps does on the samples of a data set.

    Attributes:
        network: Its name.
        topology: Its layers, such as "64-32-10".
        length: L.
        steps: T.
        constant: Whether a sample is one vector for all steps.
        readout: What the scores are.
        data: Name of the data set or file.
        split: The part of it.
        samples: Number of samples.
        backend: The back end that was compared with the packed simulator.
        stages: "stream", and the back end where it is another.
        confusion: Number of samples of each class, a row each, by the answer that the network gives.
        correct_by_step: Right answers if the sample ended after that step.
        inputs: The input codes.
        layers: One report a layer.
        margins: The scores' margins.
        raster: Every spike of the first sample.
        spikes: Mean number of spikes of the hidden layers in a sample.
        suggestions: The most important one first.
        notes: What could not be said, and why.
        input: What numbers the network takes, where they are real numbers.
        clipped: Share of the samples' values that are outside of these.
        classes: One entry a class, where classes have names.
    """

    network: str
    topology: str
    length: int
    steps: int
    constant: bool
    readout: str
    data: str
    split: str
    samples: int
    backend: str
    stages: tuple[Stage, ...]
    confusion: tuple[tuple[int, ...], ...]
    correct_by_step: tuple[int, ...]
    inputs: InputFacts
    layers: tuple[StepsLayer, ...]
    margins: ScoreMargins
    raster: Raster
    spikes: float
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
