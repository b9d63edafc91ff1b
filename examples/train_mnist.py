"""Train a spiking network by surrogate gradients: SpikingNet, or with --conv ConvSpikingNet.

    python examples/train_mnist.py --epochs 10
    python examples/train_mnist.py --conv --learn-beta --learn-threshold --epochs 20

Ctrl-C stops it; the same command goes on from the end of the last epoch. The folder --out then holds the network
(model.pt, for `sc_neurocore.training.load_checkpoint`), its recipe, its metrics and its figures.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sc_neurocore.cli.parsing import Words, whole
from sc_neurocore.names import SURROGATES
from sc_neurocore.training import Augment, SpikingRecipe
from sc_neurocore.training.script import arguments, run_script

# Time steps: a convolution of 25 steps is hours of work for a CPU.
STEPS, CONV_STEPS = 25, 4


def recipe(options: argparse.Namespace) -> SpikingRecipe:
    """Return the run that the options mean."""
    conv = options.conv
    usual = CONV_STEPS if conv else STEPS
    return SpikingRecipe(
        name="train_mnist",
        data=options.data,
        model="ConvSpikingNet" if conv else "SpikingNet",
        hidden=128,
        layers=2,
        steps=usual if options.steps is None else options.steps,
        learn_beta=options.learn_beta,
        learn_threshold=options.learn_threshold,
        surrogate=options.surrogate,
        epochs=options.epochs,
        float_epochs=options.epochs,
        batch=128,
        float_learning_rate=0.003 if conv else 0.002,
        seed=options.seed,
        augment=Augment(rotate=8, scale=0.08, shift=1),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    parser = arguments("Train a spiking network by surrogate gradients.", epochs=10, out="build/train_mnist")
    parser.add_argument("--conv", action="store_true", help="ConvSpikingNet in the place of SpikingNet 784-128-128-10")
    parser.add_argument("--learn-beta", action="store_true", help="learn the decay of every layer")
    parser.add_argument("--learn-threshold", action="store_true", help="learn the threshold of every layer")
    surrogates = Words("surrogate", SURROGATES)
    parser.add_argument(
        "--surrogate", default="atan", type=surrogates, metavar="NAME", help=f"{surrogates} (default: atan)"
    )
    parser.add_argument(
        "--steps", type=whole, metavar="T", help=f"time steps for an image (default: {STEPS}, with --conv {CONV_STEPS})"
    )
    return run_script(parser, recipe, argv)


if __name__ == "__main__":
    sys.exit(main())
