"""A `yosys` command over the pyosys wheel, for machines that have no `yosys` executable.

pyosys is Yosys as a Python library: no executable and no Tcl. Tools that call `yosys` as a command (sby, edalize)
can call `python -m sc_neurocore.hardware.yosys` in its place; it takes the part of the command line that such tools
use. `command()` says which to call: a new enough `yosys` on PATH comes first.

Yosys runs in a child process, since the library ends the process that it is in when a pass fails; the parent writes
the logs, hands on signals and turns the child's end into an exit code.
"""

import contextlib
import getopt
import os
import re
import selectors
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO

from sc_neurocore.errors import ScError, require
from sc_neurocore.hardware.probe import ask

__all__ = ["MINIMUM_VERSION", "Expansion", "command", "main"]

#: Oldest `yosys` on PATH that is preferred to the wheel.
MINIMUM_VERSION = (0, 60)

#: Turns the arguments of a command that pyosys lacks (`tcl FILE`) into commands that it has.
Expansion = Callable[[str], Iterable[str]]

_USAGE = """\
usage: python -m sc_neurocore.hardware.yosys [options] [files]
  -V, --version  print the version          -h, --help   print this text
  -q             print only warnings and errors (twice: only errors)
  -Q, -T         print no banner, no footer
  -l FILE        write the log to FILE      -L FILE      the same, line by line
  -s SCRIPT      run a Yosys script         -c SCRIPT    run a Tcl script
  -p COMMANDS    run Yosys commands, after files and scripts; may be repeated
Files are read by suffix: .ys as a script, .tcl as a Tcl script, .v .sv .il .json .blif .lib as a design."""

_READERS = {
    ".ys": "script",
    ".v": "read -vlog2k",
    ".sv": "read -sv",
    ".il": "read_rtlil",
    ".json": "read_json",
    ".blif": "read_blif",
    ".lib": "read_liberty",
}
_MESSAGE = re.compile(rb"(?:\S+?:\d+(?:\.\d+(?:-\d+\.\d+)?)?: )?(Warning|ERROR): ")
_COMMAND = re.compile(r"""(?:[^;\n"#]|"(?:\\.|[^"\\\n])*"?|#[^\n]*)+""")


def command() -> list[str]:
    """Return the words that run Yosys: a `yosys` on PATH of at least `MINIMUM_VERSION`, else this module.

    Raises ScError where there is neither such a program nor the package pyosys.
    """
    path = shutil.which("yosys")
    if path is not None:
        text, wrong = ask([path, "-V"])
        found = re.match(r"Yosys (\d+)\.(\d+)", text)
        if found and not wrong and (int(found[1]), int(found[2])) >= MINIMUM_VERSION:
            return [path]
    from importlib.util import find_spec

    wanted = ".".join(map(str, MINIMUM_VERSION))
    require(
        find_spec("pyosys"),
        f"yosys: no yosys {wanted} or newer on PATH, and the package pyosys is not here: pip install pyosys",
    )
    return [sys.executable, "-m", __name__]


def main(argv: list[str] | None = None, expand: Mapping[str, Expansion] | None = None) -> int:
    """Run a Yosys command line on pyosys.

    Args:
        argv: the arguments, as `_USAGE` lists them; by default those of the process.
        expand: further commands by name. Where the first word of a command of `-p` is one of the names, the function is
            called with the rest of the command, and the commands that it yields are run instead. The name `tcl` also
            serves `-c` and .tcl files.

    Returns:
        The exit code: 0 on success, 1 on an error (its message is on stderr), 128 + n when signal n ended the run.
    """
    try:
        options, files = getopt.gnu_getopt(
            sys.argv[1:] if argv is None else argv, "VhqQTl:L:s:c:p:", ["version", "help"]
        )
    except getopt.GetoptError as error:
        print(f"ERROR: yosys: {error}\n{_USAGE}", file=sys.stderr)
        return 1
    flags = [name for name, _ in options]
    if {"-h", "--help"} & set(flags):
        print(_USAGE)
        return 0
    version = bool({"-V", "--version"} & set(flags))
    work = [("file", name) for name in files]
    work += [("script" if name == "-s" else "tcl", value) for name, value in options if name in ("-s", "-c")]
    work += [("commands", value) for name, value in options if name == "-p"]
    if not version and not work:
        print(f"ERROR: yosys: nothing to do, and pyosys has no interactive shell\n{_USAGE}", file=sys.stderr)
        return 1

    with contextlib.ExitStack() as stack:
        logs: list[BinaryIO] = []
        for name, value in options:
            if name in ("-l", "-L"):
                try:
                    logs.append(stack.enter_context(open(value, "wb", buffering=0 if name == "-L" else -1)))
                except OSError as error:
                    print(f"ERROR: yosys: log file {value}: {error.strerror}", file=sys.stderr)
                    return 1
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            # A group of its own, so that a signal that is handed on ends what Yosys started, abc say, as well.
            os.setpgid(0, 0)
            os.dup2(out_write, 1)
            os.dup2(err_write, 2)
            for fd in (out_read, out_write, err_read, err_write):
                os.close(fd)
            _child(version, work, expand or {}, banner="-Q" not in flags, footer="-T" not in flags)
        with contextlib.suppress(OSError):
            os.setpgid(child, child)
        os.close(out_write)
        os.close(err_write)
        with _forwarding(child):
            _copy(out_read, err_read, logs, flags.count("-q"))
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0:
        # Ctrl-C was the user's; any other signal is a crash of Yosys and needs a word.
        if status != -signal.SIGINT:
            print(f"ERROR: yosys: ended by {signal.Signals(-status).name}", file=sys.stderr)
        return 128 - status
    return status


