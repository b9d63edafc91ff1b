"""Compiler launcher (OBJCACHE of Verilator's makefile) that compiles the unchanging part of each build only once.

Usage: objcache.py FOLDER COMPILER ARGUMENTS...
Objects of sources that do not depend on the design (Verilator's own libraries) are kept in FOLDER; everything else is
handed to the compiler as it is. A folder that cannot be written only costs time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path


def main(folder: Path, command: list[str]) -> int:
    """Run a compiler's command line, or put the object in place that it wrote the last time.

    An object is kept only if the command compiles a single source of Verilator's libraries, known by its name
    (verilated*.cpp) and absolute path. It is found again by the command line, the source's size and time, and the
    compiler's path.

    Args:
        folder: the folder of the kept objects.
        command: the compiler and its arguments.

    Returns:
        The compiler's exit status, 0 if it did not have to run.
    """
    sources = [Path(a) for a in command if a.endswith(".cpp")]
    target = Path(command[command.index("-o") + 1]) if "-o" in command else None
    library = len(sources) == 1 and sources[0].is_absolute() and sources[0].name.startswith("verilated")
    if not library or target is None or "-c" not in command:
        return subprocess.run(command, check=False).returncode
    stat = sources[0].stat()
    # The root may be a link that this build alone has made, so its real path takes part in the identity.
    root = os.environ.get("VERILATOR_ROOT", "")
    words = [word.replace(root, os.path.realpath(root)) if root else word for word in command]
    identity = repr((words, stat.st_size, stat.st_mtime_ns, shutil.which(command[0])))
    kept = folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.o"
    with suppress(FileNotFoundError, PermissionError):
        shutil.copyfile(kept, target)
        return 0
    status = subprocess.run(command, check=False).returncode
    if status == 0:
        with suppress(OSError):
            _keep(target, kept)
    return status


def _keep(target: Path, kept: Path) -> None:
    """Copy an object to the folder of kept objects, where it appears whole or not at all."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=kept.parent)
    os.close(handle)
    try:
        shutil.copyfile(target, temporary)
        os.replace(temporary, kept)
    except BaseException:
        os.unlink(temporary)
        raise


def _end(number: int, _frame: object) -> None:
    """Handle a signal by an exception, so that `_keep` removes its temporary file."""
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)  # so that nothing half-written is left
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
