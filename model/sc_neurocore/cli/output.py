"""What the command line prints: results as a table or as JSON, lines of progress, errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..console import paint, printable

__all__ = ["asks_for_json", "say", "show", "tell_error"]


def asks_for_json(words: Sequence[str]) -> bool:
    """Return whether --json, or a beginning of it, is among the words of a command.

    This is asked for errors too, when the words may be wrong otherwise and no parser has accepted them.

    Args:
        words: The words of the command line. Those behind "--" are no options.

    Example:
        >>> asks_for_json(["doctor", "--js"]), asks_for_json(["train", "--", "--json"])
        (True, False)
    """
    options = words[: words.index("--")] if "--" in words else words
    return any(word.startswith("--j") and "--json".startswith(word) for word in options)


def say(line: str) -> None:
    """Print a line of progress to standard error."""
    print(line, file=sys.stderr, flush=True)


def show(result: Any, *, as_json: bool, exit_code: int) -> None:
    """Print the result of a command to standard output.

    Args:
        result: A mapping, a dataclass, or an object with to_json(), to_text(stream) or to_table().
        as_json: Print one JSON object; else text for people, a table if the result has no text of its own.
        exit_code: Exit code of the command. If it is not 0, the object has `error` and `exit_code` too, as that of
            every failure has.
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
    """Return a result as a dict for JSON: from its to_json(), else a mapping or the fields of a dataclass."""
    if hasattr(result, "to_json"):
        return dict(result.to_json())
    if isinstance(result, Mapping):
        return dict(result)
    from dataclasses import asdict

    return asdict(result)


def tell_error(where: str, message: str, exit_code: int, *, as_json: bool, usage: str = "") -> None:
    """Print an error as one line to standard error, and with --json as an object to standard output too.

    Args:
        where: The program and its command, which begin the line.
        message: What is wrong.
        exit_code: For the object.
        as_json: Whether the user asked for JSON.
        usage: Lines that say how the command is called; they come before the error.
    """
    if usage:
        print(usage.rstrip(), file=sys.stderr)
    said = printable(message, "\n")
    print(f"{paint(f'{where}:', 'red', sys.stderr)} {said}", file=sys.stderr, flush=True)
    if as_json:
        print(json.dumps({"error": message, "exit_code": exit_code}), flush=True)
