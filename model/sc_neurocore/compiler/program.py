"""A neuron's step as integer definitions: the intermediate representation that every back end is made from.

A definition gives an integer a name, and is a function of operands that were named before it. Operands are states
(s_<name>), inputs (i_<name>), `RESTING`, and definitions. Each has the least and the greatest value that it can take,
for every value of the variables. So widths follow, and nothing in between can wrap. Shifts to the right round towards
−∞.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Adder",
    "Bits",
    "Definition",
    "Extreme",
    "Logic",
    "Program",
    "Select",
    "Shift",
    "Sum",
    "Table",
    "Test",
    "Variable",
    "adders",
    "bits_of",
    "evaluate",
    "is_wide",
    "product_name",
    "product_range",
    "products",
    "signed_digits",
    "wires",
]

#: A coefficient, and the operands whose product it multiplies.
Term = tuple[int, tuple[str, ...]]

#: The operand that is 1 while the neuron is refractory.
RESTING = "resting"


def bits_of(low: int, high: int) -> tuple[int, bool]:
    """Return (width, signed) of the smallest format that holds all integers low … high.

    Example:
        >>> bits_of(0, 255), bits_of(-1, 255)
        ((8, False), (9, True))
    """
    if low < 0:
        return max((-low - 1).bit_length(), high.bit_length()) + 1, True
    return max(1, high.bit_length()), False


@dataclass(frozen=True, slots=True)
class Variable:
    """A state or an input, and what its codes mean: code · `scale` is its value in base units.

    Attributes:
        name: its name in the equations.
        unit: the unit that 1.0 of the format stands for; "1" for a plain number.
        scale: what one LSB stands for, in base units (volt, ampere, second).
        integer: m of the format Qm.n, the sign counted.
        fraction: n of the format Qm.n.
        low: the least code. A state saturates here, and an input is limited.
        high: the greatest code.
        initial: the code after reset; 0 for an input.
        frozen: whether a state stands still while the neuron is refractory.
    """

    name: str
    unit: str
    scale: Fraction
    integer: int
    fraction: int
    low: int
    high: int
    initial: int = 0
    frozen: bool = False

    @property
    def format(self) -> str:
        """The format as text, such as "Q8.8"."""
        return f"Q{self.integer}.{self.fraction}"

    @property
    def width(self) -> int:
        """Bits of a code, m + n, signed."""
        return self.integer + self.fraction


@dataclass(frozen=True, slots=True)
class Sum:
    """name = base + ((Σ coefficient · product + constant) >> shift), limited to low … high if `clip`.

    This is a polynomial with rounded coefficients. It rounds once, by the shift, and saturates once.

    Attributes:
        name: the name of the definition.
        terms: coefficients and products.
        constant: the constant, in which half of the last bit is contained where the shift rounds to nearest.
        shift: fraction bits of the coefficients.
        base: an operand that is added after the shift; "" for none.
        clip: whether the result saturates.
        low: the least value of the result.
        high: the greatest value of the result.
        sum_low: the least value of Σ coefficient · product + constant.
        sum_high: the greatest value of it.
    """

    name: str
    terms: tuple[Term, ...]
    constant: int
    shift: int
    base: str
    clip: bool
    low: int
    high: int
    sum_low: int
    sum_high: int


@dataclass(frozen=True, slots=True)
class Bits:
    """name = (argument >> shift) & (2^bits − 1), or all bits above shift if bits is None."""

    name: str
    argument: str
    shift: int
    bits: int | None
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Table:
    """A piecewise-linear function (`tables`).

    With i = argument − first, s = i >> segment_bits and d = i mod 2^segment_bits:

        name = bases[s] + ((slopes[s] · d + half) >> slope_shift)

    where half is 2^(slope_shift − 1), or 0 if slope_shift is 0.
    """

    name: str
    argument: str
    first: int
    segment_bits: int
    bases: tuple[int, ...]
    slopes: tuple[int, ...]
    slope_shift: int
    low: int
    high: int

    @property
    def half(self) -> int:
        """What is added before the shift, so that it rounds to nearest."""
        return 1 << self.slope_shift - 1 if self.slope_shift else 0


@dataclass(frozen=True, slots=True)
class Shift:
    """name = ((argument << amount) + constant) >> shift, where `amount` is an operand of 0 … greatest.

    It is the last step of an exponential: a mantissa times a power of two.
    """

    name: str
    argument: str
    amount: str
    greatest: int
    constant: int
    shift: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Extreme:
    """name = min or max of two operands, as `function` says."""

    name: str
    function: str
    left: str
    right: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Test:
    """name = [Σ coefficient · product + constant ≥ 0], 1 or 0. Every comparison becomes one."""

    name: str
    terms: tuple[Term, ...]
    constant: int
    sum_low: int
    sum_high: int
    low: int = 0
    high: int = 1


@dataclass(frozen=True, slots=True)
class Logic:
    """name = `and` or `or` of conditions, or `not` of one, as `operator` says; 1 or 0."""

    name: str
    operator: str
    arguments: tuple[str, ...]
    low: int = 0
    high: int = 1


@dataclass(frozen=True, slots=True)
class Select:
    """name = yes if the operand `condition` is 1, else no."""

    name: str
    condition: str
    yes: str
    no: str
    low: int
    high: int


Definition = Sum | Bits | Table | Shift | Extreme | Test | Logic | Select


@dataclass(frozen=True, slots=True)
class Program:
    """One step of a neuron in integers: variables, definitions, and which operands are the result.

    Attributes:
        name: name of the neuron.
        states: what it keeps from step to step.
        inputs: what it takes in each step.
        definitions: the definitions, each after those that it uses.
        following: for each state the operand that is its next code.
        spike: the operand that is 1 where the neuron fires.
        refractory: steps without a spike after one.
        ranges: least and greatest value of each operand. It is derived from the others.
    """

    name: str
    states: tuple[Variable, ...]
    inputs: tuple[Variable, ...]
    definitions: tuple[Definition, ...]
    following: Mapping[str, str]
    spike: str
    refractory: int
    ranges: Mapping[str, tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        ranges = {f"s_{v.name}": (v.low, v.high) for v in self.states}
        ranges |= {f"i_{v.name}": (v.low, v.high) for v in self.inputs}
        ranges[RESTING] = (0, 1)
        ranges |= {d.name: (d.low, d.high) for d in self.definitions}
        object.__setattr__(self, "ranges", ranges)


def signed_digits(c: int) -> list[tuple[int, int]]:
    """Return (shift, ±1) of the non-zero digits of c, as few as there can be (canonical signed digits).

    >>> signed_digits(7), signed_digits(-2)
    ([(0, -1), (3, 1)], [(1, -1)])
    """
    sign, c, shift, out = (-1 if c < 0 else 1), abs(c), 0, []
    while c:
        if c & 1:
            digit = 2 - (c & 3)
            out.append((shift, sign * digit))
            c -= digit
        c, shift = c >> 1, shift + 1
    return out


@dataclass(frozen=True, slots=True)
class Adder:
    """One adder: name = left_sign · left + right_sign · (right << shift).

    Attributes:
        name: name of the result.
        left: an operand, a product or another adder, by name, or a constant.
        right: the same.
        left_sign: 1 or −1.
        right_sign: 1 or −1; the two are not both −1.
        shift: by how much `right` is shifted.
        low: the least result, for every value of the bits of the operands.
        high: the greatest result.
    """

    name: str
    left: str | int
    right: str | int
    left_sign: int
    right_sign: int
    shift: int
    low: int
    high: int


def product_name(operands: tuple[str, ...]) -> str:
    """Return the name of a product's wire, which is made once and used by every term that has the product.

    Example:
        >>> product_name(("s_v", "s_v"))
        's_v_x_s_v'
    """
    return "_x_".join(operands)


def product_range(ranges: Mapping[str, tuple[int, int]], operands: tuple[str, ...]) -> tuple[int, int]:
    """Return the least and the greatest value of the bits that hold a product.

    Every value that fits the operands' bits is counted, also one that the operands never take. So bounds do not depend
    on what a multiplier gives, and a proof may leave its value free.

    Args:
        ranges: least and greatest value of each operand (`Program.ranges`).
        operands: the factors.
    """
    low = high = 1
    for k, o in enumerate(operands):
        ends = _whole(*ranges[o])
        found = [x * y for x in (low, high) for y in ends] if k else ends
        low, high = _whole(min(found), max(found))
    return low, high


def _whole(low: int, high: int) -> tuple[int, int]:
    """Return least and greatest value of the bits that hold low … high."""
    bits, signed = bits_of(low, high)
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


def adders(program: Program, d: Sum | Test) -> tuple[tuple[Adder, ...], str | int, int]:
    """Return the two-operand adders that make Σ coefficient · product + constant, and where the sum is.

    Each coefficient becomes as few signed powers of two as possible, which are shifts. The parts with the lowest shift
    are added first, narrow ones before wide ones, so that adders stay narrow.

    Args:
        program: the program, for the ranges of operands.
        d: the definition whose sum is wanted.

    Returns:
        The adders, each after those that it uses; an operand, or a constant; and a shift: the sum is operand << shift.
    """
    # A part is sign · operand << shift, with the operand's bounds.
    parts: list[tuple[int, int, str | int, int, int]] = []
    for coefficient, operands in d.terms:
        low, high = product_range(program.ranges, operands)
        parts += [(shift, sign, product_name(operands), low, high) for shift, sign in signed_digits(coefficient)]
    if d.constant or not parts:
        c, zeros = d.constant, 0
        while c and c % 2 == 0:
            c, zeros = c // 2, zeros + 1
        parts.append((zeros, 1, c, c, c))
    out: list[Adder] = []

    def add(a: tuple[int, int, str | int, int, int], b: tuple[int, int, str | int, int, int]) -> None:
        shift = b[0] - a[0]
        # A negative sum stays so, to be subtracted later, where both parts are negative.
        sign = -1 if a[1] < 0 and b[1] < 0 else 1
        ends_a, ends_b = ([sign * p[1] * x << by for x in p[3:]] for p, by in ((a, 0), (b, shift)))
        low, high = min(ends_a) + min(ends_b), max(ends_a) + max(ends_b)
        name = f"{d.name}_p{len(out)}"
        out.append(Adder(name, a[2], b[2], sign * a[1], sign * b[1], shift, low, high))
        parts.append((a[0], sign, name, low, high))

    while len(parts) > 1:
        parts.sort(key=lambda p: (p[0], max(abs(p[3]), abs(p[4])).bit_length()))
        first, second = parts[0], parts[1]
        del parts[:2]
        add(first, second)
    shift, sign, operand, low, high = parts[0]
    if sign < 0:
        out.append(Adder(f"{d.name}_p{len(out)}", 0, operand, 1, -1, 0, -high, -low))
        operand = out[-1].name
    return tuple(out), operand, shift


def products(program: Program) -> tuple[tuple[str, ...], ...]:
    """Return the operands of every product that has a wire of its own, each once, after those that it is made from."""
    found: dict[tuple[str, ...], None] = {}
    for d in program.definitions:
        if isinstance(d, (Sum, Test)):
            for _, operands in d.terms:
                found |= {operands[:n]: None for n in range(2, len(operands) + 1)}
    return tuple(found)


def wires(program: Program) -> list[str]:
    """Return the names of all wires of a step in hardware: operands, ports, products, adders, and definitions.

    Two of them may have one name where the names of a model's variables are unlucky: the product of the states `a` and
    `b` and the state `a_x_s_b` are both s_a_x_s_b. Such a model has no hardware that could be told apart.
    """
    names = [f"s_{v.name}" for v in program.states] + [f"{io}_{v.name}" for v in program.states for io in "io"]
    names += [f"{kind}_{v.name}" for v in program.inputs for kind in ("i", "held")]
    names += [product_name(operands) for operands in products(program)]
    for d in program.definitions:
        names.append(d.name)
        if isinstance(d, (Sum, Test)):
            names += [a.name for a in adders(program, d)[0]]
        if isinstance(d, Sum):
            names.append(f"{d.name}_moved")
        if isinstance(d, Table):
            names += [f"{d.name}_{what}" for what in ("index", "base", "slope")]
    return names


def is_wide(program: Program) -> bool:
    """Return whether a step may need more than the 63 bits of an int64, so that it computes in Python's integers.

    One bit is kept in reserve.
    """
    worst = 0
    for d in program.definitions:
        ranges = [d.low, d.high]
        match d:
            case Sum(terms=terms) | Test(terms=terms):
                sizes = [abs(c) * prod(max(map(abs, program.ranges[a])) for a in m) for c, m in terms]
                ranges += [sum(sizes) + abs(d.constant)]
            case Table(slopes=slopes, segment_bits=bits):
                ranges += [max(map(abs, slopes), default=0) << bits]
            case Shift(argument=argument, greatest=greatest):
                ranges += [max(map(abs, program.ranges[argument])) << greatest]
        worst = max(worst, *map(abs, ranges))
    return worst >= 1 << 62


def _sum(terms: tuple[Term, ...], constant: int, values: Mapping[str, Any]) -> Any:
    """Return Σ coefficient · product + constant of operands' values."""
    total: Any = constant
    for coefficient, monomial in terms:
        product: Any = coefficient
        for operand in monomial:
            product = product * values[operand]
        total = total + product
    return total


