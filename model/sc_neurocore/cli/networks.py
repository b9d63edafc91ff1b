"""The commands that make and measure networks: train, import, evaluate, explain."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import names
from ..errors import require
from ..packages import require_packages
from ..progress import Progress
from .output import say
from .parsing import NETWORK, Parser, Words, add, artifact_dir, data_set, limits, number, positive, sizes, whole

if TYPE_CHECKING:
    from ..backends import Backend

__all__ = [
    "checking",
    "evaluate",
    "evaluate_arguments",
    "explain",
    "explain_arguments",
    "import_",
    "import_arguments",
    "measured",
    "train",
    "train_arguments",
]

DATA = f"{data_set}, or an .npz file, see docs/data.md"
SPLIT = Words("split", names.SPLITS)
ORDER = Words("order", names.ORDERS)


def measured(parser: Parser) -> None:
    """Add the arguments of what runs on data and compares."""
    add(parser, "--data", required=True, type=data_set, metavar="DATA", help=DATA)
    add(parser, "--limit", type=positive, metavar="N", help="only the first N images")
    add(parser, "--split", type=SPLIT, metavar="PART", help=f"{SPLIT} (default: test; a foreign .npz file: all)")
    checks = Words("check", names.CHECKS)
    add(
        parser,
        "--check",
        default="golden",
        type=checks,
        metavar="WITH",
        help=f"what every score is compared with: {checks} (default: golden)",
    )


def train_arguments(parser: Parser) -> None:
    """Add the arguments of `train`."""
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


def train(args: argparse.Namespace) -> Any:
    """Train a network."""
    require((args.recipe is None) != (args.data is None), "train needs either a recipe or --data FILE.npz")
    own = {"--hidden": args.hidden, "--order": args.order, "--input-range": args.input_range}
    given = [option for option, value in own.items() if value is not None]
    require(args.data or not given, f"{', '.join(given)} is for train --data: a recipe says what its network is")
    from ..training import train as run
    from ..training.recipes import hidden_layers

    return run(
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


def import_arguments(parser: Parser) -> None:
    """Add the arguments of `import`."""
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
    """Return --set's values: those of the whole network, and by node those of the form NODE.NAME=VALUE."""
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


def import_(args: argparse.Namespace) -> Any:
    """Bring in a network from a NIR file."""
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


def evaluate_arguments(parser: Parser) -> None:
    """Add the arguments of `evaluate`."""
    from ..hardware.boards import BOARDS, is_board_path

    backends, boards = Words("backend", [*names.BACKENDS, "board"]), Words("board", sorted(BOARDS), also=is_board_path)
    add(parser, "network", type=artifact_dir, metavar="NETWORK", help=f"{NETWORK}: {artifact_dir}")
    add(
        parser,
        "--backend",
        default="packed",
        type=backends,
        metavar="NAME",
        help=f"{backends}; virtual is a virtual board's serial port (default: packed)",
    )
    add(
        parser,
        "--board",
        type=boards,
        metavar="BOARD",
        help=f"back ends board and virtual: {boards} (default of virtual: icebreaker)",
    )
    add(parser, "--port", metavar="PORT", help="back end board: its serial port, e.g. /dev/ttyUSB1")
    measured(parser)


def checking(check: str) -> Progress:
    """Return the progress of what scores are compared with."""
    return Progress({"packed": "packed simulator, to compare"}.get(check, f"{check} model, to compare"))


def evaluate(args: argparse.Namespace) -> Any:
    """Measure a network."""
    needs = {"board": ("board", "port"), "virtual": ("board",)}.get(args.backend, ())
    for option in ("board", "port"):
        require(getattr(args, option) is None or option in needs, f"--{option} is not for --backend {args.backend}")
    require(args.backend != "board" or (args.board and args.port), "--backend board needs --board and --port")
    from .. import artifact
    from ..evaluate import evaluate as run
    from ..evaluate import part_for

    network = artifact.load(args.network)

    def measure(runner: Backend | None = None) -> Any:
        return run(
            network,
            args.data,
            backend=args.backend,
            limit=args.limit,
            split=args.split,
            check=args.check,
            runner=runner,
            progress=Progress(f"{args.backend} back end"),
            checking=checking(args.check),
        )

    if not needs:
        return measure()
    from ..hardware.boards import board
    from ..hardware.host import HostLink
    from ..hardware.virtual_board import DEFAULT_BOARD, PATIENCE, VirtualBoard

    require_packages("a serial port", "serial")  # before a simulator is compiled
    part_for(network, args.data, args.split)  # what is wrong with the data is told before the board is loaded
    with ExitStack() as stack:
        if args.backend == "virtual":
            virtual = stack.enter_context(VirtualBoard(network, args.board or DEFAULT_BOARD))
            link = HostLink.open(virtual.port, virtual.baud, timeout=PATIENCE)
        else:
            link = HostLink.open(args.port, board(args.board).baud)
        stack.enter_context(link)
        link.prepare(network, progress=Progress("loading", "words"))
        return measure(link.run)


def explain_arguments(parser: Parser) -> None:
    """Add the arguments of `explain`."""
    backends = Words("backend", names.BACKENDS)
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


def explain(args: argparse.Namespace) -> Any:
    """Say where accuracy is lost."""
    from .. import artifact
    from .. import explain as package

    network = artifact.load(args.network)
    left_out = ""
    if args.out is not None:
        package.check_target(args.out)  # before the work
        left_out = package.left_out()
        if left_out:
            say(f"note: the report will be {left_out}")
    found = package.explain(
        network,
        args.data,
        split=args.split,
        limit=args.limit,
        backend=args.backend,
        model=args.model,
        progress=Progress,
    )
    if args.out is not None:
        folder = package.write(found, args.out)
        print(f"report: {folder / 'explain.html'}" + (f", {left_out}" if left_out else ""), file=sys.stderr)
    return found
