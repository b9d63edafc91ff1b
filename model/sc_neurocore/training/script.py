"""The command line of a training script: what the scripts of examples/ have in common.

A script says which recipe its arguments mean; arguments, progress, errors, Ctrl-C and results are here. Importing this
needs no torch, so that `--help` and a typing error are answered at once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..data import DATASETS
from ..errors import ScError
from .recipes import SpikingRecipe

__all__ = ["arguments", "run_script"]

_DEVICES = ("cpu", "cuda")


def arguments(description: str, *, epochs: int, out: str) -> argparse.ArgumentParser:
    """Return a parser with the arguments of every script; epochs, out: defaults of --epochs and --out."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--epochs", type=int, default=epochs, metavar="N", help=f"epochs in all (default {epochs})")
    parser.add_argument("--data", default="mnist", choices=tuple(DATASETS), help="what to train on (default mnist)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N samples of each part: a short trial")
    parser.add_argument("--device", default="cpu", choices=_DEVICES, help="where to train (default cpu)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of everything random (default 0)")
    parser.add_argument("--out", type=Path, default=Path(out), metavar="DIR", help=f"the result (default {out})")
    parser.add_argument("--restart", action="store_true", help="begin anew where an interrupted run would go on")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    return parser


def run_script(
    parser: argparse.ArgumentParser,
    recipe: Callable[[argparse.Namespace], SpikingRecipe],
    argv: Sequence[str] | None = None,
) -> int:
    """Train after `recipe(arguments)` and print the result; return the exit code.

    parser: from `arguments`, perhaps with more of them. The result goes to standard output, everything else to standard
    error. Exit code 0; 2 for a mistake of the user's, with one line that says what it is; 130 for Ctrl-C, after which
    the same command goes on from the last epoch's end.
    """
    options = parser.parse_args(argv)
    try:
        from . import train

        result = train(
            recipe(options),
            options.out,
            limit=options.limit,
            device=options.device,
            restart=options.restart,
            progress=lambda line: print(line, file=sys.stderr, flush=True),
        )
    except ScError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print(f"{parser.prog}: {str(error) or 'interrupted'}", file=sys.stderr)
        return 130
    found = asdict(result)
    print(json.dumps(found) if options.json else _table(found))
    return 0


def _table(found: dict[str, Any]) -> str:
    """Return a line for each entry that has a value; accuracies as percentages."""
    rows = []
    for name, value in found.items():
        text = f"{value:.2%}" if name.endswith("accuracy") and value is not None else str(value)
        rows.append((name.replace("_", " "), f"{text} s" if name == "seconds" else text))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in rows if text != "None")
