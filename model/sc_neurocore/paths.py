"""Where the hardware sources, the recipes and the cache lie: in the source tree or in the installed package."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import ScError, require

__all__ = ["cache_folder", "hdl_root", "rtl_files"]


def hdl_root() -> Path:
    """Return the folder with rtl/, fpga/ and fusesoc.core: in the installed package or in the source tree."""
    package = Path(__file__).resolve().parent
    for root in (package / "hdl", package.parents[1]):
        if (root / "rtl").is_dir() and (root / "fusesoc.core").is_file():
            return root
    raise FileNotFoundError(f"rtl/ and fusesoc.core are neither in {package / 'hdl'} nor in {package.parents[1]}")


def rtl_files() -> list[Path]:
    """Return every file of rtl/, in a fixed order."""
    files = sorted((hdl_root() / "rtl").glob("*.v"))
    require(files, f"{hdl_root() / 'rtl'} holds no Verilog file")
    return files


def cache_folder(*parts: str) -> Path:
    """Return (and make) a folder under SC_NEUROCORE_CACHE, else the user's cache folder."""
    base = os.environ.get("SC_NEUROCORE_CACHE")
    root = Path(base) if base else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sc-neurocore"
    folder = root.joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScError(f"cache folder {folder} cannot be made ({error.strerror}): set SC_NEUROCORE_CACHE") from None
    return folder
