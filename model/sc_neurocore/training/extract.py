"""Extract from a torch model the stages that compute the same, and compare them with the model itself.

The comparison is what makes the conversion safe: a stage that was misread gives other scores, and is refused before
anything is rounded.

Layouts follow one rule (docs/conversion.md): a model's x are the real values of the samples. For samples with two or
three axes that is an image as torch has it, (n, channels, height, width), if the model takes images. For a model that
begins with a Linear it is the values of each sample in the order in which they lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ..errors import ScError, require
from ..network import InputSpec
from .graph import Operation, record, undisturbed
from .normalise import Extracted, image_places, normalise
from .stages import PoolStage, Shape, Stage

__all__ = ["FloatGraph", "extract", "extract_shape", "raw_samples"]

# Samples of the recorded run, and of each run of the comparison. Two sizes, so that neither can stand in the model.
_RECORDED, _BATCH = 3, 256


@dataclass(eq=False)
class FloatGraph:
    """What `extract` returns.

    Attributes:
        stages: The stages that compute what the model computes.
        scores: The model's own scores for the samples, (n, classes), float64.
    """

    stages: list[Stage]
    scores: NDArray[np.float64]


@dataclass(eq=False)
class _Form:
    """One way in which a model may take its samples, such as images or vectors.

    Attributes:
        places: Where each value of the model's input lies in the network's order, without the axis of samples; see
            `normalise`.
        name: The form in words.
    """

    places: Tensor
    name: str

    def give(self, u: Tensor, affine: tuple[float, float], dtype: torch.dtype) -> Tensor:
        """Return the model's x.

        Args:
            u: The samples as fractions of full scale, (n, size).
            affine: (low, span): the model sees low + span · u.
            dtype: The model's dtype.
        """
        x = u[:, self.places.reshape(-1)].reshape(len(u), *self.places.shape)
        low, span = affine
        return (x if affine == (0.0, 1.0) else low + span * x).to(dtype)


def raw_samples(samples: Any, spec: InputSpec) -> NDArray[Any]:
    """Return samples as an integer array, whatever a user has.

    Tensors are moved to the CPU and converted. Real numbers are quantised where the spec has a shift, else returned as
    they are.
    """
    if isinstance(samples, Tensor):
        samples = samples.detach().cpu()
        samples = (samples.float() if samples.dtype == torch.bfloat16 else samples).numpy()
    raw = np.asarray(samples)
    if raw.dtype.kind == "f" and spec.shift is not None:
        return spec.quantise(raw)
    return raw


def _forms(spec: InputSpec) -> list[_Form]:
    """Return the forms in which a model may take samples of this spec, in the order in which to try them."""
    shape = spec.output_shape
    flat = torch.arange(prod(shape))
    if len(spec.shape) not in (2, 3):
        return [_Form(flat, f"vectors (n, {prod(shape)})")]
    image = image_places(shape)
    forms = [_Form(image, f"images (n, {', '.join(map(str, image.shape))})")]
    if len(spec.shape) == 2:
        forms.append(_Form(flat.reshape(shape[:2]), f"matrices (n, {shape[0]}, {shape[1]})"))
    lie = image.reshape(-1) if spec.order == "chw" else flat
    forms.insert(1, _Form(lie, f"vectors (n, {prod(shape)})"))
    return forms


def _dtype(model: nn.Module) -> torch.dtype:
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            return tensor.dtype
    return torch.get_default_dtype()


def _try(
    model: nn.Module, u: Tensor, form: _Form, spec: InputSpec, affine: tuple[float, float]
) -> tuple[list[Operation], Extracted]:
    """Return operations and stages of a model that takes its samples in this form; ScError if it does not."""
    out, path = record(model, form.give(u, affine, _dtype(model)))
    found = normalise(path, spec.output_shape, form.places, affine)
    require(
        out.ndim > 1 and out.shape[1] == prod(out.shape[1:]) == prod(found.stages[-1].output_shape),
        f"the model ({type(model).__name__}) must return scores (n, classes), got the shape {tuple(out.shape)}",
    )
    return path, found


def _first_channels(path: Sequence[Operation]) -> bool:
    """Return whether a layer that knows its number of channels comes before the image is flattened."""
    for op in path:
        if op.taken is None or op.taken.ndim != 4:
            return False
        if op.name == "convolution" or "batch_norm" in op.name:
            return True
    return False


def _choose(
    model: nn.Module, u: Tensor, spec: InputSpec, affine: tuple[float, float]
) -> tuple[_Form, list[Operation], Extracted]:
    """Return the form in which the model takes samples, its operations and its stages.

    Forms are tried in order. Samples with three axes whose order nobody stated are accepted only where the model's
    first layer tells which axis the channels are; otherwise the error says what to state.
    """
    first: ScError | None = None
    h, w, c = spec.output_shape
    unsure = len(spec.shape) == 3 and spec.order is None and c > 1 and h * w > 1
    text = f"InputSpec({spec.shape}, …, order='hwc') or order='chw'"
    for form in _forms(spec):
        try:
            path, found = _try(model, u, form, spec, affine)
        except ScError as error:
            first = first or error
            continue
        if unsure and not (_first_channels(path) and c != spec.shape[0]):
            raise ScError(
                f"samples of shape {spec.shape} have no stated order, and the model's first layer ({path[0].where}) "
                f"does not tell which axis is the channels: give {text}; torch has channels first, 'chw'"
            )
        return form, path, found
    assert first is not None
    if unsure:
        other = replace(spec, order="chw")
        for form in _forms(other):
            try:
                _try(model, u, form, other, affine)
            except ScError:
                continue
            raise ScError(
                f"samples of shape {spec.shape} have no stated order, which means 'hwc', {c} channels, but the model "
                f"takes {spec.shape[0]} channels, the first axis: give InputSpec({spec.shape}, …, order='chw')"
            )
    raise first


def _rounding(dtypes: set[torch.dtype], fan_in: int) -> tuple[float, float]:
    """Return the relative and the absolute rounding error of a sum of `fan_in` products in these dtypes.

    docs/conversion.md states the bound.
    """
    half = dtypes & {torch.float16, torch.bfloat16}
    single = torch.finfo(torch.float32 if half or torch.float32 in dtypes else torch.float64).eps / 2
    relative = (fan_in + 16) * single
    absolute = (fan_in + 16) * 2.0**-149
    if half:
        relative += 16 * max(torch.finfo(d).eps / 2 for d in half)
        absolute += 16 * 2.0**-25
    return relative, absolute


def _evaluate(
    found: Extracted, u: Tensor, affine: tuple[float, float], dtypes: set[torch.dtype]
) -> list[tuple[Tensor, Tensor]]:
    """Return for each stage its float64 values and a bound on the rounding errors of the model.

    Args:
        found: The stages.
        u: The samples as fractions of full scale, (n, size).
        affine: (low, span) of the model's input.
        dtypes: The dtypes in which the model computes.

    Returns:
        For each stage (values, bound), both (n, neurons). The model's own values must lie within the bound.
    """
    relative, absolute = _rounding(dtypes, 0)
    low, span = affine
    # Single precision is enough for a bound, with a little room for its own rounding.
    kind = torch.float64 if dtypes == {torch.float64} else torch.float32
    x, error = u, (relative * (u + abs(low) / span) + absolute / span).to(kind)
    results: list[tuple[Tensor, Tensor]] = []
    for k, (stage, terms) in enumerate(zip(found.stages, found.terms, strict=True)):
        if isinstance(stage, PoolStage):
            relative, absolute = _rounding(dtypes, stage.pool.size**2)
            error = stage.apply_pool(error)
            x = stage.apply_pool(x)
            if stage.pool.kind == "mean":
                error = error + (relative * x.abs() + absolute).to(kind)
        else:
            weight = stage.weight.detach()
            bias = torch.zeros(stage.channels) if stage.bias is None else stage.bias.detach()
            relative, absolute = _rounding(dtypes, weight[0].numel())
            # |W|·e of the error before, and the rounding of the sum of |W|·(|x| + e), |b| and what was folded into it.
            grown = stage.product((1 + relative) * error + (relative * x.abs()).to(kind), weight.abs().to(kind))
            own = relative * (stage.spread(bias.abs()) + terms) + absolute
            error = 1.001 * (grown + own.to(kind))
            x = stage.product(x, weight.double(), bias.double())
            if k < len(found.stages) - 1:
                x = stage.activate(x)
        results.append((x, error))
    return results


def _differs(values: Tensor, result: tuple[Tensor, Tensor]) -> bool:
    """Return whether values differ from a stage's result by more than its bound."""
    wanted, bound = result
    return bool(((values.double().reshape(wanted.shape) - wanted).abs() > bound).any())


