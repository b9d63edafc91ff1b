"""What a harness asserts, assumes and covers, read from its text."""

import re
from dataclasses import dataclass

from sc_neurocore.errors import require

__all__ = ["Condition", "asserted", "assertions", "assumptions", "count", "covers"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What an `assume (...)` or `assert (...)` of a harness says.

    Attributes:
        text: The condition, with single spaces.
        start: Index of its first character in the text of the harness.
        end: Index of the bracket behind it.
    """

    text: str
    start: int
    end: int

    def dropped(self, harness: str) -> str:
        """Return the harness with a condition that always holds in its place.

        So the vacuity check (formal/mutate.py) asks whether an assumption is needed: without it, a proof must fail.

        Args:
            harness: The text in which the condition was found.
        """
        return harness[: self.start] + "1'b1" + harness[self.end :]


def _proven(text: str) -> str:
    """Return the text without comments and without what stands in an `ifdef`, every character at its place.

    A proof defines nothing: what is in an `ifdef` narrows a cover or a hunt.
    """

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", found[0])

    text = re.sub(r"//[^\n]*", blank, text)
    return re.sub(r"`ifdef\b.*?(?=`else|`endif)", blank, text, flags=re.DOTALL)


def assertions(text: str) -> list[str]:
    """Return the names of all assertions of a harness, in its order.

    A name says what an assertion is: a_... is a claim, of which the table of claims speaks; i_... is an invariant,
    which only helps the induction.

    Args:
        text: The harness.

    Raises:
        ScError: An assertion has no name, or one that begins otherwise.
    """
    code = _proven(text)
    names = re.findall(r"\b(\w+)\s*:\s*assert\b", code)
    total = len(re.findall(r"\bassert\b", code))
    require(len(names) == total, f"a harness has {total - len(names)} assertions without a name a_... or i_...")
    require(all(re.match("[ai]_", n) for n in names), "an assertion's name must begin with a_ or i_")
    return list(dict.fromkeys(names))


def _condition(code: str, start: int) -> Condition:
    """Return the condition whose first character, after the bracket, is at `start`."""
    depth, end = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(code[end], 0)
        end += 1
    return Condition(" ".join(code[start : end - 1].split()), start, end - 1)


def asserted(text: str, name: str) -> Condition:
    """Return what an assertion says.

    Args:
        text: The harness.
        name: Name of the assertion.

    Raises:
        ScError: There is not exactly one assertion of this name.
    """
    code = _proven(text)
    found = [match.end() for match in re.finditer(rf"\b{name}\s*:\s*assert\s*\(", code)]
    require(len(found) == 1, f"a harness must have the assertion {name} once, has it {len(found)} times")
    return _condition(code, found[0])


def assumptions(text: str) -> list[Condition]:
    """Return all assumptions that the proofs of a harness make, in its order."""
    code = _proven(text)
    return [_condition(code, match.end()) for match in re.finditer(r"\bassume\s*\(", code)]


def covers(text: str) -> list[str]:
    """Return the names of all covers of a harness, in its order."""
    return list(dict.fromkeys(re.findall(r"\b(\w+)\s*:\s*cover\b", re.sub(r"//[^\n]*", "", text))))


def count(text: str) -> str:
    """Return how many claims, invariants, assumptions and covers a harness has, as the table of claims states it.

    Example:
        >>> count("a_sum: assert (s == x + y); assume (x < 4); c_most: cover (s == 6);")
        '1, 0, 1, 1'
    """
    names = assertions(text)
    claims = sum(name.startswith("a_") for name in names)
    return f"{claims}, {len(names) - claims}, {len(assumptions(text))}, {len(covers(text))}"
