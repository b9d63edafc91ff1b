"""Training in PyTorch, and the way from the user's own modules to a `Network`. Needs `pip install sc-neurocore[train]`.

Importing this package does not import torch; the first use of `train` or `to_network` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ScError
from .recipes import Augment, Recipe, load_recipe, recipe_names

if TYPE_CHECKING:
    from .convert import to_network
    from .run import TrainResult, train

__all__ = ["Augment", "Recipe", "TrainResult", "load_recipe", "recipe_names", "to_network", "train"]


def __getattr__(name: str) -> Any:
    if name not in ("to_network", "train", "TrainResult"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ScError("training needs PyTorch: pip install sc-neurocore[train]") from error
    from . import convert, run

    return getattr(convert if name == "to_network" else run, name)
