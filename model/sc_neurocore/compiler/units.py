"""Units of electrical quantities: exponents of volt, ampere and second, and an exact factor.

The compiler computes in these three base units and checks the exponents, so a wrong formula is noticed as a physicist
would notice it. Factors are fractions, so 1 mV is exactly 1/1000 V.

Example:
    >>> UNITS["nS"].dimension == (UNITS["pA"].over(UNITS["mV"])).dimension
    True
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["ONE", "UNITS", "Unit", "dimension_text"]

#: Exponents of volt, ampere and second: (1, -1, 0) is the ohm, (0, 0, 0) a plain number.
Dimension = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `factor` times the product of volt, ampere and second to the powers of `dimension`.

    Attributes:
        dimension: exponents of volt, ampere and second.
        factor: size in base units, exact; 1/1000 for mV.
    """

    dimension: Dimension = (0, 0, 0)
    factor: Fraction = Fraction(1)

    def times(self, other: Unit, sign: int = 1) -> Unit:
        """Return self · other^sign.

        Args:
            other: the second unit.
            sign: 1 for a product, −1 for a quotient.
        """
        a, b, c = (x + sign * y for x, y in zip(self.dimension, other.dimension, strict=True))
        return Unit((a, b, c), self.factor * other.factor**sign)

    def over(self, other: Unit) -> Unit:
        """Return self / other."""
        return self.times(other, -1)


#: The unit of plain numbers.
ONE = Unit()

_BASE: dict[tuple[str, ...], Dimension] = {
    ("V", "volt"): (1, 0, 0),
    ("A", "amp", "ampere"): (0, 1, 0),
    ("s", "second"): (0, 0, 1),
    ("ohm",): (1, -1, 0),
    ("S", "siemens"): (-1, 1, 0),
    ("F", "farad"): (-1, 1, 1),
    ("Hz", "hertz"): (0, 0, -1),
}
_PREFIX = {"": 0, "G": 9, "M": 6, "k": 3, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}

#: Every unit by name: V, mV, pA, nS, Mohm, pF, ms, Hz, …
UNITS: dict[str, Unit] = {
    prefix + name: Unit(dimension, Fraction(10) ** power)
    for names, dimension in _BASE.items()
    for name in names
    for prefix, power in _PREFIX.items()
}


def dimension_text(dimension: Dimension) -> str:
    """Return a dimension in words, for error messages.

    A dimension with a name of its own, such as the ohm, has that name. Any other is written as a product and quotients.

    Example:
        >>> dimension_text((1, 0, -1)), dimension_text((1, -1, 0)), dimension_text((0, 0, 0))
        ('volt / second', 'ohm', 'a plain number')
    """
    for names, known in _BASE.items():
        if known == dimension:
            return names[-1]
    up = [f"{n}^{e}" if e > 1 else n for n, e in zip(("volt", "ampere", "second"), dimension, strict=True) if e > 0]
    down = [f"{n}^{-e}" if e < -1 else n for n, e in zip(("volt", "ampere", "second"), dimension, strict=True) if e < 0]
    if not up and not down:
        return "a plain number"
    return " ".join(up or ["1"]) + "".join(f" / {d}" for d in down)
