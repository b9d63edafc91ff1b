"""`explain`: say where accuracy is lost from float to hardware, and why.

The work is done by `sc_neurocore.explain`; this module reads the arguments and writes the report. docs/explain.md
describes the output.

Example:
    sc-neurocore explain mnist-small --limit 1000 --out report
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .. import names
from ..errors import ScError, require
from ..progress import Progress
from .options import DATA, SPLIT
from .output import say
from .parsing import NETWORK, Parser, Words, add, artifact_dir, data_set, positive

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `explain`.

    Args:
        parser: The parser of the command, whose help texts say what each argument means.
    """
    backends = Words("backend", names.BACKENDS, renamed=names.RENAMED_BACKENDS)
    add(parser, "network", type=artifact_dir, metavar="NETWORK", help=f"{NETWORK}: {artifact_dir}")
    add(parser, "--data", type=data_set, metavar="DATA", help=f"{DATA} (default: the data set of the network)")
    add(parser, "--limit", type=positive, metavar="N", help="only the first N samples")
    add(parser, "--split", type=SPLIT, metavar="PART", help=f"{SPLIT} (default: validation; a foreign .npz file: all)")
    add(
        parser,
        "--backend",
        default="packed",
        type=backends,
        metavar="NAME",
        help=f"checked against the packed simulator: {backends} (default: packed, which checks nothing)",
    )
    add(
        parser,
        "--model",
        metavar="FILE.npz",
        help="the float weights that were converted: arrays weight0, bias0, weight1, …",
    )
    add(
        parser,
        "--out",
        type=Path,
        metavar="FOLDER",
        help="write explain.json, .html and .svg there (the figure with matplotlib only)",
    )


def run(args: argparse.Namespace) -> Any:
    """Return where accuracy is lost, and with --out write a report too.

    The work can take minutes. So it is checked first whether the report can be written, and a note says if its figure
    will be missing because matplotlib is not installed.

    Args:
        args: The parsed arguments.

    Returns:
        An `explain.Explanation`, or for a network in steps an `explain.StepsExplanation`, which the command line prints
        as text or as JSON.

    Raises:
        ScError: The artifact or the data are bad, the folder of the report cannot be written, or the back end fails.
    """
    from .. import artifact, reference
    from .. import explain as package

    network = artifact.load(args.network)
    require(
        args.model is None or network.steps is None,
        "--model is for networks of one window: where a network in steps differs from its floats is not measured",
    )
    if network.steps is None:
        try:
            reference.scales(network)
        except ScError as error:
            raise ScError(f"{args.network / artifact.INDEX}: {error}") from None
    left_out = ""
    if args.out is not None:
        package.check_target(args.out)  # before the work
        left_out = package.left_out()
        if left_out:
            say(f"note: the report will be {left_out}")
    given: dict[str, Any] = {name: getattr(args, name) for name in ("split", "limit", "backend")}
    found: package.Explanation | package.StepsExplanation
    if network.steps is None:
        found = package.explain(network, args.data, model=args.model, progress=Progress, **given)
    else:
        found = package.explain_steps(network, args.data, progress=Progress, **given)
    if args.out is not None:
        folder = package.write(found, args.out)
        print(f"report: {folder / 'explain.html'}" + (f", {left_out}" if left_out else ""), file=sys.stderr)
    return found
