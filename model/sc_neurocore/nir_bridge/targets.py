"""What takes a network, and why the others do not.

A user asks this before a conversion or a build: `sc-neurocore import` without --data prints the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ScError
from ..network import Network
from .network import NirNetwork

__all__ = ["NEEDS_TORCH", "support"]

NEEDS_TORCH = "the conversion needs PyTorch: pip install torch"


def _why_not(call: Callable[[], Any]) -> str | None:
    """Return None where the call succeeds, else the message of its ScError. Other exceptions pass."""
    try:
        call()
    except ScError as error:
        return str(error)
    return None


def support(network: NirNetwork | Network) -> dict[str, str | None]:
    """Return what takes a network: each target by name, with None where it does, else the reason why not.

    The targets of a `NirNetwork` are "float reference", which takes every one, and the two kinds of neurons that
    `convert` knows, "rate" and "lif". Whether a certain device is large enough is known only after the conversion.

    The targets of a `Network` are the simulators "golden" and "packed", which take every one, the boards' "engine", and
    the designs in space, "stream" (A17, streaming) and "folded" (A18, folded streaming).

    Args:
        network: A network from a NIR file, or one of integers.

    Returns:
        Target → None, or the message of the error that the target would raise. Without torch, "rate" and "lif" have the
        message `NEEDS_TORCH`.

    Example:
        >>> from sc_neurocore.network import DenseLayer, InputSpec, Network
        >>> tiny = Network(4, (DenseLayer([[1, -1]], [0]),), InputSpec((2,), full_scale=4))
        >>> support(tiny)["golden"] is None
        True
    """
    if isinstance(network, NirNetwork):
        try:
            from .conversion import lif_layers, rate_shape
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            return {"float reference": None, **dict.fromkeys(("rate", "lif"), NEEDS_TORCH)}
        return {
            "float reference": None,
            "rate": _why_not(lambda: rate_shape(network)),
            "lif": _why_not(lambda: lif_layers(network)),
        }
    from ..hardware.core import core_config
    from ..hardware.stream_builder import check_stream
    from ..hardware.stream_fold import fold_layers

    return {
        "golden": None,
        "packed": None,
        "engine": _why_not(lambda: core_config(network, 1)),
        "stream": _why_not(lambda: check_stream(network)),
        "folded": _why_not(lambda: fold_layers(network)),
    }
