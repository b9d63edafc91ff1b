"""What names and units mean: from expression trees to polynomials in base units, with units checked.

Base units are volt, ampere and second, so a potential of 1 mV is the number 1/1000 here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from .errors import EquationSyntaxError, Place, UnboundedError, UnitError, UnknownNameError
from .language import MAX_POWER, Call, Expression, Name, Number, Operation
from .polynomial import MAX_DEGREE, Atom, Polynomial
from .units import ONE, UNITS, Dimension, Unit, dimension_text

__all__ = ["Quantity", "Scope", "constant_function"]

#: The greatest length of a function with its arguments written out; it bounds nested functions.
MAX_KEY = 4000


@dataclass(frozen=True, slots=True)
class Quantity:
    """The meaning of an expression: a value and its dimension.

    Attributes:
        value: a polynomial, in base units.
        dimension: exponents of volt, ampere and second. None: the value is 0, which fits every dimension.
    """

    value: Polynomial
    dimension: Dimension | None

    @property
    def constant(self) -> Fraction | None:
        """The value, if it does not depend on any variable; else None."""
        return self.value.constant


def constant_function(name: str, x: float) -> float:
    """Return the value of a function of one argument in float64.

    Args:
        name: exp, tanh, sigmoid, sin, cos, sqrt, log or reciprocal.
        x: the argument.

    Raises:
        ValueError: `x` is outside of the function's domain.
        OverflowError: the value is beyond float64.
    """
    if name == "sigmoid":
        return 1 / (1 + math.exp(-x)) if x >= 0 else 1 - 1 / (1 + math.exp(x))
    if name == "reciprocal":
        if x == 0:
            raise ValueError("division by zero")
        return 1 / x
    value: float = {
        "exp": math.exp, "tanh": math.tanh, "sin": math.sin, "cos": math.cos, "sqrt": math.sqrt, "log": math.log,
    }[name](x)  # fmt: skip
    return value


class Scope:
    """The names of a model, and what expressions in these names mean.

    Aliases are worked out when they are first used, so they may be defined in any order, but not by one another in a
    ring.

    Args:
        variables: unit of each state and input by name.
        constants: value of each parameter by name.
        aliases: expression of each line `name = expression` by name.
    """

    def __init__(
        self,
        variables: Mapping[str, Unit],
        constants: Mapping[str, Quantity],
        aliases: Mapping[str, Expression],
    ) -> None:
        self.variables, self.constants, self.aliases = variables, constants, aliases
        self._known: dict[str, Quantity] = {}
        self._open: list[str] = []

    def quantity(self, expression: Expression) -> Quantity:
        """Return what an expression means.

        Raises:
            UnknownNameError: it has a name that is not known.
            UnitError: units do not match.
            UnboundedError: it divides by 0, or a constant is not finite or has an extreme size.
            EquationSyntaxError: it is too large when multiplied out, has an exponent that is not allowed, or has
                aliases that are defined by one another.
        """
        match expression:
            case Number(value=value):
                return Quantity(Polynomial.number(value), ONE.dimension if value else None)
            case Name(name=name, place=place):
                return self._name(name, place)
            case Operation(operator=operator, left=left, right=right, place=place):
                return self._operation(operator, self.quantity(left), self.quantity(right), place)
            case Call(function=function, arguments=arguments, place=place):
                return self._call(function, [self.quantity(a) for a in arguments], place)

    def _name(self, name: str, place: Place) -> Quantity:
        """Return what a name means: a variable, a constant, an alias, or a unit, in this order."""
        if name in self.variables:
            return Quantity(Polynomial.of(Atom(name)), self.variables[name].dimension)
        if name in self.constants:
            return self.constants[name]
        if name in self.aliases:
            if name in self._open:
                chain = " → ".join([*self._open[self._open.index(name) :], name])
                raise EquationSyntaxError(f"names are defined by one another: {chain}", place)
            if name not in self._known:
                self._open.append(name)
                self._known[name] = self.quantity(self.aliases[name])
                self._open.pop()
            return self._known[name]
        if name in UNITS:
            return Quantity(Polynomial.number(UNITS[name].factor), UNITS[name].dimension)
        known = [*self.variables, *self.constants, *self.aliases]
        hint = "; a derivative is an equation of its own, noise is not supported" if name in ("xi", "t", "dt") else ""
        raise UnknownNameError(
            f"{name} is not known{hint}: there are {', '.join(known) or 'no names'}, and units", place
        )

    def same(self, a: Quantity, b: Quantity, what: str, place: Place) -> Dimension | None:
        """Return the dimension that two quantities have in common, None if both are 0.

        Args:
            a: the first quantity.
            b: the second quantity.
            what: what the error calls the two, such as "a sum".
            place: where they stand, for the error.

        Raises:
            UnitError: the dimensions differ.
        """
        if a.dimension is None or b.dimension is None:
            return a.dimension or b.dimension
        if a.dimension != b.dimension:
            raise UnitError(
                f"{what} of {dimension_text(a.dimension)} and {dimension_text(b.dimension)}: units must match", place
            )
        return a.dimension

    def _operation(self, operator: str, a: Quantity, b: Quantity, place: Place) -> Quantity:
        """Return the sum, difference, product, quotient or power of two quantities, with its dimension.

        An exponent must be constant. It is whole and limited, since powers are multiplied out; but a constant base
        without a unit may have any exponent.
        """
        x, y = a.value, b.value
        if operator in "+-":
            dimension = self.same(a, b, {"+": "a sum", "-": "a difference"}[operator], place)
            return _checked(x + y if operator == "+" else x - y, dimension, place)
        one, other = Unit(a.dimension or ONE.dimension), Unit(b.dimension or ONE.dimension)
        if operator == "*":
            any_zero = a.dimension is None or b.dimension is None
            return _checked(x * y, None if any_zero else one.times(other).dimension, place)
        if operator == "/":
            value = x * self._reciprocal(y, place)
            return _checked(value, None if a.dimension is None else one.over(other).dimension, place)
        power = b.constant
        if power is None or (b.dimension or ONE.dimension) != ONE.dimension:
            raise EquationSyntaxError("an exponent must be a constant number", place)
        if power.denominator != 1 and a.constant is not None and one.dimension == ONE.dimension and a.constant > 0:
            return _number(float(a.constant) ** float(power), place)
        if power.denominator != 1 or abs(power) > MAX_DEGREE:
            raise EquationSyntaxError(
                f"an exponent must be a whole number from -{MAX_DEGREE} to {MAX_DEGREE}, got {float(power):g}", place
            )
        value, unit = Polynomial.number(1), ONE
        factor = x if power >= 0 else self._reciprocal(x, place)
        for _ in range(abs(int(power))):
            value, unit = (value * factor).limited(place), unit.times(one, 1 if power >= 0 else -1)
        return _checked(value, unit.dimension, place)

    @staticmethod
    def _reciprocal(y: Polynomial, place: Place) -> Polynomial:
        """Return 1 / y as a polynomial: a constant, or atoms `reciprocal`, which become tables."""
        c = y.constant
        if c == 0:
            raise UnboundedError("a division by 0", place)
        if c is not None:
            return Polynomial.number(1 / c)
        # A product divides factor by factor, so that x / (2*tau*y) has the table of 1 / y.
        if len(y.terms) == 1:
            ((monomial, coefficient),) = y.terms.items()
            value = Polynomial.number(1 / coefficient)
            for atom in monomial:
                value = value * _atom("reciprocal", [Polynomial.of(atom)], place)
            return value
        return _atom("reciprocal", [y], place)

    def _call(self, function: str, arguments: list[Quantity], place: Place) -> Quantity:
        """Return a function of quantities: exp and its like take plain numbers, min and its like equal units.

        Functions of constants are computed at once, exactly for abs, min, max and clip.
        """
        first = arguments[0]
        dimension = first.dimension
        for other in arguments[1:]:
            dimension = self.same(Quantity(first.value, dimension), other, f"{function} of quantities", place)
        if function in ("abs", "min", "max", "clip"):
            constants = [a.constant for a in arguments]
            values = [c for c in constants if c is not None]
            low, high = constants[1:] if function == "clip" else (None, None)
            if low is not None and high is not None and low > high:
                raise EquationSyntaxError("the lower limit of clip must not be above the upper one", place)
            if len(values) == len(constants):
                folded = {
                    "abs": lambda: abs(values[0]),
                    "min": lambda: min(values),
                    "max": lambda: max(values),
                    "clip": lambda: min(max(values[0], values[1]), values[2]),
                }[function]()
                return Quantity(Polynomial.number(folded), dimension)
            return Quantity(_atom(function, [a.value for a in arguments], place), dimension)
        if function == "sqrt":
            exponents = dimension or ONE.dimension
            if any(e % 2 for e in exponents):
                raise UnitError(f"the square root of {dimension_text(exponents)} has no unit", place)
            a, b, c = (e // 2 for e in exponents)
            dimension = (a, b, c)
        elif (dimension or ONE.dimension) != ONE.dimension:
            raise UnitError(f"{function} takes a plain number, got {dimension_text(dimension or ONE.dimension)}", place)
        else:
            dimension = ONE.dimension
        if first.constant is not None:
            try:
                value = constant_function(function, float(first.constant))
            except (ValueError, OverflowError) as error:
                raise UnboundedError(f"{function}({float(first.constant):g}): {error}", place) from None
            return Quantity(_number(value, place).value, dimension)
        return Quantity(_atom(function, [first.value], place), dimension)


def _atom(name: str, arguments: list[Polynomial], place: Place) -> Polynomial:
    """Return a function of polynomials as a polynomial; EquationSyntaxError if it is too long when written out."""
    atom = Atom(name, tuple(arguments), place)
    if len(atom.key) > MAX_KEY:
        raise EquationSyntaxError("functions of functions of functions: written out, the expression is too long", place)
    return Polynomial.of(atom)


def _number(value: float, place: Place) -> Quantity:
    """Return a plain number as a quantity; UnboundedError if it is not finite or has an extreme size."""
    if not math.isfinite(value):
        raise UnboundedError(f"a constant is {value}", place)
    return _checked(Polynomial.number(Fraction(value)), ONE.dimension, place)


def _checked(value: Polynomial, dimension: Dimension | None, place: Place) -> Quantity:
    """Return a quantity, after checking the sizes of its coefficients and the number of its terms."""
    limit = Fraction(10) ** (4 * MAX_POWER)
    for c in value.terms.values():
        if not 1 / limit <= abs(c) <= limit:
            raise UnboundedError(f"a constant must be 0 or from 1e-{4 * MAX_POWER} to 1e{4 * MAX_POWER}", place)
    return Quantity(value.limited(place), dimension if value.terms else None)
