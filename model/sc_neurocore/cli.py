"""`sc-neurocore`: train, import, evaluate, explain, estimate, build, flash, run, virtual-board, compile, doctor.

Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import __version__
from .console import prepare, silence
from .errors import DataWarning, ScError, os_error_text, os_errors, require
from .processes import Ended, ending
from .progress import Progress

if TYPE_CHECKING:
    from .backends import Backend

__all__ = ["main"]

Row = dict[str, Any]


def _row(result: Any) -> Row:
    if hasattr(result, "to_json"):
        return dict(result.to_json())
    return asdict(result) if is_dataclass(result) and not isinstance(result, type) else dict(result)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _print(result: Any, as_json: bool) -> None:
    if hasattr(result, "to_text") and not as_json:
        print(result.to_text())
        return
    row = _row(result)
    if as_json:
        print(json.dumps(row))
        return
    width = max(map(len, row))
    for key, value in row.items():
        print(f"{key:<{width}}  {_text(value)}")


def _train(args: argparse.Namespace) -> Any:
    require(
        (args.recipe is None) != (args.data is None),
        "train needs either a recipe or --data FILE.npz",
    )
    from .training import train
    from .training.recipes import hidden_layers

    own = {"--hidden": args.hidden, "--order": args.order, "--input-range": args.input_range}
    given = [option for option, value in own.items() if value is not None]
    require(args.data or not given, f"{', '.join(given)} is for train --data: a recipe says what its network is")
    return train(
        args.recipe or args.data,
        args.out,
        length=args.length,
        seed=args.seed,
        epochs=args.epochs,
        hidden=None if args.hidden is None else hidden_layers(args.hidden),
        order=args.order,
        input_range=args.input_range,
        restart=args.restart,
        progress=lambda line: print(line, file=sys.stderr, flush=True),
    )


def _settings(pairs: Sequence[str] | None) -> tuple[Row, dict[str, Row]]:
    """Return --set's values: those of the whole network, and by node those of the form NODE.NAME=VALUE."""
    from .nir_bridge import Discretisation

    optional = {f.name for f in fields(Discretisation) if f.default is None}
    whole: Row = {}
    nodes: dict[str, Row] = {}
    for pair in pairs or ():
        key, equals, text = pair.partition("=")
        require(equals, f"--set must be NAME=VALUE or NODE.NAME=VALUE, got {pair!r}")
        node, _, name = key.rpartition(".")
        value: Any = {"true": True, "false": False}.get(text.lower(), text)
        if name in optional and text.lower() == "none":
            value = None
        elif value is text:
            for number in (int, float):
                with suppress(ValueError):
                    value = number(text)
                    break
        (nodes.setdefault(node, {}) if node else whole)[name] = value
    return whole, nodes


def _import(args: argparse.Namespace) -> Any:
    from .nir_bridge import from_nir, import_network, support

    changes, nodes = _settings(args.set)
    if args.dt is not None:
        changes["dt"] = args.dt
    network = from_nir(args.file, framework=args.framework, nodes=nodes, input_shape=args.input_shape, **changes)
    require((args.data is None) == (args.out is None), "import needs both --data and --out, or neither")
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
        progress=lambda line: print(line, file=sys.stderr, flush=True),
    )


def _evaluate(args: argparse.Namespace) -> Any:
    from . import artifact
    from .evaluate import evaluate

    needs = {"board": ("board", "port"), "virtual": ("board",)}.get(args.backend, ())
    for option in ("board", "port"):
        require(getattr(args, option) is None or option in needs, f"--{option} is not for --backend {args.backend}")
    network = artifact.load(args.network)

    def measure(runner: Backend | None = None) -> Any:
        return evaluate(
            network,
            args.data,
            backend=args.backend,
            limit=args.limit,
            split=args.split,
            check=args.check,
            runner=runner,
            progress=Progress(f"{args.backend} back end"),
        )

    if not needs:
        return measure()
    from .hardware.boards import board
    from .hardware.host import HostLink
    from .hardware.virtual_board import DEFAULT_BOARD, PATIENCE, VirtualBoard

    with ExitStack() as stack:
        if args.backend == "virtual":
            virtual = stack.enter_context(VirtualBoard(network, args.board or DEFAULT_BOARD))
            link = HostLink.open(virtual.port, virtual.baud, timeout=PATIENCE)
        else:
            require(args.board and args.port, "--backend board needs --board and --port")
            link = HostLink.open(args.port, board(args.board).baud)
        stack.enter_context(link)
        link.prepare(network, progress=Progress("loading", "words"))
        return measure(link.run)