@contextlib.contextmanager
def _forwarding(child: int) -> Iterator[None]:
    """Hand SIGINT and SIGTERM on to the process group of `child`, whose end then ends the parent."""

    def forward(number: int, _frame: object) -> None:
        """Handle a signal; a child that has ended already is no error."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _copy(out: int, err: int, logs: list[BinaryIO], quiet: int) -> None:
    """Copy the child's output to the logs and to the console.

    Args:
        out: file descriptor of its standard output.
        err: file descriptor of its standard error.
        logs: the open log files, which get everything.
        quiet: the number of -q: with 1 the console gets warnings and errors only, with 2 errors only.
    """

    def line(text: bytes, *, is_error: bool) -> None:
        """Write one line to the logs, and to the console if it is to see it.

        Args:
            text: The line, with its end.
            is_error: Whether it came from standard error, which the console always gets.
        """
        for log in logs:
            log.write(text)
        message = _MESSAGE.match(text)
        if is_error or (quiet == 1 and message) or (quiet > 1 and message and message[1] == b"ERROR"):
            sys.stderr.buffer.write(text)
            sys.stderr.buffer.flush()
        elif not quiet:
            sys.stdout.buffer.write(text)

    rest = {out: b"", err: b""}
    with selectors.DefaultSelector() as selector:
        for fd in rest:
            selector.register(fd, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                block = os.read(key.fd, 1 << 16)
                if not block:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    if rest[key.fd]:
                        line(rest[key.fd], is_error=key.fd == err)
                    continue
                *lines, rest[key.fd] = (rest[key.fd] + block).split(b"\n")
                for text in lines:
                    line(text + b"\n", is_error=key.fd == err)
            sys.stdout.buffer.flush()


def _child(
    version: bool, work: list[tuple[str, str]], expand: Mapping[str, Expansion], banner: bool, footer: bool
) -> None:
    """Do the work in this process and end it; it never returns.

    Args:
        version: whether only the version is printed.
        work: what to run, as (kind, value): a file, a script, a tcl script, or commands.
        expand: see `main`.
        banner: whether the version is printed first.
        footer: whether a last line is printed at the end.
    """
    # Python ignores SIGPIPE and catches SIGINT; while a pass runs, only the default action takes effect at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    code = 1
    try:
        try:
            from pyosys import libyosys as ys
        except ImportError as error:
            raise ScError(f"yosys: pyosys cannot be loaded: {error}") from None
        if version or banner:
            print(ys.yosys_maybe_version(), flush=True)
        if not version:
            for kind, value in work:
                if kind == "tcl" or (kind == "file" and value.endswith(".tcl")):
                    _run(ys.run_pass, f"tcl {value}", expand)
                elif kind == "file":
                    ys.run_pass(_reader(value))
                elif kind == "script":
                    ys.run_pass(_reader(value, "script"))
                else:
                    _run(ys.run_pass, value, expand)
            ys.log_flush()
            if footer:
                print("\nEnd of script.", flush=True)
        code = 0
    except ScError as error:
        print(f"ERROR: {error}", file=sys.stderr)
    except BaseException:
        # A defect of this module or of an expansion: say where, but do not return into the parent's code.
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    # The library crashes in its own clean-up when Python still holds a design, so leave without it.
    os._exit(code)


def _reader(name: str, reader: str | None = None) -> str:
    """Return the Yosys command that reads a file.

    Args:
        name: path of the file.
        reader: the command to read it with; by default it is chosen by suffix, as Yosys does.

    Raises:
        ScError: there is no such file, or no command for its suffix.
    """
    require(os.path.isfile(name), f"yosys: file {name} not found")
    if reader is None:
        suffix = os.path.splitext(name)[1]
        require(suffix in _READERS, f"yosys: file {name}: suffix must be one of {', '.join(_READERS)}")
        reader = _READERS[suffix]
    if re.search(r"[\s;#\"]", name):
        # No pass takes every such name, quoted or not.
        name = f"/dev/fd/{os.open(name, os.O_RDONLY)}"
    return f"{reader} {name}"


def _run(run_pass: Callable[[str], None], commands: str, expand: Mapping[str, Expansion]) -> None:
    """Run commands, separated by `;` or line ends.

    Those that begin with a key of `expand` are expanded, and what they yield is run in the same way.

    Args:
        run_pass: the function of pyosys that runs a command.
        commands: the commands.
        expand: see `main`.

    Raises:
        ScError: the commands need Tcl and nothing expands it.
    """
    if not re.search(rf"\b(?:tcl{''.join('|' + re.escape(key) for key in expand)})\b", commands):
        run_pass(commands)
        return
    for text in _COMMAND.findall(commands):
        name, _, rest = text.strip().partition(" ")
        if name in expand:
            for inner in expand[name](rest.strip()):
                _run(run_pass, inner, expand)
        else:
            require(name != "tcl", f"yosys: pyosys has no Tcl, cannot run {rest.strip()}")
            if name:
                run_pass(text)


if __name__ == "__main__":
    # As any filter: a reader that goes away (`| head`) ends the run in silence.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
