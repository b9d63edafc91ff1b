"""The float64 meaning of a neuron: its polynomials evaluated in floats, for comparison with its integers.

Nothing here rounds to codes, saturates, or uses a lookup table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .language import Comparison, Condition
from .meaning import Scope
from .polynomial import Atom, Polynomial

__all__ = ["condition_value", "float_value"]

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "tanh": np.tanh,
    "sigmoid": lambda x: 0.5 * (1 + np.tanh(x / 2)),
    "sin": np.sin,
    "cos": np.cos,
    "sqrt": np.sqrt,
    "log": np.log,
    "abs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
    "clip": np.clip,
    "reciprocal": lambda x: 1 / x,
}


def _atom(atom: Atom, values: Mapping[str, Any]) -> Any:
    """Return the value of a variable, or of a function of polynomials, in float64."""
    if not atom.arguments:
        return values[atom.name]
    return _FUNCTIONS[atom.name](*(float_value(a, values) for a in atom.arguments))


def float_value(polynomial: Polynomial, values: Mapping[str, Any]) -> Any:
    """Return a polynomial's value in float64.

    Args:
        polynomial: the polynomial.
        values: values of its variables in base units, by name; numbers, or arrays that broadcast.

    Returns:
        A number or an array of the common shape, in base units.

    Example:
        >>> x = Polynomial.of(Atom("x"))
        >>> float_value(x * x - 1, {"x": 3.0})
        8.0
    """
    known = {a: _atom(a, values) for a in polynomial.atoms()}
    total: Any = 0.0
    for monomial, coefficient in polynomial.terms.items():
        product: Any = float(coefficient)
        for atom in monomial:
            product = product * known[atom]
        total = total + product
    return total


def condition_value(condition: Condition, scope: Scope, values: Mapping[str, Any]) -> Any:
    """Return whether a condition holds, in float64.

    Args:
        condition: a comparison, or `and`, `or`, `not` of conditions.
        scope: the names that the condition may use.
        values: values of the variables in base units, by name; numbers, or arrays that broadcast.

    Returns:
        NumPy booleans, a scalar or an array of the common shape.
    """
    if not isinstance(condition, Comparison):
        parts = [condition_value(c, scope, values) for c in condition.arguments]
        if condition.operator == "not":
            return np.logical_not(parts[0])
        return (np.logical_and if condition.operator == "and" else np.logical_or).reduce(parts)
    a, b = (float_value(scope.quantity(x).value, values) for x in (condition.left, condition.right))
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[condition.operator]
    return compare(a, b)
