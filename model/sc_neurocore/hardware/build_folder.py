"""The folder of a build, for a board (`build`) or a bare part (`stream_system_build`): it appears whole or not at all.

It holds an index, build.json, with the sha256 of each file that a board is given, and with a hash of all that the build
follows from, so that a build that is up to date need not be repeated.
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

INDEX = "build.json"


def target_of(out: str | os.PathLike[str]) -> Path:
    """Return the absolute path of `out` if a build can go there: new, empty, or an earlier build; else ScError."""
    target = Path(out).absolute()
    if target.exists() and not (target / INDEX).is_file():
        require(
            target.is_dir() and not any(target.iterdir()),
            f"{target} exists and is not a build: choose an empty or new folder",
        )
    return target


@contextmanager
def working(target: Path) -> Iterator[Path]:
    """Yield a work folder beside `target`, and remove it afterwards.

    After an ScError it stays if it has a folder `flow`, for the logs of the tools.
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
    """Write the index to the folder `whole`, and put that in the place of `target` in one step."""
    (whole / INDEX).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    replace_folder(whole, target)


@contextmanager
def reading(folder: Path, form: str, version: int) -> Iterator[Any]:
    """Yield the content of a folder's index; a field that is missing or wrong inside the block is told by the file.

    Raises ScError for a folder without an index, or with one of another format or version.
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
    """Compare files with their sha256, as the index has them; ScError names one that is missing or altered."""
    for path, digest in wanted.items():
        try:
            found = sha256(path)
        except OSError as error:
            raise ScError(f"{path}: cannot be read ({error.strerror})") from None
        require(found == digest, f"{path}: content differs from its sha256 in {INDEX}: altered or short")
