"""Asks a program what it is, and tells one that works from one that is broken, hangs or is for another machine.

A name on PATH alone says little: the program may lack a library, be made for another processor, or be another program
of the same name. So `tools` and others run it once with a harmless argument before they rely on it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence

from ..errors import ScError, os_error_text
from ..processes import run

__all__ = ["ask"]

#: Limit in seconds for a program that hangs. The slowest, Vivado on a busy machine, takes tens of seconds.
LIMIT = 300.0
# What the loader says of a program whose libraries are absent or too old, and a shell of one for another machine.
_LOADER = re.compile(
    r"error while loading shared libraries|GLIBC(XX)?_[\d.]+'? not found|cannot execute|Exec format error"
    r"|not a valid Win32|[Bb]ad CPU type|cannot open shared object|symbol lookup error|wrong ELF class"
)
_CANNOT_RUN = 126  # and above: of a shell, of the loader, and of a shell whose child was killed


def ask(
    command: Sequence[str],
    *,
    says: str = "",
    status: Sequence[int] | None = (0,),
    env: Mapping[str, str] | None = None,
    limit: float = LIMIT,
) -> tuple[str, str]:
    """Run a command that only prints something, and judge by its output whether the program works.

    Args:
        command: the program and its arguments.
        says: regular expression that the output of a working program matches.
        status: exit statuses of a working program. None for any except those of a loader or a shell that cannot run it,
            since many programs that print their usage do not end with 0.
        env: the environment, by default that of this process.
        limit: seconds after which the program counts as hanging.

    Returns:
        What it printed; and what is wrong with it, in words, "" if nothing.

    Example:
        >>> ask(["sh", "-c", "exit 3"])
        ('', 'does not work: -c exit 3 ends with status 3')
    """
    from subprocess import TimeoutExpired

    program = os.path.abspath(command[0]) if os.sep in command[0] else command[0]
    asked = " ".join(command[1:]) or "it"
    # The loader's messages are looked for in English.
    words, english = [program, *command[1:]], {**(os.environ if env is None else env), "LC_ALL": "C"}
    try:
        # In a folder of its own: some leave files where they run, whatever they are asked.
        with tempfile.TemporaryDirectory(prefix="sc-neurocore-") as folder:
            done = run(words, cwd=folder, env=english, limit=limit)
    except ScError as error:
        return "", f"cannot be run ({str(error).partition(' cannot be run: ')[2] or error})"
    except OSError as error:
        return "", f"cannot be asked ({os_error_text(error)})"
    except TimeoutExpired:
        return "", f"does not answer {asked} within {limit:g} s"
    text = done.stdout
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    loader = next((line for line in lines if _LOADER.search(line)), None)
    if loader is not None:
        return text, f"does not work on this machine ({loader[:200]})"
    said = f" and says {lines[-1][:200]!r}" if lines else ""
    got = done.returncode
    if got < 0 or got >= _CANNOT_RUN or (status is not None and got not in status):
        how = f"ends with status {got}" if got > 0 else f"is ended by signal {-got}"
        return text, f"does not work: {asked} {how}{said}"
    if says and not re.search(says, text):
        return text, f"does not work: {asked} should print its version{said or ', it prints nothing'}"
    return text, ""