def _explain(args: argparse.Namespace) -> Any:
    from . import artifact, explain

    network = artifact.load(args.network)
    if args.out is not None:
        explain.check_target(args.out)  # before the work
    found = explain.explain(
        network,
        args.data,
        split=args.split,
        limit=args.limit,
        backend=args.backend,
        model=args.model,
        progress=Progress,
    )
    if args.out is not None:
        print(f"report: {explain.write(found, args.out) / 'explain.html'}", file=sys.stderr)
    return found


def _estimate(args: argparse.Namespace) -> Any:
    from . import artifact
    from .hardware.estimate import estimate

    return estimate(artifact.load(args.network), args.board, lanes=args.lanes)


def _build(args: argparse.Namespace) -> Any:
    from .hardware.stream_system import DESIGNS

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    designs = ("engine", *DESIGNS)
    require(args.design in designs, f"design must be one of {', '.join(designs)}, got {args.design!r}")
    engine = {"--board": args.board, "--lanes": args.lanes, "--mac": args.mac or None}
    engine["--boot-flash"] = args.boot_flash or None
    space = {"--part": args.part, "--data-width": args.data_width, "--scores": args.scores or None}
    is_engine = args.design == "engine"
    given = [option for option, value in (space if is_engine else engine).items() if value is not None]
    require(not given, f"{', '.join(given)} is not for --design {args.design}")
    require(
        args.board if is_engine else args.part, f"--design {args.design} needs {'--board' if is_engine else '--part'}"
    )
    if is_engine:
        from .hardware.build import build

        return build(
            args.network,
            args.board,
            args.out,
            lanes=args.lanes,
            mac=args.mac,
            seed=args.seed,
            boot_flash=args.boot_flash,
            progress=say,
        )
    from .hardware.system_build import SEEDS, build_system

    return build_system(
        args.network,
        args.part,
        args.out,
        design=args.design,
        data_width=args.data_width or 32,
        scores=args.scores,
        seeds=SEEDS if args.seed is None else (args.seed,),
        progress=say,
    )


def _flash(args: argparse.Namespace) -> Any:
    from .hardware.flash import flash

    return flash(args.build, args.board, image_only=args.image_only, network=args.network)


def _run(args: argparse.Namespace) -> Any:
    from . import artifact
    from .hardware.board_run import run_on_board

    return run_on_board(
        artifact.load(args.network),
        args.data,
        args.board,
        args.port,
        load=args.load,
        limit=args.limit,
        split=args.split,
        check=args.check,
        out=args.out,
        clock_mhz=args.clock,
        timeout=args.timeout,
        progress=Progress("board"),
        loading=Progress("loading", "words"),
    )


def _virtual_board(args: argparse.Namespace) -> None:
    from . import artifact
    from .hardware.virtual_board import DEFAULT_BOARD, Faults, VirtualBoard

    require((args.network is None) != (args.engine_of is None), "virtual-board needs either a network or --engine-of")
    faults = Faults(args.flip, args.noise, args.before, args.stall, args.unplug, args.seed)
    network = artifact.load(args.network or args.engine_of)
    name = args.board or DEFAULT_BOARD
    with VirtualBoard(
        network,
        name,
        lanes=args.lanes,
        mac=args.mac,
        empty=args.network is None,
        clocks_per_bit=args.clocks_per_bit,
        faults=faults,
    ) as board:
        row = {"port": board.port, "baud": board.baud, "board": board.board.name, "network": network.name}
        row["loaded"] = board.loaded
        print(json.dumps(row) if args.json else board.port, flush=True)
        holds = f"holds {network.name}" if board.loaded else "holds no network: a program must load one"
        print(f"{name} at {board.port}, {board.baud} baud, {holds}; Ctrl-C ends it", file=sys.stderr)
        try:
            code = board.wait()
        except KeyboardInterrupt:
            return
        require(code == 0, f"the virtual board failed with exit code {code}")
        print(f"{board.port} was unplugged", file=sys.stderr)


