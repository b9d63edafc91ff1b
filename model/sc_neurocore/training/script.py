"""The command line of a training script: what the scripts of examples/ have in common.

A script only says which recipe its arguments mean. Arguments, progress, errors and Ctrl-C are handled here, in one way
for all scripts. Importing this module needs no torch, so `--help` and a mistyped argument are answered at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import names
from ..cli.output import asks_for_json, say, show, tell_error
from ..cli.parsing import Parser, UsageError, Words, whole
from ..errors import ScError
from .recipes import SpikingRecipe

__all__ = ["arguments", "run_script"]


def arguments(description: str, *, epochs: int, out: str) -> Parser:
    """Return a parser with the arguments that every training script has; a script may add its own.

    Args:
        description: What the script does, for `--help`.
        epochs: Default of --epochs.
        out: Default of --out, the folder of the result.
    """
    parser = Parser(description=description)
    data_sets, devices = Words("data set", names.DATASETS), Words("device", names.DEVICES)
    parser.add_argument("--epochs", type=whole, default=epochs, metavar="N", help=f"epochs in all (default: {epochs})")
    parser.add_argument(
        "--data", default="mnist", type=data_sets, metavar="DATA", help=f"{data_sets}: to train on (default: mnist)"
    )
    parser.add_argument("--limit", type=whole, metavar="N", help="only the first N samples of each part: a short trial")
    parser.add_argument(
        "--device", default="cpu", type=devices, metavar="{cpu,cuda}", help="where to train (default: cpu)"
    )
    parser.add_argument("--seed", type=whole, default=0, metavar="N", help="of everything random (default: 0)")
    parser.add_argument("--out", type=Path, default=Path(out), metavar="DIR", help=f"the result (default: {out})")
    parser.add_argument("--restart", action="store_true", help="begin anew where an interrupted run would go on")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    return parser


def run_script(
    parser: Parser,
    recipe: Callable[[argparse.Namespace], SpikingRecipe],
    argv: Sequence[str] | None = None,
) -> int:
    """Train by the recipe that the arguments mean, print the result, and return the exit code.

    The result goes to standard output, everything else to standard error. With --json, an error is an object on
    standard output too.

    Args:
        parser: From `arguments`, possibly extended.
        recipe: Makes the recipe from the parsed arguments.
        argv: The words of the command; None takes those of the process.

    Returns:
        0 for success; 2 for a mistake of the user, with one line that explains it; 130 for Ctrl-C, after which the same
        command resumes from the end of the last finished epoch.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    message, code, usage = "", 0, ""
    try:
        options = parser.parse_args(words)
        # Not before: it imports torch.
        from . import train

        result = train(
            recipe(options),
            options.out,
            limit=options.limit,
            device=options.device,
            restart=options.restart,
            progress=say,
        )
        show(result, as_json=options.json, exit_code=0)
    except UsageError as error:
        message, code, usage = str(error), 2, error.usage
    except ScError as error:
        message, code = str(error), 2
    except KeyboardInterrupt as error:
        message, code = str(error) or "interrupted", 130
    if message:
        tell_error(parser.prog, message, code, as_json=asks_for_json(words), usage=usage)
    return code
