"""Train a network of spiking cells by a recipe; export a SpikingNet to the `lif` neurons of the hardware.

A run has one or two phases. In the phase "float" a SpikingNet or ConvSpikingNet is trained by surrogate gradients. If
the recipe has epochs through the streams, the phase "streams" goes on with a `StreamSpikingNet`, whose forward pass is
the arithmetic of the hardware (A13, neuron `lif`; A17, streaming). Its network is exported and compared with the packed
simulator, sample by sample.

`train_spiking` does the whole, and `training.train` calls it for recipes of this kind. What a run leaves on disk, and
how it goes on after an interruption, is the business of `run_folder`.
"""

from __future__ import annotations

import copy
import functools
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import artifact, data, packed
from ..errors import require
from ..network import InputSpec, Network
from . import losses
from .augment import distort
from .checkpoint import checkpoint_content
from .lif_conversion import StreamSpikingNet
from .loops import evaluate, named_device, train_epoch
from .recipes import SpikingRecipe
from .run_folder import RunFolder, origin, reproducible, shortened
from .schedule import warm_cosine
from .snn import ConvSpikingNet, SpikingNet
from .steps_net import StepsSpikingNet
from .surrogates import surrogate_named

__all__ = ["MODEL", "RESULT", "SpikingResult", "train_spiking"]

# Names of files in the result's folder: the checkpoint, and the figures where there is no artifact.
MODEL, RESULT = "model.pt", "result.json"

_METRICS = ("epoch", "phase", "loss", "training_accuracy", "validation_loss", "validation_accuracy", "learning_rate")
_EVALUATION_BATCH = 250
# Between two lines of an epoch that takes long.
_REPORT_SECONDS = 20.0

Model = SpikingNet | ConvSpikingNet
# What computes as the hardware does: a network of one window, or one in steps.
BitTrue = StreamSpikingNet | StepsSpikingNet


@dataclass(frozen=True, slots=True)
class SpikingResult:
    """Figures of a trained spiking network; all accuracies are shares of 1.

    Attributes:
        network: Its name.
        topology: Its layers, such as "784-128-128-10".
        steps: T, the number of time steps.
        recipe: Name of the recipe.
        seed: Seed of everything random.
        out: The folder of the result.
        validation_accuracy: Of the cells in torch, whose checkpoint is `model.pt`, on the validation part.
        float_test_accuracy: The same on the test part.
        bit_true_validation_accuracy: Of the `lif` network in `network.json`. None if nothing was trained as the
            hardware computes, as bit_true_test_accuracy and differing_predictions.
        bit_true_test_accuracy: The same on the test part.
        test_images: Number of samples of the test part.
        differing_predictions: Number of test samples that the two classify differently.
        seconds: Duration of the run.
    """

    network: str
    topology: str
    steps: int
    recipe: str
    seed: int
    out: str
    validation_accuracy: float
    float_test_accuracy: float
    bit_true_validation_accuracy: float | None
    bit_true_test_accuracy: float | None
    test_images: int
    differing_predictions: int | None
    seconds: float


@dataclass(slots=True)
class _Best:
    """The epoch of a phase with the most validation samples right; of equal ones that with the least loss.

    Attributes:
        epoch: Its number, from 1 through all phases.
        accuracy: On the validation part.
        loss: On the validation part.
        parameters: The model's state.
    """

    epoch: int
    accuracy: float
    loss: float
    parameters: dict[str, Tensor]