def _blame(model: nn.Module, x: Tensor, path: Sequence[Operation], scores: Tensor) -> str:
    """Return what to tell a user whose model does something else than in its recorded run, and what to do about it.

    The model is recorded again with x, and the first operation that differs is named.
    """
    remedy = "a network does the same with the same numbers for every sample"
    try:
        out, again = record(model, x)
    except ScError as error:
        return f"{error}; with other samples it runs: {remedy}"
    for a, b in zip(path, again, strict=False):
        if (a.name, str(a.where)) != (b.name, str(b.where)):
            return f"{b.where} does something else for other samples ({b.name}, where {a.where} did {a.name}): {remedy}"
        for name, value in a.arguments.items():
            other = b.arguments[name]
            same = (
                torch.equal(value, other)
                if isinstance(value, Tensor) and isinstance(other, Tensor)
                else isinstance(value, (Tensor, list)) or value == other
            )
            if not same:
                return (
                    f"{b.where} takes another {name} ({b.name}) in another run: it depends on the samples, on their "
                    f"number, or on the call; {remedy}"
                )
    if len(path) != len(again):
        return f"{again[-1].where if again else 'the model'} does something else for other samples: {remedy}"
    before: Operation | None = None
    for op in again:
        if before is not None and before.given is not None and op.taken is not None and not before.random:
            gave, gets = before.given, op.taken
            if gave.shape == gets.shape and not torch.equal(gave, gets):
                return f"{op.where} gets other values than {before.where} gave: they were changed in between"
        before = op
    if out.shape != scores.shape or not torch.equal(out, scores):
        return f"the model ({type(model).__name__}) gives other scores for the same samples in another call: {remedy}"
    return (
        f"the extracted network differs from the model ({type(model).__name__}) beyond rounding: values leave torch on "
        "the way, or are changed in place; write the model with torch's own operations"
    )


