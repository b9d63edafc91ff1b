"""Syntactic mutants: every small edit of a Verilog file that a set of operators makes on its syntax tree.

The tree is slang's, which gives the place of every node in the text. What only exists for people or for simulators is
left alone: the ports and default parameters, checks of illegal parameters (`g_illegal_...`), wires named `unused...`,
`initial` blocks, clock edges and the steps of loops.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyslang import syntax

from sc_neurocore.errors import require

__all__ = ["OPERATORS", "Mutant", "mutants_of", "sample"]

#: Operator → what it does, in the words of the page.
OPERATORS: Mapping[str, str] = {
    "const": "a literal one more, one less, or 0",
    "operator": "an operator swapped: `+` and `-`, `&` and `|`, `==` and `!=`, `<` and `<=`, ...",
    "condition": "the condition of an `if` or `?:` negated, always true, always false",
    "term": "one side of an `&&` or `||` dropped",
    "negate": "a `!` or `~` dropped",
    "delete": "an assignment, or an `else`, deleted",
    "reset": "the value after reset inverted",
    "rotate": "the bits of a value rotated by one",
    "signal": "another signal of the same width in its place",
    "state": "another constant of the same declaration in its place",
    "concat": "the first two parts of a concatenation exchanged",
    "stuck": "a wire stuck at 0 or at all ones",
    "tie": "an input of an instance tied to 0",
    "narrow": "a signal one bit narrower",
}

_SWAPS = {
    "AddExpression": ["-"],
    "SubtractExpression": ["+"],
    "MultiplyExpression": ["+"],
    "BinaryAndExpression": ["|"],
    "BinaryOrExpression": ["&"],
    "BinaryXorExpression": ["&"],
    "LogicalAndExpression": ["||"],
    "LogicalOrExpression": ["&&"],
    "EqualityExpression": ["!="],
    "InequalityExpression": ["=="],
    "LessThanExpression": ["<=", ">"],
    "LessThanEqualExpression": ["<", ">"],
    "GreaterThanExpression": [">=", "<"],
    "GreaterThanEqualExpression": [">", "<"],
    "LogicalShiftLeftExpression": [">>"],
    "LogicalShiftRightExpression": ["<<"],
    "ArithmeticShiftRightExpression": [">>"],
}
_LEFT_ALONE = {
    "ModuleHeader",
    "InitialBlock",
    "VariableDimension",
    "EventControlWithExpression",
    "GenvarDeclaration",
    "NamedType",
}
_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One edit of one file: `old`, whole lines that the file has exactly once, becomes `new`.

    `identity` names module, operator and a hash of the edit, so it stays while the lines stay, wherever they move.
    """

    file: str  # "rtl/sc_lane.v"
    operator: str
    old: str
    new: str

    @property
    def module(self) -> str:
        """The module that is edited."""
        return Path(self.file).stem

    @property
    def identity(self) -> str:
        """Module, operator, hash."""
        digest = hashlib.sha256(f"{self.file}\0{self.old}\0{self.new}".encode()).hexdigest()
        return f"{self.module}-{self.operator}-{digest[:10]}"

    def applies(self, text: str) -> bool:
        """Whether `text` has the lines of this edit, once."""
        return text.count(self.old) == 1

    def apply(self, text: str) -> str:
        """Return `text` with the edit. Raises ScError where the lines are not there exactly once."""
        require(self.applies(text), f"{self.file}: the lines of {self.identity} must occur once in it: {self.old!r}")
        return text.replace(self.old, self.new)

    def line(self, text: str) -> int:
        """The number of the first line of `text` that differs, from 1."""
        before = text[: text.index(self.old)].count("\n") + 1
        pairs = zip(self.old.splitlines(), self.new.splitlines(), strict=False)
        return before + next((k for k, (a, b) in enumerate(pairs) if a != b), 0)

    def words(self) -> str:
        """The edit in one line: what was there, what is there now, without what both begin and end with."""
        old, new = self.old.splitlines(), self.new.splitlines()
        while len(old) > 1 and len(new) > 1 and old[0] == new[0]:
            old, new = old[1:], new[1:]
        while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
            old, new = old[:-1], new[:-1]
        return f"{_flat(old)} → {_flat(new)}"