def train_spiking(
    recipe: SpikingRecipe,
    out: str | os.PathLike[str],
    *,
    restart: bool = False,
    limit: int | None = None,
    device: str = "cpu",
    progress: Callable[[str], None],
) -> SpikingResult:
    """Train by a recipe of spiking cells; write the result to the folder `out`, in one step, at the end.

    `out` gets the checkpoint `model.pt` (of the cells as torch computes them, for `load_checkpoint`), `config.toml` and
    `metrics.csv`. If the recipe has epochs as the hardware computes, it also gets the artifact of the `lif` network;
    otherwise `result.json`. In both phases the kept epoch is the best on the validation part. The test part is used
    once, at the end.

    Args:
        recipe: What to train.
        out: Folder of the result.
        restart: Discard what an interrupted run has left and begin anew.
        limit: Use only the first so many samples of each part.
        device: "cpu" or "cuda". Only on the CPU does the same call give the same result, byte by byte.
        progress: Gets a line of text now and then.

    Raises:
        ScError: The device is not available, or one of the errors of `train`.
    """
    start = time.monotonic()
    target = artifact.check_target(out, index=artifact.INDEX if recipe.streams else RESULT)
    require(recipe.data, f"recipe {recipe.name} names no data")
    where = named_device(device)
    dataset = shortened(data.load(recipe.data), limit)
    with (
        reproducible(),
        RunFolder(target, recipe, dataset, _METRICS, restart=restart, device=device, progress=progress) as folder,
    ):
        info, network, model = _Run(recipe, dataset, folder, where, progress).train(origin(recipe, limit))
        files = {**folder.files(), MODEL: _bytes(model, info["chosen_float_epoch"])}
        if network is None:
            artifact.write_folder(target, files | {RESULT: json.dumps(info, indent=1) + "\n"})
        else:
            artifact.save(network, target, beside=files)
        folder.finish()
    text = f"test part, {info['test_images']} samples: "
    if network is not None:
        text += (
            f"bit-true {info['bit_true_test_accuracy']:.2%}, {info['differing_test_predictions']} predictions differ, "
        )
    progress(f"{text}float {info['float_test_accuracy']:.2%}; result in {target}")
    return SpikingResult(
        network=recipe.name,
        topology=_topology(model, dataset) if network is None else network.topology,
        steps=recipe.steps,
        recipe=recipe.name,
        seed=recipe.seed,
        out=str(target),
        validation_accuracy=info["float_validation_accuracy"],
        float_test_accuracy=info["float_test_accuracy"],
        bit_true_validation_accuracy=info.get("validation_accuracy"),
        bit_true_test_accuracy=info.get("bit_true_test_accuracy"),
        test_images=info["test_images"],
        differing_predictions=info.get("differing_test_predictions"),
        seconds=round(time.monotonic() - start, 2),
    )


def _bytes(model: Model, epoch: int) -> bytes:
    """Return the content of a checkpoint file of a model, with the number of its epoch."""
    file = io.BytesIO()
    torch.save(checkpoint_content(model.cpu(), epoch=epoch), file)
    return file.getvalue()


def _topology(model: Model, dataset: data.Dataset) -> str:
    """Return the layers of a model as text, such as "784-128-128-10"."""
    if isinstance(model, ConvSpikingNet):
        return f"28x28-32c5-p2-64c5-p2-128-{dataset.classes}"
    return "-".join(map(str, [model.n_input, *[model.n_hidden] * model.n_layers, model.n_output]))


