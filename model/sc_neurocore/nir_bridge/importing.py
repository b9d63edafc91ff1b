"""From a NIR network to an artifact by one call: run, convert, check bit-true, fine-tune; accuracy after each stage."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from math import isqrt, prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from .. import artifact, data, packed
from ..errors import require
from ..network import InputSpec, Network
from ..progress import Progress
from ..sources import source
from ..streams import sng
from ..training.recipes import Recipe
from ..training.run import train
from .conversion import RateModel, as_inputs, convert, rate_counts, rate_model
from .network import NirNetwork
from .targets import support

__all__ = ["Imported", "import_network"]

# Of the fine-tuning through the streams: chosen on MNIST's validation part.
_BATCH, _LEARNING_RATE = 128, 0.002
# The scores of a converted network have any scale. Divided by this many times the temperature at which they would be
# probabilities, they leave the loss something to do: wide margins, which the streams' error is less likely to cross.
_MARGIN, _SAMPLES = 4.0, 1000
_TEMPERATURES = 2.0 ** (np.arange(14, -13, -1) / 2)


@dataclass(frozen=True, slots=True)
class Imported:
    """What `import_network` did. Accuracies are shares of 1, of the validation part; None: there was no such stage.

    reference: of the float reference, each step with the sample as a constant current; reference_on_streams: with the
    bits that the hardware gets ("lif" only); relu: of the network of ReLUs with the same rates ("rate" only); bit_true:
    of the artifact's arithmetic, before fine-tuning; fine_tuned: after it, of the artifact. targets: what takes the
    artifact, else why not.
    """

    network: str
    topology: str
    out: str
    discretisation: str
    neurons: str
    length: int
    steps: int
    validation_images: int
    reference: float
    reference_on_streams: float | None
    relu: float | None
    bit_true: float
    fine_tuned: float | None
    targets: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the row that the command line prints, without stages that there were not."""
        return {k: v for k, v in asdict(self).items() if v is not None}