def _flat(lines: list[str]) -> str:
    return " ".join(re.sub(r"\s*//.*", "", line).strip() for line in lines).strip() or "nothing"


@dataclass(frozen=True, slots=True)
class _Place:
    """What is around a node."""

    reset: bool = False  # in the branch of an `if (rst...)`
    value: bool = False  # in an expression that is read


@dataclass(slots=True)
class _Names:
    """The declarations of a module: signal → its range as text, state constant → its declaration's constants."""

    ranges: dict[str, str] = field(default_factory=dict)
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)


def _kind(node: Any) -> str:
    return str(node.kind).removeprefix("SyntaxKind.")


def _nodes(node: Any) -> Iterator[Any]:
    """The child nodes; a list of nodes counts as its members."""
    for child in node:
        if isinstance(child, syntax.SyntaxNode):
            yield child


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for child in _nodes(node):
        yield from _walk(child)


class _Maker:
    """Collects the edits of one file."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        require(text.isascii(), f"{file}: must be ASCII")
        self.names = _Names()
        self.found: dict[tuple[str, str], Mutant] = {}

    def cut(self, node: Any) -> str:
        """The text of a node."""
        return self.text[node.sourceRange.start.offset : node.sourceRange.end.offset]

    def edit(self, operator: str, node: Any, new: str, end: Any = None) -> None:
        """Add the mutant that has `new` in place of `node` (up to the end of `end`)."""
        start, stop = node.sourceRange.start.offset, (end or node).sourceRange.end.offset
        if self.text[start:stop].split() == new.split():
            return
        first = self.text.rfind("\n", 0, start) + 1
        last = self.text.find("\n", stop) + 1 or len(self.text)
        while self.text.count(self.text[first:last]) > 1:
            first = self.text.rfind("\n", 0, first - 1) + 1
        old = self.text[first:last]
        mutant = Mutant(self.file, operator, old, self.text[first:start] + new + self.text[stop:last])
        self.found.setdefault((mutant.old, mutant.new), mutant)

    def declare(self, module: Any) -> None:
        """Read the module's declarations."""
        for node in _walk(module):
            kind = _kind(node)
            if kind in ("NetDeclaration", "DataDeclaration"):
                spread = re.match(r"(?:wire|reg)(?:\s+signed)?\s*(\[[^\]]*\])?", self.cut(node))
                for declarator in node.declarators:
                    if spread and _kind(declarator) == "Declarator" and not list(declarator.dimensions):
                        self.names.ranges[declarator.name.valueText] = "".join((spread[1] or "").split())
            elif kind == "ImplicitAnsiPort":
                spread = re.search(r"\[[^\]]*\]", self.cut(node.header))
                self.names.ranges[node.declarator.name.valueText] = "".join((spread[0] if spread else "").split())
            elif kind == "ParameterDeclaration":
                names = [d.name.valueText for d in node.declarators if _kind(d) == "Declarator"]
                if len(names) > 2 and "localparam" in self.cut(node):
                    self.names.states |= dict.fromkeys(names, tuple(names))

    def visit(self, node: Any, place: _Place) -> None:
        """Add the mutants of `node` and of everything in it."""
        kind = _kind(node)
        if kind in _LEFT_ALONE:
            return
        if kind == "IfGenerate" and re.search(r"begin\s*:\s*g_illegal", self.cut(node.block)[:40]):
            return
        if kind in ("NetDeclaration", "DataDeclaration"):
            self._declaration(node, place)
            return
        handler = getattr(self, f"_{kind}", None)
        if handler is not None:
            handler(node, place)
            return
        if place.value:
            self._expression(node, kind)
        for child in _nodes(node):
            self.visit(child, place)

    # Structure.

    def _declaration(self, node: Any, place: _Place) -> None:
        for declarator in node.declarators:
            if _kind(declarator) != "Declarator" or declarator.name.valueText.startswith("unused"):
                continue
            if declarator.initializer is not None:
                self._driven(declarator.initializer.expr, place)
        found = re.match(r"(?:wire|reg)(?:\s+signed)?\s*\[([^\]:]*):", self.cut(node))
        if found and "unused" not in self.cut(node):
            spread = next(n for n in _walk(node) if _kind(n) == "SimpleRangeSelect")
            self.edit("narrow", spread.left, f"{found[1].strip()}-1")

    def _driven(self, value: Any, place: _Place) -> None:
        """The right side of a wire."""
        self.edit("stuck", value, "0")
        self.edit("stuck", value, "-1")
        self.visit(value, _Place(place.reset, True))

    def _ContinuousAssign(self, node: Any, place: _Place) -> None:
        for assignment in node.assignments:
            if _kind(assignment) == "AssignmentExpression":
                self._driven(assignment.right, place)

    def _ParameterDeclarationStatement(self, node: Any, place: _Place) -> None:
        for declarator in node.parameter.declarators:
            if _kind(declarator) == "Declarator" and declarator.initializer is not None:
                self.visit(declarator.initializer.expr, _Place(place.reset, True))

    def _LoopGenerate(self, node: Any, place: _Place) -> None:
        self.visit(node.initialExpr, _Place(place.reset, True))
        self.visit(node.stopExpr, _Place(place.reset, True))
        self.visit(node.block, place)

    def _ForLoopStatement(self, node: Any, place: _Place) -> None:
        self.visit(node.stopExpr, _Place(place.reset, True))
        self.visit(node.statement, place)

    def _IfGenerate(self, node: Any, place: _Place) -> None:
        self.visit(node.condition, _Place(place.reset, True))
        self.visit(node.block, place)
        if node.elseClause is not None:
            self.visit(node.elseClause, place)

    def _ConditionalStatement(self, node: Any, place: _Place) -> None:
        test = node.predicate
        text = self.cut(test)
        for new in (f"!({text})", "1'b1", "1'b0"):
            self.edit("condition", test, new)
        self.visit(test, _Place(place.reset, True))
        resets = re.search(r"(?<!!)\brst\b", text) is not None
        self.visit(node.statement, _Place(place.reset or resets, False))
        if node.elseClause is not None:
            self.edit("delete", node.elseClause, "")
            self.visit(node.elseClause, place)

    def _ExpressionStatement(self, node: Any, place: _Place) -> None:
        if _kind(node.expr) in ("NonblockingAssignmentExpression", "AssignmentExpression"):
            self.edit("delete", node, ";")
            right = node.expr.right
            if place.reset:
                self.edit("reset", right, f"~({self.cut(right)})")
            self.visit(right, _Place(place.reset, True))

    def _CaseStatement(self, node: Any, place: _Place) -> None:
        self.visit(node.expr, _Place(place.reset, True))
        for item in node.items:
            if _kind(item) == "StandardCaseItem":
                for label in item.expressions:
                    if isinstance(label, syntax.SyntaxNode):
                        self.visit(label, _Place(place.reset, True))
            self.visit(item.clause, _Place(place.reset, False))

    def _HierarchyInstantiation(self, node: Any, place: _Place) -> None:
        if self.cut(node).startswith("ERROR_"):
            return
        for connection in _walk(node):
            kind = _kind(connection)
            if kind == "NamedParamAssignment" and connection.expr is not None:
                self.visit(connection.expr, _Place(place.reset, True))
            elif kind == "NamedPortConnection" and connection.expr is not None:
                name = connection.name.valueText
                if name.startswith("i_") or name == "rst":
                    self.edit("tie", connection.expr, "0")
                    self.visit(connection.expr, _Place(place.reset, True))

    # Expressions.

    def _expression(self, node: Any, kind: str) -> None:
        text = self.cut(node)
        if kind in _SWAPS:
            left, right = self.cut(node.left), self.cut(node.right)
            for new in _SWAPS[kind]:
                self.edit("operator", node, f"{left} {new} {right}")
            if kind.startswith("Logical") and "Shift" not in kind:
                self.edit("term", node, left)
                self.edit("term", node, right)
        elif kind == "ConditionalExpression":
            test = self.cut(node.predicate)
            for new in (f"!({test})", "1'b1", "1'b0"):
                self.edit("condition", node.predicate, new)
        elif kind in ("UnaryLogicalNotExpression", "UnaryBitwiseNotExpression"):
            self.edit("negate", node, self.cut(node.operand))
        elif kind == "ConcatenationExpression":
            parts = [part for part in node.expressions if isinstance(part, syntax.SyntaxNode)]
            if len(parts) > 1:
                between = self.text[parts[0].sourceRange.end.offset : parts[1].sourceRange.start.offset]
                self.edit("concat", parts[0], self.cut(parts[1]) + between + self.cut(parts[0]), parts[1])
        elif kind == "IntegerLiteralExpression":
            self._literal(node, int(text.replace("_", "")), "{}", None)
        elif kind == "IntegerVectorExpression":
            found = re.fullmatch(r"(\d*)'([bodh])([0-9a-f_]+)", text.lower())
            if found:
                width = int(found[1] or 32)
                digits = {"b": "b", "o": "o", "d": "d", "h": "X"}[found[2]]
                value = int(found[3].replace("_", ""), _BASES[found[2]])
                self._literal(node, value, f"{found[1]}'{found[2]}{{:{digits}}}", width)
        elif kind == "IdentifierName":
            self._identifier(node, text)

    def _literal(self, node: Any, value: int, form: str, width: int | None) -> None:
        """One more, one less, 0; a literal with a width wraps, one without stays at least 0."""
        news = [value + 1, value - 1, 0]
        if width is not None:
            news = [new % (1 << width) for new in news]
        for new in sorted(set(news) - {value, -1}):
            self.edit("const", node, form.format(new))

    def _identifier(self, node: Any, name: str) -> None:
        if name in self.names.states:
            self.edit("state", node, self._other(name, self.names.states[name], node))
        spread = self.names.ranges.get(name)
        if spread is None or name in ("clk", "rst"):
            return
        same = [k for k, v in self.names.ranges.items() if v == spread and k != "clk" and not k.startswith("unused")]
        if len(same) > 1:
            self.edit("signal", node, self._other(name, tuple(same), node))
        if found := re.fullmatch(r"\[(.*):(.*)\]", spread):
            top, low = found[1], found[2]
            self.edit("rotate", node, f"{{{name}[{low}], {name}[{top}:({low})+1]}}")

    def _other(self, name: str, names: tuple[str, ...], node: Any) -> str:
        """One of `names` that is not `name`: a fixed one for this line of the file."""
        others = sorted(set(names) - {name})
        first = self.text.rfind("\n", 0, node.sourceRange.start.offset) + 1
        around = self.text[first : node.sourceRange.end.offset]
        return others[int.from_bytes(hashlib.sha256(f"{self.file}{around}".encode()).digest()[:4], "big") % len(others)]

    def _MultipleConcatenationExpression(self, node: Any, place: _Place) -> None:
        self.visit(node.concatenation, place)

    def _FunctionDeclaration(self, node: Any, place: _Place) -> None:
        for item in node.items:
            self.visit(item, place)


