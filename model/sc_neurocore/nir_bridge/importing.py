"""From a NIR network to an artifact by one call: run, convert, check bit-true, fine-tune; accuracy after each stage.

This is what `sc-neurocore import` does. The accuracies show where a network loses answers, and a stage that loses more
than its arithmetic explains stops the import (`falls`).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from math import isqrt, prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from .. import artifact, checks, data, packed
from ..errors import ScError, require
from ..network import InputSpec, Network
from ..progress import Progress
from ..sources import log2_length, source
from ..streams import sng
from ..training.recipe_training import train
from ..training.recipes import Recipe
from .conversion import RateModel, as_inputs, convert, rate_counts, rate_model, with_input
from .falls import begins_in_network, begins_in_rates, fall
from .graph import WEIGHTED
from .layout import code_order, seen_values, stated
from .network import NirNetwork
from .targets import support

__all__ = ["Imported", "import_network"]

# Of the fine-tuning through the streams: chosen on MNIST's validation part.
_BATCH, _LEARNING_RATE = 128, 0.002
# The scores of a converted network have any scale. Divided by this many times the temperature at which they would be
# probabilities, they leave the loss something to do: wide margins, which the streams' error is less likely to cross.
_MARGIN, _SAMPLES = 4.0, 1000
# Samples that are made into floats at a time.
_CHUNK = 1024
# Bits of input streams that are held at a time.
_BITS = 1 << 25
_TEMPERATURES = 2.0 ** (np.arange(14, -13, -1) / 2)


@dataclass(frozen=True, slots=True)
class Imported:
    """What `import_network` did. Accuracies are shares of 1, of the validation part; None: there was no such stage.

    Attributes:
        network: Name of the artifact.
        topology: Its layers, such as "64-32-10".
        out: Its folder.
        discretisation: How the network was stepped.
        neurons: "rate" or "lif".
        length: L.
        steps: T of the float reference.
        validation_images: Number of samples that the accuracies are measured on.
        reference: Accuracy of the float reference, each step with the sample as a constant current.
        reference_on_streams: The same with the bits that the hardware gets ("lif" only).
        relu: Accuracy of the network of ReLUs with the same rates ("rate" only).
        bit_true: Accuracy of the arithmetic of the artifact, before fine-tuning.
        fine_tuned: Accuracy of the artifact after fine-tuning.
        targets: Each target with "yes", or the reason why it does not take the artifact, see `support`.
        seconds: Time that the import took.
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
        """Return the row that the command line prints, without the stages that did not take place."""
        return {k: v for k, v in asdict(self).items() if v is not None}


