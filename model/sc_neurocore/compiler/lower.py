"""From polynomials to integers: rounds coefficients, sizes tables, bounds every intermediate.

This is the last step of the compiler before texts are written. It takes the change of each state in one step, the
threshold and the reset as exact polynomials in base units (`Dynamics`), and returns a `Program` of integers.

A polynomial p becomes an integer sum as follows. Each variable x has codes with x = code · scale, and the result has a
scale of its own. So the coefficient of a product of codes is the coefficient in p, times the scales of the variables,
divided by the scale of the result. It is rounded to few signed powers of two, so that it changes the result by at most
`Accuracy.coefficient_error` LSB. All coefficients of a sum then get the same number of fraction bits, and one shift
takes them off again.

A function of polynomials becomes a lookup table (`tables`), after its argument was computed as such a sum. exp alone is
a table and a shift, since its values span many powers of two.

`lower` does the whole. It works in three passes: constant factors of exponentials are moved into their arguments, the
uses of each exponential are looked at for the precision that they need, and then the definitions are made, in the order
in which hardware computes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from .errors import UnboundedError
from .language import Comparison, Condition
from .meaning import Scope
from .polynomial import Atom, Monomial, Polynomial
from .program import (
    RESTING,
    Bits,
    Definition,
    Extreme,
    Logic,
    Program,
    Select,
    Shift,
    Sum,
    Table,
    Term,
    Test,
    Variable,
    product_range,
)
from .tables import make_table

__all__ = ["ROUNDINGS", "Accuracy", "Dynamics", "TableReport", "lower"]

ROUNDINGS = ("nearest", "floor")

#: Greatest number of fraction bits of a coefficient.
MAX_FRACTION = 96
#: Greatest number of codes of a table's argument.
MAX_CODES = 1 << 20
#: From here on the value of an exponential is limited, where that cannot be told from its true value.
EXP_LIMIT = 24.0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How finely to compute.

    Attributes:
        coefficient_error: what rounding one coefficient may change, in LSB of the sum's result, at any value of the
            variables.
        table_error: greatest error of a table: relative for exp, for others a part of their greatest value.
        rounding: of every right shift's result that is kept, "nearest" (half up) or "floor".
    """

    coefficient_error: Fraction = Fraction(1, 16)
    table_error: float = 1 / 1024
    rounding: str = "nearest"


@dataclass(frozen=True, slots=True)
class Dynamics:
    """A model in polynomials, in base units.

    Attributes:
        changes: what one step adds to each state, by name.
        threshold: the condition on the values after the change; None: no spikes.
        reset: states and their new values, in the order written.
        refractory: steps without a spike after one.
    """

    changes: Mapping[str, Polynomial]
    threshold: Condition | None
    reset: tuple[tuple[str, Polynomial], ...]
    refractory: int


@dataclass(frozen=True, slots=True)
class TableReport:
    """What a lookup table is and how well it does.

    Attributes:
        function: the function with its argument.
        segments: number of segments.
        codes: number of codes of the argument.
        low: the least argument.
        high: the greatest argument.
        error: greatest error, measured over all codes, plus what rounding the argument can add.
        relative: whether `error` is relative, as for exp.
    """

    function: str
    segments: int
    codes: int
    low: float
    high: float
    error: float
    relative: bool


@dataclass(slots=True)
class _Operand:
    """A definition or variable in use: code · scale is its value in base units.

    Attributes:
        name: Name of the operand in the program.
        scale: What one LSB stands for.
        low: The least code.
        high: The greatest code.
    """

    name: str
    scale: Fraction
    low: int
    high: int

    @property
    def size(self) -> int:
        """The greatest magnitude of a code."""
        return max(abs(self.low), abs(self.high))


@dataclass(slots=True)
class _Need:
    """What the uses of an exponential ask of it: its finest step, and from which value on it may be limited.

    An exponential can be far greater than all other terms. Where it alone drives a state, the state saturates at some
    value of it whatever the other terms are, and greater values need no bits.

    Attributes:
        step: The greatest step between two values that no use would notice.
        limit: The value from which on every use saturates.
        limitable: Whether it may be limited there. It may not where it is multiplied by another variable, or used in a
            threshold or as an argument.
    """

    step: float = math.inf
    limit: float = 0.0
    limitable: bool = True


def _ceil_log2(x: float) -> int:
    """Return the exponent of the least power of two that is at least x."""
    return math.ceil(math.log2(x))


