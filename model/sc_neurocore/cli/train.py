"""`train`: train a network by a recipe, or on the user's own data.

A recipe is a .toml file that says all about a training run; the package has several, which a user calls by name. With
--data the options of this command take its place. docs/training.md and docs/data.md describe both.

Example:
    sc-neurocore train digits --out out
    sc-neurocore train --data my.npz --hidden 64,32 --out out
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .. import names
from ..errors import require
from .options import ORDER
from .output import say
from .parsing import Parser, Words, add, data_set, limits, positive, whole

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `train`.

    Args:
        parser: The parser of the command. Options whose help begins with "--data:" are refused with a recipe.
    """
    recipes = Words("recipe", names.recipe_files, more=names.RECIPE_PATHS, endings=(".toml", ".npz"))
    orders = f"--data: of samples with three axes: {ORDER} (height first or channels first)"
    add(
        parser,
        "recipe",
        nargs="?",
        type=recipes,
        metavar="RECIPE",
        help=f"{recipes}, or a .toml file; leave out with --data",
    )
    add(
        parser,
        "--data",
        type=data_set,
        metavar="FILE.npz",
        help="your own samples x and labels y, see docs/data.md",
    )
    add(
        parser,
        "--hidden",
        metavar="LAYERS",
        help="--data: hidden layers, such as 64,32 or 10c5s2,max2,64 or none (default: 64)",
    )
    add(parser, "--order", type=ORDER, metavar="ORDER", help=orders)
    add(
        parser,
        "--input-range",
        type=limits,
        metavar="LOW,HIGH",
        help="--data: values that are told apart; others are clipped (default: those of the training part)",
    )
    add(parser, "--out", required=True, type=Path, metavar="DIR", help="folder of the artifact")
    add(
        parser,
        "--length",
        type=whole,
        metavar="L",
        help="stream length L, a power of two; of spiking cells T (default: the recipe's)",
    )
    add(parser, "--epochs", type=positive, metavar="N", help="epochs (default: the recipe's)")
    add(parser, "--limit", type=positive, metavar="N", help="only the first N samples of each part: a short trial")
    add(parser, "--seed", type=whole, metavar="N", help="random seed (default: the recipe's)")
    devices = Words("device", names.DEVICES)
    add(
        parser,
        "--device",
        default="cpu",
        type=devices,
        metavar=f"{{{','.join(devices.known)}}}",
        help="where a recipe of spiking cells trains (default: cpu)",
    )
    add(parser, "--restart", action="store_true", help="begin anew where an interrupted run would go on")


def run(args: argparse.Namespace) -> Any:
    """Train a network, write its artifact, and return its accuracies.

    torch is imported only after the arguments were found right, so that a mistake in them is reported at once.

    Args:
        args: The parsed arguments.

    Returns:
        A `training.TrainResult`, or a `training.SpikingResult` for a recipe of spiking cells.

    Raises:
        ScError: Both or neither of a recipe and --data are given, an option of --data comes with a recipe, or training
            fails (see `training.train`).
    """
    require((args.recipe is None) != (args.data is None), "train needs either a recipe or --data FILE.npz")
    own = {"--hidden": args.hidden, "--order": args.order, "--input-range": args.input_range}
    given = [option for option, value in own.items() if value is not None]
    require(args.data or not given, f"{', '.join(given)} is for train --data: a recipe says what its network is")
    from ..training import train as trained
    from ..training.recipes import hidden_layers

    return trained(
        args.recipe or args.data,
        args.out,
        length=args.length,
        seed=args.seed,
        epochs=args.epochs,
        hidden=None if args.hidden is None else hidden_layers(args.hidden),
        order=args.order,
        input_range=args.input_range,
        restart=args.restart,
        limit=args.limit,
        device=args.device,
        progress=say,
    )
