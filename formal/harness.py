"""What a harness asserts, assumes and covers, read from its text."""

import re
from dataclasses import dataclass

from sc_neurocore.errors import require

__all__ = ["Assumption", "assertions", "assumptions", "count", "covers"]


@dataclass(frozen=True, slots=True)
class Assumption:
    """An `assume (...)` of a harness: the text of its condition, and where it stands."""

    condition: str
    start: int
    end: int


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


def assumptions(text: str) -> list[Assumption]:
    """All assumptions that the proofs of a harness make, in its order."""
    code, found = _proven(text), []
    for begin in re.finditer(r"\bassume\s*\(", code):
        depth, at = 1, begin.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(code[at], 0)
            at += 1
        found.append(Assumption(" ".join(code[begin.end() : at - 1].split()), begin.end(), at - 1))
    return found


def covers(text: str) -> list[str]:
    """The names of all covers of a harness, in its order."""
    return list(dict.fromkeys(re.findall(r"\b(\w+)\s*:\s*cover\b", re.sub(r"//[^\n]*", "", text))))


def count(text: str) -> str:
    """How many claims, invariants, assumptions and covers a harness has, for the table of claims."""
    names = assertions(text)
    claims = sum(name.startswith("a_") for name in names)
    return f"{claims}, {len(names) - claims}, {len(assumptions(text))}, {len(covers(text))}"
