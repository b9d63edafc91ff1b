"""Polynomials with exact rational coefficients, in variables and in functions of polynomials.

Every expression of a neuron becomes one. Constants fold, divisions by constants and the Euler step go into the
coefficients, and equal terms meet, in whatever way the user wrote them. So each coefficient is rounded once, and two
ways to write an equation give the same hardware.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .errors import EquationSyntaxError, Place

__all__ = ["Atom", "Monomial", "Polynomial"]

#: Limits of one polynomial: its terms, and the factors of a term. They keep the size of the hardware sensible.
MAX_TERMS = 64
MAX_DEGREE = 8


@dataclass(frozen=True, slots=True)
class Atom:
    """A factor of a term: a variable, or a function of polynomials. Two atoms with the same key are equal.

    Attributes:
        name: name of the variable or the function. `reciprocal` is the function 1/x, which divisions become.
        arguments: arguments of the function; () for a variable.
        place: where it stands in the equations, for errors.
        key: its text, such as "exp(-1 + x)", by which atoms are compared and sorted.
    """

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
    """A polynomial Σ coefficient · product of atoms. It is immutable, and its terms are in a fixed order.

    Attributes:
        terms: the coefficient of each product of atoms, by degree and then by key; terms of 0 are left out.

    Example:
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
        """Return a constant polynomial."""
        return cls({(): Fraction(value)})

    @property
    def constant(self) -> Fraction | None:
        """The value, if the polynomial has no atom; else None. It is 0 for the empty polynomial."""
        if not self.terms:
            return Fraction(0)
        return self.terms.get(()) if len(self.terms) == 1 else None

    @property
    def offset(self) -> Fraction:
        """The coefficient of the term without atoms, 0 if there is none."""
        return self.terms.get((), Fraction(0))

    def atoms(self) -> list[Atom]:
        """Return each atom once, in the order of the terms. Atoms inside the arguments of functions are left out."""
        return list(dict.fromkeys(a for m in self.terms for a in m))

    def __add__(self, other: Polynomial | int) -> Polynomial:
        terms = dict(self.terms)
        for m, c in (other if isinstance(other, Polynomial) else Polynomial.number(other)).terms.items():
            terms[m] = terms.get(m, Fraction(0)) + c
        return Polynomial(terms)

    def __sub__(self, other: Polynomial | int) -> Polynomial:
        return self + (other if isinstance(other, Polynomial) else Polynomial.number(other)).scaled(Fraction(-1))

    def scaled(self, factor: Fraction) -> Polynomial:
        """Return this polynomial times a factor."""
        return Polynomial({m: c * factor for m, c in self.terms.items()})

    def __mul__(self, other: Polynomial) -> Polynomial:
        terms: dict[Monomial, Fraction] = {}
        for m, c in self.terms.items():
            for n, d in other.terms.items():
                product = _sorted((*m, *n))
                terms[product] = terms.get(product, Fraction(0)) + c * d
        return Polynomial(terms)

    def limited(self, place: Place) -> Polynomial:
        """Return the polynomial itself, if its size is within the limits.

        Args:
            place: where the expression stands, for the error.

        Raises:
            EquationSyntaxError: it has more than MAX_TERMS terms, or a term of more than MAX_DEGREE factors.
        """
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
    """Return a product with its atoms in the order of their keys, so that x·y and y·x are the same."""
    return tuple(sorted(atoms, key=lambda a: a.key))
