"""What takes a network, and why the others do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ScError
from ..network import Network
from .network import NirNetwork

__all__ = ["NEEDS_TORCH", "support"]

NEEDS_TORCH = "the conversion needs PyTorch: pip install torch"


def _why_not(call: Callable[[], Any]) -> str | None:
    try:
        call()
    except ScError as error:
        return str(error)
    return None


def support(network: NirNetwork | Network) -> dict[str, str | None]:
    """Return by target None where it takes the network, else the reason why not.

    A NIR network: the float reference, "rate" and "lif" neurons (see `convert`; whether a given part holds the result
    is known when it is converted). A `Network`: the simulators, the boards' engine, and the two streaming designs.
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
