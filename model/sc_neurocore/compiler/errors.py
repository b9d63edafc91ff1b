"""What can be wrong with equations: each error says where it is, line and column from 1, and shows the line."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ScError, ScWarning

__all__ = [
    "DeadZoneWarning",
    "EquationError",
    "EquationSyntaxError",
    "Place",
    "UnboundedError",
    "UnitError",
    "UnknownNameError",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece of the input stands: in which text (`equations`, `reset`, …), its line and column from 1."""

    source: str
    line: int = 1
    column: int = 1
    text: str = ""

    def __str__(self) -> str:
        where = f"{self.source}, line {self.line}, column {self.column}"
        return f"{where}\n    {self.text}\n    {' ' * (self.column - 1)}^" if self.text else where


class EquationError(ScError):
    """Equations that cannot be compiled; `place` says where, if it is at one place."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(f"{message}; {place}" if place else message)
        self.place = place


class EquationSyntaxError(EquationError):
    """Text that is no equation, or one beyond what the language has or its limits of size allow."""


class UnknownNameError(EquationError):
    """A name that is neither a variable, an input, a parameter, a unit nor a function."""


class UnitError(EquationError):
    """Units that do not match."""


class UnboundedError(EquationError):
    """A value for which no finite width holds: a division by what can be 0, an exponential without end, a NaN."""


class DeadZoneWarning(ScWarning):
    """Steps of less than half an LSB are rounded to 0: the variable stops short of where its equation would take it."""
