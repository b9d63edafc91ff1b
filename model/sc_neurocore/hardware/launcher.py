"""EDALIZE_LAUNCHER: edalize prefixes every command of its flows with it; it runs that command with the tool found.

    EDALIZE_LAUNCHER="python -m sc_neurocore.hardware.launcher"

So edalize runs `launcher yosys …` where it would run `yosys …`, and the tool may be one that a Python wheel carries,
under no name on PATH (`tools.find`).

`yosys -p 'tcl FILE'` is expanded first: edalize drives Yosys by a generated Tcl script, but the wheel's Yosys has no
Tcl. `expand_tcl` evaluates the part of Tcl that those templates use and returns plain Yosys commands; whatever else it
meets is an error, never skipped.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..errors import ScError, require
from .tools import TOOLS, find

__all__ = ["expand_tcl", "main"]

#: Name of the file with the expanded script; it lies beside the Tcl script.
SCRIPT = "edalize_yosys.ys"

# Yosys commands that edalize's templates call; synth_* and write_* besides.
_YOSYS_COMMANDS = {"chparam", "read_verilog", "verilog_defaults", "verilog_defines"}


class _Tcl:
    """A small Tcl interpreter for edalize's scripts.

    It evaluates set, proc, foreach, source and lindex, and collects the Yosys commands that it meets instead of running
    them.

    Attributes:
        folder: the folder in which `source` looks for files.
        scopes: variables by name, the innermost scope last. A procedure sees its own scope only, as in Tcl.
        procs: parameters and body of each procedure by name.
        commands: the Yosys commands so far.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scopes: list[dict[str, str]] = [{}]
        self.procs: dict[str, tuple[list[str], str]] = {}
        self.commands: list[str] = []

    def source(self, name: str) -> None:
        """Evaluate a file of the folder; raises ScError if it is not there."""
        path = self.folder / name
        require(path.is_file(), f"Tcl script {path} not found")
        self.run(path.read_text(encoding="utf-8"), name)

    def run(self, text: str, where: str) -> str:
        """Evaluate every command of `text`, substituting each when its turn comes; return the last one's result."""
        result = ""
        for words in _Commands(self, text, where):
            result = self.call(words, where)
        return result

    def variable(self, name: str, where: str) -> str:
        """Return the value of a variable of the innermost scope; raises ScError if it is not set."""
        require(name in self.scopes[-1], f"{where}: Tcl variable {name} is not set")
        return self.scopes[-1][name]

    # Commands.
    def call(self, words: list[str], where: str) -> str:
        """Evaluate one command and return its result, "" for those that have none.

        Args:
            words: the command's name and its arguments, substituted already.
            where: the place in the script, for messages.

        Raises:
            ScError: the command is unknown, or its arguments are wrong.
        """
        name, *arguments = words
        if name in self.procs:
            parameters, body = self.procs[name]
            require(
                len(arguments) == len(parameters),
                f"{where}: Tcl proc {name} takes {len(parameters)} arguments, got {len(arguments)}",
            )
            self.scopes.append(dict(zip(parameters, arguments, strict=True)))
            try:
                return self.run(body, f"{where}: {name}")
            finally:
                self.scopes.pop()
        builtins: dict[str, tuple[int, Callable[..., str]]] = {
            "set": (2, self._set),
            "proc": (3, self._proc),
            "source": (1, self._source),
            "lindex": (2, self._lindex),
        }
        if name in builtins:
            count, function = builtins[name]
            require(len(arguments) == count, f"{where}: Tcl {name} must have {count} arguments, got {arguments}")
            return function(*arguments)
        if name == "foreach":
            require(len(arguments) == 3, f"{where}: Tcl foreach must have 3 arguments, got {arguments}")
            for value in _list(arguments[1], where):
                self.scopes[-1][arguments[0]] = value
                self.run(arguments[2], f"{where}: foreach")
            return ""
        # In Tcl this makes Yosys' commands known by their names; here they are known anyway.
        if words == ["yosys", "-import"]:
            return ""
        if name in _YOSYS_COMMANDS or name.startswith(("synth_", "write_")):
            self.commands.append(" ".join(_quote(word, where) for word in words))
            return ""
        raise ScError(f"{where}: unknown Tcl command {name!r} in {' '.join(words)!r}")

    def _set(self, name: str, value: str) -> str:
        """Set a variable of the innermost scope, and return its value."""
        self.scopes[-1][name] = value
        return value

    def _proc(self, name: str, parameters: str, body: str) -> str:
        """Define a procedure; `parameters` is a Tcl list of names."""
        self.procs[name] = (_list(parameters, f"proc {name}"), body)
        return ""

    def _source(self, name: str) -> str:
        """Evaluate a file of the folder."""
        self.source(name)
        return ""

    def _lindex(self, items: str, index: str) -> str:
        """Return an item of a Tcl list, counted from 0."""
        values = _list(items, "lindex")
        require(index.isdigit() and int(index) < len(values), f"Tcl lindex must be below {len(values)}, got {index}")
        return values[int(index)]


