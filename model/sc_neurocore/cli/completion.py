"""`completion`: print what lets a shell complete the command."""

from __future__ import annotations

import argparse

from .parsing import Parser, Words, add

__all__ = ["SHELLS", "arguments", "run"]

SHELLS = ("bash", "zsh", "tcsh", "fish", "powershell")


def arguments(parser: Parser) -> None:
    """Add the arguments of `completion`."""
    shells = Words("shell", SHELLS)
    add(parser, "shell", type=shells, metavar="SHELL", help=str(shells))


def run(args: argparse.Namespace) -> None:
    """Print what lets a shell complete the command."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["sc-neurocore"], shell=args.shell))
