"""Polynomials with exact rational coefficients, in variables and in functions of polynomials.

Every expression becomes one: constants fold, divisions by constants and the Euler step go into the coefficients, and
equal terms meet, whatever way the user wrote them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .errors import EquationSyntaxError, Place

__all__ = ["Atom", "Monomial", "Polynomial"]

MAX_TERMS = 64
MAX_DEGREE = 8


@dataclass(frozen=True, slots=True)
class Atom:
    """A variable (no arguments) or a function of polynomials. Two of the same key are the same."""

    name: str
    arguments: tuple[Polynomial, ...] = field(default=(), compare=False)
    place: Place | None = field(default=None, compare=False)
    key: str = field(default="", init=False)

    def __post_init__(self) -> None:
        inner = ", ".join(map(str, self.arguments))
        object.__setattr__(self, "key", f"{self.name}({inner})" if self.arguments else self.name)

    def __str__(self) -> str:
        return self.key


#: A product of atoms, sorted by key; the empty one is the constant.
Monomial = tuple[Atom, ...]


class Polynomial:
    """Σ coefficient · product of atoms; immutable.

    >>> x = Polynomial.of(Atom("x"))
    >>> str((x - 1) * (x + 1))
    '-1 + x*x'
    """

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[Monomial, Fraction]) -> None:
        kept = {m: c for m, c in terms.items() if c}
        order = sorted(kept, key=lambda m: (len(m), [a.key for a in m]))
        self.terms: dict[Monomial, Fraction] = {m: kept[m] for m in order}

    @classmethod
    def of(cls, atom: Atom) -> Polynomial:
        """Return the polynomial that is one atom."""
        return cls({(atom,): Fraction(1)})

    @classmethod
    def number(cls, value: Fraction | int) -> Polynomial:
        """Return a constant."""
        return cls({(): Fraction(value)})

    @property
    def constant(self) -> Fraction | None:
        """The value, if there is no atom in it."""
        if not self.terms:
            return Fraction(0)
        return self.terms.get(()) if len(self.terms) == 1 else None

    @property
    def offset(self) -> Fraction:
        """The term without atoms."""
        return self.terms.get((), Fraction(0))

    def atoms(self) -> list[Atom]:
        """Return each atom once, in a fixed order, those inside functions left out."""
        return list(dict.fromkeys(a for m in self.terms for a in m))

    def __add__(self, other: Polynomial | int) -> Polynomial:
        terms = dict(self.terms)
        for m, c in (other if isinstance(other, Polynomial) else Polynomial.number(other)).terms.items():
            terms[m] = terms.get(m, Fraction(0)) + c
        return Polynomial(terms)

    def __sub__(self, other: Polynomial | int) -> Polynomial:
        return self + (other if isinstance(other, Polynomial) else Polynomial.number(other)).scaled(Fraction(-1))

    def scaled(self, factor: Fraction) -> Polynomial:
        """Return factor times this."""
        return Polynomial({m: c * factor for m, c in self.terms.items()})

    def __mul__(self, other: Polynomial) -> Polynomial:
        terms: dict[Monomial, Fraction] = {}
        for m, c in self.terms.items():
            for n, d in other.terms.items():
                product = _sorted((*m, *n))
                terms[product] = terms.get(product, Fraction(0)) + c * d
        return Polynomial(terms)

    def limited(self, place: Place) -> Polynomial:
        """Return this, unless it is beyond what hardware is made for: EquationSyntaxError."""
        if len(self.terms) > MAX_TERMS or any(len(m) > MAX_DEGREE for m in self.terms):
            raise EquationSyntaxError(
                f"multiplied out, an expression must have at most {MAX_TERMS} terms of degree {MAX_DEGREE}, got "
                f"{len(self.terms)} of degree {max(map(len, self.terms))}",
                place,
            )
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(tuple(self.terms.items()))

    def __str__(self) -> str:
        text = ""
        for m, c in self.terms.items():
            size = abs(c)
            factors = [*([] if size == 1 and m else [f"{float(size):.6g}"]), *(a.key for a in m)]
            sign = ("-" if c < 0 else "") if not text else (" - " if c < 0 else " + ")
            text += sign + "*".join(factors)
        return text or "0"


def _sorted(atoms: Iterable[Atom]) -> Monomial:
    return tuple(sorted(atoms, key=lambda a: a.key))
