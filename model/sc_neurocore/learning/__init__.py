"""Learning on existing layers, by surrogate gradients. It needs PyTorch.

Importing this package does not import torch; the first use of the trainer does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ScError

if TYPE_CHECKING:
    from .trainer import SurrogateGradientTrainer

__all__ = ["SurrogateGradientTrainer"]


def __getattr__(name: str) -> Any:
    """Return a class of this package, importing torch on first use.

    Raises:
        AttributeError: The package has no such name.
        ScError: PyTorch is not installed.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from . import trainer
    except ImportError as error:
        raise ScError("learning needs PyTorch: pip install torch") from error
    return getattr(trainer, name)