def _compile(args: argparse.Namespace) -> Any:
    from .compiler.command import compile_to

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    row = compile_to(args.neuron, args.out, prove=args.prove, area=args.area, progress=say)
    for line in row["warnings"]:
        say(f"warning: {line}")
    return row


def _doctor(args: argparse.Namespace) -> Any:
    from .doctor import examine

    return examine()


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return value


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(_positive(part) for part in text.split(","))


def _limits(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be LOW,HIGH, two numbers, got {text!r}") from None
    return low, high


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sc-neurocore", description="Stochastic-computing spiking networks, from PyTorch to the FPGA, bit by bit."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, call: Callable[[argparse.Namespace], Any], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        sub.set_defaults(call=call)
        return sub

    def measured(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--data", required=True, help="digits, mnist, or an .npz file, see docs/data.md")
        sub.add_argument("--limit", type=_positive, metavar="N", help="only the first N images")
        sub.add_argument("--split", help="train, validation, test or all (default: test; a foreign .npz file: all)")
        sub.add_argument("--check", default="golden", help="golden (default), packed or none")

    sub = command("train", _train, "Train a network and write its artifact.")
    sub.add_argument(
        "recipe", nargs="?", help="a recipe's name, such as mnist-small, or a .toml file; leave out with --data"
    )
    sub.add_argument("--data", metavar="FILE.npz", help="your own samples x and labels y, see docs/data.md")
    sub.add_argument(
        "--hidden", metavar="LAYERS", help="--data: hidden layers, such as 64,32 or 10c5s2,max2,64 or none (64)"
    )
    sub.add_argument("--order", help="--data: of samples with three axes: chw, channels first, or hwc, channels last")
    sub.add_argument(
        "--input-range",
        type=_limits,
        metavar="LOW,HIGH",
        help="--data: values that are told apart; others are clipped (default: those of the training part)",
    )
    sub.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of the artifact")
    sub.add_argument(
        "--length", type=int, help="stream length L, a power of two; of spiking cells T (default: the recipe's)"
    )
    sub.add_argument("--epochs", type=_positive, help="epochs (default: the recipe's)")
    sub.add_argument("--seed", type=int, help="random seed (default: the recipe's)")
    sub.add_argument("--restart", action="store_true", help="begin anew where an interrupted run would go on")

    sub = command("import", _import, "Bring a network from another framework (a NIR file) to an artifact.")
    sub.add_argument("file", type=Path, metavar="FILE.nir")
    sub.add_argument("--data", help="digits, mnist, or an .npz file; without it the network is only described")
    sub.add_argument("--out", type=Path, metavar="DIR", help="folder of the artifact")
    sub.add_argument(
        "--framework",
        help="snntorch, norse, spikingjelly, sinabs, rockpool or lava-dl: how the network is stepped there (nir)",
    )
    sub.add_argument("--dt", type=float, help="time step, in the unit of the file's times (default: the framework's)")
    sub.add_argument(
        "--set", action="append", metavar="[NODE.]NAME=VALUE", help="another discretisation, e.g. reset=value"
    )
    sub.add_argument("--input-shape", type=_sizes, metavar="N,N…", help="where the file's Input has a wrong one")
    sub.add_argument("--length", type=int, default=64, help="stream length L, a power of two (64)")
    sub.add_argument("--steps", type=_positive, help="time steps of the float reference (default: L)")
    sub.add_argument("--neurons", default="rate", help="rate (default; engine and streaming) or lif (streaming)")
    sub.add_argument("--pool", type=_positive, help="side of the blocks of pixels that are summed (default: what fits)")
    sub.add_argument("--scale", type=float, help="the network was trained on scale · value / full scale …")
    sub.add_argument("--offset", type=float, help="… + offset (default: on the values of the data themselves)")
    sub.add_argument("--order", help="of images that fit both: hwc, height first, or chw, as torch has them")
    sub.add_argument("--fine-tune", type=int, default=0, metavar="EPOCHS", help="train on, through the exact streams")
    sub.add_argument("--seed", type=int, default=0, help="of fine-tuning (0)")
    sub.add_argument("--restart", action="store_true", help="begin fine-tuning anew, not where it was interrupted")
    sub.add_argument("--force", action="store_true", help="write the artifact although a stage loses much accuracy")

    sub = command("evaluate", _evaluate, "Measure accuracy, comparing every score with the golden model.")
    sub.add_argument("network", type=Path, metavar="DIR", help="artifact")
    sub.add_argument(
        "--backend",
        default="packed",
        help="golden, packed (default), table, rtl, stream, folded, virtual (a virtual board's serial port) or board",
    )
    sub.add_argument("--board", help="board, virtual: which one (virtual: icebreaker)")
    sub.add_argument("--port", help="board: its serial port, e.g. /dev/ttyUSB1")
    measured(sub)

    sub = command("explain", _explain, "Say where accuracy is lost from float to hardware, layer by layer, and why.")
    sub.add_argument("network", type=Path, metavar="DIR", help="artifact")
    sub.add_argument("--data", help="digits, mnist, or an .npz file (default: the data set of the network)")
    sub.add_argument("--limit", type=_positive, metavar="N", help="only the first N samples")
    sub.add_argument("--split", help="train, validation, test or all (default: validation; a foreign .npz file: all)")
    sub.add_argument("--backend", default="packed", help="checked against the packed simulator: rtl, golden, stream, …")
    sub.add_argument("--model", metavar="FILE.npz", help="the float weights that were converted: weight0, bias0, …")
    sub.add_argument("--out", type=Path, metavar="FOLDER", help="write explain.html, .svg and .json there")

    sub = command("estimate", _estimate, "Estimate resources and latency before synthesis.")
    sub.add_argument("network", type=Path, metavar="DIR", help="artifact")
    sub.add_argument("--board", required=True)
    sub.add_argument("--lanes", type=_positive, help="neurons computed at a time (default: the board's)")

    sub = command("build", _build, "Build a bitstream; all figures are post-route.")
    sub.add_argument("network", type=Path, metavar="DIR", help="artifact")
    sub.add_argument("--out", required=True, type=Path, metavar="DIR2", help="folder of the build")
    sub.add_argument(
        "--design",
        default="engine",
        help="engine: time-unrolled, on a board (default); stream, folded: in space, on a part; folded is the smaller",
    )
    sub.add_argument("--seed", type=int, help="place-and-route seed (default: 1; on a part: the fastest of 1, 2, 3)")
    sub.add_argument("--board", help="engine: icebreaker, or another of fpga/README.md")
    sub.add_argument("--lanes", type=_positive, help="engine: neurons computed at a time (default: the board's)")
    sub.add_argument("--mac", action="store_true", help="engine: integer multiply-accumulate instead of stochastic")
    sub.add_argument(
        "--boot-flash", action="store_true", help="engine: the board loads the network from its flash after reset"
    )
    sub.add_argument("--part", help="stream, folded: lfe5u-25f")
    sub.add_argument("--data-width", type=int, metavar="BITS", help="of an image word on a part: 8, 16, 32 or 64 (32)")
    sub.add_argument("--scores", action="store_true", help="on a part: answer with the scores beside the class")

    sub = command("flash", _flash, "Write a built bitstream to the board.")
    sub.add_argument("build", type=Path, metavar="DIR2", help="folder that `build` wrote")
    sub.add_argument("--board", required=True)
    sub.add_argument(
        "--image-only", action="store_true", help="write only the network's image, of a --boot-flash build"
    )
    sub.add_argument("--network", type=Path, metavar="DIR", help="artifact to write in place of the build's")

    sub = command("run", _run, "Classify data on a board over its serial port.")
    sub.add_argument("network", type=Path, metavar="DIR", help="artifact; loaded into the board if it holds another")
    sub.add_argument("--board", required=True)
    sub.add_argument("--port", required=True, help="serial port, e.g. /dev/ttyUSB1, or that of a virtual board")
    sub.add_argument(
        "--load",
        action=argparse.BooleanOptionalAction,
        help="load the network in any case, or never (default: if the board holds another)",
    )
    sub.add_argument("--out", type=Path, metavar="FILE.csv", help="write class, name and scores of every image there")
    sub.add_argument("--clock", type=float, metavar="MHZ", help="the board's clock as built (default: its fastest)")
    sub.add_argument(
        "--timeout", type=float, default=2.0, metavar="S", help="give an answer up after S seconds of silence (2)"
    )
    measured(sub)

    sub = command(
        "virtual-board", _virtual_board, "Simulate a board behind a serial port, whose name is printed, until Ctrl-C."
    )
    sub.add_argument("network", nargs="?", type=Path, metavar="DIR", help="artifact: the board as `build` makes it")
    sub.add_argument("--engine-of", type=Path, metavar="DIR", help="artifact: its engine, with nothing in its memories")
    sub.add_argument("--board", help="default: icebreaker")
    sub.add_argument("--lanes", type=_positive, help="neurons computed at a time (default: the board's)")
    sub.add_argument("--mac", action="store_true", help="integer multiply-accumulate instead of stochastic")
    sub.add_argument("--clocks-per-bit", type=_positive, default=4, metavar="N", help="at least 4 (default: 4, fast)")
    faults = sub.add_argument_group("faults of the line")
    faults.add_argument("--flip", type=float, default=0.0, metavar="P", help="probability that a bit is inverted")
    faults.add_argument(
        "--noise", type=float, default=0.0, metavar="P", help="… that a random byte comes before one of an answer"
    )
    faults.add_argument("--before", type=int, default=0, metavar="N", help="random bytes before each answer")
    faults.add_argument("--stall", type=int, metavar="N", help="nothing more comes after N bytes of answers")
    faults.add_argument("--unplug", type=int, metavar="N", help="the port is gone after N bytes of answers")
    faults.add_argument("--seed", type=int, default=1, help="of what is random (default 1)")

    sub = command("compile", _compile, "Make a neuron from equations: Verilog, integer model, bench and proof.")
    sub.add_argument("neuron", help="a .toml file, or lif, alif, expif, adex, izhikevich, qif")
    sub.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder of the neuron's files")
    sub.add_argument("--prove", action="store_true", help="run its proof, and write nothing if that fails")
    sub.add_argument("--area", action="store_true", help="count LUTs and flip-flops by synthesis")

    command("doctor", _doctor, "Say what this machine has for each step, what is missing, and how to get it.")
    return parser


@contextmanager
def _warnings_as_lines(command: str) -> Iterator[None]:
    """Print each warning on the user's data as one line, as errors are."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        shown = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, DataWarning):
                print(f"sc-neurocore {command}: warning: {message}", file=sys.stderr, flush=True)
            else:
                shown(message, category, *where, **more)

        warnings.showwarning = show
        yield


def _joined(argv: Sequence[str]) -> list[str]:
    """Return the arguments with a negative LOW of --input-range made part of the option: argparse takes it for one."""
    joined: list[str] = []
    for argument in argv:
        if joined and joined[-1] == "--input-range" and argument.startswith("-"):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code.

    0: success. 1: `doctor` misses something. 2: a mistake of the user's, or an error of the operating system, such as a
    full disk; one line says which. 128 and the signal's number: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP, 141
    where whoever reads the output has gone away, as `| head` does.
    """
    prepare()
    command = ""
    args = argparse.Namespace()
    try:
        with ending():
            try:
                args = _parser().parse_args(_joined(sys.argv[1:] if argv is None else argv))
                command = f" {args.command}"
                with _warnings_as_lines(args.command):
                    return _call(args)
            finally:
                if sys.stdout is not None:
                    with os_errors("standard output"):
                        sys.stdout.flush()  # here, where an error of it can still be told
    except ScError as error:
        print(f"sc-neurocore{command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except OSError as error:
        cache = os.environ.get("SC_NEUROCORE_CACHE") or os.path.expanduser("~/.cache")
        places = [p for p in (getattr(args, "out", None), cache, os.environ.get("TMPDIR", "/tmp")) if p]
        print(f"sc-neurocore{command}: {os_error_text(error, places)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print(f"sc-neurocore{command}: {str(error) or 'interrupted'}", file=sys.stderr)
        return 130
    except Ended as error:
        with suppress(OSError):  # the terminal may have gone
            print(f"sc-neurocore{command}: {error}", file=sys.stderr)
        return 128 + error.number
    finally:
        silence()


def _call(args: argparse.Namespace) -> int:
    result = args.call(args)
    if result is not None:
        _print(result, args.json)
    return int(getattr(result, "exit_code", 0))


if __name__ == "__main__":
    sys.exit(main())