def _batches(u: Tensor) -> Iterator[Tensor]:
    """Yield all samples, last first, in batches that differ in size and order from the recorded one.

    A model that depends on the batch size or on other samples of the batch gives itself away in this manner.
    """
    if len(u) <= _RECORDED:
        u = torch.cat([u, u, u, u])[: _RECORDED + 1]
    for end in range(len(u), 0, -_BATCH):
        yield u[max(0, end - _BATCH) : end].flip(0)


def extract(model: nn.Module, samples: ArrayLike, spec: InputSpec) -> FloatGraph:
    """Return the stages that compute what a model computes in eval mode, and the model's scores for the samples.

    The model runs once on three samples while its operations are recorded (`graph`); these become stages (`normalise`).
    Then all samples are compared: the float64 stages, before any scale or code, must give the model's scores apart from
    the rounding of the model's own dtype. The bound on that rounding is worked out along the way. Nothing of the model
    changes.

    Args:
        model: The model.
        samples: Raw integers as `InputSpec.encode` takes them, (n, *spec.shape), at least one.
        spec: What the samples are.

    Raises:
        ScError: The model has something without counterpart, whose module is named; or its scores differ, are not
            finite, or depend on anything but the sample.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
        >>> len(extract(model, [[0, 1], [1, 0]], InputSpec((2,), full_scale=1)).stages)
        2
    """
    require(isinstance(model, nn.Module), f"the model must be a torch.nn.Module, got {type(model).__name__}")
    model = getattr(model, "_orig_mod", model)  # of torch.compile
    u = torch.from_numpy(spec.pooled(samples) / spec.full_scale)
    require(len(u) > 0, "samples must be given: the model is compared on them, got none")
    affine = spec.affine
    few = u[np.resize(np.linspace(0, len(u) - 1, min(_RECORDED, len(u))).astype(np.int64), _RECORDED)]
    with undisturbed(model):
        form, path, found = _choose(model, few, spec, affine)
        dtypes = {t.dtype for op in path for t in (op.taken, op.given) if t is not None}
        scores = []
        for batch in _batches(u):
            x = form.give(batch, affine, _dtype(model))
            out, _ = record(model, x, keep=False)
            require(
                bool(torch.isfinite(out).all()),
                f"the model ({type(model).__name__}) gives NaN or infinity for the samples{_not_finite(model, x)}",
            )
            last = _evaluate(found, batch, affine, dtypes)[-1]
            if out.numel() != last[0].numel() or _differs(out, last):
                raise ScError(_blame(model, x, path, out))
            scores.append(out.double().reshape(len(batch), -1))
    return FloatGraph(found.stages, torch.cat(scores).flip(0)[: len(u)].numpy())


def _not_finite(model: nn.Module, x: Tensor) -> str:
    """Return the text that names where NaN or infinity first appears, or an empty text."""
    for op in record(model, x)[1]:
        if op.given is not None and not torch.isfinite(op.given).all():
            return f": it begins in {op.where}"
    return ""


def extract_shape(model: nn.Module, shape: Shape) -> list[Stage]:
    """Return the stages for values of the shape (height, width, channels), compared on random samples."""
    flat = shape[:2] == (1, 1)
    spec = InputSpec((shape[2],) if flat else shape, full_scale=256, order=None if flat else "hwc")
    samples = np.random.default_rng(0).integers(0, 257, (16, *spec.shape))
    return extract(model, samples, spec).stages
