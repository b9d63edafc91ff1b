"""Labels: from what a file holds to class indices, and the names of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import class_names, shown
from ..errors import ScError, require

__all__ = ["CLASSES_MAX", "Labels", "class_names", "name_text", "read_labels"]

#: Greatest number of classes; more distinct labels are probably a quantity and not classes.
CLASSES_MAX = 1000
_INT64 = np.iinfo(np.int64)
# Shown of a long list of names.
_SHOWN = 12


def name_text(name: str) -> str:
    """Return a class name for a terminal: unchanged if it is printable, else escaped.

    Example:
        >>> name_text("kite"), name_text("a\\nb")
        ('kite', "'a\\\\nb'")
    """
    return name if name.isprintable() and name else repr(name)


def listed(names: Sequence[str]) -> str:
    """Return names as messages list them: twelve at most, then the number of all."""
    more = f", … ({len(names)} in all)" if len(names) > _SHOWN else ""
    return ", ".join(map(name_text, names[:_SHOWN])) + more


class Labels:
    """The labels of some rows: whole numbers, texts, or columns of a one-hot code.

    Args:
        values: int64 or texts, shape (n,); of a one-hot code the indices of the columns.
        where: The file and the array, for errors.
        columns: Number of columns of a one-hot code, else None.
    """

    def __init__(self, values: NDArray[Any], where: str, columns: int | None = None) -> None:
        self.values, self.where, self.columns = values, where, columns

    @property
    def texts(self) -> bool:
        """Whether these are texts."""
        return self.values.dtype.kind == "U"

    def take(self, index: NDArray[np.int64]) -> Labels:
        """Return the labels of the rows with these indices."""
        return Labels(self.values[index], self.where, self.columns)

    def names(self) -> tuple[str, ...] | None:
        """Return the names of the classes that these labels form, numbers by value, texts by code point.

        The result is None if the classes are just 0 … K − 1.

        Raises:
            ScError: If there is only one class, or more than `CLASSES_MAX`, or a column of a one-hot code is never 1.
        """
        where, found = self.where, np.unique(self.values)
        kinds = self.columns or len(found)
        require(
            kinds <= CLASSES_MAX,
            f"{where} has {kinds:,} distinct labels, at most {CLASSES_MAX:,} classes are taken: is it a quantity (a "
            "regression target)? Sort its values into classes first, e.g. with np.digitize",
        )
        require(
            kinds >= 2,
            f"{where} must hold labels of at least 2 classes, but every label is {shown(found[0].item())}: a network "
            "with one class has nothing to tell apart",
        )
        if self.columns is not None:
            absent = sorted(set(range(self.columns)) - set(found.tolist()))
            require(
                not absent,
                f"{where}: column {absent[0] if absent else 0} of the one-hot labels has no 1 in any row: leave it out",
            )
            return None
        if not self.texts and found[0] == 0 and found[-1] == len(found) - 1:
            return None
        return tuple(str(v) for v in found.tolist())

    def classes(self) -> int:
        """Return the number of classes that these labels form; it raises ScError as `names` does."""
        names = self.names()
        return len(names) if names is not None else self.columns or int(self.values.max()) + 1

    def indices(self, names: Sequence[str] | None, classes: int, who: str) -> NDArray[np.int64]:
        """Return the index of each label's class, int64, shape (n,).

        Args:
            names: Names of the classes; None if they are 0 … classes − 1.
            classes: Number of classes.
            who: What has these classes, for the error.

        Raises:
            ScError: For a label that is not one of these classes.
        """
        where = self.where
        if self.columns is not None:
            require(
                names is None,
                f"{where} has one-hot labels, {who} has classes with names, {listed(names or ())}: give the names",
            )
            require(
                self.columns == classes,
                f"{where} has one-hot labels of {self.columns} columns, {who} has {classes} classes",
            )
        if names is None and not self.texts:
            high, low = int(self.values.max()), int(self.values.min())
            require(high < classes, f"{where} has labels up to {high}, {who} answers 0 … {classes - 1}")
            require(low >= 0, f"{where} has the label {low}, {who} answers 0 … {classes - 1}")
            return self.values.astype(np.int64)
        known = {name: k for k, name in enumerate(names or map(str, range(classes)))}
        found, inverse = np.unique(self.values, return_inverse=True)
        table = np.zeros(len(found), dtype=np.int64)
        for k, value in enumerate(found.tolist()):
            if str(value) not in known:
                raise ScError(
                    f"{where} has the label {value!r}, which {who} does not know: its classes are {listed(list(known))}"
                )
            table[k] = known[str(value)]
        return table[inverse.reshape(-1)]


def _one_hot(y: NDArray[Any], where: str) -> Labels:
    """Return the labels of a one-hot code; raises ScError unless each row has exactly one 1 and is 0 elsewhere."""
    legal = (y == 0) | (y == 1)
    wrong = ~(legal.all(axis=1) & ((y == 1).sum(axis=1) == 1))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ScError(
            f"{where} must have shape ({len(y)},), or be one-hot, exactly one 1 and else 0 in each row; it has shape "
            f"{y.shape}, and row {row} is {np.array2string(y[row], threshold=8, separator=', ')}"
        )
    return Labels(y.argmax(axis=1).astype(np.int64), where, y.shape[1])


def _texts(y: NDArray[Any], where: str) -> NDArray[np.str_]:
    """Return texts as str; raises ScError for empty ones, and for bytes that are not UTF-8."""
    if y.dtype.kind == "S":
        try:
            y = np.char.decode(y, "utf-8")
        except UnicodeDecodeError:
            raise ScError(f"{where} holds bytes that are not UTF-8: decode them, and save texts") from None
    require(not (y == "").any(), f"{where} has an empty label: name the class, or leave out such rows")
    try:
        "".join(np.unique(y).tolist()).encode()
    except UnicodeEncodeError:
        raise ScError(f"{where} holds texts that are not valid Unicode") from None
    return y


def _whole(y: NDArray[Any], where: str) -> NDArray[np.int64]:
    """Return whole numbers as int64; raises ScError for fractions, NaN, infinity and numbers beyond 64 bits."""
    if y.dtype.kind == "f":
        wrong = ~np.isfinite(y)
        require(not wrong.any(), f"{where} must be finite, got NaN or infinity: leave out rows without a label")
        broken = y != np.rint(y)
        if broken.any():
            raise ScError(
                f"{where} must be integers or texts, got {y.dtype} such as {y[broken][0]}: is it a quantity (a "
                "regression target)? Sort its values into classes first, e.g. with np.digitize"
            )
    low, high = y.min(), y.max()
    for value in (int(low), int(high)):
        require(
            _INT64.min <= value <= _INT64.max,
            f"{where} has the label {value}: labels must be in [-2^63, 2^63 − 1] (a −1 saved as an unsigned number?)",
        )
    return y.astype(np.int64)


def read_labels(y: NDArray[Any], rows: int, where: str) -> Labels:
    """Return the labels of samples.

    Args:
        y: Shape (rows,) or (rows, 1): whole numbers of any dtype, booleans (0 and 1) or texts. Or shape (rows, K): a
            one-hot code.
        rows: Number of samples.
        where: The file and the array, for errors.

    Raises:
        ScError: For anything that is not such labels.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    require(
        y.ndim in (1, 2) and len(y) == rows and y.size > 0,
        f"{where} must have shape ({rows},) as there are {rows} samples, got {y.shape}",
    )
    if y.ndim == 2:
        require(y.dtype.kind in "buif", f"{where} must have shape ({rows},), or be one-hot, got texts of {y.shape}")
        return _one_hot(y, where)
    return Labels(_texts(y, where) if y.dtype.kind in "US" else _whole(y, where), where)