class _Run:
    """One run: the data, the random numbers and the phases.

    The model is made here, so that its first weights depend on the seed alone.

    Args:
        recipe: What to train.
        dataset: The data; there must be a test part.
        folder: The run's folder, entered.
        device: Where to train.
        progress: Gets a line of text now and then.

    Attributes:
        spec: How raw samples become input codes.
        generator: Random numbers of the order of samples and of their distortion.
        model: The model of the float phase.
        images: The raw training samples.
        labels: Their classes.
        batches: Number of batches of an epoch.
        loss: The loss function of the recipe.

    Raises:
        ScError: The data do not fit the recipe.
    """

    def __init__(
        self,
        recipe: SpikingRecipe,
        dataset: data.Dataset,
        folder: RunFolder,
        device: torch.device,
        progress: Callable[[str], None],
    ) -> None:
        self.recipe, self.dataset, self.folder, self.progress = recipe, dataset, folder, progress
        self.device = device
        self.spec: InputSpec = dataset.input_spec()
        conv = recipe.model == "ConvSpikingNet"
        require(
            not conv or dataset.shape == (28, 28),
            f"ConvSpikingNet takes images of 28 x 28, {dataset.name} has samples of shape {dataset.shape}",
        )
        require(
            len(dataset.y_test), f"a recipe of spiking cells needs a test part: {recipe.data} has no x_test with y_test"
        )
        require(
            dataset.offset == 0 or not recipe.augment.active,
            f"augment needs samples from 0 on, {recipe.data} has {data.describe(self.spec)}",
        )
        require(
            not recipe.augment.active or len(dataset.shape) == 2,
            f"augment needs 2-D images, {dataset.name} has samples of shape {dataset.shape}",
        )
        torch.manual_seed(recipe.seed)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        surrogate = surrogate_named(recipe.surrogate)
        learned: dict[str, Any] = {"learn_beta": recipe.learn_beta, "learn_threshold": recipe.learn_threshold}
        self.model: Model
        if conv:
            self.model = ConvSpikingNet(dataset.classes, recipe.beta, surrogate, **learned)
        else:
            self.model = SpikingNet(
                self.spec.size, recipe.hidden, dataset.classes, recipe.layers, recipe.beta, surrogate, **learned
            )
        # Made on the CPU, so that the first weights are the same wherever it trains.
        self.model.to(device)
        self.images = torch.from_numpy(np.array(dataset.x_train))
        self.labels = torch.from_numpy(np.array(dataset.y_train))
        self.batches = -(-len(self.labels) // recipe.batch)
        self.loss = getattr(losses, recipe.loss)
        require(
            recipe.length is None or device.type == "cpu",
            f"networks in steps train on the device cpu, got {device.type}",
        )

    def train(self, facts: dict[str, Any]) -> tuple[dict[str, Any], Network | None, Model]:
        """Train in one or two phases.

        Args:
            facts: Entries of the info.

        Returns:
            The info completed, the network or None, and the model of the float phase.
        """
        recipe, dataset = self.recipe, self.dataset
        length = "" if recipe.length is None else f"L = {recipe.length}, "
        self.progress(
            f"{recipe.name}: {recipe.model} {_topology(self.model, dataset)}, T = {recipe.steps}, {length}"
            f"{len(self.labels)} training and {len(dataset.y_val)} validation samples"
        )
        state = self.folder.resume()
        if state is None or state["phase"] == "float":
            best = self._phase("float", self.model, recipe.float_epochs, recipe.float_learning_rate, state, {})
            state = None
        else:
            best = _Best(**state["float"])
        self.model.load_state_dict(best.parameters)
        info: dict[str, Any] = (
            facts
            | self.dataset.facts
            | {
                "model": recipe.model,
                "steps": recipe.steps,
                "chosen_float_epoch": best.epoch,
                "float_validation_accuracy": best.accuracy,
            }
        )
        if not recipe.streams:
            classes = self._classes(self.model, dataset.x_test)
            info["float_test_accuracy"] = float((classes == dataset.y_test).mean())
            info["test_images"] = len(dataset.y_test)
            return info, None, self.model
        assert isinstance(self.model, SpikingNet)
        bit_true: BitTrue
        if recipe.length is None:
            name, bit_true = "streams", StreamSpikingNet(self.model, recipe.steps, recipe.theta_frac).to(self.device)
        else:
            options: Any = {"theta_frac": recipe.theta_frac, "leak": recipe.leak, "readout": recipe.readout}
            name, bit_true = "steps", StepsSpikingNet(self.model, recipe.length, recipe.steps, **options)
        kept = {"float": asdict(best)}
        chosen = self._phase(name, bit_true, recipe.streams, recipe.learning_rate, state, kept)
        bit_true.load_state_dict(chosen.parameters)
        return info, self._network(bit_true, chosen, info), self.model

    def _network(self, bit_true: BitTrue, chosen: _Best, info: dict[str, Any]) -> Network:
        """Export the network, compare it with the packed simulator, use the test part, and complete the info.

        Args:
            bit_true: The model, with the parameters of its best epoch.
            chosen: That epoch.
            info: Facts for the artifact, to which the accuracies are added.

        Raises:
            AssertionError: The forward pass of training and the packed simulator differ in a score. This is a bug.
        """
        dataset = self.dataset
        network = bit_true.to_network(self.spec)
        val = packed.run(network, network.encode(dataset.x_val))
        if not np.array_equal(val.scores, self._scores(bit_true, dataset.x_val)):
            raise AssertionError("the forward pass of training and the packed simulator disagree")
        accuracy = float((val.classes == dataset.y_val).mean())
        if accuracy != chosen.accuracy:
            raise AssertionError(f"validation gave {chosen.accuracy} in training and {accuracy} bit-true")
        floats = self._classes(self.model, dataset.x_test)
        exact = packed.run(network, network.encode(dataset.x_test)).classes
        active = [(a > 0).sum(axis=1).mean() for a in (network.encode(dataset.x_val), *val.counts)]
        if network.steps is not None:
            # In each step: the hidden neurons that spike.
            active[1:] = [a.sum(axis=1).mean() / network.steps.count for a in val.counts]
        info |= {
            "chosen_epoch": chosen.epoch,
            "validation_accuracy": accuracy,
            "mean_active": [round(float(a), 4) for a in active],
            "float_test_accuracy": float((floats == dataset.y_test).mean()),
            "bit_true_test_accuracy": float((exact == dataset.y_test).mean()),
            "differing_test_predictions": int((floats != exact).sum()),
            "test_images": len(dataset.y_test),
        }
        return bit_true.to_network(self.spec, name=self.recipe.name, info=info)

    def _phase(
        self,
        name: str,
        model: Model | BitTrue,
        epochs: int,
        rate: float,
        state: dict[str, Any] | None,
        more: dict[str, Any],
    ) -> _Best:
        """Train one phase, or the rest of it after a checkpoint; return its best epoch on the validation part.

        Each epoch ends with a checkpoint and a row of metrics. The learning rate warms up and then falls with a cosine
        over all steps of the phase.

        Args:
            name: "float", "streams" or "steps".
            model: The model that is trained.
            epochs: Number of epochs.
            rate: Greatest learning rate.
            state: The checkpoint to resume from, or None.
            more: Further entries of its checkpoints.
        """
        recipe = self.recipe
        optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=recipe.weight_decay)
        schedule = warm_cosine(optimizer, self.batches * epochs)
        first, best = 0, None
        if state is not None:
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            schedule.load_state_dict(state["schedule"])
            self.generator.set_state(state["generator"])
            first, best = state["epochs"], _Best(**state["best"])

        def after_step() -> None:
            """Do what follows each step of the optimizer."""
            schedule.step()
            if isinstance(model, BitTrue):
                model.clip()

        def samples(number: int) -> Iterator[tuple[Tensor, Tensor]]:
            """Yield the batches of an epoch, and report progress where it takes long."""
            said = time.monotonic()
            for batch, (x, y) in enumerate(self._epoch(), 1):
                yield x, y
                # Asked for the next batch, the step of this one is done.
                after_step()
                if time.monotonic() - said >= _REPORT_SECONDS and batch < self.batches:
                    said = time.monotonic()
                    self.progress(f"epoch {number} of {recipe.epochs}: batch {batch} of {self.batches}")

        self.folder.start_phase(name, epochs)
        offset = 0 if name == "float" else recipe.float_epochs
        options: dict[str, Any] = {
            "loss_fn": self._priced(model) if isinstance(model, StepsSpikingNet) else self.loss,
            "device": self.device,
            "flatten_input": not isinstance(model, ConvSpikingNet),
        }
        for epoch in range(first, epochs):
            number = offset + epoch + 1
            loss, training = train_epoch(model, samples(number), optimizer, recipe.steps, **options)
            finite = all(bool(torch.isfinite(p).all()) for p in model.parameters())
            require(
                finite, f"training diverged at {'float_' if name == 'float' else ''}learning_rate = {rate}: lower it"
            )
            parts = self._parts(self.dataset.x_val, torch.from_numpy(np.array(self.dataset.y_val)))
            val_loss, accuracy = evaluate(model, parts, recipe.steps, **options)
            if best is None or (accuracy, -val_loss) > (best.accuracy, -best.loss):
                best = _Best(number, accuracy, val_loss, copy.deepcopy(model.state_dict()))
            self.folder.epoch(
                {
                    "epoch": number,
                    "phase": name,
                    "loss": loss,
                    "training_accuracy": training,
                    "validation_loss": val_loss,
                    "validation_accuracy": accuracy,
                    "learning_rate": schedule.get_last_lr()[0],
                },
                {
                    "phase": name,
                    "epochs": epoch + 1,
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(),
                    "generator": self.generator.get_state(),
                    "best": asdict(best),
                    **more,
                },
            )
            self.progress(
                f"epoch {number} of {recipe.epochs}: {name}, loss {loss:.4f}, training {training:.2%}, validation "
                f"{accuracy:.2%}, {name} phase done in {self.folder.left()}"
            )
        assert best is not None
        return best

    def _priced(self, model: StepsSpikingNet) -> Callable[..., Tensor]:
        """Return the loss with the price of spikes, if there is one; its parameters are those of the recipe's loss."""
        loss: Callable[..., Tensor] = self.loss
        cost = self.recipe.rate_cost
        if not cost:
            return loss

        @functools.wraps(loss)
        def priced(*arguments: Any, **named: Any) -> Tensor:
            total: Tensor = loss(*arguments, **named) + cost * model.rate
            return total

        return priced

    def _epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (input, labels) of every batch, in random order, distorted as the recipe says."""
        order = torch.randperm(len(self.labels), generator=self.generator)
        for part in torch.split(order, self.recipe.batch):
            images = self.images[part]
            if self.recipe.augment.active:
                images = distort(images, self.recipe.augment, self.generator).to(self.images.dtype)
            yield self._input(images.numpy()), self.labels[part]

    def _parts(self, x: NDArray[Any], y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (input, labels) of samples x (n, …) in their order, in batches."""
        for first in range(0, len(x), _EVALUATION_BATCH):
            part = slice(first, first + _EVALUATION_BATCH)
            yield self._input(x[part]), y[part]

    def _input(self, images: NDArray[Any]) -> Tensor:
        """Return the model's input for images (n, …).

        It is the hardware's bits (L, n, inputs); in steps the hardware's codes as shares of L (n, inputs); or, where
        nothing is trained as the hardware computes, values in [0, 1].
        """
        if self.recipe.length is not None:
            codes = torch.from_numpy(self.spec.encode(images, self.recipe.length).astype(np.float32))
            return codes / self.recipe.length
        if self.recipe.streams:
            codes = torch.from_numpy(self.spec.encode(images, self.recipe.steps).astype(np.int16))
            return (codes > torch.arange(self.recipe.steps, dtype=torch.int16)[:, None, None]).float()
        values = images - self.spec.offset if self.spec.offset else images
        x = torch.from_numpy((values / np.float32(self.spec.full_scale)).astype(np.float32))
        return x[:, None] if isinstance(self.model, ConvSpikingNet) else x.flatten(1)

    def _batches(self, x: NDArray[Any]) -> Iterator[Tensor]:
        """Yield the input of samples x (n, …) in their order, (T, B, …)."""
        for part, _ in self._parts(x, torch.zeros(len(x))):
            here = part.to(self.device)
            one = not self.recipe.streams or self.recipe.length is not None
            yield here.expand(self.recipe.steps, *here.shape) if one else here

    def _counts(self, model: Model | BitTrue, x: NDArray[Any]) -> Tensor:
        """Return the spike counts of a model for samples x, (n, classes)."""
        with torch.no_grad():
            return torch.cat([model(spikes)[0].cpu() for spikes in self._batches(x)])

    def _scores(self, model: BitTrue, x: NDArray[Any]) -> NDArray[np.int64]:
        """Return the scores that the hardware gives samples x, (n, classes)."""
        if isinstance(model, StreamSpikingNet):
            return self._counts(model, x).numpy().astype(np.int64)
        return torch.cat([model.scores(part[0] * model.length) for part in self._batches(x)]).numpy()

    def _classes(self, model: Model, x: NDArray[Any]) -> NDArray[np.int64]:
        """Return the classes that a model gives samples x, (n,)."""
        return self._counts(model, x).argmax(dim=1).numpy()
