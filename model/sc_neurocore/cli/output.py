"""What the command line prints: results as a table or as JSON, progress, errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..console import paint

__all__ = ["asks_for_json", "say", "show", "tell_error"]


def asks_for_json(words: Sequence[str]) -> bool:
    """Tell if --json, or its beginning, is among the words of a command, though these may be wrong otherwise."""
    options = words[: words.index("--")] if "--" in words else words
    return any(word.startswith("--j") and "--json".startswith(word) for word in options)


def say(line: str) -> None:
    """Print a line of progress to standard error."""
    print(line, file=sys.stderr, flush=True)


def show(result: Any, *, as_json: bool, exit_code: int) -> None:
    """Print a command's result to standard output: as one JSON object, or for people.

    A result that is no success has its `error` and `exit_code` in the object, as every failure has.
    """
    if as_json:
        row = _row(result)
        if exit_code:
            row |= {"error": result.error, "exit_code": exit_code}
        print(json.dumps(row))
    elif hasattr(result, "to_text"):
        print(result.to_text(sys.stdout))
    else:
        from ..tables import table

        print(table(result.to_table() if hasattr(result, "to_table") else _row(result), sys.stdout))


def _row(result: Any) -> dict[str, Any]:
    if hasattr(result, "to_json"):
        return dict(result.to_json())
    if isinstance(result, Mapping):
        return dict(result)
    from dataclasses import asdict

    return asdict(result)


def tell_error(where: str, message: str, exit_code: int, *, as_json: bool, usage: str = "") -> None:
    """Print an error as one line to standard error, and with --json as an object to standard output too.

    where: the program and its command. usage: lines before it that say how the command is called.
    """
    if usage:
        print(usage.rstrip(), file=sys.stderr)
    print(f"{paint(f'{where}:', 'red', sys.stderr)} {message}", file=sys.stderr, flush=True)
    if as_json:
        print(json.dumps({"error": message, "exit_code": exit_code}), flush=True)
