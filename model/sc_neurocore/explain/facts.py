"""Facts that `explain` states of every network, whatever its neurons: inputs, weight codes and classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import data
from ..network import Network, WeightedLayer
from ..neurons import classify
from .chain import entropy_codes
from .result import ClassFacts, InputFacts, WeightFacts

__all__ = ["class_facts", "indices", "input_facts", "weight_facts"]

# Samples that are measured at a time.
_BLOCK = 1024


def class_facts(
    network: Network, labels: NDArray[np.int64], scores: Mapping[str, NDArray[Any]]
) -> tuple[ClassFacts, ...]:
    """Return the figures of each class, where classes have names.

    Args:
        network: The network.
        labels: Classes of the samples, (n,).
        scores: Scores by stage, (n, classes) each; one of the stages is "stream".
    """
    names = data.class_names(network.info, network.classes, network.name)
    answers = {stage: classify(found) for stage, found in scores.items()}
    return tuple(
        ClassFacts(
            name=name,
            samples=int((labels == k).sum()),
            correct={stage: int(((found == k) & (labels == k)).sum()) for stage, found in answers.items()},
            answers=int((answers["stream"] == k).sum()),
        )
        for k, name in enumerate(names or ())
    )


def input_facts(network: Network, raw: data.Samples, codes: NDArray[np.uint16]) -> InputFacts:
    """Return the facts on the input codes; their error is against the samples in units of codes.

    Args:
        network: The network.
        raw: Raw samples as `network.input` describes them; of a network in steps the vectors of all steps.
        codes: Their codes, (number of them, inputs).
    """
    length, full = network.length, network.input.full_scale
    total, worst = 0.0, 0.0
    for start in range(0, len(codes), _BLOCK):
        part = slice(start, start + _BLOCK)
        error = codes[part] - network.input.pooled(raw[part]) * (length / full)
        total += float(np.square(error).sum())
        worst = max(worst, float(np.abs(error).max()))
    return InputFacts(
        zero=float((codes == 0).mean()),
        top=float((codes == length).mean()),
        dead=int((codes.max(axis=0) == 0).sum()),
        rms=float(np.sqrt(total / codes.size)),
        worst=worst,
    )


def weight_facts(layer: WeightedLayer, length: int) -> WeightFacts:
    """Return the facts on the weight codes of a layer, at the stream length L."""
    codes, top = layer.weights.astype(np.int64), length - 1
    largest = int(np.abs(codes).max())
    return WeightFacts(
        zero=float((codes == 0).mean()),
        clip=float((np.abs(codes) == top).mean()),
        largest=largest,
        used=len(np.unique(codes)),
        effective=entropy_codes(codes),
        headroom=top // largest if largest else 1,
    )


def indices(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """Return the indices at which a mask is true."""
    return tuple(int(k) for k in np.flatnonzero(mask))