def _pool(dataset: data.Dataset, network: NirNetwork, pool: int | None) -> int:
    """Return the side of the blocks that are summed so that samples fit the network's input."""
    if pool is not None:
        return pool
    size, wanted = prod(dataset.shape), prod(network.input_shape)
    if size == wanted or len(dataset.shape) != 2:
        return 1
    side = isqrt(size // wanted) if wanted and size % wanted == 0 else 0
    return side if side and side**2 * wanted == size and all(s % side == 0 for s in dataset.shape) else 1


def _share(found: NDArray[Any], y: NDArray[np.int64]) -> float:
    return float((found == y).mean())


def _hidden(network: Network) -> tuple[str | int, ...]:
    """Return the hidden layers as a recipe writes them."""
    return tuple(int(layer.label) if layer.label.isdecimal() else layer.label for layer in network.layers[:-1])


def _temperature(model: RateModel, spec: InputSpec, samples: data.Dataset) -> float:
    """Return what fine-tuning divides the scores by."""
    every = -(-len(samples.x_train) // _SAMPLES)
    scores = model.scores(spec, samples.x_train[::every])
    labels = torch.from_numpy(np.array(samples.y_train[::every]))
    losses = [float(cross_entropy(scores / t, labels)) for t in _TEMPERATURES]
    return float(np.clip(_MARGIN * _TEMPERATURES[int(np.argmin(losses))], 0.01, 100.0))


def _on_streams(network: NirNetwork, spec: InputSpec, x: Any, length: int, scale: float, offset: float) -> NDArray[Any]:
    """Return the classes of the float reference with the bits of A4 as input."""
    r = source("counter", length)
    found = []
    for start in range(0, len(x), 250):
        codes = spec.encode(x[start : start + 250], length)
        bits = sng(codes[None], r[:, None, None]) * scale + offset
        run = network.run(bits.reshape(length, len(codes), *network.input_shape).astype(network.dtype))
        found.append(run.output.sum(axis=0).argmax(axis=-1))
    return np.concatenate(found)


def import_network(
    network: NirNetwork,
    dataset: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    length: int = 64,
    neurons: str = "rate",
    steps: int | None = None,
    pool: int | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
    fine_tune: int = 0,
    seed: int = 0,
    restart: bool = False,
    name: str | None = None,
    progress: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> Imported:
    """Write the artifact of a NIR network to `out`, and return its accuracy after every stage.

    dataset: "digits", "mnist" or an .npz file, see `data.load`: its training part sets the scales, its validation part
    gives the accuracies; the test part is left alone, but that fine-tuning uses it once, at its end, as `train` does.
    length, neurons, steps, scale, offset: see `convert`. pool: side of the blocks of pixels that are summed first
    (default: what makes samples fit). fine_tune: epochs through the exact streams from the converted weights on
    ("rate" only, 0: none); they can be interrupted and go on as `train`'s. Raises ScError as `convert` does, and before
    the work for a folder that cannot be written.
    """
    began = time.monotonic()
    target = artifact.check_target(Path(out))
    require(fine_tune >= 0, f"fine_tune must be at least 0 epochs, got {fine_tune}")
    require(neurons == "rate" or not fine_tune, "fine_tune is for neurons 'rate': lif networks train in SpikingNet")
    samples = data.load(dataset)
    spec = samples.input_spec(_pool(samples, network, pool))
    steps = steps or length
    called = name or Path(str(network.origin.get("file", "nir"))).stem
    rates = None
    if neurons == "rate":
        rates = rate_model(network, samples.x_train, spec, steps=steps, scale=scale, offset=offset)
    made = convert(
        network,
        samples.x_train,
        length=length,
        input_spec=spec,
        neurons=neurons,
        steps=steps,
        scale=scale,
        offset=offset,
        rates=rates,
        name=called,
    )

    def share(found: NDArray[Any]) -> float:
        return _share(found, samples.y_val)

    x = as_inputs(network, spec, samples.x_val, scale, offset)
    counts = rate_counts(network, x, steps, [], Progress("float reference"))[""]
    reference = share(counts.reshape(len(counts), -1).argmax(axis=1))
    progress(f"float reference, {steps} steps, {network.rule}: {reference:.2%} of {len(x)} validation samples")
    relu = streams = None
    if rates is not None:
        relu = share(rates.classes(spec, samples.x_val))
        progress(f"as rates, in floats: {relu:.2%}")
    else:
        streams = share(_on_streams(network, spec, samples.x_val, length, scale, offset))
        progress(f"float reference on the hardware's input bits: {streams:.2%}")
    exact = share(packed.run(made, spec.encode(samples.x_val, length)).classes)
    progress(f"bit-true, L = {length}: {exact:.2%}")
    facts = {**made.info, "validation_accuracy": exact, "data": samples.name, **samples.facts}
    if fine_tune and rates is not None:
        recipe = Recipe(
            name=called,
            data=os.fspath(dataset),
            hidden=_hidden(made),
            length=length,
            epochs=fine_tune,
            float_epochs=0,
            batch=_BATCH,
            float_learning_rate=0.0,
            learning_rate=_LEARNING_RATE,
            pool=spec.pool,
            seed=seed,
            temperature=_temperature(rates, spec, samples),
        )
        nir = {"nir": made.info["nir"]}
        tuned = train(
            recipe, target, restart=restart, start=rates.model, facts=nir, progress=progress
        ).validation_accuracy
        made = artifact.load(target)
    else:
        tuned = None
        made = Network(made.length, made.layers, made.input, made.theta_frac, name=called, info=facts)
        artifact.save(made, target)
    return Imported(
        network=called,
        topology=made.topology,
        out=str(target),
        discretisation=str(network.rule),
        neurons=neurons,
        length=length,
        steps=steps,
        validation_images=len(samples.y_val),
        reference=reference,
        reference_on_streams=streams,
        relu=relu,
        bit_true=exact,
        fine_tuned=tuned,
        targets={k: why or "yes" for k, why in support(made).items()},
        seconds=round(time.monotonic() - began, 2),
    )
