"""What a harness asserts, assumes and covers, read from its text."""

import re
from dataclasses import dataclass

from sc_neurocore.errors import require

__all__ = ["Condition", "asserted", "assertions", "assumptions", "count", "covers"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What an `assume (...)` or `assert (...)` of a harness says: its text, and where that stands."""

    text: str
    start: int
    end: int

    def dropped(self, harness: str) -> str:
        """The harness with a condition that always holds in its place."""
        return harness[: self.start] + "1'b1" + harness[self.end :]


def _proven(text: str) -> str:
    """The text without comments and without what stands in an `ifdef`, every character at its place.

    A proof defines nothing: what is in an `ifdef` narrows a cover or a hunt.
    """

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", found[0])

    text = re.sub(r"//[^\n]*", blank, text)
    return re.sub(r"`ifdef\b.*?(?=`else|`endif)", blank, text, flags=re.DOTALL)


def assertions(text: str) -> list[str]:
    """The names of all assertions of a harness, in its order. Raises ScError for one without a name."""
    code = _proven(text)
    names = re.findall(r"\b(\w+)\s*:\s*assert\b", code)
    total = len(re.findall(r"\bassert\b", code))
    require(len(names) == total, f"a harness has {total - len(names)} assertions without a name a_... or i_...")
    require(all(re.match("[ai]_", n) for n in names), "an assertion's name must begin with a_ or i_")
    return list(dict.fromkeys(names))


def _condition(code: str, start: int) -> Condition:
    """The condition whose first character, after the bracket, is at `start`."""
    depth, end = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(code[end], 0)
        end += 1
    return Condition(" ".join(code[start : end - 1].split()), start, end - 1)


def asserted(text: str, name: str) -> Condition:
    """What the assertion `name` says. Raises ScError where there is not exactly one."""
    code = _proven(text)
    found = [match.end() for match in re.finditer(rf"\b{name}\s*:\s*assert\s*\(", code)]
    require(len(found) == 1, f"a harness must have the assertion {name} once, has it {len(found)} times")
    return _condition(code, found[0])


def assumptions(text: str) -> list[Condition]:
    """All assumptions that the proofs of a harness make, in its order."""
    code = _proven(text)
    return [_condition(code, match.end()) for match in re.finditer(r"\bassume\s*\(", code)]


def covers(text: str) -> list[str]:
    """The names of all covers of a harness, in its order."""
    return list(dict.fromkeys(re.findall(r"\b(\w+)\s*:\s*cover\b", re.sub(r"//[^\n]*", "", text))))


def count(text: str) -> str:
    """How many claims, invariants, assumptions and covers a harness has, for the table of claims."""
    names = assertions(text)
    claims = sum(name.startswith("a_") for name in names)
    return f"{claims}, {len(names) - claims}, {len(assumptions(text))}, {len(covers(text))}"
