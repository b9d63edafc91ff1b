"""The command `sc-neurocore`, with its subcommands from `train` to `doctor`.

Each subcommand has a module here, which `COMMANDS` names. It is imported when its command is called, so that the
command starts fast. Results go to standard output, everything else to standard error. docs/cli.md has the exit codes.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, NamedTuple

from .. import __version__
from ..console import paint, prepare, printable, silence
from ..errors import DataWarning, ScError, one_of, os_error_text, os_errors
from ..names import docs_root, foreign_package
from ..packages import missing_package
from ..processes import Ended, ending
from .output import asks_for_json, say, show, tell_error
from .parsing import Parser, UsageError, Words, add, artifact_dir

__all__ = ["main"]

PROGRAM = "sc-neurocore"
#: Exit code of a fault of this program, as sysexits.h has it.
FAULT = 70
#: `evaluate.SCORES_DIFFER`, which is not imported from there so that the command starts fast; a test compares them.
SCORES_DIFFER = 4


class Command(NamedTuple):
    """A subcommand.

    Attributes:
        module: The module of this package that does the work. It has `arguments(parser)`, which adds the arguments, and
            `run(args)`, which returns what is to be shown. It is imported when its command is named.
        text: One sentence that says what the command does, for the help.
        json: Whether the command can answer in JSON (--json).
    """

    module: str
    text: str
    json: bool = True

    def arguments(self, parser: Parser) -> None:
        """Add the command's arguments."""
        self._module().arguments(parser)

    def call(self, args: Any) -> Any:
        """Do the work of the command, and return its result, which `output.show` prints; None prints nothing."""
        return self._module().run(args)

    def _module(self) -> Any:
        """Return the module of the command, imported now if it was not."""
        return import_module(f".{self.module}", __package__)


COMMANDS = {
    "train": Command("train", "Train a network and write its artifact."),
    "import": Command("import_", "Bring a network from another framework (a NIR file) to an artifact."),
    "evaluate": Command("evaluate", "Measure accuracy, comparing every score with the golden model."),
    "explain": Command("explain", "Say where accuracy is lost from float to hardware, layer by layer, and why."),
    "estimate": Command("estimate", "Estimate resources and latency before synthesis."),
    "build": Command("build", "Build a bitstream; all figures are post-route."),
    "flash": Command("flash", "Write a built bitstream to the board."),
    "run": Command("run", "Classify data on a board over its serial port."),
    "virtual-board": Command(
        "virtual_board", "Simulate a board behind a serial port, whose name is printed, until Ctrl-C."
    ),
    "hdl": Command("hdl", "Say where the Verilog and the boards' files are."),
    "compile": Command("compile_", "Make a neuron from equations: Verilog, integer model, bench and proof."),
    "doctor": Command("doctor", "Say what this machine has for each step, what is missing, and how to get it."),
    "completion": Command(
        "completion", f'Print what lets Tab complete this command: eval "$({PROGRAM} completion bash)".', json=False
    ),
}
HELP = "help"


def _epilog() -> str:
    """Return the last lines of every help text: where to read more."""
    docs = docs_root()
    return f"""{PROGRAM} {HELP} COMMAND says more of a command.
Documentation: {docs or "docs/ of the project"}
Exit codes, completion by Tab, JSON: {docs / "cli.md" if docs else "docs/cli.md"}"""


