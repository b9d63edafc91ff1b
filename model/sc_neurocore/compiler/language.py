"""The language: text into expression trees. Nothing is evaluated or executed, and what is not listed here is refused.

    dv/dt = (v_rest - v + R*I)/tau : mV (unless refractory)     an equation of a variable that is held in mV
    drive = max(I, 0*pA)                                        a name for an expression

Expressions: numbers, names, + − * / **, and the functions of `FUNCTIONS`. Conditions: < <= > >=, and, or, not.
Python's parser does the reading, and its tree is then copied node by node against this list. All functions raise
EquationSyntaxError, with line and column, for text that is not of the language or is beyond its limits.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from .errors import EquationSyntaxError, Place

__all__ = [
    "FUNCTIONS",
    "Assignment",
    "Call",
    "Comparison",
    "Condition",
    "Equation",
    "Expression",
    "Logic",
    "Name",
    "Number",
    "Operation",
    "parse_condition",
    "parse_equations",
    "parse_expression",
    "parse_reset",
]

#: Names of the functions of the language, and how many arguments each takes.
FUNCTIONS = {
    "exp": 1, "tanh": 1, "sigmoid": 1, "sin": 1, "cos": 1, "sqrt": 1, "log": 1, "abs": 1, "min": 2, "max": 2, "clip": 3,
}  # fmt: skip

#: Limits against text that would take too long: characters of a field, characters of an expression, nesting.
MAX_TEXT = 10_000
MAX_EXPRESSION = 1_000
MAX_DEPTH = 50
#: A number must be 0 or have a size from 10^−MAX_POWER to 10^MAX_POWER.
MAX_POWER = 30

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_EQUATION = re.compile(r"\s*d\s*([A-Za-z]\w*)\s*/\s*dt\s*=")
_ALIAS = re.compile(r"\s*([A-Za-z]\w*)\s*=(?!=)")
_RESET = re.compile(r"\s*([A-Za-z]\w*)\s*([-+*/]?)=(?!=)")
_UNIT = re.compile(r":\s*([A-Za-z1]\w*)?\s*(\(([^()]*)\))?\s*$")


@dataclass(frozen=True, slots=True)
class Number:
    """A number, exact: 0.1 is one tenth."""

    value: Fraction
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A name. Whether it is a variable, a constant, an alias or a unit is decided in `meaning`."""

    name: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of two expressions.

    Attributes:
        operator: one of + - * / **. A minus sign before an expression is a difference from 0.
        left: the first operand.
        right: the second operand.
        place: where it begins.
    """

    operator: str
    left: Expression
    right: Expression
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function of `FUNCTIONS`, with the right number of arguments."""

    function: str
    arguments: tuple[Expression, ...]
    place: Place = field(compare=False)


