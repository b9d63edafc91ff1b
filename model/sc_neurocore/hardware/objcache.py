"""Compiler launcher (OBJCACHE of Verilator's makefile) that compiles the unchanging part of each build only once.

Usage: objcache.py FOLDER COMPILER ARGUMENTS...
Objects of sources that do not depend on the design (Verilator's own libraries) are kept in FOLDER; everything else is
handed to the compiler as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main(folder: Path, command: list[str]) -> int:
    """Run `command`, or put in place what it wrote the last time; return its exit status."""
    sources = [Path(a) for a in command if a.endswith(".cpp")]
    target = Path(command[command.index("-o") + 1]) if "-o" in command else None
    library = len(sources) == 1 and sources[0].is_absolute() and sources[0].name.startswith("verilated")
    if not library or target is None or "-c" not in command:
        return subprocess.run(command, check=False).returncode
    stat = sources[0].stat()
    identity = repr((command, stat.st_size, stat.st_mtime_ns, shutil.which(command[0])))
    kept = folder / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.o"
    if not kept.is_file():
        status = subprocess.run(command, check=False).returncode
        if status != 0:
            return status
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder)
        os.close(handle)
        shutil.copyfile(target, temporary)
        os.replace(temporary, kept)
        return 0
    shutil.copyfile(kept, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