class _Commands:
    """An iterator over the commands of a Tcl text, each a list of words.

    A command's variables are replaced only when its turn comes, since the commands before it may set them.

    Args:
        tcl: The interpreter, which knows the variables.
        text: The text.
        where: The place of the text, for messages.
    """

    def __init__(self, tcl: _Tcl, text: str, where: str) -> None:
        self.tcl, self.text, self.where, self.at = tcl, text, where, 0

    def __iter__(self) -> _Commands:
        return self

    def fail(self, what: str) -> ScError:
        """Return the error for the place that has been reached, with the number of its line."""
        line = self.text.count("\n", 0, self.at) + 1
        return ScError(f"{self.where}:{line}: {what}")

    def peek(self) -> str:
        """Return the next character, "" at the end of the text."""
        return self.text[self.at] if self.at < len(self.text) else ""

    def __next__(self) -> list[str]:
        """Return the words of the next command; comments are skipped."""
        while self.peek() and self.peek() in " \t\r\n;":
            self.at += 1
        if not self.peek():
            raise StopIteration
        if self.peek() == "#":
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
            return self.__next__()
        words: list[str] = []
        while True:
            while self.peek() and (self.peek() in " \t\r" or self.text.startswith("\\\n", self.at)):
                self.at += 2 if self.peek() == "\\" else 1
            if not self.peek() or self.peek() in "\n;":
                return words
            words.append(self.word())

    def word(self) -> str:
        """Read one word: in braces as it stands, in quotes or bare with substitution."""
        if self.peek() == "{":
            word = self.braced()
        elif self.peek() == '"':
            self.at += 1
            word = self.substituted('"')
            if self.peek() != '"':
                raise self.fail("missing closing quote")
            self.at += 1
        else:
            return self.substituted(" \t\r\n;")
        if self.peek() and self.peek() not in " \t\r\n;":
            raise self.fail(f"unexpected {self.peek()!r} after a closing brace or quote")
        return word

    def braced(self) -> str:
        """Read text in braces, which may be nested, and return what is inside."""
        start, depth = self.at + 1, 0
        while self.peek():
            c = self.peek()
            if c == "\\":
                raise self.fail("a backslash within braces is not supported")
            depth += (c == "{") - (c == "}")
            self.at += 1
            if depth == 0:
                return self.text[start : self.at - 1]
        raise self.fail("missing closing brace")

    def substituted(self, stop: str) -> str:
        """Read up to a character of `stop` and return the text with $name, ${name} and [lindex …] replaced."""
        out = ""
        while self.peek() and self.peek() not in stop:
            c = self.peek()
            if c == "\\":
                raise self.fail("backslash substitution is not supported")
            if c == "$":
                self.at += 1
                if self.peek() == "{":
                    name = self.braced()
                else:
                    end = self.at
                    while end < len(self.text) and (self.text[end].isalnum() or self.text[end] == "_"):
                        end += 1
                    name, self.at = self.text[self.at : end], end
                out += self.tcl.variable(name, self.where)
            elif c == "[":
                end = self.text.find("]", self.at)
                inner = self.text[self.at + 1 : end]
                # A range such as [3:0] or a nested command would be misread, so both are refused.
                if end < 0 or "[" in inner or not inner.startswith("lindex "):
                    raise self.fail("only [lindex LIST INDEX] is supported in brackets")
                self.at = end + 1
                out += self.tcl.run(inner, self.where)
            else:
                out += c
                self.at += 1
        return out