def _pool(dataset: data.Dataset, network: NirNetwork, pool: int | None) -> int:
    """Return the side of the blocks of pixels that are summed so that samples fit the network's input; 1 for none."""
    if pool is not None:
        return pool
    size, wanted = prod(dataset.shape), prod(network.input_shape)
    if size == wanted or len(dataset.shape) != 2:
        return 1
    side = isqrt(size // wanted) if wanted and size % wanted == 0 else 0
    return side if side and side**2 * wanted == size and all(s % side == 0 for s in dataset.shape) else 1


def _hidden(network: Network) -> tuple[str | int, ...]:
    """Return the hidden layers as a recipe states them: a number for a dense layer, a word for any other."""
    return tuple(int(layer.label) if layer.label.isdecimal() else layer.label for layer in network.layers[:-1])


def _temperature(model: RateModel, spec: InputSpec, samples: data.Dataset) -> float:
    """Return what fine-tuning divides the scores by, 0.01 … 100.

    The scores of a converted network have any scale. The temperature that gives the least cross entropy is searched on
    about 1000 samples, and multiplied by `_MARGIN`.
    """
    every = -(-len(samples.x_train) // _SAMPLES)
    scores = model.scores(spec, samples.x_train[::every])
    labels = torch.from_numpy(np.array(samples.y_train[::every]))
    losses = [float(cross_entropy(scores / t, labels)) for t in _TEMPERATURES]
    return float(np.clip(_MARGIN * _TEMPERATURES[int(np.argmin(losses))], 0.01, 100.0))


def _reference(
    network: NirNetwork, spec: InputSpec, x: Any, steps: int, scale: float | None, offset: float | None
) -> NDArray[np.int64]:
    """Return the classes of the float reference, (n,), each step with the sample as a constant current.

    Args:
        network: The network from NIR.
        spec: What the samples are.
        x: Raw samples, (n, *spec.shape).
        steps: T.
        scale: See `as_inputs`.
        offset: See `as_inputs`.
    """
    shown = Progress("float reference")
    found = []
    for start in range(0, len(x), _CHUNK):
        part = as_inputs(network, spec, x[start : start + _CHUNK], scale, offset)

        def say(done: int, _: int, start: int = start) -> None:
            shown(start + done, len(x))

        counts = rate_counts(network, part, steps, [], say)[""]
        found.append(counts.reshape(len(counts), -1).argmax(axis=1))
    return np.concatenate(found)


def _on_streams(
    network: NirNetwork, spec: InputSpec, x: Any, length: int, scale: float | None, offset: float | None
) -> NDArray[np.int64]:
    """Return the classes of the float reference with the bits of A4 (stochastic number generator) as input, T = L.

    The difference to `_reference` is what the input streams alone cost. The arguments are those of `_reference`.
    """
    r = source("counter", length)
    factor, low = seen_values(spec, scale, offset)
    order = code_order(network, spec)
    size = max(1, min(250, _BITS // (length * spec.size)))
    found = []
    for start in range(0, len(x), size):
        codes = spec.encode(x[start : start + size], length)[:, order]
        bits = sng(codes[None], r[:, None, None]) * factor + low
        run = network.run(bits.reshape(length, len(codes), *network.input_shape).astype(network.dtype))
        counts = run.output.sum(axis=0)
        found.append(counts.reshape(len(counts), -1).argmax(axis=1))
    return np.concatenate(found)


def _bit_true(network: Network, x: Any) -> NDArray[np.int64]:
    """Return the classes that the arithmetic of the artifact gives, (n,)."""
    codes = [network.input.encode(x[k : k + _CHUNK], network.length) for k in range(0, len(x), _CHUNK)]
    return packed.run(network, np.concatenate(codes)).classes


def _check_outputs(network: NirNetwork, samples: data.Dataset, name: str, fine_tune: int) -> None:
    """Refuse data with more classes than the network has outputs, and for fine-tuning also data with fewer.

    Args:
        network: The network from NIR.
        samples: The data set.
        name: Its name, for the message.
        fine_tune: Epochs of fine-tuning; 0 for none.
    """
    require(len(network.graph.outputs) == 1, f"the network has {len(network.graph.outputs)} Outputs, import takes one")
    (output,) = network.graph.outputs
    outputs, here = prod(network.graph.nodes[output].output_shape), f"node {output!r} (Output)"
    require(
        outputs >= samples.classes,
        f"{here} has {outputs} values, but {name} has {samples.classes} classes, labels 0 … {samples.classes - 1}: "
        f"take samples of the classes that the network was trained on, labelled 0 … {outputs - 1}",
    )
    require(
        not fine_tune or outputs == samples.classes,
        f"fine_tune needs a network with an output for each class: {here} has {outputs} values, {name} has "
        f"{samples.classes} classes; import it without fine_tune (--fine-tune)",
    )


def import_network(
    network: NirNetwork,
    dataset: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    length: int = 64,
    neurons: str = "rate",
    steps: int | None = None,
    pool: int | None = None,
    scale: float | None = None,
    offset: float | None = None,
    order: str | None = None,
    fine_tune: int = 0,
    seed: int = 0,
    restart: bool = False,
    force: bool = False,
    name: str | None = None,
    progress: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> Imported:
    """Write the artifact of a NIR network to `out`, and return its accuracy after every stage.

    A stage that loses more accuracy than `fall` explains is an error, which says at which node the difference begins.
    Nothing is written then, unless `force` is set.

    Args:
        network: A network that `from_nir` returned.
        dataset: "digits", "mnist" or an .npz file, see `data.load`. The training part sets the scales, the validation
            part gives the accuracies. The test part is left alone, but fine-tuning uses it once, at its end, as `train`
            does.
        out: Folder of the artifact.
        length: L. See `convert`.
        neurons: "rate" or "lif". See `convert`.
        steps: T of the float reference; default L.
        pool: Side of the blocks of pixels that are summed; default: what makes samples fit.
        scale: See `convert`.
        offset: See `convert`.
        order: See `convert`.
        fine_tune: Epochs of training through the exact streams, from the converted weights on ("rate" only); 0 for
            none. They can be interrupted and continued as those of `train`.
        seed: Random seed of fine-tuning.
        restart: Begin fine-tuning anew, even if an interrupted run could be continued.
        force: Write the artifact although a stage loses more than it should; the loss becomes a warning.
        name: Name of the artifact; default that of the file.
        progress: Takes each line that reports progress; default: prints it to standard error.

    Returns:
        The accuracies, and what takes the artifact.

    Raises:
        ScError: As `convert`, or a stage loses too much. Before the work: the folder cannot be written, or the data
            have more classes than the network has outputs.
    """
    began = time.monotonic()
    target = artifact.check_target(Path(out))
    require(fine_tune >= 0, f"fine_tune must be at least 0 epochs, got {fine_tune}")
    require(neurons == "rate" or not fine_tune, "fine_tune is for neurons 'rate': lif networks train in SpikingNet")
    samples = data.load(dataset)
    _check_outputs(network, samples, os.fspath(dataset), fine_tune)
    plain = samples.input_spec(_pool(samples, network, pool))
    spec = stated(network, plain, order)
    log2_length(length)
    steps = length if steps is None else checks.integer("steps", steps, 1)
    called = name or Path(str(network.origin.get("file", "nir"))).stem
    x, y = samples.x_val, samples.y_val

    def share(found: NDArray[Any]) -> float:
        return float((found == y).mean())

    def check(stages: tuple[str, str], before: NDArray[Any], after: NDArray[Any], resolution: int, begins: Any) -> None:
        """Refuse the second of two stages if it loses too much; `begins` returns a sentence that says where."""
        found = fall(before, after, y, resolution, layers)
        if not found.large:
            return
        text = (
            f"accuracy falls from {stages[0]} ({share(before):.2%}) to {stages[1]} ({share(after):.2%}), by "
            f"{100 * found.lost:.1f} points of {len(y)} validation samples, more than the {100 * found.allowed:.1f} "
            f"that {'T' if stages[1] == 'relu' else 'L'} = {resolution} and chance explain; {begins()}"
        )
        if force:
            progress(f"warning: {text}")
            return
        raise ScError(
            f"{text}; nothing was written: --force (force=True) writes it all the same, and `sc-neurocore explain "
            f"{os.fspath(out)} --data {os.fspath(dataset)}` then says layer by layer what is lost"
        )

    layers = max(1, sum(node.kind in WEIGHTED for node in network.graph.nodes.values()))
    rates = None
    if neurons == "rate":
        progress(f"rates of the neurons over {steps} steps, from the training part")
        shown = Progress("calibration")
        rates = rate_model(network, samples.x_train, spec, steps=steps, scale=scale, offset=offset, progress=shown)
    classes = _reference(network, spec, x, steps, scale, offset)
    reference = share(classes)
    progress(f"float reference, {steps} steps, {network.rule}: {reference:.2%} of {len(x)} validation samples")
    relu = streams = None
    if rates is not None:
        before, classes = classes, rates.classes(spec, x)
        relu = share(classes)
        progress(f"as rates, in floats: {relu:.2%}")
        model = rates
        check(
            ("reference", "relu"),
            before,
            classes,
            steps,
            lambda: begins_in_rates(network, model, x, steps, scale, offset),
        )
    progress(f"choosing codes of L = {length}")
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
    if rates is None:
        before, classes = classes, _on_streams(network, spec, x, length, scale, offset)
        streams = share(classes)
        progress(f"float reference on the hardware's input bits: {streams:.2%}")
        check(
            ("reference", "reference_on_streams"),
            before,
            classes,
            length,
            lambda: (
                f"the bits of the input streams, L = {length} a sample, are what differs: a greater L brings them "
                "nearer to the sample"
            ),
        )
    before, classes = classes, _bit_true(made, x)
    exact = share(classes)
    progress(f"bit-true, L = {length}: {exact:.2%}")
    check(
        ("reference_on_streams" if rates is None else "relu", "bit_true"),
        before,
        classes,
        length,
        lambda: (
            "the weights as streams of bits are what differs" if rates is None else begins_in_network(rates, made, x)
        ),
    )
    facts = {**made.info, "validation_accuracy": exact, "data": samples.name, **samples.facts}
    if fine_tune and rates is not None:
        bare = replace(spec, shift=None)  # as in `convert`: the weights are for shares of the full scale
        converted = classes

        def finish(trained: Network) -> Network:
            """Check the trained network as a stage, and state its input as the converted one has it."""
            after = _bit_true(trained, x)
            check(
                ("bit_true", "fine_tuned"),
                converted,
                after,
                length,
                lambda: "fine-tuning made the network worse: fewer epochs, or none, keep the converted one",
            )
            return with_input(trained, spec)

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
        tuned = train(
            recipe,
            target,
            restart=restart,
            start=rates.model,
            input_spec=None if bare == plain else bare,
            facts={"nir": made.info["nir"]},
            finish=finish,
            progress=progress,
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
