"""`hdl`: say where the Verilog and the files of the boards are, in the source tree or in the installed package.

Example:
    ls "$(sc-neurocore hdl --path)"/rtl/*.v
"""

from __future__ import annotations

import argparse
from typing import Any

from .parsing import Parser, add

__all__ = ["arguments", "run"]


def arguments(parser: Parser) -> None:
    """Add the arguments of `hdl`.

    Args:
        parser: The parser of the command.
    """
    add(parser, "--path", action="store_true", help="print nothing but the folder, for scripts")


def run(args: argparse.Namespace) -> Any:
    """Return the folder of the hardware sources and what is in it.

    Args:
        args: The parsed arguments. With --path, and without --json, only the folder is printed, and nothing returned.
    """
    from ..paths import hdl_root, rtl_files

    root = hdl_root()
    if args.path and not args.json:
        print(root)
        return None
    files = [str(path.relative_to(root)) for path in rtl_files()]
    row: dict[str, Any] = {"path": str(root), "rtl": files, "boards": "fpga", "fusesoc": "fusesoc.core"}
    if not args.json:
        row["rtl"] = f"{len(files)} modules in rtl, rtl/README.md says what each is for"
        row["boards"] = "tops, pins and constraints in fpga, see fpga/README.md"
    return row