def _parsers(words: Sequence[str] | None) -> tuple[Parser, dict[str, Parser]]:
    """Return the parser of the program, and those of the subcommands by name.

    Args:
        words: The words of the command line. Only the subcommands among them get their arguments, which spares the
            imports of all others. None: all get them.
    """
    parser = Parser(
        prog=PROGRAM,
        description="Stochastic-computing spiking networks, from PyTorch to the FPGA, bit by bit.",
        epilog=_epilog(),
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    found: dict[str, Parser] = {}
    for name, command in COMMANDS.items():
        sub = found[name] = commands.add_parser(name, help=command.text, description=command.text)
        if words is None or name in words:
            sub.epilog = _epilog()
            if command.json:
                sub.add_argument("--json", action="store_true", help="print one JSON object, of an error too")
            command.arguments(sub)
    sub = found[HELP] = commands.add_parser(HELP, help="Say more of a command.", description="Say more of a command.")
    about = Words("command", [*COMMANDS, HELP])
    add(sub, "about", nargs="?", type=about, metavar="COMMAND", help=str(about))
    return parser, found


def _complete() -> None:
    """Answer the shell, which asks what may come next, and end the process."""
    import argcomplete

    argcomplete.autocomplete(_parsers(None)[0], always_complete_options=False)


@contextmanager
def _warnings_as_lines(command: str) -> Iterator[None]:
    """Print each warning on the user's data as one line, in the form of an error; other warnings as Python does.

    Args:
        command: The subcommand, which the line names.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        shown = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, DataWarning):
                mark = paint("warning:", "yellow", sys.stderr)
                print(f"{PROGRAM} {command}: {mark} {printable(str(message))}", file=sys.stderr, flush=True)
            else:
                shown(message, category, *where, **more)

        warnings.showwarning = show
        yield


def _joined(argv: Sequence[str]) -> list[str]:
    """Return the arguments with a negative LOW of --input-range joined to its option.

    argparse would take the negative number for another option.

    Example:
        >>> _joined(["--input-range", "-1,1"])
        ['--input-range=-1,1']
    """
    joined: list[str] = []
    for argument in argv:
        if joined and joined[-1] == "--input-range" and argument.startswith("-"):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    ========== ============================================================================================
    exit code  meaning
    ========== ============================================================================================
    0          success
    1          `doctor` misses something that the main way from a model to a board needs
    2          a mistake of the user's, or an error of the operating system such as a full disk, in one line
    3          `build` wrote everything but a bitstream
    4          `evaluate` or `run`: scores differ from those of the model that checks them
    70         a fault of this program
    128 + n    ended by signal n: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP, 141 where the reader of the
               output has gone away, as `| head` does
    ========== ============================================================================================

    With --json every failure is an object {"error": …, "exit_code": …} on standard output too.

    Args:
        argv: The words of the command line; default those of the process.
    """
    prepare()
    if "_ARGCOMPLETE" in os.environ:
        _complete()
    words = list(sys.argv[1:] if argv is None else argv)
    where, out = PROGRAM, None
    message, code, usage = "", 0, ""
    try:
        with ending():
            try:
                parser, commands = _parsers(words)
                name = next((word for word in words if not word.startswith("-")), None)
                if name is not None and name not in commands:
                    raise ScError(one_of("command", name, commands))
                where = f"{PROGRAM} {name}" if name else PROGRAM
                foreign = foreign_package()
                if foreign:
                    say(f"{PROGRAM}: {paint('warning:', 'yellow', sys.stderr)} {foreign[0]}: {foreign[1]}")
                args = parser.parse_args(_joined(words))
                if args.command is None:
                    raise UsageError(f"a command is missing: one of {', '.join(commands)}", parser.format_usage())
                if args.command == HELP:
                    about = args.about or ""
                    (_parsers([about])[1][about] if about else parser).print_help()
                    return 0
                # After all other words, since these are wrong whatever the network is.
                for given in ("network", "engine_of"):
                    artifact_dir.check(getattr(args, given, None))
                out = getattr(args, "out", None)
                with _warnings_as_lines(args.command):
                    return _call(args)
            finally:
                if sys.stdout is not None:
                    with os_errors("standard output"):
                        sys.stdout.flush()  # here, where an error of it can still be told
    except UsageError as error:
        message, code, usage = str(error), 2, error.usage
    except ScError as error:
        message, code = str(error), 2
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except OSError as error:
        cache = os.environ.get("SC_NEUROCORE_CACHE") or os.path.expanduser("~/.cache")
        places = [p for p in (out, cache, os.environ.get("TMPDIR", "/tmp")) if p]
        message, code = os_error_text(error, places), 2
    except MemoryError as error:
        message, code = f"not enough memory ({error}): close other programs, or use fewer samples (--limit)", 2
    except KeyboardInterrupt as error:
        message, code = str(error) or "interrupted", 130
    except Ended as error:
        message, code = str(error), 128 + error.number
    except Exception as error:
        message, code = missing_package(error), 2
        if not message:
            import traceback

            traceback.print_exc()
            message, code = f"a fault of this program, please report it: {type(error).__name__}: {error}", FAULT
    finally:
        if message:
            with suppress(OSError):  # the terminal may have gone
                tell_error(where, message, code, as_json=asks_for_json(words), usage=usage)
        silence()
    return code


def _call(args: Any) -> int:
    """Do the work of the subcommand, show its result, and return its exit code."""
    result = COMMANDS[args.command].call(args)
    code = int(getattr(result, "exit_code", 0))
    if result is not None:
        show(result, as_json=args.json, exit_code=code)
        if code == SCORES_DIFFER:
            sys.stdout.flush()  # the line that says so comes last, where both go to one terminal
            tell_error(f"{PROGRAM} {args.command}", result.error, code, as_json=False)
    return code