def evaluate(program: Program, operands: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the value of every operand and definition of a step. This is the integer model.

    Args:
        program: the step.
        operands: s_<state>, i_<input> and `RESTING` by name; integer arrays (dtype object if `is_wide`) that broadcast.

    Returns:
        The operands and all definitions by name; conditions are booleans.
    """
    v: dict[str, Any] = dict(operands)
    for d in program.definitions:
        match d:
            case Sum(terms=terms, constant=constant, shift=shift, base=base, clip=clip, low=low, high=high):
                value = _sum(terms, constant, v) >> shift
                value = value + v[base] if base else value
                value = np.clip(value, low, high) if clip else value
            case Bits(argument=argument, shift=shift, bits=bits):
                value = v[argument] >> shift
                value = value if bits is None else value & ((1 << bits) - 1)
            case Table():
                index = v[d.argument] - d.first
                segment = (index >> d.segment_bits).astype(np.int64)
                kind = index.dtype
                product = np.array(d.slopes, kind)[segment] * (index & ((1 << d.segment_bits) - 1))
                value = np.array(d.bases, kind)[segment] + (product + d.half >> d.slope_shift)
            case Shift(argument=argument, amount=amount, constant=constant, shift=shift):
                value = (v[argument] << v[amount]) + constant >> shift
            case Extreme(function=function, left=left, right=right):
                value = (np.minimum if function == "min" else np.maximum)(v[left], v[right])
            case Test(terms=terms, constant=constant):
                value = np.asarray(_sum(terms, constant, v) >= 0).astype(bool)
            case Logic(operator=operator, arguments=arguments):
                chosen = [np.asarray(v[a]).astype(bool) for a in arguments]
                if operator == "not":
                    value = ~chosen[0]
                else:
                    value = (np.logical_and if operator == "and" else np.logical_or).reduce(chosen)
            case Select(condition=condition, yes=yes, no=no):
                value = np.where(v[condition], v[yes], v[no])
        v[d.name] = value
    return v
