"""Child processes that end together with the process that started them, and with everything that they have started.

make starts compilers, and a compiler starts other programs: killing the first would leave the rest running. So each
child leads a process group of its own. The group is ended as a whole if the wait for the child is broken off: by
Ctrl-C, by a time limit, or by SIGTERM or SIGHUP, which `ending` turns into an exception.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from .errors import ScError, os_error_text

if TYPE_CHECKING:
    import subprocess  # else where it is needed: every start of the command line imports this module
    from types import FrameType

__all__ = ["NOTHING", "PIPE", "WITH_OUTPUT", "Ended", "end", "ending", "run", "started"]

SIGNALS = (signal.SIGTERM, signal.SIGHUP)
#: Seconds in which a group may tidy up after SIGTERM, before it is killed.
GRACE = 5.0
#: As the module subprocess has them: PIPE, STDOUT and DEVNULL.
PIPE, WITH_OUTPUT, NOTHING = -1, -2, -3

_running: set[subprocess.Popen[str]] = set()
_starting = 0  # children that this, the main, thread is about to know
_got: int | None = None
_interrupted = False  # by Ctrl-C


class Ended(SystemExit):
    """The exception after SIGTERM or SIGHUP. Its exit status is 128 plus the signal's number, as of a shell."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number

    def __str__(self) -> str:
        """Return the message of the command line, such as "ended by SIGTERM"."""
        return f"ended by {signal.Signals(self.number).name}"


def _handle(number: int, _frame: FrameType | None) -> None:
    """Handle a signal: pass it to all running children, and raise `Ended`.

    While a child is being started nothing is raised; `started` does it as soon as it knows the child.
    """
    global _got  # noqa: PLW0603  # a signal handler has no other place
    _got = number
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)  # the way out is not interrupted again
    for process in list(_running):  # threads may wait for them
        _signal(process, signal.SIGTERM)
    if not _starting:
        raise Ended(number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Note Ctrl-C, and raise KeyboardInterrupt as Python does."""
    global _interrupted  # noqa: PLW0603  # as above
    _interrupted = True
    signal.default_int_handler(number, frame)


@contextmanager
def ending() -> Iterator[None]:
    """Raise `Ended` in the main thread on SIGTERM and SIGHUP within the block, so that `finally` clauses can clean up.

    A signal that is ignored (nohup), or that another part of the program handles, is left alone. In other threads the
    block has no effect. LLVM calls Python while it compiles, and swallows what is raised there; numba then fails for
    want of what it did not get. So another exception than an `ScError` after a signal, or after Ctrl-C, is that signal.
    """
    global _got, _interrupted  # noqa: PLW0603
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    mine = [number for number in SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in mine:
        signal.signal(number, _handle)
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, _interrupt)
    told = sys.unraisablehook
    sys.unraisablehook = lambda what: None if isinstance(what.exc_value, Ended | KeyboardInterrupt) else told(what)
    try:
        yield
    except ScError:
        raise
    except Exception as error:
        if mine and _got is not None:
            raise Ended(_got) from error
        if ours and _interrupted:
            raise KeyboardInterrupt from error
        raise
    finally:
        sys.unraisablehook = told
        for number in mine:
            signal.signal(number, signal.SIG_DFL)
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _interrupted = False
        if mine:
            _got = None


def _signal(process: subprocess.Popen[str], number: int) -> bool:
    """Send a signal to the process group of a child; return whether the group still exists."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end(process: subprocess.Popen[str]) -> None:
    """End a child of `started`, and everything that it started: by SIGTERM, and after `GRACE` seconds by SIGKILL."""
    _signal(process, signal.SIGTERM)
    limit = time.monotonic() + GRACE
    while time.monotonic() < limit:
        process.poll()  # a child that nobody has waited for still counts as one of the group
        if not _signal(process, 0):
            break
        time.sleep(0.01)
    else:
        _signal(process, signal.SIGKILL)
    process.wait()


@contextmanager
def started(
    command: Sequence[str | os.PathLike[str]],
    *,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int = NOTHING,
    stderr: int = WITH_OUTPUT,
) -> Iterator[subprocess.Popen[str]]:
    """Start a child process, whose output can be read as text; an exception within the block ends it.

    Args:
        command: Program and arguments.
        cwd: Folder in which it runs.
        env: Its environment variables; None for those of this process.
        stdin: Its input: NOTHING or PIPE.
        stderr: Its error output: WITH_OUTPUT joins it to the output, PIPE keeps it apart, NOTHING drops it.

    Raises:
        ScError: If it cannot be started.
    """
    import subprocess

    global _starting  # noqa: PLW0603
    main = threading.current_thread() is threading.main_thread()
    words = [os.fspath(word) for word in command]
    with ending():
        if main:
            _starting += 1  # a signal between the child's start and our knowing it would leave it running
        try:
            process = subprocess.Popen(
                words,
                cwd=cwd,
                env=env,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
            )
            _running.add(process)
        except OSError as error:
            raise ScError(f"{words[0]} cannot be run: {os_error_text(error, what=words[0])}") from error
        finally:
            if main:
                _starting -= 1
        try:
            if _got is not None:
                raise Ended(_got)
            yield process
        except BaseException:
            end(process)
            raise
        finally:
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
            try:
                process.wait()
            finally:
                _running.discard(process)


def run(
    command: Sequence[str | os.PathLike[str]],
    *,
    cwd: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    stderr: int = WITH_OUTPUT,
    limit: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with an empty input, and return its exit status and output.

    Args:
        command: Program and arguments.
        cwd: Folder in which it runs.
        env: Its environment variables; None for those of this process.
        stderr: As of `started`.
        limit: Seconds after which it is ended. This is a guard against hanging, so it must be far above what a slow
            machine needs. None for no limit.

    Raises:
        ScError: If the command cannot be run.
        subprocess.TimeoutExpired: If it took longer than the limit.
    """
    import subprocess

    with started(command, cwd=cwd, env=env, stderr=stderr) as process:
        out, err = process.communicate(timeout=limit)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
