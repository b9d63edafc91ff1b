"""The folder of a build, for a board (`build`) or a bare part (`stream_system_build`): it appears whole or not at all.

It holds an index, build.json. There stands the sha256 of each file that a board is given, so that an altered file is
noticed, and a hash of all that the build follows from, so that a build that is up to date need not be repeated.

A build calls `target_of` first, works in the folder of `working`, and ends with `finish`. `reading` and `check_files`
read it later.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..artifact import replace_folder
from ..errors import ScError, require

__all__ = ["INDEX", "check_files", "finish", "reading", "sha256", "target_of", "working"]

#: Name of the index in the folder of a build.
INDEX = "build.json"


def target_of(out: str | os.PathLike[str]) -> Path:
    """Return the absolute path of a folder if a build can be written there.

    Args:
        out: the path; relative ones count from the current folder.

    Raises:
        ScError: there is a file, or a folder that is neither empty nor an earlier build.
    """
    target = Path(out).absolute()
    if target.exists() and not (target / INDEX).is_file():
        require(
            target.is_dir() and not any(target.iterdir()),
            f"{target} exists and is not a build: choose an empty or new folder",
        )
    return target


@contextmanager
def working(target: Path) -> Iterator[Path]:
    """Yield a work folder beside a build's folder, and remove it afterwards.

    After an ScError it stays if it has a folder `flow`, so that the user can read the logs of the tools.

    Args:
        target: the folder that the build will have.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-work-", dir=target.parent))
    keep = False
    try:
        yield work
    except ScError:
        keep = (work / "flow").is_dir()
        raise
    finally:
        if not keep:
            shutil.rmtree(work, ignore_errors=True)


def sha256(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def finish(whole: Path, target: Path, content: Mapping[str, Any]) -> None:
    """Write the index of a build, and put the build in its place in one step.

    Args:
        whole: the folder with all other files of the build.
        target: its place; an earlier build there is replaced.
        content: the index, plain JSON values.
    """
    (whole / INDEX).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    replace_folder(whole, target)


@contextmanager
def reading(folder: Path, form: str, version: int) -> Iterator[Any]:
    """Yield the content of a folder's index, for a block that takes its fields.

    Errors in the block about a field that is missing or wrong are raised as an ScError that names the file.

    Args:
        folder: the folder of the build.
        form: the format that the index must name.
        version: the version that it must name.

    Raises:
        ScError: there is no index, or it has another format or version, or the block meets a wrong field.
    """
    index = folder / INDEX
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
        if content["format"] != form or content["version"] != version:
            raise ScError(f"{index}: must be {form} version {version}, got {content['format']} {content['version']}")
        yield content
    except OSError as error:
        raise ScError(f"{index}: cannot be read ({error.strerror}); is {folder} a build?") from None
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ScError):
            raise
        raise ScError(f"{index}: not a build index ({error})") from None


def check_files(wanted: Mapping[Path, object]) -> None:
    """Compare files with the sha256 that the index has of them.

    Args:
        wanted: the sha256 in hexadecimal, by path.

    Raises:
        ScError: a file is missing or altered; the message names it.
    """
    for path, digest in wanted.items():
        try:
            found = sha256(path)
        except OSError as error:
            raise ScError(f"{path}: cannot be read ({error.strerror})") from None
        require(found == digest, f"{path}: content differs from its sha256 in {INDEX}: altered or short")