Expression = Number | Name | Operation | Call


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of two expressions.

    Attributes:
        operator: one of < <= > >=. Equality is not in the language, as it means little for real numbers.
        left: the first operand.
        right: the second operand.
        place: where it begins.
    """

    operator: str
    left: Expression
    right: Expression
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Logic:
    """`and` or `or` of two or more conditions, or `not` of one."""

    operator: str
    arguments: tuple[Condition, ...]


Condition = Comparison | Logic


@dataclass(frozen=True, slots=True)
class Equation:
    """A line of the equations: a derivative, or a name for an expression.

    Attributes:
        name: the variable or the name that is defined.
        derivative: True for `dX/dt = …`, False for `name = …`.
        expression: the right-hand side.
        unit: name of the unit after the colon, or None.
        frozen: whether the line has `(unless refractory)`, so that the variable stands still in the refractory period.
        place: where the line begins.
    """

    name: str
    derivative: bool
    expression: Expression
    unit: str | None
    frozen: bool  # stands still while the neuron is refractory
    place: Place


@dataclass(frozen=True, slots=True)
class Assignment:
    """A statement of the reset: `name` takes the value of `expression`. `X += e` is kept as X = X + e."""

    name: str
    expression: Expression
    place: Place


def _lines(source: str, text: str) -> Iterator[tuple[str, Place]]:
    """Yield each statement of a text with its place.

    Semicolons and line ends separate statements, and # begins a comment. Only printable ASCII and tabs are allowed.
    """
    if not isinstance(text, str):
        raise EquationSyntaxError(f"{source} must be text, got {type(text).__name__}")
    if len(text) > MAX_TEXT:
        raise EquationSyntaxError(f"{source} must have at most {MAX_TEXT} characters, got {len(text)}")
    for number, line in enumerate(text.splitlines(), 1):
        odd = next((k for k, c in enumerate(line) if not (" " <= c <= "~" or c == "\t")), None)
        if odd is not None:
            place = Place(source, number, odd + 1)
            raise EquationSyntaxError(f"{source} must be ASCII text, got {line[odd]!r}", place)
        plain, column = line.replace("\t", " "), 0
        for piece in plain.partition("#")[0].split(";"):
            if piece.strip():
                start = column + len(piece) - len(piece.lstrip())
                yield piece.strip(), Place(source, number, start + 1, plain[:200])
            column += len(piece) + 1


def _at(place: Place, offset: int) -> Place:
    """Return a place further to the right on the same line."""
    return Place(place.source, place.line, place.column + offset, place.text)


def _tree(text: str, place: Place) -> ast.expr:
    """Return Python's syntax tree of an expression; only its shape is used, it is never compiled."""
    lead = len(text) - len(text.lstrip())
    place, text = _at(place, lead), text.strip()
    if not text:
        raise EquationSyntaxError("an expression is missing", place)
    if len(text) > MAX_EXPRESSION:
        raise EquationSyntaxError(
            f"an expression must have at most {MAX_EXPRESSION} characters, got {len(text)}", place
        )
    depth = 0
    for k, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth > MAX_DEPTH:
            raise EquationSyntaxError(f"brackets must be nested at most {MAX_DEPTH} deep", _at(place, k))
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise EquationSyntaxError(f"not an expression: {error.msg}", _at(place, (error.offset or 1) - 1)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise EquationSyntaxError(f"not an expression: {error}", place) from None


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


class _Reader:
    """Turns Python's syntax tree of one expression into the classes of this module.

    `expression` and `condition` check the depth once more, since chains such as -----x nest without brackets.
    """

    def __init__(self, text: str, place: Place) -> None:
        self.place = _at(place, len(text) - len(text.lstrip()))

    def at(self, node: ast.expr) -> Place:
        """Return the place of a node."""
        return _at(self.place, node.col_offset)

    def refuse(self, node: ast.expr) -> EquationSyntaxError:
        """Return the error for a node that is not in the language."""
        kind = type(node).__name__
        return EquationSyntaxError(
            f"{kind} is not part of the language: numbers, names, + - * / **, functions", self.at(node)
        )

    def expression(self, node: ast.expr, depth: int = 0) -> Expression:
        """Return a node as an expression; EquationSyntaxError if it is none."""
        place = self.at(node)
        if depth > MAX_DEPTH:
            raise EquationSyntaxError(f"an expression must be nested at most {MAX_DEPTH} deep", place)
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return Number(_exact(value, place), place)
            case ast.Name(id=name):
                return Name(name, place)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.expression(operand, depth + 1)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Operation("-", Number(Fraction(0), place), self.expression(operand, depth + 1), place)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                a, b = self.expression(left, depth + 1), self.expression(right, depth + 1)
                return Operation(_OPERATORS[type(op)], a, b, place)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name not in FUNCTIONS:
                    raise EquationSyntaxError(f"function must be one of {', '.join(FUNCTIONS)}, got {name}", place)
                if len(arguments) != FUNCTIONS[name]:
                    raise EquationSyntaxError(f"{name} takes {FUNCTIONS[name]} arguments, got {len(arguments)}", place)
                return Call(name, tuple(self.expression(x, depth + 1) for x in arguments), place)
        raise self.refuse(node)

    def condition(self, node: ast.expr, depth: int = 0) -> Condition:
        """Return a node as a condition; EquationSyntaxError if it is none."""
        if depth > MAX_DEPTH:
            raise EquationSyntaxError(f"a condition must be nested at most {MAX_DEPTH} deep", self.at(node))
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                a, b = self.expression(left, depth + 1), self.expression(right, depth + 1)
                return Comparison(_COMPARISONS[type(op)], a, b, self.at(node))
            case ast.BoolOp(op=op, values=values):
                word = "and" if isinstance(op, ast.And) else "or"
                return Logic(word, tuple(self.condition(v, depth + 1) for v in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Logic("not", (self.condition(operand, depth + 1),))
        raise EquationSyntaxError("a condition compares two expressions by < <= > >=, with and, or, not", self.at(node))


def _exact(value: int | float, place: Place) -> Fraction:
    """Return the decimal number that was written, exactly."""
    if not math.isfinite(value):
        raise EquationSyntaxError(f"a number must be finite, got {value!r}", place)
    exact = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    limit = Fraction(10) ** MAX_POWER
    if exact and not 1 / limit <= abs(exact) <= limit:
        raise EquationSyntaxError(
            f"a number must be 0 or from 1e-{MAX_POWER} to 1e{MAX_POWER}, got {float(exact):.3g}", place
        )
    return exact


def parse_expression(source: str, text: str | int | float | Fraction) -> Expression:
    """Return the expression of a parameter, a time or a value.

    Args:
        source: name of the field, for errors.
        text: one expression as text, or a number. A float stands for the decimal that Python prints for it.

    Raises:
        EquationSyntaxError: the text is no single expression, or the number is beyond the limits.

    Example:
        >>> parse_expression("dt", "0.1*ms").operator
        '*'
    """
    if isinstance(text, Fraction):
        return Number(text, Place(source))
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return Number(_exact(text, Place(source)), Place(source))
    statements = list(_lines(source, str(text) if isinstance(text, str) else text))  # type: ignore[arg-type]
    if len(statements) != 1:
        raise EquationSyntaxError(f"{source} must be one expression, got {len(statements)}")
    piece, place = statements[0]
    return _Reader(piece, place).expression(_tree(piece, place))


def parse_condition(source: str, text: str) -> Condition:
    """Return the condition of a threshold.

    Args:
        source: name of the field, for errors.
        text: one condition.

    Raises:
        EquationSyntaxError: the text is no single condition.
    """
    statements = list(_lines(source, text))
    if len(statements) != 1:
        raise EquationSyntaxError(f"{source} must be one condition, got {len(statements)}")
    piece, place = statements[0]
    return _Reader(piece, place).condition(_tree(piece, place))


def check_name(name: str, place: Place) -> str:
    """Return a name unchanged, if equations may define it.

    Args:
        name: the name.
        place: where it stands, for the error.

    Raises:
        EquationSyntaxError: it is no letter followed by at most 31 letters, digits or _, or it has a meaning already.
    """
    if not _NAME.fullmatch(name) or len(name) > 32:
        raise EquationSyntaxError(
            f"a name must be a letter, then up to 31 letters, digits or _, got {name[:40]!r}", place
        )
    if name in FUNCTIONS or name in ("t", "dt") or keyword.iskeyword(name):
        raise EquationSyntaxError(f"{name} has a meaning of its own and cannot be defined", place)
    return name


def parse_equations(text: str) -> list[Equation]:
    """Return the lines of a model's equations, in their order.

    Args:
        text: lines `dX/dt = expression : unit (unless refractory)`, of which the unit and the flag may be left out, and
            lines `name = expression`, which may have a unit.

    Raises:
        EquationSyntaxError: a line is neither, or there is no derivative.

    Example:
        >>> [(e.name, e.derivative, e.unit) for e in parse_equations("dv/dt = I - v : mV; k = 2")]
        [('v', True, 'mV'), ('k', False, None)]
    """
    equations: list[Equation] = []
    for statement, place in _lines("equations", text):
        derivative = _EQUATION.match(statement)
        head = derivative or _ALIAS.match(statement)
        if head is None:
            raise EquationSyntaxError("a line must be dX/dt = expression : unit, or name = expression", place)
        body, unit, frozen = statement[head.end() :], None, False
        tail = _UNIT.search(body)
        if ":" in body:
            if tail is None:
                raise EquationSyntaxError(
                    "after the colon comes one unit and, maybe, (unless refractory)", _at(place, statement.index(":"))
                )
            unit, flag = tail[1], tail[3]
            if flag is not None and " ".join(flag.split()) != "unless refractory":
                raise EquationSyntaxError(f"the flag must be (unless refractory), got ({flag})", place)
            if flag is not None and not derivative:
                raise EquationSyntaxError("(unless refractory) is for derivatives", place)
            frozen = flag is not None
            body = body[: tail.start()]
        name = check_name(head[1], place)
        expression = _Reader(body, _at(place, head.end())).expression(_tree(body, _at(place, head.end())))
        equations.append(Equation(name, derivative is not None, expression, unit, frozen, place))
    if not any(e.derivative for e in equations):
        raise EquationSyntaxError("equations must have at least one line dX/dt = …")
    return equations


def parse_reset(text: str) -> list[Assignment]:
    """Return the statements of a reset, in their order: X = expression, or X += expression, also with -=, *= and /=.

    Raises:
        EquationSyntaxError: a statement is neither.
    """
    out = []
    for statement, place in _lines("reset", text):
        head = _RESET.match(statement)
        if head is None:
            raise EquationSyntaxError("a reset must be X = expression, or X += expression", place)
        body = statement[head.end() :]
        at = _at(place, head.end())
        expression = _Reader(body, at).expression(_tree(body, at))
        if head[2]:
            expression = Operation(head[2], Name(head[1], place), expression, place)
        out.append(Assignment(head[1], expression, place))
    return out
