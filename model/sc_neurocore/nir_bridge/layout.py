"""How samples lie at a network's Input: which raw value goes to which place. Nothing is permuted but by a stated order.

Three orders meet here. Samples lie as the user's array has them, (n, *spec.shape). A `Network`'s input codes lie row by
row, column by column, channel by channel (A2). NIR's Input takes (channels, height, width) where it takes images, as
torch does, and else values as they come:

* a flat Input, and one of two or more axes that are no image: the samples' values in the order in which they lie;
* an image, (channels, height, width), or (channels, width) before a Conv1d: samples (n, height, width, channels) or
  (n, channels, height, width), recognised by their shape where only one of both fits, else by the order that is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ScError, require
from ..network import ORDERS, InputSpec
from .graph import Shape
from .network import NirNetwork
from .steps import Floats

__all__ = ["as_inputs", "code_order", "image_shape", "seen_values", "stated"]


def image_shape(network: NirNetwork) -> Shape | None:
    """Return (channels, height, width) of an Input that takes images, None for another."""
    shape = network.input_shape
    while len(shape) > 3 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) == 3:
        return shape
    if len(shape) == 2 and any(node.kind == "Conv1d" for node in network.graph.nodes.values()):
        return (shape[0], 1, shape[1])
    return None


def _of(image: Shape, order: str) -> Shape:
    """Return the shape of a sample in the order "hwc" or "chw"."""
    channels, height, width = image
    return (height, width, channels) if order == "hwc" else (channels, height, width)


def _long(shape: Sequence[int]) -> list[int]:
    return [n for n in shape if n != 1]


def stated(network: NirNetwork, spec: InputSpec, order: str | None = None) -> InputSpec:
    """Return the InputSpec with the order of its samples, for this network; the samples' own where there is only one.

    order: "hwc" or "chw", see `InputSpec`; None: the spec's, or what the shapes leave. Raises ScError where samples do
    not fit the network's Input, by its name, and where both orders fit and none is given.
    """
    require(order in (None, *ORDERS), f"order must be 'hwc' or 'chw', got {order!r}")
    here = f"node {network.graph.inputs[0]!r} (Input)"
    takes = network.input_shape
    pooled = f" (after pooling by {spec.pool})" if spec.pool > 1 else ""
    require(
        spec.size == prod(takes),
        f"samples have {spec.size} values{pooled}, the network takes {prod(takes)}, {takes} at its {here}",
    )
    require(
        order is None or spec.order in (None, order),
        f"order must be that of the samples, {spec.order!r}, got {order!r}",
    )
    order = order or spec.order
    image = image_shape(network)
    if image is not None:
        return _stated_image(f"{here} takes images, (channels, height, width) = {image}", takes, image, spec, order)
    require(
        order is None or len(spec.shape) == 3,
        f"order {order!r} is for samples with three axes, got the shape {spec.shape}",
    )
    sample = spec.output_shape[:2] if spec.pool > 1 else spec.shape
    require(
        len(_long(takes)) <= 1 or len(sample) == 1 or _long(sample) == _long(takes),
        f"{here} takes samples of shape {takes}, or flat ones, got {spec.shape}{pooled}: reshape them so that every "
        "value lies where the network was trained to have it",
    )
    # As they lie is "hwc" for the codes, whatever the axes mean; where one of them is no channel, the other two are.
    return replace(spec, order=order or "hwc") if len(spec.shape) == 3 else spec


def _stated_image(here: str, takes: Shape, image: Shape, spec: InputSpec, order: str | None) -> InputSpec:
    channels, height, width = image
    ways = f"(n, {', '.join(map(str, _of(image, 'hwc')))}) in the order 'hwc', or (n, "
    ways += f"{', '.join(map(str, _of(image, 'chw')))}) in the order 'chw'"
    given = "give order='hwc' or 'chw' (--order)"
    if len(spec.shape) == 3:
        fits = [o for o in ORDERS if spec.shape == _of(image, o)]
        require(fits, f"{here}: samples must have shape {ways}, got (n, {', '.join(map(str, spec.shape))})")
        require(
            order is None or order in fits, f"{here}: samples of shape {spec.shape} cannot have the order {order!r}"
        )
        require(
            order or len(fits) == 1 or spec.size == 1, f"{here}: samples of shape {spec.shape} fit both orders: {given}"
        )
        return replace(spec, order=order or fits[0])
    sample = spec.output_shape[:2] if len(spec.shape) == 2 else spec.shape
    if len(sample) == 2 and ((channels == 1 and sample == (height, width)) or sample == takes):
        require(order is None, f"order {order!r} is for samples with three axes, got the shape {spec.shape}")
        return spec
    require(len(sample) == 1, f"{here}: samples must have shape {ways}, got (n, {', '.join(map(str, sample))})")
    if height * width == 1:
        return spec
    if channels == 1:  # one plane lies in one way only
        return replace(spec, shape=(height, width), order=None)
    require(order, f"{here}, and flat samples do not say in which order their values lie: {given}")
    assert order is not None
    return replace(spec, shape=_of(image, order), order=order)


def code_order(network: NirNetwork, spec: InputSpec) -> NDArray[np.int64]:
    """Return which input code arrives at each place of the network's Input, (size,); spec: from `stated`."""
    codes = np.arange(spec.size).reshape(spec.output_shape)
    image = image_shape(network)
    first = len(spec.shape) == 3 and (spec.order == "chw" or image is not None)
    return (codes.transpose(2, 0, 1) if first else codes).reshape(-1)


def seen_values(spec: InputSpec, scale: float | None, offset: float | None) -> tuple[float, float]:
    """Return (scale, offset) so that the network sees scale · u + offset for the fraction u of the full scale.

    Where neither is given, it sees the values that samples stand for (`InputSpec.affine`).
    """
    if scale is None and offset is None:
        low, span = spec.affine
        return span, low
    return 1.0 if scale is None else scale, 0.0 if offset is None else offset


def as_inputs(
    network: NirNetwork,
    spec: InputSpec,
    samples: ArrayLike,
    scale: float | None = None,
    offset: float | None = None,
) -> Floats:
    """Return raw samples as the network takes them, (n, *input_shape): scale · v / full scale + offset.

    scale, offset: as of `seen_values`. Raises ScError where shapes do not fit, see `stated`.
    """
    spec = stated(network, spec)
    factor, low = seen_values(spec, scale, offset)
    values: NDArray[Any] = spec.pooled(samples) * (factor / spec.full_scale) + low
    values = values[:, code_order(network, spec)].reshape(-1, *network.input_shape)
    with np.errstate(over="ignore"):
        out: Floats = values.astype(network.dtype)
    if not np.isfinite(out).all():
        raise ScError(f"scale {factor:g} and offset {low:g} give inputs that are too great for {out.dtype}")
    return out
