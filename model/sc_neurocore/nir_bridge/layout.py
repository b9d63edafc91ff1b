"""How samples lie at a network's Input: which raw value goes to which place. Nothing is permuted but by a stated order.

Three orders meet here, and a network is wrong without a word if one of them is taken for another:

* samples lie as the user's array has them, (n, *spec.shape);
* the input codes of a `Network` lie row by row, column by column, channel by channel (A2, codes);
* NIR's Input takes images as torch has them, (channels, height, width), and other values as they come.

Two kinds of Inputs are told apart (`image_shape`):

* an Input that takes no images, because it is flat or has other axes: the values go in as they lie in the samples;
* an Input that takes images, (channels, height, width), or (channels, width) before a Conv1d: samples have the shape
  (n, height, width, channels), order "hwc", or (n, channels, height, width), order "chw". Where only one of the two
  fits the shape of the samples, that one is taken. Where both fit, the user must say which one it is.
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
    """Return (channels, height, width) of an Input that takes images, None for another.

    Axes of 1 at the front, such as that of a batch, do not count. An Input of (channels, width) is an image of height 1
    if there is a Conv1d in the network.

    Args:
        network: A network with one Input.

    Raises:
        ScError: The network has several Inputs.
    """
    shape = network.input_shape
    while len(shape) > 3 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) == 3:
        return shape
    if len(shape) == 2 and any(node.kind == "Conv1d" for node in network.graph.nodes.values()):
        return (shape[0], 1, shape[1])
    return None


def _of(image: Shape, order: str) -> Shape:
    """Return the shape of a sample of an image (channels, height, width) in the order "hwc" or "chw"."""
    channels, height, width = image
    return (height, width, channels) if order == "hwc" else (channels, height, width)


def _long(shape: Sequence[int]) -> list[int]:
    """Return the sizes of a shape without axes of 1."""
    return [n for n in shape if n != 1]


def stated(network: NirNetwork, spec: InputSpec, order: str | None = None) -> InputSpec:
    """Return the InputSpec with the order in which its samples lie, for this network.

    Every conversion asks this first, so that no image goes into a network with its axes mixed up.

    Args:
        network: A network with one Input.
        spec: What the samples are. A spec without an order is allowed.
        order: "hwc" or "chw", see `InputSpec.order`. None is the order of the spec, else the only one that fits.

    Returns:
        The spec with its order, if its samples have three axes. Flat samples for an Input that takes images get the
        shape of these images. Other specs come back as they are.

    Raises:
        ScError: The order is unknown or differs from that of the spec; the samples do not fit the Input, which the
            message names; or both orders fit and none is given.
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
    """Return the InputSpec for an Input that takes images; see `stated`.

    Args:
        here: How a message begins, with the name of the Input and the shape that it takes.
        takes: The shape that the file's Input has.
        image: The same as (channels, height, width).
        spec: What the samples are; its number of values is already known to fit.
        order: The order that the user or the spec states, or None.
    """
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
    """Return which input code arrives at each place of the network's Input.

    Args:
        network: A network with one Input.
        spec: What `stated` returned for it.

    Returns:
        Indices into the input codes, which lie row, column, channel (A2, codes): int64 (size,). Value k of the
        flattened Input is code number `code_order(network, spec)[k]`.
    """
    codes = np.arange(spec.size).reshape(spec.output_shape)
    image = image_shape(network)
    first = len(spec.shape) == 3 and (spec.order == "chw" or image is not None)
    return (codes.transpose(2, 0, 1) if first else codes).reshape(-1)


def seen_values(spec: InputSpec, scale: float | None, offset: float | None) -> tuple[float, float]:
    """Return (scale, offset) so that the network sees scale · u + offset for the fraction u of the full scale.

    Args:
        spec: What the samples are.
        scale: What the user gave, or None. Where only the offset was given, the scale is 1.
        offset: What the user gave, or None. Where only the scale was given, the offset is 0.

    Returns:
        The pair. Where neither was given, the network sees the values that samples stand for (`InputSpec.affine`).

    Example:
        >>> seen_values(InputSpec((2,), full_scale=256), None, None), seen_values(InputSpec((2,), 256), 2.0, None)
        ((1.0, 0.0), (2.0, 0.0))
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
    """Return raw samples as the float network takes them: scale · v / full scale + offset, with v as in A2 (codes).

    Args:
        network: A network with one Input.
        spec: What the samples are; `stated` adds the order if it is missing.
        samples: Raw integers, (n, *spec.shape).
        scale: See `seen_values`.
        offset: See `seen_values`.

    Returns:
        Floats of the network's dtype, (n, *input_shape).

    Raises:
        ScError: Shapes do not fit (see `stated`), or a value is too great for the dtype.
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