def _range(function: str, low: float, high: float) -> tuple[float, float]:
    """Return bounds of a function of one argument over an interval of it.

    All functions but abs, sin and cos are monotonic, so their values at the ends are the bounds. For sin and cos the
    bounds are −1 and 1, whatever the interval.

    Example:
        >>> _range("abs", -3.0, 2.0)
        (0.0, 3.0)
    """
    if function == "abs":
        return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
    if function in ("sin", "cos"):
        return -1.0, 1.0
    if function == "exp":
        return (math.exp(low) if low > -700 else 0.0), (math.exp(high) if high < 700 else math.inf)
    apply = _VECTOR[function]
    a, b = float(apply(np.array([low]))[0]), float(apply(np.array([high]))[0])
    return min(a, b), max(a, b)


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + e^−x), in a form that does not overflow."""
    return np.asarray(0.5 * (1 + np.tanh(x / 2)))


_VECTOR: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "sin": np.sin,
    "cos": np.cos,
    "sqrt": np.sqrt,
    "log": np.log,
    "reciprocal": np.reciprocal,
}


@dataclass
class _Lowering:
    """Collects the definitions of one neuron.

    Attributes:
        variables: States and inputs by name.
        accuracy: How finely to compute.
        definitions: The definitions so far, each after those that it uses.
        tables: Reports on the tables so far.
        errors: For each sum what the rounding of its coefficients may change, in LSB, by name.
        dropped: (sum, term) of each term whose coefficient was rounded to 0.
        needs: What each exponential must be able to do, by its text.
        counts: How many names with each prefix were given out.
        known: Operands of the functions that were made, so that equal functions of equal operands are made once.
    """

    variables: Mapping[str, Variable]
    accuracy: Accuracy
    definitions: list[Definition] = field(default_factory=list)
    tables: list[TableReport] = field(default_factory=list)
    errors: dict[str, float] = field(default_factory=dict)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    needs: dict[str, _Need] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    known: dict[tuple[object, ...], _Operand] = field(default_factory=dict)

    # Bounds of values, in base units, before there are codes.

    def bounds(self, atom: Atom) -> tuple[float, float]:
        """Return the least and the greatest value of a variable or a function, in base units.

        Raises:
            UnboundedError: It is a division by what can be 0, a logarithm of what can be 0 or negative, or a square
                root of what can be negative.
        """
        if not atom.arguments:
            v = self.variables[atom.name]
            return float(v.low * v.scale), float(v.high * v.scale)
        ranges = [self.interval(a) for a in atom.arguments]
        low, high = ranges[0]
        if atom.name in ("min", "max"):
            pick = min if atom.name == "min" else max
            return pick(low, ranges[1][0]), pick(high, ranges[1][1])
        if atom.name == "clip":
            (floor, _), (_, ceiling) = ranges[1], ranges[2]
            return min(max(low, floor), ceiling), max(min(high, ceiling), floor)
        if atom.name == "reciprocal" and low <= 0 <= high:
            raise UnboundedError(
                f"a division by {atom.arguments[0]}, which can be 0: it lies from {low:.4g} to {high:.4g} in base "
                "units; bound it by clip(x, low, high), or by limits of its variables",
                atom.place,
            )
        if (atom.name == "log" and low <= 0) or (atom.name == "sqrt" and low < 0):
            raise UnboundedError(
                f"{atom.name} of {atom.arguments[0]}, which lies from {low:.4g} to {high:.4g}: bound it by clip",
                atom.place,
            )
        return _range(atom.name, low, high)

    def interval(self, polynomial: Polynomial) -> tuple[float, float]:
        """Return bounds of a polynomial, in base units, by interval arithmetic.

        Each term is bounded by itself, and the bounds are added. So they hold, but may be wider than the true range,
        where terms depend on the same variable.
        """
        low = high = 0.0
        for monomial, coefficient in polynomial.terms.items():
            a = b = 1.0
            for atom in dict.fromkeys(monomial):
                c, d = self.bounds(atom)
                power = monomial.count(atom)
                if power % 2 == 0 and c <= 0 <= d:
                    c, d = 0.0, max(-c, d)
                ends = [x * y if x and y else 0.0 for x in (a, b) for y in (c**power, d**power)]
                a, b = min(ends), max(ends)
            ends = [float(coefficient) * x for x in (a, b)]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def size(self, monomial: Monomial) -> float:
        """Return the greatest magnitude of a product, in base units."""
        return prod((max(map(abs, self.bounds(a))) for a in monomial), start=1.0)

    # Needs of exponentials, collected over all uses before any of them is made.

    def need(self, polynomial: Polynomial, scale: Fraction, span: float | None) -> None:
        """Note what a polynomial asks of each exponential in it, also of those in arguments of other functions.

        Args:
            polynomial: The polynomial, in base units.
            scale: What one LSB of its result stands for.
            span: The change of the result, in base units, by which it saturates whatever the rest is. None: it does not
                saturate.
        """
        for monomial, coefficient in polynomial.terms.items():
            for atom in dict.fromkeys(monomial):
                if not atom.arguments:
                    continue
                if atom.name == "exp":
                    others = self.size(monomial[: monomial.index(atom)] + monomial[monomial.index(atom) + 1 :])
                    need = self.needs.setdefault(atom.key, _Need())
                    if len(monomial) > 1 or span is None:
                        need.limitable = False
                    if math.isfinite(others):
                        step = float(scale * self.accuracy.coefficient_error) / (abs(float(coefficient)) * others)
                        need.step = min(need.step, step)
                    if span is not None:
                        rest = polynomial - Polynomial({monomial: coefficient})
                        need.limit = max(
                            need.limit, (span + max(map(abs, self.interval(rest)))) / abs(float(coefficient))
                        )
                for argument in atom.arguments:
                    self.need(argument, self.argument_scale(atom), None)

    def argument_scale(self, atom: Atom) -> Fraction:
        """Return what one LSB of the argument of a function stands for.

        It is so fine that the rounding of the argument adds at most a quarter of the error that the function may have.
        For abs, min, max and clip it is the step in which the arguments are exact, if there is one (`finest`).
        """
        if atom.name == "exp":
            # Half of an argument's step is a quarter of the error that exp may have.
            return Fraction(2) ** math.floor(math.log2(self.accuracy.table_error / (2 * math.log(2))))
        if atom.name in ("abs", "min", "max", "clip"):
            return self.finest(list(atom.arguments))
        low, high = self.domain(atom)
        x = np.linspace(low, high, 4097)
        y = _VECTOR[atom.name](x)
        steepest = float(np.abs(np.diff(y)).max() / (x[1] - x[0]))
        return Fraction(2) ** math.floor(math.log2(self.tolerance(atom) / (2 * steepest)))

    def tolerance(self, atom: Atom) -> float:
        """Return the error that a table may have: `table_error` times the function's greatest magnitude."""
        low, high = _range(atom.name, *self.domain(atom))
        return self.accuracy.table_error * max(abs(low), abs(high))

    def domain(self, atom: Atom) -> tuple[float, float]:
        """Return the interval of arguments over which a table is needed.

        It is the range of the argument. Of tanh and sigmoid it is cut where these are so near to their final values
        that the tolerance covers the difference: arguments beyond are limited to the ends.

        Raises:
            UnboundedError: The argument has no bound.
        """
        low, high = self.interval(atom.arguments[0])
        self.bounds(atom)
        if atom.name in ("tanh", "sigmoid"):
            reach = 0.5 * math.log(8 / self.accuracy.table_error) * (2 if atom.name == "sigmoid" else 1)
            low, high = max(low, -reach), min(high, reach)
            if low >= high:
                low, high = (-reach, low + 1e-9) if low <= -reach else (high - 1e-9, reach)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise UnboundedError(
                f"{atom.name} of {atom.arguments[0]}, which has no bound: use clip(x, low, high)", atom.place
            )
        if high - low < 1e-12 * max(abs(low), abs(high), 1e-300):
            high = low + max(abs(low), 1.0) * 1e-9
        return low, high

    def finest(self, polynomials: list[Polynomial]) -> Fraction:
        """Return a step that divides every step of the polynomials' terms, or is 1/16 of the smallest.

        With a step that divides all others, comparisons and minima of these polynomials are exact.
        """
        steps = {
            abs(c) * prod((self.step(a) for a in m), start=Fraction(1))
            for p in polynomials
            for m, c in p.terms.items()
            if m
        }
        constants = {abs(p.offset) for p in polynomials if p.offset}
        if not steps:
            return Fraction(1)
        least = min(steps)
        exact = all((s / least).denominator == 1 for s in steps | constants)
        return least if exact else least / 16

    def step(self, atom: Atom) -> Fraction:
        """Return what one LSB of a variable or a function stands for, as far as it is known before it is made."""
        if not atom.arguments:
            return self.variables[atom.name].scale
        if atom.name in ("abs", "min", "max", "clip"):
            return self.finest(list(atom.arguments))
        if atom.name == "exp":
            return Fraction(self.accuracy.table_error)
        return Fraction(2) ** math.floor(math.log2(self.tolerance(atom) / 2))

    # Making definitions.

    def fresh(self, prefix: str) -> str:
        """Return a new name: the prefix, and a number that counts from 1."""
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}{self.counts[prefix]}"

    def add(self, definition: Definition, scale: Fraction = Fraction(1)) -> _Operand:
        """Append a definition to the program, and return it as an operand; `scale` is what one LSB stands for."""
        self.definitions.append(definition)
        return _Operand(definition.name, scale, definition.low, definition.high)

    def operand(self, atom: Atom, codes: Mapping[str, _Operand]) -> _Operand:
        """Return the operand of a variable or a function, which is made if it does not exist yet.

        Args:
            atom: The variable or function.
            codes: The operand that stands for each variable at this point of the step: before the change, after it, or
                after some statements of the reset.
        """
        if not atom.arguments:
            return codes[atom.name]
        key = (atom.key, *(codes[n].name for n in _variables(atom)))
        if key not in self.known:
            self.known[key] = self.make(atom, codes)
        return self.known[key]

    def make(self, atom: Atom, codes: Mapping[str, _Operand]) -> _Operand:
        """Make the definitions of a function, its arguments first, and return its value.

        abs(x) is max(x, −x), and clip(x, low, high) is min(max(x, low), high).
        """
        if atom.name == "exp":
            return self.exponential(atom, codes)
        scale = self.argument_scale(atom)
        if atom.name in ("abs", "min", "max", "clip"):
            first = self.rounded(atom.arguments[0], scale, codes, self.fresh("x"))
            if atom.name == "abs":
                negative = self.rounded(atom.arguments[0].scaled(Fraction(-1)), scale, codes, self.fresh("x"))
                return self.extreme("max", first, negative)
            others = [self.rounded(a, scale, codes, self.fresh("x")) for a in atom.arguments[1:]]
            if atom.name == "clip":
                return self.extreme("min", self.extreme("max", first, others[0]), others[1])
            return self.extreme(atom.name, first, others[0])
        return self.table(atom, scale, codes)

    def extreme(self, function: str, a: _Operand, b: _Operand) -> _Operand:
        """Define the minimum or maximum of two operands, which must have the same scale."""
        pick = min if function == "min" else max
        low, high = pick(a.low, b.low), pick(a.high, b.high)
        return self.add(Extreme(self.fresh(function), function, a.name, b.name, low, high), a.scale)

    def table(self, atom: Atom, scale: Fraction, codes: Mapping[str, _Operand]) -> _Operand:
        """Define a function as a lookup table, after its argument, which is limited to the table.

        Three quarters of the tolerance are for the table, one quarter is for the rounding of the argument.

        Args:
            atom: The function.
            scale: What one LSB of its argument stands for.
            codes: See `operand`.

        Raises:
            UnboundedError: The table would need too many codes or segments.
        """
        low, high = self.domain(atom)
        first, last = math.floor(Fraction(low) / scale), math.ceil(Fraction(high) / scale)
        if atom.name in ("reciprocal", "log", "sqrt"):
            first, last = math.ceil(Fraction(low) / scale), max(math.ceil(Fraction(low) / scale), last)
        if last - first >= MAX_CODES:
            raise UnboundedError(
                f"{atom}: a table for arguments from {low:.4g} to {high:.4g} needs {last - first:,} codes, more than "
                f"{MAX_CODES:,}: narrow them by clip(x, low, high), or allow a greater table_error",
                atom.place,
            )
        tolerance, resolution = self.tolerance(atom), self.step(atom)
        x = self.rounded(atom.arguments[0], scale, codes, self.fresh("x"), limits=(first, last))
        content = make_table(
            _VECTOR[atom.name], last - first + 1, lambda index: np.asarray((index + first) * float(scale)),
            float(resolution), tolerance * 0.75, atom.place, atom.name,
        )  # fmt: skip
        name = self.fresh(f"{atom.name}_")
        values = _table_range(
            content.bases, content.slopes, content.slope_shift, content.segment_bits, last - first + 1
        )
        self.tables.append(
            TableReport(
                atom.key, len(content.bases), last - first + 1, first * float(scale), last * float(scale),
                content.error + tolerance / 4, False,
            )
        )  # fmt: skip
        table = Table(
            name, x.name, first, content.segment_bits, content.bases, content.slopes, content.slope_shift, *values
        )
        return self.add(table, resolution)

    def exponential(self, atom: Atom, codes: Mapping[str, _Operand]) -> _Operand:
        """Define exp(x) = 2^k · 2^f with z = x·log2(e) = k + f: a table of 2^f, 0 ≤ f < 1, and a shift by k.

        The whole number k reaches from the exponent at which the value rounds to 0 for all of its uses, to the one at
        which all of them saturate (`_Need`). z is limited to this range.

        Raises:
            UnboundedError: The exponential can be too great, and may not be limited.
        """
        need, scale = self.needs[atom.key], self.argument_scale(atom)
        low, high = (v / math.log(2) for v in self.interval(atom.arguments[0]))
        if high > EXP_LIMIT and not (need.limitable and math.isfinite(need.limit)):
            raise UnboundedError(f"{atom} can reach 2^{high:.4g}: bound its argument by clip(x, low, high)", atom.place)
        # Below `bottom` the value rounds to 0; at `top` it is limited.
        resolution = min(math.floor(math.log2(need.step)), 0) if math.isfinite(need.step) else -16
        top = math.ceil(high) if high <= EXP_LIMIT else min(math.ceil(high), _ceil_log2(need.limit))
        bottom = max(math.floor(low), resolution - 2)
        top = max(top, bottom + 1)
        bits = -int(math.log2(scale))
        mantissa_bits = bits + 1
        log2e = Fraction(math.log2(math.e))
        z = self.rounded(
            atom.arguments[0].scaled(log2e), scale, codes, self.fresh("z"), limits=(bottom << bits, (top << bits) - 1)
        )
        whole = self.add(Bits(self.fresh("k"), z.name, bits, None, z.low >> bits, z.high >> bits))
        part = self.add(Bits(self.fresh("f"), z.name, 0, bits, 0, (1 << bits) - 1))
        step, error = 2.0**-mantissa_bits, self.accuracy.table_error
        content = make_table(
            np.exp2, 1 << bits, lambda index: np.asarray(index * float(scale)), step, error / 2, atom.place, "exp"
        )  # fmt: skip
        values = _table_range(content.bases, content.slopes, content.slope_shift, content.segment_bits, 1 << bits)
        mantissa = self.add(
            Table(
                self.fresh("two_"),
                part.name,
                0,
                content.segment_bits,
                content.bases,
                content.slopes,
                content.slope_shift,
                *values,
            )
        )
        least = whole.low
        amount = self.sum(self.fresh("k"), ((1, (whole.name,)),), -least, 0, [whole])
        shift = max(0, resolution - least + mantissa_bits)
        half = (1 << shift - 1) if shift and self.accuracy.rounding == "nearest" else 0
        ends = [(v << a) + half >> shift for v in values for a in (amount.low, amount.high)]
        value = self.add(
            Shift(self.fresh("exp_"), mantissa.name, amount.name, amount.high, half, shift, min(ends), max(ends)),
            Fraction(2) ** (least - mantissa_bits + shift),
        )
        x = z.low * float(scale) * math.log(2), (z.high + 1) * float(scale) * math.log(2)
        report = TableReport(
            atom.key, len(content.bases), 1 << bits, *x, content.error + float(scale) * math.log(2) / 2, True
        )
        self.tables.append(report)
        return value

    def sum(self, name: str, terms: tuple[Term, ...], constant: int, shift: int, operands: list[_Operand]) -> _Operand:
        """Define a sum without base and without limits; `operands` are those that the terms name."""
        low, high = self.sum_range(terms, constant, {o.name: o for o in operands})
        return self.add(Sum(name, terms, constant, shift, "", False, low >> shift, high >> shift, low, high))

    @staticmethod
    def sum_range(terms: tuple[Term, ...], constant: int, operands: Mapping[str, _Operand]) -> tuple[int, int]:
        """Return the least and the greatest value of Σ coefficient · product + constant."""
        ranges = {name: (o.low, o.high) for name, o in operands.items()}
        low = high = constant
        for coefficient, monomial in terms:
            # All values of a product's bits: the proof leaves a product free in all claims but its own.
            bounds = ranges[monomial[0]] if len(monomial) == 1 else product_range(ranges, monomial)
            ends = [coefficient * x for x in bounds]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def integers(
        self, polynomial: Polynomial, scale: Fraction, codes: Mapping[str, _Operand], label: str, exact: bool = False
    ) -> tuple[tuple[Term, ...], int, int, dict[str, _Operand], float]:
        """Return polynomial / scale as an integer sum.

        Args:
            polynomial: The polynomial, in base units.
            scale: What one LSB of the result stands for.
            codes: See `operand`.
            label: Name of the sum, for errors and for `dropped`.
            exact: No term may be rounded to 0, as in a threshold, where its sign counts.

        Returns:
            The terms; the constant; the number of fraction bits that both have; the operands by name; and the error of
            the coefficients together, in LSB of the result.

        Raises:
            UnboundedError: A coefficient needs more than `MAX_FRACTION` fraction bits.
        """
        tolerance = self.accuracy.coefficient_error
        raw: list[tuple[Fraction, Fraction, tuple[str, ...]]] = []
        used: dict[str, _Operand] = {}
        fraction, error = 0, Fraction(0)
        for monomial, coefficient in polynomial.terms.items():
            operands = [self.operand(a, codes) for a in monomial]
            used |= {o.name: o for o in operands}
            c = coefficient * prod((o.scale for o in operands), start=Fraction(1)) / scale
            size = prod((o.size for o in operands), start=1)
            allowed = tolerance / size if size else tolerance
            if any(a.arguments for a in monomial):
                # A function's value is no better known than its table.
                allowed = max(allowed, abs(c) * Fraction(self.accuracy.table_error) / 4)
            rounded = _few_digits(c, allowed)
            if exact and not rounded:
                rounded = _few_digits(c, abs(c) / 4)
            bits = (rounded.denominator).bit_length() - 1
            if bits > MAX_FRACTION:
                raise UnboundedError(
                    f"{label}: {float(c):.3g}·{'·'.join(a.key for a in monomial)} needs more than {MAX_FRACTION} "
                    "fraction bits: narrow the formats or limits"
                )
            if monomial and not rounded:
                self.dropped.append((label, f"{float(coefficient):.4g}*{'*'.join(a.key for a in monomial)}"))
            fraction, error = max(fraction, bits), error + abs(rounded - c) * size
            raw.append((c, rounded, tuple(o.name for o in operands)))
        terms = tuple((int(r * 2**fraction), m) for _, r, m in raw if m and r)
        constant = sum(round(c * 2**fraction) for c, _, m in raw if not m)
        return terms, constant, fraction, used, float(error)

    def rounded(
        self,
        polynomial: Polynomial,
        scale: Fraction,
        codes: Mapping[str, _Operand],
        name: str,
        *,
        base: _Operand | None = None,
        limits: tuple[int, int] | None = None,
    ) -> _Operand:
        """Define base + polynomial / scale, rounded once, limited once.

        Args:
            polynomial: The polynomial, in base units.
            scale: What one LSB of the result stands for.
            codes: See `operand`.
            name: Name of the definition.
            base: An operand of the same scale, which is added after the rounding, or None.
            limits: Least and greatest result, or None for no limits. If the result cannot leave them, it is not
                limited.
        """
        terms, constant, shift, used, error = self.integers(polynomial, scale, codes, name)
        self.errors[name] = error
        if shift and self.accuracy.rounding == "nearest":
            constant += 1 << shift - 1
        # Bits of the constant below every term's last one cannot change the floor.
        while shift and all(c % 2 == 0 for c, _ in terms):
            terms, constant, shift = tuple((c // 2, m) for c, m in terms), constant >> 1, shift - 1
        sum_low, sum_high = self.sum_range(terms, constant, used)
        low, high = sum_low >> shift, sum_high >> shift
        if base:
            low, high = low + base.low, high + base.high
        clip = limits is not None and not (limits[0] <= low and high <= limits[1])
        if clip and limits:
            low, high = min(max(low, limits[0]), limits[1]), max(min(high, limits[1]), limits[0])
        made = Sum(name, terms, constant, shift, base.name if base else "", clip, low, high, sum_low, sum_high)
        return self.add(made, scale)

    # Conditions.

    def condition(self, condition: Condition, scope: Scope, codes: Mapping[str, _Operand]) -> _Operand:
        """Define a condition, with the comparisons that it is made of; the operand is 1 where it holds.

        Args:
            condition: A comparison, or comparisons joined by and, or, not.
            scope: The names of the model.
            codes: See `operand`.

        Raises:
            UnitError: A comparison is of values with different units.
        """
        if not isinstance(condition, Comparison):
            parts = [self.condition(c, scope, codes) for c in condition.arguments]
            return self.add(Logic(self.fresh("is"), condition.operator, tuple(p.name for p in parts)))
        a, b = scope.quantity(condition.left), scope.quantity(condition.right)
        scope.same(a, b, "a comparison", condition.place)
        difference = a.value - b.value if condition.operator[0] == ">" else b.value - a.value
        return self.test(difference, len(condition.operator) == 1, codes)

    def test(self, difference: Polynomial, strict: bool, codes: Mapping[str, _Operand]) -> _Operand:
        """Define [difference ≥ 0], or > 0 if strict.

        It is exact if one variable or function is compared with a constant: the constant becomes the least code that
        fulfils the comparison. Otherwise the coefficients are rounded as in any sum, but none of them to 0.
        """
        linear = [(m, c) for m, c in difference.terms.items() if m]
        terms: tuple[Term, ...]
        if len(linear) == 1 and len(linear[0][0]) == 1:
            (atom,), c = linear[0]
            o = self.operand(atom, codes)
            edge = -difference.offset / (c * o.scale)
            used, sign = {o.name: o}, 1 if c > 0 else -1
            least = math.ceil(edge) if sign > 0 else math.ceil(-edge)
            at_edge = sign * edge == least
            terms, constant = ((sign, (o.name,)),), -(least + (1 if strict and at_edge else 0))
        else:
            terms, constant, _, used, _ = self.integers(difference, self.finest([difference]), codes, "threshold", True)
            constant -= 1 if strict else 0
        low, high = self.sum_range(terms, constant, used)
        return self.add(Test(self.fresh("is"), terms, constant, low, high))


def _few_digits(value: Fraction, allowed: Fraction) -> Fraction:
    """Return the value to within `allowed`, as few powers of two with signs as it takes: each is an adder.

    >>> _few_digits(Fraction(1, 20), Fraction(1, 1000))
    Fraction(13, 256)
    """
    total = Fraction(0)
    while abs(value - total) > allowed:
        rest = abs(value - total)
        power = Fraction(2) ** (rest.numerator.bit_length() - rest.denominator.bit_length())
        while power > rest:
            power /= 2
        while 2 * power <= rest:
            power *= 2
        if rest - power > 2 * power - rest:
            power *= 2
        total += power if value > total else -power
    return total


def _folded(dynamics: Dynamics, scales: Mapping[str, Fraction], extra: list[Polynomial]) -> dict[str, Polynomial]:
    """Return the changes with c·exp(x) rewritten as ±2^k·scale·exp(x + ln(|c| / (2^k·scale))).

    Here scale is that of the state, and 2^k is the power of two nearest to |c| / scale. The factor is then a shift, and
    the hardware needs no multiplier for it. Only an exponential that is used once, and is a term by itself, is
    rewritten: otherwise one table could not serve all of its uses.

    Args:
        dynamics: The changes and the reset.
        scales: What one LSB of each state stands for, by name.
        extra: Polynomials of the threshold, in which uses are counted too.
    """
    uses: dict[str, int] = {}

    def count(polynomial: Polynomial) -> None:
        """Count the uses of each function and variable, also in arguments."""
        for monomial in polynomial.terms:
            for atom in monomial:
                uses[atom.key] = uses.get(atom.key, 0) + 1
                for argument in atom.arguments:
                    count(argument)

    for polynomial in (*dynamics.changes.values(), *(p for _, p in dynamics.reset), *extra):
        count(polynomial)
    out = {}
    for name, change in dynamics.changes.items():
        terms: dict[Monomial, Fraction] = {}
        for monomial, coefficient in change.terms.items():
            if (
                len(monomial) == 1
                and monomial[0].name == "exp"
                and monomial[0].arguments
                and uses[monomial[0].key] == 1
            ):
                (atom,) = monomial
                size = abs(coefficient) / scales[name]
                power = Fraction(2) ** round(math.log2(size))
                argument = atom.arguments[0] + Polynomial.number(Fraction(math.log(size / power)))
                folded = (Atom("exp", (argument,), atom.place),)
                terms[folded] = power * scales[name] * (1 if coefficient > 0 else -1)
            else:
                terms[monomial] = coefficient
        out[name] = Polynomial(terms)
    return out


def _variables(atom: Atom) -> list[str]:
    """Return the names of the variables that a function depends on, each once."""
    if not atom.arguments:
        return [atom.name]
    return list(dict.fromkeys(n for p in atom.arguments for a in p.atoms() for n in _variables(a)))


def _table_range(bases: tuple[int, ...], slopes: tuple[int, ...], shift: int, bits: int, codes: int) -> tuple[int, int]:
    """Return the least and greatest value of a table over all of its segments, the unused end of the last included."""
    half = 1 << shift - 1 if shift else 0
    ends = [b + (s * d + half >> shift) for b, s in zip(bases, slopes, strict=True) for d in (0, (1 << bits) - 1)]
    return min(ends), max(ends)


@dataclass(frozen=True, slots=True)
class Lowered:
    """A program, and what is known of its accuracy.

    Attributes:
        program: the integer definitions.
        tables: a report for each lookup table.
        coefficient_errors: for each sum what the rounding of its coefficients may change, in LSB, by name.
        dropped: (sum, term) of each term that is too small to count.
    """

    program: Program
    tables: tuple[TableReport, ...]
    coefficient_errors: Mapping[str, float]
    dropped: tuple[tuple[str, str], ...]


def _conditions(condition: Condition | None) -> list[Comparison]:
    """Return the comparisons that a condition is made of; none for None."""
    if condition is None or isinstance(condition, Comparison):
        return [condition] if condition else []
    return [c for part in condition.arguments for c in _conditions(part)]


def lower(
    name: str,
    states: tuple[Variable, ...],
    inputs: tuple[Variable, ...],
    dynamics: Dynamics,
    scope: Scope,
    accuracy: Accuracy,
) -> Lowered:
    """Return the integer program of a step: refractory, change, threshold, reset.

    The definitions have names by what they are: u_<state> for the state after the change, h_<state> for a state that
    stands still in the refractory period, r<k>_<state> for statement k of the reset, n_<state> for the state after the
    step, and "spike".

    Args:
        name: Name of the neuron.
        states: The states, with their formats and limits.
        inputs: The inputs, likewise.
        dynamics: What a step does.
        scope: The names of the model, by which the threshold is understood.
        accuracy: How finely to compute.

    Returns:
        The program, and reports on its accuracy.

    Raises:
        UnboundedError: An intermediate value has no bound, or a table or a coefficient would be too large.
        UnitError: The threshold compares values with different units.
    """
    work = _Lowering({v.name: v for v in (*states, *inputs)}, accuracy)
    compared = [scope.quantity(x).value for c in _conditions(dynamics.threshold) for x in (c.left, c.right)]
    changes = _folded(dynamics, {v.name: v.scale for v in states}, compared)
    for v in states:
        span = float((v.high - v.low) * v.scale)
        work.need(changes[v.name], v.scale, span)
    for state, value in dynamics.reset:
        v = work.variables[state]
        work.need(value, v.scale, float((v.high - v.low) * v.scale) + max(map(abs, work.bounds(Atom(state)))))
    for left, right in zip(compared[::2], compared[1::2], strict=True):
        difference = left - right
        work.need(difference, work.finest([difference]), None)

    codes = {v.name: _Operand(f"i_{v.name}", v.scale, v.low, v.high) for v in inputs}
    before = codes | {v.name: _Operand(f"s_{v.name}", v.scale, v.low, v.high) for v in states}
    after: dict[str, _Operand] = dict(codes)
    for v in states:
        limits, base = (v.low, v.high), before[v.name]
        moved = work.rounded(changes[v.name], v.scale, before, f"u_{v.name}", base=base, limits=limits)
        if v.frozen and dynamics.refractory:
            moved = work.add(Select(f"h_{v.name}", RESTING, base.name, moved.name, v.low, v.high), v.scale)
        after[v.name] = moved
    following = {v.name: after[v.name].name for v in states}
    if dynamics.threshold is None:
        spike = work.add(Test("spike", (), -1, -1, -1))
    else:
        fires = work.condition(dynamics.threshold, scope, after)
        if dynamics.refractory:
            ready = work.add(Logic("ready", "not", (RESTING,)))
            fires = work.add(Logic("spike", "and", (fires.name, ready.name)))
        else:
            fires = work.add(Logic("spike", "and", (fires.name,)))
        spike = fires
        written = dict(after)
        for k, (state, value) in enumerate(dynamics.reset):
            v = work.variables[state]
            written[state] = work.rounded(value, v.scale, written, f"r{k}_{state}", limits=(v.low, v.high))
        for v in states:
            if written[v.name] is not after[v.name]:
                a, b = written[v.name], after[v.name]
                made = Select(f"n_{v.name}", spike.name, a.name, b.name, min(a.low, b.low), max(a.high, b.high))
                following[v.name] = work.add(made, v.scale).name
    program = Program(name, states, inputs, tuple(work.definitions), following, spike.name, dynamics.refractory)
    return Lowered(program, tuple(work.tables), work.errors, tuple(work.dropped))
