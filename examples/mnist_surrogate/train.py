"""Train SpikingNet 784-128-128-10 by surrogate gradients, then as the hardware runs it, and export it.

    python examples/mnist_surrogate/train.py --epochs 10 --device cpu

The recipe is mnist-surrogate: of 11 epochs 7 are of the cells in floating point, the last 4 go through the hardware's
streams and integers. Ctrl-C stops it; the same command goes on from the end of the last epoch. The folder --out then is
an artifact, which `sc-neurocore evaluate` takes; model.pt in it is the network in floating point.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from sc_neurocore.training import SpikingRecipe, load_recipe
from sc_neurocore.training.script import arguments, run_script


def recipe(options: argparse.Namespace) -> SpikingRecipe:
    """Return the recipe mnist-surrogate with the options' values; the share of epochs through the streams stays."""
    shipped = load_recipe("mnist-surrogate")
    assert isinstance(shipped, SpikingRecipe)
    return replace(shipped.changed(seed=options.seed, epochs=options.epochs), data=options.data)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = arguments(
        "Train SpikingNet by surrogate gradients, then through the hardware's streams, and export it.",
        epochs=10,
        out="build/mnist_surrogate",
    )
    return run_script(parser, recipe, argv)


if __name__ == "__main__":
    sys.exit(main())