def mutants_of(path: Path, root: Path) -> list[Mutant]:
    """Every syntactic mutant of the file `path` of the tree `root`, in the order of the text.

    Raises ScError if slang cannot read the file.
    """
    text = path.read_text(encoding="utf-8")
    tree = syntax.SyntaxTree.fromText(text)
    errors = [d for d in tree.diagnostics if d.isError()]
    require(not errors, f"{path}: slang finds {len(errors)} errors")
    maker = _Maker(path.relative_to(root).as_posix(), text)
    for node in _walk(tree.root):
        if _kind(node) == "ModuleDeclaration":
            maker.declare(node)
            for member in node.members:
                maker.visit(member, _Place())
    return list(maker.found.values())


def sample(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Choose up to `count` of one module's mutants: operators in turn, each operator's in an order drawn by `seed`.

    The order depends on nothing but the seed and each mutant's identity, so that an edit elsewhere does not change it,
    and a greater `count` only adds to a smaller one.
    """
    groups: dict[str, list[tuple[str, Mutant]]] = {}
    for mutant in mutants:
        drawn = hashlib.sha256(f"{seed} {mutant.identity}".encode()).hexdigest()
        groups.setdefault(mutant.operator, []).append((drawn, mutant))
    ranked = [
        (rank, drawn, mutant)
        for group in groups.values()
        for rank, (drawn, mutant) in enumerate(sorted(group, key=lambda pair: pair[0]))
    ]
    return [mutant for _, _, mutant in sorted(ranked, key=lambda row: row[:2])[:count]]
