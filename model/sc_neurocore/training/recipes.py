"""Recipes: everything that a training run depends on, as a TOML file. Needs no torch.

A recipe that comes with the package has a name. Others are .toml files, and own data in an .npz file are trained by the
recipe "own-data". The file has the tables [network], [training] and [augment]; entries that it leaves out have the
defaults of `Recipe` or `SpikingRecipe`.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from .. import names
from ..data import DATASETS
from ..errors import ScError, require, require_one_of
from ..network import ORDERS, THETA_FRAC, THETA_MAX
from ..sources import log2_length

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "OWN_DATA",
    "Augment",
    "Recipe",
    "SpikingRecipe",
    "hidden_layers",
    "load_recipe",
    "recipe_names",
    "recipe_text",
]

# The recipe for an .npz file of the user's own.
OWN_DATA = "own-data"

_SOURCE_TREE, _PACKAGED = names.RECIPE_TREE, names.RECIPES
# How a topology writes a convolution and a pooling: 10c5s2p1, mean3s2.
_CONV = re.compile(r"(?P<channels>\d+)c(?P<kernel>\d+)(?:s(?P<stride>\d+))?(?:p(?P<padding>\d+))?")
_POOL = re.compile(r"(?P<kind>max|mean)(?P<size>\d+)(?:s(?P<stride>\d+))?")
# Entries of a recipe's table [network]; those that are in no other table are in [training].
_NETWORK = frozenset({"hidden", "length", "pool", "theta_frac", "threshold", "theta", "order", "input_range"})
_SPIKING_NETWORK = frozenset(
    {
        *("model", "hidden", "layers", "steps", "beta", "learn_beta", "learn_threshold", "surrogate", "theta_frac"),
        *("length", "leak", "readout"),
    }
)
_SURROGATES = names.SURROGATES
# What recipes of spiking cells may name.
_SPIKING_MODELS = ("SpikingNet", "ConvSpikingNet")
_SPIKING_LOSSES = ("spike_count_loss", "membrane_loss", "spike_rate_loss")
#: Leaks and readouts of the networks in steps (A20) that are trained; the number of a leak is its `leak_mode`.
STEPS_LEAKS = ("shift", "factor")
STEPS_READOUTS = ("spikes", "potentials")
# What only recipes of networks in steps have, with its default there.
_STEPS_DEFAULTS = {"leak": "shift", "readout": "spikes", "rate_cost": 0.0}


@dataclass(frozen=True, slots=True)
class Augment:
    """Random distortion of each training image, uniform in ± the given amounts; see `augment.distort`.

    Attributes:
        rotate: Degrees, 0 … 180.
        scale: Share of the size, 0 … 0.9.
        shift: Pixels, 0 … 1000.
        shear: Tangent of the angle, 0 … 10.
        elastic: Pixels by which the control points of a grid move, each by itself, 0 … 100.

    Raises:
        ScError: An amount is outside its range.
    """

    rotate: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0

    def __post_init__(self) -> None:
        for f, top in (("rotate", 180.0), ("scale", 0.9), ("shift", 1000.0), ("shear", 10.0), ("elastic", 100.0)):
            value = getattr(self, f)
            require(_is_number(value) and 0 <= value <= top, f"augment.{f} must be in [0, {top:g}], got {value!r}")

    @property
    def active(self) -> bool:
        """Whether any distortion is asked for."""
        return any(getattr(self, f.name) > 0 for f in fields(self))


def hidden_layers(text: str) -> tuple[int | str, ...]:
    """Return the hidden layers of a text in which commas separate them; "none" is no layer.

    Args:
        text: Such as "10c5,max2,64"; see `Recipe.hidden` for the items.

    Raises:
        ScError: An item is wrong; the message names it.

    Example:
        >>> hidden_layers("10c5,max2,64")
        ('10c5', 'max2', 64)
    """
    if text.strip().lower() == "none":
        return ()
    items: list[int | str] = []
    for part in map(str.strip, text.split(",")):
        if part.isascii() and part.isdecimal():
            require(1 <= int(part[:7]) <= 1 << 16, f"a hidden layer has 1 to 65536 neurons, got {part!r} in {text!r}")
            items.append(int(part))
        else:
            try:
                parse_hidden(part)
            except ScError as error:
                raise ScError(f"hidden layers {text!r}: {error}; without any, none") from None
            items.append(part)
    return tuple(items)


def parse_hidden(text: str | int) -> tuple[str, dict[str, int | str]]:
    """Return the kind and the numbers of a hidden layer.

    Args:
        text: A number of neurons, a convolution such as "10c5s2p1" (10 channels, kernel of 5 × 5, stride 2, padding 1),
            or pooling such as "max2" or "mean3s2" (window, stride).

    Returns:
        ("dense", "conv" or "pool", its numbers by name). Stride and padding that are left out have their defaults:
        stride 1 and padding 0 for a convolution, the window as stride for pooling.

    Raises:
        ScError: The text is none of these, or a number is outside its range.

    Example:
        >>> parse_hidden("10c5s2")
        ('conv', {'channels': 10, 'kernel': 5, 'stride': 2, 'padding': 0})
    """
    if isinstance(text, int):
        return "dense", {"neurons": text}
    match = _CONV.fullmatch(text)
    if match:
        found = {k: int(v) if v else int(k == "stride") for k, v in match.groupdict().items()}
        require(found["channels"] >= 1 and found["kernel"] >= 1, f"a convolution must not be empty, got {text!r}")
        require(
            found["channels"] <= 1 << 16 and 1 <= found["stride"] <= 255,
            f"a convolution has at most 65536 channels and a stride of 1 to 255, got {text!r}",
        )
        return "conv", dict(found)
    match = _POOL.fullmatch(text)
    require(
        match,
        f"a hidden layer must be a number of neurons, a convolution such as '10c5s2p1' (channels, kernel, stride, "
        f"padding) or pooling such as 'max2' or 'mean3s2', got {text!r}",
    )
    assert match is not None
    size = int(match["size"])
    return "pool", {"kind": match["kind"], "size": size, "stride": int(match["stride"] or size)}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training run of a network of `window_if` neurons (A8, neuron `window_if`): data, network, schedule.

    Attributes:
        name: Name of the recipe, and of the network.
        data: "digits", "mnist" or an .npz path (relative to the file); "" where the caller must give it.
        hidden: Neurons of each hidden layer. For images also a convolution such as "10c5s2p1" (channels, kernel,
            stride, padding) or pooling such as "max2" and "mean2".
        length: L, the number of bits of a stream, a power of two from 4 to 4096.
        epochs: Number of epochs in total.
        float_epochs: The first so many of them run without streams; the rest through the exact window sums. Each phase
            has one cycle of the learning rate.
        batch: Samples of a step.
        float_learning_rate: Greatest learning rate of the phase without streams.
        learning_rate: Greatest learning rate of the phase through the streams.
        pool: Side of the blocks of pixels that are summed first; 1 is none.
        theta_frac: Fraction bits of the thresholds, 0 … 15.
        seed: Seed of everything random.
        weight_decay: Of AdamW.
        label_smoothing: Of the cross-entropy.
        agreement: Weight of the loss of the float network with the same weights, which keeps the two alike.
        activity: Weight of the mean activation of hidden neurons, in units of full scale. It makes activations sparse,
            which saves clocks of the time-unrolled engine.
        temperature: The scores of the quantised layers are divided by it in the loss. Above 1 it asks for wider
            margins, which the error of the streams is less likely to cross.
        threshold: If given, inputs are binary: 1 from this value on, after pooling (A2, codes).
        theta: If given, the threshold of every hidden layer, in LSB. Then no scale is calibrated: weights start as
            random codes and learn on their grid, without a float phase.
        l1: Weight of the sum of all magnitudes of weights, in codes. It rounds most of them to 0, so that these
            synapses disappear.
        keep: If given, the number of weights that each layer keeps. The smallest are removed for good during training.
        order: Order of the axes of own samples with three: "chw" or "hwc".
        input_range: [least, greatest] value of own samples that is told apart, where the training part is not to choose
            it (docs/data.md).
        augment: Distortion of the training images.
        sha256: Of the recipe's file, "" for none.

    Raises:
        ScError: A value is outside its range.
    """

    name: str
    data: str
    hidden: tuple[int | str, ...]
    length: int
    epochs: int
    float_epochs: int
    batch: int
    float_learning_rate: float
    learning_rate: float
    pool: int = 1
    theta_frac: int = THETA_FRAC
    seed: int = 0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    agreement: float = 0.0
    activity: float = 0.0
    temperature: float = 1.0
    threshold: int | None = None
    theta: int | None = None
    l1: float = 0.0
    keep: tuple[int, ...] = ()
    order: str | None = None
    input_range: tuple[float, ...] = ()
    augment: Augment = field(default_factory=Augment)
    sha256: str = ""

    def __post_init__(self) -> None:
        for name in ("length", "epochs", "float_epochs", "batch", "pool", "theta_frac", "seed"):
            value = getattr(self, name)
            require(_is_integer(value), f"{name} must be a whole number, got {value!r}")
        require(
            isinstance(self.hidden, (tuple, list))
            and all(isinstance(h, str) or (_is_integer(h) and 1 <= h <= 1 << 16) for h in self.hidden),
            f"hidden must list the neurons of each hidden layer, each in [1, 65536], or layers such as '10c5s2' and "
            f"'max2', got {self.hidden!r}",
        )
        object.__setattr__(self, "hidden", tuple(self.hidden))
        weighted = 1 + sum(parse_hidden(h)[0] != "pool" for h in self.hidden)
        require(
            isinstance(self.keep, (tuple, list))
            and len(self.keep) in (0, weighted)
            and all(_is_integer(k) and k >= 1 for k in self.keep),
            f"keep must list the weights that each of the {weighted} layers keeps, at least 1 each, got {self.keep!r}",
        )
        object.__setattr__(self, "keep", tuple(self.keep))
        if self.order is not None:
            require_one_of("order", self.order, ORDERS)
        limits = self.input_range
        require(
            isinstance(limits, (tuple, list))
            and len(limits) in (0, 2)
            and all(_is_number(v) and math.isfinite(v) for v in limits)
            and (not limits or limits[0] < limits[1]),
            f"input_range must be two finite numbers, the lower first, got {limits!r}",
        )
        object.__setattr__(self, "input_range", tuple(limits))
        log2_length(self.length)
        require(self.epochs >= 1, f"epochs must be at least 1, got {self.epochs}")
        require(
            0 <= self.float_epochs < self.epochs,
            f"float_epochs must be in [0, epochs − 1] = [0, {self.epochs - 1}], got {self.float_epochs}",
        )
        require(self.batch >= 1, f"batch must be at least 1, got {self.batch}")
        require(self.pool >= 1, f"pool must be at least 1, got {self.pool}")
        require(0 <= self.theta_frac <= 15, f"theta_frac must be in [0, 15], got {self.theta_frac}")
        for name in ("threshold", "theta"):
            value = getattr(self, name)
            require(
                value is None or (_is_integer(value) and 1 <= value <= THETA_MAX),
                f"{name} must be a whole number in [1, {THETA_MAX}], got {value!r}",
            )
        require(
            self.theta is None or self.float_epochs == 0,
            f"float_epochs must be 0 where theta is given, got {self.float_epochs}: a float phase ends with a "
            "calibration, which would choose another theta; leave theta out, or set float_epochs = 0",
        )
        require(0 <= self.seed < 1 << 63, f"seed must be in [0, 2^63), got {self.seed}")
        for name, low, high in (
            ("float_learning_rate", 0.0, 10.0),
            ("learning_rate", 0.0, 10.0),
            ("weight_decay", 0.0, 10.0),
            ("label_smoothing", 0.0, 0.9),
            ("agreement", 0.0, 100.0),
            ("activity", 0.0, 100.0),
            ("temperature", 0.01, 100.0),
            ("l1", 0.0, 1.0),
        ):
            value = getattr(self, name)
            require(_is_number(value) and low <= value <= high, f"{name} must be in [{low:g}, {high:g}], got {value!r}")

    def changed(
        self,
        *,
        length: int | None = None,
        seed: int | None = None,
        epochs: int | None = None,
        hidden: Sequence[int | str] | None = None,
        order: str | None = None,
        input_range: Sequence[float] | None = None,
    ) -> Recipe:
        """Return the recipe with other values; None leaves a value as it is.

        Args:
            length: L.
            seed: Seed.
            epochs: Epochs in total; the share of epochs without streams stays.
            hidden: Hidden layers.
            order: Order of axes.
            input_range: Range of own samples.

        Raises:
            ScError: A value is outside its range.

        Example:
            >>> recipe = load_recipe("digits").changed(length=64)
            >>> recipe.name, recipe.length
            ('digits', 64)
        """
        new = self
        if hidden is not None:
            new = replace(new, hidden=tuple(hidden))
        if order is not None:
            new = replace(new, order=order)
        if input_range is not None:
            new = replace(new, input_range=tuple(input_range))
        if length is not None:
            new = replace(new, length=length)
        if seed is not None:
            new = replace(new, seed=seed)
        if epochs is not None:
            require(_is_integer(epochs) and epochs >= 1, f"epochs must be at least 1, got {epochs!r}")
            new = replace(new, epochs=epochs, float_epochs=self.float_epochs * epochs // self.epochs)
        return new


@dataclass(frozen=True, slots=True)
class SpikingRecipe:
    """A training run of spiking cells by surrogate gradients: `kind = "spiking"` in the file, tables as for `Recipe`.

    Attributes:
        name: Name of the recipe, and of the network.
        data: As of `Recipe`.
        model: "SpikingNet", or "ConvSpikingNet" for images of 28 × 28, whose widths are fixed.
        steps: T, the number of time steps, 1 … 4096. With epochs through the streams and no length T = L must be a
            power of two from 4.
        epochs: Number of epochs in total.
        float_epochs: The first so many run as torch computes the cells. The rest, for SpikingNet only, run as the
            hardware does: without a length as a network of one window (`StreamSpikingNet`), where the input of every
            step is the hardware's bit, else as a network in steps (`StepsSpikingNet`), where it is the hardware's code
            in both phases. Without such epochs each step gets the image itself.
        batch: Samples of a step.
        float_learning_rate: Greatest learning rate of the first phase.
        learning_rate: Greatest learning rate of the phase through the streams.
        hidden: Neurons of each hidden layer of SpikingNet.
        layers: Number of its hidden layers.
        beta: Leak factor β of every cell.
        learn_beta: Whether β is trained.
        learn_threshold: Whether the threshold is trained.
        surrogate: Name of one of the seven surrogate gradients.
        theta_frac: f of the hardware's membranes, 0 … 15.
        loss: "spike_count_loss", "membrane_loss" or "spike_rate_loss".
        seed: Seed of everything random.
        weight_decay: Of AdamW.
        length: L, which makes it a network in steps with a constant input (A20): a power of two from 4 to 4096. None
            makes a network of one window, L = T. The three that follow are for networks in steps only.
        leak: "shift", the default, or "factor": which leaks the hardware has; β goes to the nearest.
        readout: "spikes", the default, counts those of the last layer; "potentials" adds its potentials.
        rate_cost: Price of a spike in every hidden neuron and step, in the phase as the hardware computes: the mean
            rate times this is added to the loss.
        augment: Distortion of the training images.
        sha256: Of the recipe's file, "" for none.

    Raises:
        ScError: A value is outside its range.
    """

    name: str
    data: str
    model: str
    steps: int
    epochs: int
    float_epochs: int
    batch: int
    float_learning_rate: float
    learning_rate: float = 0.0
    hidden: int = 128
    layers: int = 2
    beta: float = 0.9
    learn_beta: bool = False
    learn_threshold: bool = False
    surrogate: str = "atan"
    theta_frac: int = 8
    loss: str = "spike_count_loss"
    seed: int = 0
    weight_decay: float = 0.0
    length: int | None = None
    leak: str | None = None
    readout: str | None = None
    rate_cost: float | None = None
    augment: Augment = field(default_factory=Augment)
    sha256: str = ""

    def __post_init__(self) -> None:
        for name, known in (("model", _SPIKING_MODELS), ("surrogate", _SURROGATES), ("loss", _SPIKING_LOSSES)):
            value = getattr(self, name)
            require_one_of(name, value, known)
        for name, low, high in (
            ("steps", 1, 4096),
            ("epochs", 1, 1 << 20),
            ("batch", 1, 1 << 20),
            ("hidden", 1, 1 << 16),
            ("layers", 1, 64),
            ("theta_frac", 0, 15),
            ("seed", 0, (1 << 63) - 1),
        ):
            value = getattr(self, name)
            require(
                _is_integer(value) and low <= value <= high,
                f"{name} must be a whole number in [{low}, {high}], got {value!r}",
            )
        require(
            _is_integer(self.float_epochs) and 1 <= self.float_epochs <= self.epochs,
            f"float_epochs must be in [1, epochs] = [1, {self.epochs}], got {self.float_epochs!r}",
        )
        for name in ("learn_beta", "learn_threshold"):
            value = getattr(self, name)
            require(isinstance(value, bool), f"{name} must be true or false, got {value!r}")
        for name, bottom, top in (
            ("float_learning_rate", 0.0, 10.0),
            ("learning_rate", 0.0, 10.0),
            ("weight_decay", 0.0, 10.0),
            ("beta", 0.0, 1.0),
        ):
            value = getattr(self, name)
            require(
                _is_number(value) and bottom <= value <= top, f"{name} must be in [{bottom:g}, {top:g}], got {value!r}"
            )
        if self.streams:
            require(
                self.model == "SpikingNet",
                f"epochs must be float_epochs = {self.float_epochs} for {self.model}, got {self.epochs}: only a "
                "SpikingNet runs through the streams",
            )
            if self.length is None:
                log2_length(self.steps)
        self._check_steps()

    def _check_steps(self) -> None:
        """Check what makes a network in steps, and fill in its defaults."""
        if self.length is None:
            for name in _STEPS_DEFAULTS:
                value = getattr(self, name)
                require(value is None, f"{name} is for networks in steps, which have a length, got {value!r} without")
            return
        require(_is_integer(self.length), f"length must be a whole number, got {self.length!r}")
        log2_length(self.length)
        for name, default in _STEPS_DEFAULTS.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, default)
        require_one_of("leak", self.leak, STEPS_LEAKS)
        require_one_of("readout", self.readout, STEPS_READOUTS)
        cost = self.rate_cost
        require(_is_number(cost) and 0 <= cost <= 100, f"rate_cost must be in [0, 100], got {cost!r}")  # type: ignore[operator]

    @property
    def streams(self) -> int:
        """Number of epochs as the hardware computes: through the streams, or in steps."""
        return self.epochs - self.float_epochs

    def changed(
        self,
        *,
        length: int | None = None,
        seed: int | None = None,
        epochs: int | None = None,
        hidden: Sequence[int | str] | None = None,
        order: str | None = None,
        input_range: Sequence[float] | None = None,
    ) -> SpikingRecipe:
        """Return the recipe with other values; None leaves a value as it is.

        Args:
            length: L of a network in steps, else T.
            seed: Seed.
            epochs: Epochs in total; the share of epochs without streams stays.
            hidden: Must be None, as the two that follow: only networks of `window_if` neurons have them.
            order: Must be None.
            input_range: Must be None.

        Raises:
            ScError: A value is outside its range, or must be None.
        """
        new = self
        for name, value in (("hidden", hidden), ("order", order), ("input_range", input_range)):
            require(value is None, f"{name} is not for a recipe of spiking cells, {self.name}")
        if seed is not None:
            new = replace(new, seed=seed)
        if epochs is not None:
            require(_is_integer(epochs) and epochs >= 1, f"epochs must be at least 1, got {epochs!r}")
            new = replace(new, epochs=epochs, float_epochs=max(1, self.float_epochs * epochs // self.epochs))
        if length is not None:
            new = replace(new, steps=length) if self.length is None else replace(new, length=length)
        return new


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shipped() -> dict[str, Path]:
    """Return the recipes' files by name: of the source tree if this is one, else of the installed package."""
    return names.recipe_files(_SOURCE_TREE, _PACKAGED)


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that come with the package."""
    return tuple(_shipped())


def load_recipe(source: str | os.PathLike[str]) -> Recipe | SpikingRecipe:
    """Return a recipe.

    Args:
        source: Name of a recipe that comes with the package, path of a .toml file, or path of an .npz file of own data,
            for which the recipe "own-data" is returned with that file as its data.

    Raises:
        ScError: The name is unknown, or the file has missing, unknown or illegal entries; the message names it.

    Example:
        >>> load_recipe("my.npz").data
        'my.npz'
    """
    text = os.fspath(source)
    if text.endswith(".npz"):
        return replace(load_recipe(OWN_DATA), name=Path(text).stem, data=text)
    if text.endswith(".toml"):
        path = Path(text)
        require(path.is_file(), f"recipe {path} does not exist")
        name = path.parent.absolute().name if path.name in ("recipe.toml", "config.toml") else path.stem
    else:
        shipped = _shipped()
        require_one_of("recipe", text, shipped, names.RECIPE_PATHS)
        name, path = text, shipped[text]
    return _parse(name, path)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_toml(v)}' for key, v in value.items())} }}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_toml, value))}]"
    raise TypeError(f"no TOML for {value!r}")


def recipe_text(recipe: Recipe | SpikingRecipe) -> str:
    """Return the text of a file that states every value of a recipe, defaults and changed ones included.

    A training run writes it beside its result, so that the run can be repeated from it. Own data are named without
    their folder, so the text does not depend on where they lie.
    """
    data = recipe.data if recipe.data in DATASETS else Path(recipe.data).name
    network = _SPIKING_NETWORK if isinstance(recipe, SpikingRecipe) else _NETWORK
    tables: dict[str, dict[str, Any]] = {"network": {}, "training": {}}
    for f in fields(recipe):
        value = getattr(recipe, f.name)
        if f.name in ("name", "sha256", "data") or value is None or value == ():
            continue
        if is_dataclass(value):
            tables[f.name] = {g.name: getattr(value, g.name) for g in fields(value)}
        else:
            tables["network" if f.name in network else "training"][f.name] = value
    lines = [f"# The recipe {recipe.name} as it ran."]
    if isinstance(recipe, SpikingRecipe):
        lines.append('kind = "spiking"')
    else:
        # A network without hidden layers says so.
        tables["network"].setdefault("hidden", list(recipe.hidden))
    lines.append(f"data = {_toml(data)}")
    for table, entries in tables.items():
        lines += ["", f"[{table}]", *(f"{key} = {_toml(value)}" for key, value in entries.items())]
    return "\n".join(lines) + "\n"


def _parse(name: str, path: Path) -> Recipe | SpikingRecipe:
    """Return the recipe of a file; raises ScError, with its path, for what is missing, unknown or illegal."""
    try:
        raw = path.read_bytes()
        content = tomllib.loads(raw.decode())
    except OSError as error:
        raise ScError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ScError(f"{path} is not valid TOML: {error}") from error
    kind = content.pop("kind", "rate")
    require(kind in ("rate", "spiking"), f"{path}: kind must be rate (the default) or spiking, got {kind!r}")
    made = SpikingRecipe if kind == "spiking" else Recipe
    network = _SPIKING_NETWORK if kind == "spiking" else _NETWORK
    own = {"name", "sha256", "augment", "data"}
    allowed = {
        "network": network,
        "training": {f.name for f in fields(made)} - own - network,
        "augment": {f.name for f in fields(Augment)},
    }
    values: dict[str, Any] = {}
    data = content.pop("data", "")
    require(isinstance(data, str), f"{path}: data must be a string, got {data!r}")
    for table, keys in allowed.items():
        entries = content.pop(table, {})
        require(isinstance(entries, Mapping), f"{path}: [{table}] must be a table")
        unknown = sorted(set(entries) - keys)
        require(not unknown, f"{path}: [{table}] knows {', '.join(sorted(keys))}; not {', '.join(unknown)}")
        values[table] = dict(entries)
    require(not content, f"{path}: unknown entry {', '.join(sorted(content))}")
    if data and data not in DATASETS:
        data = str(path.parent / data)
    try:
        return made(
            name=name,
            data=data,
            augment=Augment(**values["augment"]),
            sha256=hashlib.sha256(raw).hexdigest(),
            **values["network"],
            **values["training"],
        )
    except TypeError as error:
        raise ScError(f"{path} is incomplete: {error}") from error
    except ScError as error:
        raise ScError(f"{path}: {error}") from error