def _list(text: str, where: str) -> list[str]:
    """Return the items of a Tcl list: words between white space; braces make several words one item."""
    items: list[str] = []
    reader = _Commands(_Tcl(Path()), text, where)
    while True:
        while reader.peek() and reader.peek() in " \t\r\n":
            reader.at += 1
        if not reader.peek():
            return items
        if reader.peek() == "{":
            items.append(reader.braced())
        else:
            start = reader.at
            while reader.peek() and reader.peek() not in " \t\r\n":
                reader.at += 1
            items.append(text[start : reader.at])


def _quote(word: str, where: str) -> str:
    """Return a word as a Yosys script takes it; raises ScError for one that no quoting of such a script can carry."""
    inner = word[1:-1] if len(word) >= 2 and word[0] == word[-1] == '"' else word
    require(
        word and not set(inner) & set('"\n\\'),
        f"{where}: a word of a Yosys command must not be empty or hold quotes, got {word!r}",
    )
    if inner is word and set(word) & set(" \t;#"):
        return f'"{word}"'
    return word


def expand_tcl(script: Path) -> list[str]:
    """Return the Yosys commands that a Tcl script would run, one a string.

    Args:
        script: path of the script; the files that it sources lie beside it.

    Raises:
        ScError: a file is missing, the script has Tcl that is not understood, or it runs no Yosys command.
    """
    tcl = _Tcl(script.parent)
    tcl.source(script.name)
    require(tcl.commands, f"{script} runs no Yosys command")
    return tcl.commands


def _yosys_arguments(arguments: list[str]) -> list[str]:
    """Return Yosys' arguments with each `-p "tcl FILE"` replaced by `-s` and the expanded script, which is written.

    The expanded script lies beside FILE under the name `SCRIPT`, so that a user can see what Yosys was told.

    Raises:
        ScError: `tcl` has no file or more than one, or see `expand_tcl`.
    """
    out = list(arguments)
    for k, argument in enumerate(arguments):
        if argument == "-p" and k + 1 < len(arguments) and arguments[k + 1].split()[:1] == ["tcl"]:
            words = arguments[k + 1].split()
            require(len(words) == 2, f"yosys -p: tcl takes one file, got {arguments[k + 1]!r}")
            path = Path(words[1])
            target = path.with_name(SCRIPT)
            target.write_text("\n".join(expand_tcl(path)) + "\n", encoding="utf-8")
            out[k : k + 2] = ["-s", str(target)]
    return out


def main(argv: list[str] | None = None) -> int:
    """Run the command line that edalize gave, with the tool that `tools.find` finds.

    Args:
        argv: optionally "env" and variables NAME=VALUE, then the command and its arguments; by default that of the
            process.

    Returns:
        The command's exit status, 128 + n if signal n ended it; 2 if the tool or its script is refused.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    variables: dict[str, str] = {}
    if words[:1] == ["env"]:
        words.pop(0)
        while words and "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            variables[name] = value
    try:
        require(words, "launcher: no command given")
        name, arguments = words[0], words[1:]
        require(name in TOOLS, f"launcher: command must be one of {', '.join(sorted(TOOLS))}, got {name!r}")
        tool = find(name)
        if name == "yosys":
            arguments = _yosys_arguments(arguments)
    except ScError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 2
    print(f"using {tool.describe()}", flush=True)
    done = subprocess.run([*tool.command, *arguments], env={**tool.environment(), **variables}, check=False)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


if __name__ == "__main__":
    sys.exit(main())
