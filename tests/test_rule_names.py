"""A reader need not know the rules of docs/arithmetic.md by number: where a file speaks of one, its name is near."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "docs" / "arithmetic.md"
#: A number of a rule; not a hexadecimal one, a link, a range ("A5 … A7") the name of a board, or paper.
RULE = re.compile(r"(?<![\w.#/\-`])(?<!… )(?<!to )(?<!Arty )(?<!line )A(\d+)(?![\w\-`]| …| to A| paper)")
#: How far from the number its name may be, in characters.
NEAR = 60
#: What names a rule, beside the words of its heading.
ALSO = {
    2: "full_scale",
    4: "SNG",
    6: "adder|sum|count",
    8: "window_if|window neuron",
    9: "class|argmax|score",
    10: "visits|position",
    12: "float|bias|scales",
    13: "`?lif`?",
    14: "divided",
    16: "signed",
    21: "`?lif|synaptic|alif",
}
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if path != RULES)
MODULES = sorted((ROOT / "model" / "sc_neurocore").rglob("*.py"))


def names() -> dict[int, re.Pattern[str]]:
    """Return what names each rule: the longer words of its heading."""
    found = {}
    for number, heading in re.findall(r"^## A(\d+) (.+)$", RULES.read_text(encoding="utf-8"), flags=re.M):
        words = [word for word in re.findall(r"\w+", heading) if len(word) > 2 and word not in ("and", "the", "one")]
        words = [word[: max(3, len(word) - 3)] for word in words]
        words += [ALSO[int(number)]] if int(number) in ALSO else []
        found[int(number)] = re.compile("|".join(words), re.I)
    return found


NAMES = names()


def prose(path: Path) -> str:
    """Return the text of a page, or the docstrings and comments of a module."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    kinds = (tokenize.COMMENT, tokenize.STRING)
    return "\n".join(t.string for t in tokens if t.type in kinds and t.string.startswith(("#", '"""', 'r"""')))


def nameless(text: str) -> list[str]:
    """Return the rules of which a text gives the number only."""
    named: dict[int, bool] = {}
    for found in RULE.finditer(text):
        number = int(found[1])
        if number in NAMES:
            near = text[max(0, found.start() - NEAR) : found.start()] + text[found.end() : found.end() + NEAR]
            named[number] = named.get(number, False) or bool(NAMES[number].search(near))
    return [f"A{number}" for number, there in sorted(named.items()) if not there]


def test_every_rule_has_a_name() -> None:
    assert sorted(NAMES) == list(range(1, len(NAMES) + 1))
    assert len(NAMES) >= 21
    assert set(ALSO) <= set(NAMES)


@pytest.mark.parametrize("path", [*PAGES, *MODULES], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_number_of_a_rule_stands_beside_its_name(path: Path) -> None:
    assert nameless(prose(path)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The neurons spike (A8, window neuron). By A8 they are reset.", []),
        ("The neurons spike (A8).", []),  # the rule's heading is "Neuron `window_if`"
        ("It holds by A8.", ["A8"]),
        ("It holds by A8, and by A17, streaming.", ["A8"]),
        ("All of A5 … A7, and the frame begins with `A5`; the Arty A7.", []),
        ("See A3, A4.", ["A3", "A4"]),
        ("See A3 (number sources), and" + 80 * " " + "A4.", ["A4"]),
    ],
)
def test_a_number_alone_is_found(text: str, said: list[str]) -> None:
    assert nameless(text) == said
