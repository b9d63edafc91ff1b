"""Train a network by a recipe and write its artifact: `train`, behind the command `sc-neurocore train`.

A run has up to two phases. The float phase trains an ordinary ReLU network. The stream phase then trains with the exact
window sums of the hardware in the forward pass, so that the weights adapt to what streams and rounding change.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import artifact, data, packed
from ..errors import require
from ..network import InputSpec, Network
from ..reference import float_classes as _float_classes
from .augment import distort
from .bit_true_layers import LayerScale, weight_codes
from .convert import calibrate, calibration_samples, measure_excess, rewrite
from .extract import extract
from .recipes import Recipe, SpikingRecipe, load_recipe, parse_hidden
from .run_folder import RunFolder, origin, reproducible, shortened
from .schedule import warm_cosine
from .spiking_training import SpikingResult, train_spiking
from .stages import Stage, WeightedStage, build_stages, float_forward, grid_forward, stream_forward, weighted

__all__ = ["TrainResult", "train"]

# Steps of an epoch on the user's own data, at least.
_OWN_STEPS = 20
# Of metrics.csv; learning_rate: at the epoch's end.
_METRICS = ("epoch", "phase", "loss", "validation_accuracy", "learning_rate")
# Between two progress lines.
_REPORT_SECONDS = 2.0
# Epochs at the end, as a share of those through the streams, of which the best on validation data is kept.
_SELECTION_SHARE = 0.25
_EVALUATION_BATCH = 512
# The choice of the epoch looks at no fewer validation samples than this, where distorted copies can be made.
_SELECTION_SAMPLES = 2000
# Of the steps through the streams: where pruning begins, where it ends, and how many lie between two prunings.
_PRUNE_FROM, _PRUNE_TO, _PRUNE_EVERY = 0.05, 0.6, 20
# Standard deviation, in codes, of weights that start on the grid.
_START_CODES = 1.5


@dataclass(frozen=True, slots=True)
class TrainResult:
    """Figures of a trained network; all accuracies are shares of 1.

    Attributes:
        network: Its name.
        topology: Its layers, such as "64-32-10".
        length: L, the number of bits of a stream.
        recipe: Name of the recipe.
        seed: Seed of everything random.
        out: The folder of the artifact.
        validation_accuracy: Bit-true, on the validation part.
        float_test_accuracy: Of the same weights with float inputs and activations, on the test part. This and the
            following accuracy, and differing_predictions, are None for own data without a test part.
        bit_true_test_accuracy: Of the hardware's arithmetic.
        test_images: Number of samples of the test part.
        differing_predictions: Number of test samples that the two classify differently.
        mean_active: For each layer the number of inputs that are not 0, without the bias, on average over the
            validation part. The time-unrolled engine's clocks depend on it.
        seconds: Duration of the run.
        input: What numbers the network takes, in words.
        classes: Names of the classes, where own labels have some.
    """

    network: str
    topology: str
    length: int
    recipe: str
    seed: int
    out: str
    validation_accuracy: float
    float_test_accuracy: float | None
    bit_true_test_accuracy: float | None
    test_images: int
    differing_predictions: int | None
    mean_active: tuple[float, ...]
    seconds: float
    input: str
    classes: tuple[str, ...] | None


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def train(
    source: str | os.PathLike[str] | Recipe | SpikingRecipe,
    out: str | os.PathLike[str],
    *,
    length: int | None = None,
    seed: int | None = None,
    epochs: int | None = None,
    restart: bool = False,
    hidden: Sequence[int | str] | None = None,
    order: str | None = None,
    input_range: Sequence[float] | None = None,
    start: nn.Module | None = None,
    input_spec: InputSpec | None = None,
    facts: Mapping[str, Any] | None = None,
    finish: Callable[[Network], Network] | None = None,
    limit: int | None = None,
    device: str = "cpu",
    progress: Callable[[str], None] = _to_stderr,
) -> TrainResult | SpikingResult:
    """Train by a recipe, or on the user's own .npz file, and write the artifact to `out`.

    The kept epoch is the one that is best on the validation part: fewest predictions that are wrong, bit-true, or, if
    the recipe asks for agreement, unlike the float network's. The test part is used once, at the end. One thread and
    one seed decide the result, so the same call gives the same artifact on the same machine. `out` is written only at
    the end.

    While it goes on, the run has the folder `<out>.run` (see `RunFolder`). A run that was stopped at any point resumes
    from the end of its last epoch when it is called again, and gives the same artifact, byte by byte.

    A recipe of spiking cells (`SpikingRecipe`) is run by `train_spiking`, which takes no `start`, `input_spec`, `facts`
    or `finish`: they are refused.

    Args:
        source: Name of a recipe, path of a .toml recipe or of an .npz file, or a recipe.
        out: Folder of the artifact.
        length: Replaces the recipe's L; T of a spiking recipe.
        seed: Replaces the recipe's seed.
        epochs: Replaces the recipe's number of epochs.
        restart: Discard what an interrupted run has left and begin anew.
        hidden: Replaces the recipe's hidden layers.
        order: Replaces the recipe's order of axes.
        input_range: Replaces the recipe's input range.
        start: A trained float model as `to_network` takes it, to be fine-tuned. The run begins with its weights, on
            scales calibrated for them. The recipe must have its layers, and no float epochs.
        input_spec: What the samples are, where it says more than the data set does, such as their order.
        facts: More entries of the artifact's info.
        finish: Gets the trained network and returns the one that is written. What it raises leaves `out` as it was.
        limit: Use only the first so many samples of each part, for a short trial. The artifact's info says so.
        device: "cpu", or "cuda" for a recipe of spiking cells.
        progress: Gets a line of text now and then.

    Returns:
        The figures of the network; a SpikingResult for a recipe of spiking cells.

    Raises:
        CheckpointError: The run's folder holds a checkpoint of another run, or a damaged one.
        ScError: The recipe, the data or an argument does not fit, or the training diverged.
        Interrupted: Ctrl-C; the text says how to resume.
    """
    began = time.monotonic()
    recipe = source if isinstance(source, (Recipe, SpikingRecipe)) else load_recipe(source)
    recipe = recipe.changed(
        length=length, seed=seed, epochs=epochs, hidden=hidden, order=order, input_range=input_range
    )
    if isinstance(recipe, SpikingRecipe):
        given = {"start": start, "input_spec": input_spec, "facts": facts, "finish": finish}
        for name, value in given.items():
            require(value is None, f"recipe {recipe.name} is of spiking cells, which take no {name}")
        return train_spiking(recipe, out, restart=restart, limit=limit, device=device, progress=progress)
    require(
        device == "cpu",
        f"recipe {recipe.name} trains through the exact table, on the CPU: device must be 'cpu', got {device!r}",
    )
    target = artifact.check_target(Path(out))
    require(
        recipe.data,
        f"recipe {recipe.name} names no data: train on an .npz file with arrays x and y instead",
    )
    dataset = shortened(data.load(recipe.data, order=recipe.order, input_range=recipe.input_range or None), limit)
    for note in dataset.notes:
        progress(f"note: {note}")
    if isinstance(source, (str, os.PathLike)) and os.fspath(source).endswith(".npz"):
        recipe = replace(recipe, batch=_own_batch(len(dataset.x_train), recipe.batch))
    with (
        reproducible(),
        RunFolder(
            target, recipe, dataset, _METRICS, restart=restart, start=_digest(start, input_spec), progress=progress
        ) as folder,
    ):
        run = _Run(recipe, dataset, progress, start, input_spec)
        run.folder = folder
        network, validation = run.train({**origin(recipe, limit), **dataset.facts, **(facts or {})})
        network = _tested(network if finish is None else finish(network), dataset)
        artifact.save(network, target, beside=folder.files())
        folder.finish()
    info = network.info
    if info["test_images"]:
        progress(
            f"test part, {info['test_images']} samples: bit-true {info['bit_true_test_accuracy']:.2%}, "
            f"float {info['float_test_accuracy']:.2%}, {info['differing_test_predictions']} predictions differ; "
            f"artifact in {target}"
        )
    else:
        progress(f"no test part: of the validation part {validation:.2%} are right; artifact in {target}")
    split = "" if info["test_images"] else " --split validation"
    progress(
        f"{network.name}: {network.topology}, L = {network.length}, input: {data.describe(network.input)}; "
        f"sc-neurocore evaluate {shlex.quote(os.fspath(out))} --data {shlex.quote(recipe.data)}{split}"
    )
    return TrainResult(
        network=network.name,
        topology=network.topology,
        length=network.length,
        recipe=recipe.name,
        seed=recipe.seed,
        out=str(target),
        validation_accuracy=validation,
        float_test_accuracy=info.get("float_test_accuracy"),
        bit_true_test_accuracy=info.get("bit_true_test_accuracy"),
        test_images=info["test_images"],
        differing_predictions=info.get("differing_test_predictions"),
        mean_active=tuple(info["mean_active"]),
        seconds=round(time.monotonic() - began, 2),
        input=data.describe(network.input),
        classes=dataset.class_names,
    )


def _own_batch(samples: int, most: int) -> int:
    """Return a batch size for own data that gives an epoch about twenty steps.

    It is a power of two from 8 on, but at most `most`.

    A few hundred samples in batches of 64 would have three steps an epoch, and be far from trained at the end.

    >>> [_own_batch(n, 64) for n in (40, 180, 1000, 60_000)]
    [8, 8, 32, 64]
    """
    return min(most, max(8, 1 << max(samples // _OWN_STEPS, 1).bit_length() - 1))


def _digest(model: nn.Module | None, spec: InputSpec | None) -> str | None:
    """Return a sha256 of the parameters that a run starts from, and of the InputSpec if given; None without a model."""
    if model is None:
        return None
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        digest.update(f"{name} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())  # NumPy has no bfloat16
    if spec is not None:
        digest.update(repr(spec).encode())
    return digest.hexdigest()


def _tested(network: Network, dataset: data.Dataset) -> Network:
    """Use the test part, once: return the network with its figures, or with none if there is no test part."""
    spec = network.input
    if not len(dataset.y_test):
        return _with_info(network, test_images=0)
    float_classes = _float_classes(network, spec.pooled(dataset.x_test) / spec.full_scale)
    exact_classes = packed.run(network, spec.encode(dataset.x_test, network.length)).classes
    return _with_info(
        network,
        float_test_accuracy=float((float_classes == dataset.y_test).mean()),
        bit_true_test_accuracy=float((exact_classes == dataset.y_test).mean()),
        differing_test_predictions=int((float_classes != exact_classes).sum()),
        test_images=len(dataset.y_test),
    )


def _with_info(network: Network, **facts: Any) -> Network:
    """Return the network with further entries in its info."""
    return Network(
        length=network.length,
        layers=network.layers,
        input=network.input,
        theta_frac=network.theta_frac,
        activation_source=network.activation_source,
        weight_source=network.weight_source,
        name=network.name,
        info={**network.info, **facts},
    )


def _plain(scale: LayerScale) -> dict[str, Any]:
    """Return a scale as plain values and tensors, for a checkpoint."""
    return {f.name: getattr(scale, f.name) for f in fields(scale)}


def _scales(plain: Sequence[dict[str, Any]]) -> tuple[LayerScale, ...]:
    """Return the scales of a checkpoint."""
    return tuple(LayerScale(**scale) for scale in plain)


@dataclass(frozen=True, slots=True)
class _Score:
    """Validation figures of one epoch.

    Attributes:
        correct: Validation samples classified right, bit-true.
        faults: Predictions that are wrong, plus, where the recipe asks for agreement, those unlike the float network's.
            Distorted copies of the samples count as well.
        loss: Mean cross-entropy over the same samples.
    """

    correct: int
    faults: int
    loss: float

    @property
    def key(self) -> tuple[int, float]:
        """The key by which epochs are compared; the greatest is best."""
        return -self.faults, -self.loss


class _Run:
    """One training run: holds the tensors that its phases share.

    Args:
        recipe: What to train.
        dataset: The data.
        progress: Gets a line of text now and then.
        start: A float model to start from, or None.
        input_spec: What the samples are; None takes it from the data set and the recipe.
    """

    folder: RunFolder

    def __init__(
        self,
        recipe: Recipe,
        dataset: data.Dataset,
        progress: Callable[[str], None],
        start: nn.Module | None = None,
        input_spec: InputSpec | None = None,
    ) -> None:
        self.recipe = recipe
        self.dataset = dataset
        self.progress = progress
        self.spec: InputSpec = input_spec or dataset.input_spec(recipe.pool, recipe.threshold)
        if recipe.augment.active:
            require(
                len(dataset.shape) == 2,
                f"augment needs 2-D images, {dataset.name} has samples of shape {dataset.shape}",
            )
        self._check_shape()
        if dataset.probe is not None:
            data.check_codes(dataset.probe, self.spec, recipe.length, f"{recipe.data}: x")
        torch.manual_seed(recipe.seed)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.stages = build_stages(self.spec.output_shape, recipe.hidden, dataset.classes)
        if start is not None:
            self.stages = self._started(start)
        self.layers = weighted(self.stages)
        self.model = nn.ModuleList(layer.module for layer in self.layers)
        # Distorted images are 0 outside, or what is nearest to it.
        self.outside = min(max(0, self.spec.offset), self.spec.top)
        self.images = torch.from_numpy(np.array(dataset.x_train))
        self.labels = torch.from_numpy(np.array(dataset.y_train))
        self.pooled = torch.from_numpy(self.spec.pooled(dataset.x_train))
        self.val_count = len(dataset.y_val)
        self.val_pooled, self.val_labels = self._validation_samples()
        self.batches = -(-len(self.labels) // recipe.batch)
        self.reported = time.monotonic()

    def train(self, facts: dict[str, Any]) -> tuple[Network, float]:
        """Train, export and check the network.

        Args:
            facts: Entries of the network's info.

        Returns:
            The network and its bit-true validation accuracy.
        """
        recipe = self.recipe
        self.progress(
            f"{recipe.name}: {'-'.join(map(str, (self.spec.size, *recipe.hidden, self.dataset.classes)))}, "
            f"L = {recipe.length}, {len(self.labels)} training and {self.val_count} validation samples"
        )
        state = self.folder.resume()
        if recipe.float_epochs and (state is None or state["phase"] == "float"):
            self._float_phase(state)
            state = None
        if state is not None:
            scales = _scales(state["scales"])
        elif recipe.theta is None:
            scales = calibrate(self.stages, self.dataset.x_train, self.spec, recipe.length, recipe.theta_frac)
        else:
            scales = self._measure_excess(self._on_the_grid(recipe.theta))
        score, epoch, scales = self._stream_phase(scales, state)
        network = rewrite(
            self.stages,
            scales,
            length=recipe.length,
            input_spec=self.spec,
            theta_frac=recipe.theta_frac,
            name=recipe.name,
        )
        codes = self.spec.encode(self.dataset.x_val, recipe.length)
        result = packed.run(network, codes)
        with torch.no_grad():
            scores, _ = self._streams(self.val_pooled[: self.val_count], scales)
        if not np.array_equal(result.scores, scores.numpy().astype(np.int64)):
            raise AssertionError("the forward pass of training and the packed simulator disagree")
        accuracy = score.correct / self.val_count
        active = [codes, *result.counts]
        return _with_info(
            network,
            **facts,
            chosen_epoch=epoch,
            validation_accuracy=accuracy,
            mean_active=[round(float((a > 0).sum(axis=1).mean()), 4) for a in active],
        ), accuracy

    def _started(self, start: nn.Module) -> list[Stage]:
        """Return the stages of the model to start from, after a check that they are those of the recipe."""
        recipe = self.recipe
        require(
            recipe.float_epochs == 0 and recipe.theta is None,
            f"recipe {recipe.name} must have float_epochs 0 and no theta to start from a float model, got "
            f"{recipe.float_epochs} and {recipe.theta}",
        )
        stages = extract(start, calibration_samples(self.dataset.x_train), self.spec).stages
        shapes = [[stage.output_shape for stage in list_] for list_ in (stages, self.stages)]
        require(shapes[0] == shapes[1], f"the model's layers give {shapes[0]}, those of the recipe {shapes[1]}")
        return stages

    def _validation_samples(self) -> tuple[Tensor, Tensor]:
        """Return the pooled validation samples and their labels, with distorted copies where the samples are few.

        A small part cannot tell two epochs apart that differ in one sample in 500. Copies make the choice less random.
        The undistorted samples come first.
        """
        recipe, dataset = self.recipe, self.dataset
        pooled = [torch.from_numpy(self.spec.pooled(dataset.x_val))]
        labels = torch.from_numpy(np.array(dataset.y_val))
        if recipe.augment.active:
            images = torch.from_numpy(np.array(dataset.x_val))
            for _ in range(-(-_SELECTION_SAMPLES // self.val_count) - 1):
                pooled.append(self._distorted(images))
        return torch.cat(pooled), labels.repeat(len(pooled))

    def _distorted(self, images: Tensor) -> Tensor:
        """Return raw images, distorted as the recipe says, as pooled integers."""
        moved = distort(images - self.outside if self.outside else images, self.recipe.augment, self.generator)
        return torch.from_numpy(self.spec.pooled(moved.numpy().astype(np.int64) + self.outside))

    def _check_shape(self) -> None:
        """Refuse layers for images where samples are no images, or are images whose order nobody stated."""
        images = [text for text in self.recipe.hidden if parse_hidden(text)[0] != "dense"]
        first, shape = next(iter(images), None), self.spec.shape
        require(
            not images or len(shape) in (2, 3),
            f"hidden layer {first} needs images, (height, width) or with a third axis of channels; samples have the "
            f"shape {shape}: take numbers of neurons, such as 64, or reshape x",
        )
        require(
            not images or len(shape) == 2 or self.spec.order is not None,
            f"hidden layer {first} needs the order of the axes of samples of shape {shape}: give --order chw (channels "
            "first, as torch has them) or --order hwc (channels last)",
        )

    def _float_phase(self, state: dict[str, Any] | None) -> None:
        """Train without streams, for the recipe's float epochs or the rest of them."""
        recipe = self.recipe
        optimizer, schedule = self._optimizer(recipe.float_learning_rate, recipe.float_epochs)
        first = self._restore(state, optimizer, schedule)
        self.folder.start_phase("float", recipe.float_epochs)
        for epoch in range(first, recipe.float_epochs):
            total = 0.0
            for pooled, labels in self._epoch():
                loss = self._loss(float_forward(self.stages, self._floats(pooled)), labels)
                self._step(loss, optimizer, schedule)
                total += float(loss.detach())
            self._finish_epoch(epoch, "float", total / self.batches, None, optimizer, schedule, {})
            text = f"float, loss {total / self.batches:.4f}, float phase done in {self.folder.left()}"
            self._report(epoch, text, epoch == recipe.float_epochs - 1)
        self._check_finite("float_learning_rate", recipe.float_learning_rate)

    def _restore(
        self,
        state: dict[str, Any] | None,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
    ) -> int:
        """Restore model, optimizer, schedule and random numbers; return the finished epochs of the phase.

        Args:
            state: The checkpoint, or None: nothing is restored, and the phase begins.
            optimizer: The optimizer of the phase.
            schedule: Its learning rates.
        """
        if state is None:
            return 0
        self.model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        self.generator.set_state(state["generator"])
        return int(state["epochs"])

    def _finish_epoch(
        self,
        epoch: int,
        phase: str,
        loss: float,
        validation: float | None,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        more: dict[str, Any],
    ) -> None:
        """Write metrics and checkpoint of a finished epoch.

        Args:
            epoch: Number of the epoch in its phase, from 0.
            phase: "float" or "streams".
            loss: Mean loss of its batches.
            validation: Bit-true validation accuracy, or None if it was not measured.
            optimizer: Its state goes into the checkpoint.
            schedule: Likewise.
            more: What only this phase needs in the checkpoint.
        """
        row = {
            "epoch": epoch + 1 + (self.recipe.float_epochs if phase == "streams" else 0),
            "phase": phase,
            "loss": loss,
            "validation_accuracy": validation,
            "learning_rate": schedule.get_last_lr()[0],
        }
        state = {
            "phase": phase,
            "epochs": epoch + 1,
            "model": self.model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "generator": self.generator.get_state(),
        }
        self.folder.epoch(row, state | more)

    def _on_the_grid(self, theta: int) -> tuple[LayerScale, ...]:
        """Set the weights to random codes of a few units, and return scales under which a weight of 1 / L is one unit.

        This is for recipes that give the threshold themselves (`Recipe.theta`).
        """
        recipe = self.recipe
        scales = []
        value = 1.0
        with torch.no_grad():
            for layer in self.layers:
                last = layer is self.layers[-1]
                module = layer.module
                module.weight.normal_(std=_START_CODES / recipe.length, generator=self.generator)
                if module.bias is not None:
                    module.bias.zero_()
                output = None if last else theta * value / 2.0**recipe.theta_frac
                product_bias = torch.zeros(layer.channels)
                scales.append(LayerScale(1.0, value, product_bias, None if last else theta, output))
                value = output or 0.0
        return tuple(scales)

    def _stream_phase(
        self, scales: tuple[LayerScale, ...], state: dict[str, Any] | None
    ) -> tuple[_Score, int, tuple[LayerScale, ...]]:
        """Train through the streams; leave the weights of the best epoch in the model.

        Only the last quarter of the epochs is validated.

        Args:
            scales: What the codes stand for at the start.
            state: The checkpoint to resume from, or None.

        Returns:
            Score, number and scales of the best epoch.
        """
        recipe = self.recipe
        epochs = recipe.epochs - recipe.float_epochs
        selecting = epochs - max(1, round(_SELECTION_SHARE * epochs))
        optimizer, schedule = self._optimizer(recipe.learning_rate, epochs)
        # What one unit of the scores is worth, so that the loss sees real numbers.
        unit = scales[-1].sum / (recipe.length * recipe.temperature)
        best: tuple[_Score, int, tuple[LayerScale, ...], list[Tensor]] | None = None
        masks = [torch.ones_like(layer.module.weight) for layer in self.layers]
        first = self._restore(state, optimizer, schedule)
        if state is not None:
            masks = state["masks"]
            if state["best"] is not None:
                kept = state["best"]
                best = _Score(**kept["score"]), kept["epoch"], _scales(kept["scales"]), kept["parameters"]
        self.folder.start_phase("streams", epochs)
        for epoch in range(first, epochs):
            total = 0.0
            for batch, (pooled, labels) in enumerate(self._epoch()):
                step = epoch * self.batches + batch
                if recipe.keep and step % _PRUNE_EVERY == 0:
                    self._prune(masks, step / (epochs * self.batches))
                scores, hidden = self._streams(pooled, scales)
                loss = self._loss(scores * unit, labels)
                if recipe.agreement:
                    floats = self._grid_float(pooled, scales) / recipe.temperature
                    loss = loss + recipe.agreement * self._loss(floats, labels)
                if recipe.activity:
                    for counts in hidden:
                        loss = loss + recipe.activity * counts.mean() / recipe.length
                if recipe.l1:
                    for layer, scale in zip(self.layers, scales, strict=True):
                        loss = loss + layer.weight.abs().sum() * (recipe.l1 * recipe.length / scale.weight)
                self._step(loss, optimizer, schedule)
                self._clip(scales, masks)
                total += float(loss.detach())
            scales = self._measure_excess(scales)
            number = recipe.float_epochs + epoch
            text = f"streams, loss {total / self.batches:.4f}"
            if recipe.l1:
                text += f", {sum(map(self._synapses, self.layers, scales))} synapses"
            validation = None
            if epoch >= selecting:
                score = self._validate(scales, unit)
                validation = score.correct / self.val_count
                text += f", validation {score.correct / self.val_count:.2%}"
                if best is None or score.key > best[0].key:
                    best = score, number + 1, scales, [p.detach().clone() for p in self.model.parameters()]
            more = {"scales": list(map(_plain, scales)), "masks": masks, "best": None}
            if best is not None:
                more["best"] = {
                    "score": asdict(best[0]),
                    "epoch": best[1],
                    "scales": list(map(_plain, best[2])),
                    "parameters": best[3],
                }
            self._finish_epoch(epoch, "streams", total / self.batches, validation, optimizer, schedule, more)
            self._report(number, f"{text}, {self.folder.left()} left", epoch == epochs - 1)
        # Weights that are not finite stay so: the last ones tell of all before.
        self._check_finite("learning_rate", recipe.learning_rate)
        assert best is not None
        with torch.no_grad():
            for parameter, value in zip(self.model.parameters(), best[3], strict=True):
                parameter.copy_(value)
        return best[:3]

    def _synapses(self, layer: WeightedStage, scale: LayerScale) -> int:
        """Return how many weights of a layer have a code other than 0."""
        return int((weight_codes(layer.weight.detach(), scale.weight, self.recipe.length) != 0).sum())

    def _measure_excess(self, scales: tuple[LayerScale, ...]) -> tuple[LayerScale, ...]:
        """Return the scales with the product bias of each neuron (A12, training), measured on training samples."""
        recipe = self.recipe
        return measure_excess(self.stages, scales, self.dataset.x_train, self.spec, recipe.length, recipe.theta_frac)

    def _check_finite(self, name: str, rate: float) -> None:
        """Raise ScError if training has diverged; `name` and `rate` are the learning rate to lower."""
        finite = all(bool(torch.isfinite(p).all()) for p in self.model.parameters())
        require(finite, f"training diverged at {name} = {rate}: lower it")

    def _optimizer(
        self, rate: float, epochs: int
    ) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        """Return the optimizer of a phase, and its learning rates: a warm-up to `rate`, then a cosine."""
        optimizer = torch.optim.AdamW(self.model.parameters(), lr=rate, weight_decay=self.recipe.weight_decay)
        return optimizer, warm_cosine(optimizer, self.batches * epochs)

    def _epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (pooled integers, labels) of every batch, in random order, distorted as the recipe says."""
        order = torch.randperm(len(self.labels), generator=self.generator)
        for part in torch.split(order, self.recipe.batch):
            pooled = self._distorted(self.images[part]) if self.recipe.augment.active else self.pooled[part]
            yield pooled, self.labels[part]

    def _floats(self, pooled: Tensor) -> Tensor:
        """Return the float network's input, pooled integers / full scale."""
        return (pooled / self.spec.full_scale).float()

    def _codes(self, pooled: Tensor) -> Tensor:
        """Return the input codes of pooled integers (A2, codes)."""
        length, full = self.recipe.length, self.spec.full_scale
        return ((pooled * length + full // 2) // full).clamp(max=length).float()

    def _streams(self, pooled: Tensor, scales: Sequence[LayerScale]) -> tuple[Tensor, list[Tensor]]:
        """Return scores and hidden counts, bit-true."""
        recipe = self.recipe
        return stream_forward(self.stages, scales, self._codes(pooled), recipe.length, recipe.theta_frac)

    def _grid_float(self, pooled: Tensor, scales: Sequence[LayerScale]) -> Tensor:
        """Return the class scores of the float network with the weights of the grid."""
        return grid_forward(self.stages, scales, self._floats(pooled), self.recipe.length)

    def _loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Return the cross-entropy of scores (B, classes), with the label smoothing of the recipe."""
        return functional.cross_entropy(scores, labels, label_smoothing=self.recipe.label_smoothing)

    def _step(
        self, loss: Tensor, optimizer: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler
    ) -> None:
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()

    def _prune(self, masks: Sequence[Tensor], progress: float) -> None:
        """Remove the smallest weights from the masks until each layer keeps as many as the recipe says.

        The number of weights falls with the cube of what is left of the pruning time.

        Args:
            masks: 1 for each weight that is kept, else 0; changed in place.
            progress: Share of the phase that is done.
        """
        share = min(max((progress - _PRUNE_FROM) / (_PRUNE_TO - _PRUNE_FROM), 0.0), 1.0)
        for layer, mask, keep in zip(self.layers, masks, self.recipe.keep, strict=True):
            goal = round(keep + (mask.numel() - keep) * (1 - share) ** 3)
            if goal < int(mask.sum()):
                magnitude = torch.where(mask > 0, layer.module.weight.detach().abs(), -1.0).flatten()
                mask.zero_().view(-1)[magnitude.topk(goal).indices] = 1.0

    def _clip(self, scales: Sequence[LayerScale], masks: Sequence[Tensor]) -> None:
        """Keep pruned weights at 0, and all weights and biases in the range of their codes.

        A weight beyond the range has no gradient that would bring it back.
        """
        share = (self.recipe.length - 1) / self.recipe.length
        with torch.no_grad():
            for layer, scale, mask in zip(self.layers, scales, masks, strict=True):
                module = layer.module
                module.weight.mul_(mask)
                module.weight.clamp_(-share * scale.weight, share * scale.weight)
                # The code of a bias is less by the product bias (A12), so the range of real biases lies about it.
                middle = scale.product_bias * (scale.sum / self.recipe.length)
                if module.bias is not None:
                    module.bias.clamp_(middle - share * scale.sum, middle + share * scale.sum)

    def _validate(self, scales: Sequence[LayerScale], unit: float) -> _Score:
        """Return the score of the present weights on the validation samples and their copies.

        Args:
            scales: The scales of the layers.
            unit: What 1 of a score of the hardware stands for in the loss.
        """
        right: list[Tensor] = []
        differing = 0
        loss = 0.0
        with torch.no_grad():
            for pooled, labels in zip(
                torch.split(self.val_pooled, _EVALUATION_BATCH),
                torch.split(self.val_labels, _EVALUATION_BATCH),
                strict=True,
            ):
                scores, _ = self._streams(pooled, scales)
                classes = scores.argmax(dim=1)
                right.append(classes == labels)
                if self.recipe.agreement:
                    differing += int((classes != self._grid_float(pooled, scales).argmax(dim=1)).sum())
                loss += float(functional.cross_entropy(scores * unit, labels, reduction="sum"))
        hits = torch.cat(right)
        faults = int((~hits).sum()) + differing
        return _Score(int(hits[: self.val_count].sum()), faults, loss / len(hits))

    def _report(self, epoch: int, text: str, always: bool) -> None:
        """Report progress, at most every two seconds unless `always`."""
        now = time.monotonic()
        if always or now - self.reported >= _REPORT_SECONDS:
            self.reported = now
            self.progress(f"epoch {epoch + 1} of {self.recipe.epochs}: {text}")
