"""Training in PyTorch, and the conversion of a user's own modules to a `Network`. Needs PyTorch.

There are three ways to a network of integers, and all of them are here:

* `train` runs a recipe: it loads the data, trains, and writes an artifact.
* `to_network` converts a trained model of Linear, Conv2d and ReLU without further training (A12, what training may
  assume).
* `to_lif_network` and `StreamSpikingNet` export spiking networks of `LIFCell` to the `lif` neurons of the hardware
  (A13, neuron `lif`), as networks of one window; `StepsSpikingNet` makes networks in steps of them (A20).

The remaining names are building blocks for training spiking networks:

* cells, from `LIFCell` to `RecurrentLIFCell`, and the networks `SpikingNet` and `ConvSpikingNet` made of them;
* surrogate gradients, such as `atan_surrogate`;
* encoders, which make spikes of images: `rate_encode`, `latency_encode`, `delta_encode`, and `stream_encode`, which
  gives the bits that the hardware gets;
* losses, such as `spike_count_loss`;
* `train_epoch` and `evaluate`, and `save_checkpoint` and `load_checkpoint`.

Importing this package does not import torch. The first use of a name that needs torch imports it, and raises ScError
where torch is not installed. Recipes (`Recipe`, `load_recipe`, `recipe_names`) need no torch at all.

>>> load_recipe("digits").length
32
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import ScError
from .recipes import Augment, Recipe, SpikingRecipe, load_recipe, recipe_names

if TYPE_CHECKING:
    from .augment import distort
    from .cells import (
        AdExCell,
        ALIFCell,
        AlphaCell,
        ExpIFCell,
        IFCell,
        LapicqueCell,
        LIFCell,
        RecurrentLIFCell,
        SecondOrderLIFCell,
        SpikingCell,
        SynapticCell,
    )
    from .checkpoint import load_checkpoint, save_checkpoint
    from .convert import to_network
    from .delays import DelayLinear
    from .encoders import delta_encode, latency_encode, rate_encode, stream_encode
    from .lif_conversion import StreamSpikingNet, to_lif_network
    from .loops import auto_device, evaluate, train_epoch
    from .losses import membrane_loss, spike_count_loss, spike_l1_loss, spike_l2_loss, spike_rate_loss
    from .recipe_training import TrainResult, train
    from .sc_weights import ScWeights
    from .snn import CheckpointError, ConvSpikingNet, SpikingNet
    from .spiking_training import SpikingResult
    from .steps_net import StepsSpikingNet
    from .surrogates import (
        atan_surrogate,
        fast_sigmoid,
        gaussian_surrogate,
        sigmoid_surrogate,
        straight_through,
        superspike,
        triangular,
    )

__all__ = [
    "ALIFCell",
    "AdExCell",
    "AlphaCell",
    "Augment",
    "CheckpointError",
    "ConvSpikingNet",
    "DelayLinear",
    "ExpIFCell",
    "IFCell",
    "LIFCell",
    "LapicqueCell",
    "Recipe",
    "RecurrentLIFCell",
    "ScWeights",
    "SecondOrderLIFCell",
    "SpikingCell",
    "SpikingNet",
    "SpikingRecipe",
    "SpikingResult",
    "StepsSpikingNet",
    "StreamSpikingNet",
    "SynapticCell",
    "TrainResult",
    "atan_surrogate",
    "auto_device",
    "delta_encode",
    "distort",
    "evaluate",
    "fast_sigmoid",
    "gaussian_surrogate",
    "latency_encode",
    "load_checkpoint",
    "load_recipe",
    "membrane_loss",
    "rate_encode",
    "recipe_names",
    "save_checkpoint",
    "sigmoid_surrogate",
    "spike_count_loss",
    "spike_l1_loss",
    "spike_l2_loss",
    "spike_rate_loss",
    "straight_through",
    "stream_encode",
    "superspike",
    "to_lif_network",
    "to_network",
    "train",
    "train_epoch",
    "triangular",
]

# Where each lazy name lives.
_HOME = {
    name: module
    for module, names in {
        "augment": "distort",
        "cells": "ALIFCell AdExCell AlphaCell ExpIFCell IFCell LIFCell LapicqueCell RecurrentLIFCell "
        "SecondOrderLIFCell SpikingCell SynapticCell",
        "checkpoint": "load_checkpoint save_checkpoint",
        "convert": "to_network",
        "delays": "DelayLinear",
        "encoders": "delta_encode latency_encode rate_encode stream_encode",
        "lif_conversion": "StreamSpikingNet to_lif_network",
        "loops": "auto_device evaluate train_epoch",
        "losses": "membrane_loss spike_count_loss spike_l1_loss spike_l2_loss spike_rate_loss",
        "recipe_training": "TrainResult train",
        "sc_weights": "ScWeights",
        "snn": "CheckpointError ConvSpikingNet SpikingNet",
        "spiking_training": "SpikingResult",
        "steps_net": "StepsSpikingNet",
        "surrogates": "atan_surrogate fast_sigmoid gaussian_surrogate sigmoid_surrogate straight_through superspike "
        "triangular",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` on first use (PEP 562), so that importing the package stays fast.

    Raises:
        AttributeError: The package has no such name.
        ScError: PyTorch is not installed.
    """
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ScError("training needs PyTorch: pip install torch scikit-learn tensorboard") from error
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
