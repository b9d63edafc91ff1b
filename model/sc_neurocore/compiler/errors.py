"""Errors and warnings of the compiler. Each error says where it is, by line and column from 1, and shows the line.

All of them are `ScError`, so the command line prints them without a traceback.
"""

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
    """A place in the text that the user wrote. As a string it names the place, and marks the column below the line.

    Attributes:
        source: the field that has the text: `equations`, `reset`, `threshold`, `parameter tau`, …
        line: line from 1.
        column: column from 1.
        text: the whole line; "" where there is none to show.

    Example:
        >>> print(Place("reset", 1, 5, "v = x"))
        reset, line 1, column 5
            v = x
                ^
    """

    source: str
    line: int = 1
    column: int = 1
    text: str = ""

    def __str__(self) -> str:
        where = f"{self.source}, line {self.line}, column {self.column}"
        return f"{where}\n    {self.text}\n    {' ' * (self.column - 1)}^" if self.text else where


class EquationError(ScError):
    """Equations that cannot be compiled. The subclasses say why.

    Attributes:
        place: where the error is, or None if it is not at one place. The message has it too.
    """

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(f"{message}; {place}" if place else message)
        self.place = place


class EquationSyntaxError(EquationError):
    """Text that is no equation, is outside the language, or exceeds one of its limits of size."""


class UnknownNameError(EquationError):
    """A name that is no variable, input, parameter, unit or function."""


class UnitError(EquationError):
    """Units that do not match, such as a sum of volts and amperes."""


class UnboundedError(EquationError):
    """A value for which no finite width is enough.

    Examples are a division by what can be 0, an exponential without an upper bound, and a constant that is no finite
    number.
    """


class DeadZoneWarning(ScWarning):
    """A variable stops short of where its equation would take it, or a term is too small to count.

    Steps of less than half an LSB are rounded to 0, so a decaying state stands still before it reaches its goal. More
    fraction bits in its format make that zone smaller.
    """
