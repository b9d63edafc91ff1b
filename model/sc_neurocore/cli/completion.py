"""`completion`: print the text that lets a shell complete the command by Tab.

Example:
    eval "$(sc-neurocore completion bash)"
"""

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
    """Print the text for a shell, which the user's shell then evaluates."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["sc-neurocore"], shell=args.shell))
