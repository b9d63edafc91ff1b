"""`import`: make an artifact of another framework's network (a NIR file). (`import` is a keyword of Python.)

The work is done by `sc_neurocore.nir_bridge`; docs/nir.md says what a NIR file does not state, and how the options of
this command state it.

Example:
    sc-neurocore import net.nir --framework snntorch --data mnist --out DIR
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import names
from ..errors import require
from .options import DATA, ORDER
from .output import say
from .parsing import Parser, Words, add, data_set, number, positive, sizes, whole

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `import`.

    Args:
        parser: The parser of the command. --set takes any attribute of `nir_bridge.Discretisation`, so that this list
            of options does not grow with it.
    """
    frameworks, neurons = Words("framework", names.FRAMEWORKS), Words("neurons", names.NEURONS)
    add(parser, "file", type=Path, metavar="FILE.nir", help="a NIR file, which is HDF5, whatever its ending")
    add(parser, "--data", type=data_set, metavar="DATA", help=f"{DATA}; without it the network is only described")
    add(parser, "--out", type=Path, metavar="DIR", help="folder of the artifact")
    add(
        parser,
        "--framework",
        type=frameworks,
        metavar="NAME",
        help=f"how the network is stepped there: {frameworks} (default: nir)",
    )
    add(
        parser,
        "--dt",
        type=number,
        metavar="TIME",
        help="time step, in the unit of the file's times (default: the framework's)",
    )
    add(
        parser,
        "--set",
        action="append",
        metavar="[NODE.]NAME=VALUE",
        help="another discretisation, e.g. reset=value; a NAME that there is not gets the list of all",
    )
    add(parser, "--input-shape", type=sizes, metavar="N,N…", help="where the file's Input has a wrong one")
    add(parser, "--length", type=whole, default=64, metavar="L", help="stream length L, a power of two (default: 64)")
    add(parser, "--steps", type=positive, metavar="N", help="time steps of the float reference (default: L)")
    add(
        parser,
        "--neurons",
        default="rate",
        type=neurons,
        metavar="KIND",
        help="rate (default; engine and streaming) or lif (streaming)",
    )
    add(
        parser,
        "--pool",
        type=positive,
        metavar="N",
        help="side of the blocks of pixels that are summed (default: what fits)",
    )
    add(parser, "--scale", type=number, metavar="A", help="the network was trained on A · value / full scale + B …")
    add(
        parser,
        "--offset",
        type=number,
        metavar="B",
        help="… and this is B (default of both: on the values of the data themselves)",
    )
    add(parser, "--order", type=ORDER, metavar="ORDER", help=f"of images that fit both: {ORDER}, as torch has them")
    add(
        parser,
        "--fine-tune",
        type=whole,
        default=0,
        metavar="EPOCHS",
        help="train on, through the exact streams (default: 0)",
    )
    add(parser, "--seed", type=whole, default=0, metavar="N", help="of fine-tuning (default: 0)")
    add(parser, "--restart", action="store_true", help="begin fine-tuning anew, not where it was interrupted")
    add(parser, "--force", action="store_true", help="write the artifact although a stage loses much accuracy")


def _settings(pairs: Sequence[str] | None) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the values of --set: those of the whole network, and those of single nodes.

    A value is read as true or false, as a whole number or a number where it is one, as None for an attribute that may
    be None, else as a word.

    Args:
        pairs: Texts of the form NAME=VALUE or NODE.NAME=VALUE, or None.

    Returns:
        Values by name, and by node the values of that node by name.

    Raises:
        ScError: There is no "=" in a text.

    Example:
        >>> _settings(["reset=value", "dt=0.5", "lif2.v_min=none"])
        ({'reset': 'value', 'dt': 0.5}, {'lif2': {'v_min': None}})
    """
    from dataclasses import fields

    from ..nir_bridge import Discretisation

    optional = {f.name for f in fields(Discretisation) if f.default is None}
    whole_network: dict[str, Any] = {}
    nodes: dict[str, dict[str, Any]] = {}
    for pair in pairs or ():
        key, equals, text = pair.partition("=")
        require(equals, f"--set must be NAME=VALUE or NODE.NAME=VALUE, got {pair!r}")
        node, _, name = key.rpartition(".")
        value: Any = {"true": True, "false": False}.get(text.lower(), text)
        if name in optional and text.lower() == "none":
            value = None
        elif value is text:
            for kind in (int, float):
                with suppress(ValueError):
                    value = kind(text)
                    break
        (nodes.setdefault(node, {}) if node else whole_network)[name] = value
    return whole_network, nodes


def run(args: argparse.Namespace) -> Any:
    """Import a NIR file: with --data and --out write an artifact, without them only describe the network.

    Args:
        args: The parsed arguments.

    Returns:
        The accuracies of the stages (`nir_bridge.Imported`), or what was read and what takes it.

    Raises:
        ScError: Only one of --data and --out is given, the file is not supported, or a stage loses too much accuracy.
    """
    require((args.data is None) == (args.out is None), "import needs both --data and --out, or neither")
    from ..nir_bridge import from_nir, import_network, support

    changes, nodes = _settings(args.set)
    if args.dt is not None:
        changes["dt"] = args.dt
    network = from_nir(args.file, framework=args.framework, nodes=nodes, input_shape=args.input_shape, **changes)
    if args.data is None:
        taken = {k: why or "yes" for k, why in support(network).items()}
        return {**network.summary(), "targets": taken}
    return import_network(
        network,
        args.data,
        args.out,
        length=args.length,
        neurons=args.neurons,
        steps=args.steps,
        pool=args.pool,
        scale=args.scale,
        offset=args.offset,
        order=args.order,
        fine_tune=args.fine_tune,
        seed=args.seed,
        restart=args.restart,
        force=args.force,
        progress=say,
    )
