"""One `.npz` file of the user's own: which arrays it has, and its parts, before anything becomes an integer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ScError, require
from .labels import Labels, read_labels
from .npz import array_names, read_arrays
from .scale import check_numbers
from .split import SHARES, by_groups, stratified

__all__ = ["OwnFile", "Rows"]

#: Names of the parts.
PARTS = ("train", "validation", "test")
# What follows x_, y_ and group_ in the names of published parts.
_ENDINGS = {"train": ("train",), "validation": ("val", "valid", "validation"), "test": ("test",)}
_GROUPS = ("group", "groups")
_TAKEN = "x and y (and group), or x_train, y_train, x_val, y_val, x_test, y_test (and group_train, …)"
_MIN_PER_CLASS = 5
_MIN_TO_CARVE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Some samples as the file holds them.

    Attributes:
        where: The file and the array, for errors.
        x: The samples, shape (n, features…), in the dtype of the file.
        labels: Their labels, or None.
        group: The group of each sample, shape (n,), or None. Samples of one group, such as recordings of one person,
            must not be in two parts.
    """

    where: str
    x: NDArray[Any]
    labels: Labels | None
    group: NDArray[Any] | None = None

    def take(self, index: NDArray[np.int64]) -> Rows:
        """Return the rows with these indices; the groups are dropped."""
        return Rows(self.where, self.x[index], None if self.labels is None else self.labels.take(index))


class OwnFile:
    """The arrays of a file: either `whole`, from x and y, or `published`, parts by name.

    Args:
        path: The file.
        labelled: Whether the samples must have labels; False also accepts samples without y.

    Attributes:
        path: The file.
        whole: The samples of a file that is not split, else None.
        published: The parts of a file that is split, by "train", "validation" and "test"; empty otherwise.
        notes: What a user may not expect, such as arrays that are not used; it is for the user to read.

    Raises:
        ScError: For anything that is not accepted; the message names the file and the array.
    """

    def __init__(self, path: str | os.PathLike[str], *, labelled: bool = True) -> None:
        self.path = Path(path)
        self.notes: list[str] = []
        found: dict[str, str] = {}
        for name in array_names(self.path):
            low = name.lower()
            require(low not in found, f"{self.path} holds both {found.get(low)} and {name}: rename one of them")
            found[low] = name
        names = self._names(found)
        require(
            not ("all" in names and len(names) > 1),
            f"{self.path} holds x and {', '.join(n['x'] for p, n in names.items() if p != 'all')}: which are the "
            f"samples? Leave one out; taken are {_TAKEN}",
        )
        self._check(names, found, labelled)
        used = {name for entry in names.values() for name in entry.values()}
        unused = [name for name in found.values() if name not in used]
        if unused:
            self.notes.append(f"arrays of {self.path.name} that are not used: {', '.join(map(repr, unused))}")
        arrays = read_arrays(self.path, sorted(used))
        rows = {part: self._rows(entry, arrays) for part, entry in names.items()}
        self.whole: Rows | None = rows.pop("all", None)
        self.published: dict[str, Rows] = {part: rows[part] for part in PARTS if part in rows}
        for part, each in self.published.items():
            first = next(iter(self.published.values()))
            require(
                each.x.shape[1:] == first.x.shape[1:],
                f"{each.where} has samples of shape {each.x.shape[1:]}, {first.where} of {first.x.shape[1:]}",
            )
            if part == "test" and each.labels is None:
                self.notes.append(f"{self.path.name} has no y_test: nothing is measured on its x_test")

    @staticmethod
    def _names(found: dict[str, str]) -> dict[str, dict[str, str]]:
        """Return the names of the arrays x, y and group of each part that has samples.

        The part "all" is that of a file that is not split.
        """
        names: dict[str, dict[str, str]] = {}
        wanted = {"all": [("x", ("x",)), ("y", ("y",)), ("group", _GROUPS)]}
        for part, endings in _ENDINGS.items():
            wanted[part] = [
                (what, tuple(f"{base}_{end}" for base in (_GROUPS if what == "group" else (what,)) for end in endings))
                for what in ("x", "y", "group")
            ]
        for part, entries in wanted.items():
            entry = {what: found[name] for what, known in entries for name in known if name in found}
            if "x" in entry:
                names[part] = entry
        return names

    def _check(self, names: dict[str, dict[str, str]], found: dict[str, str], labelled: bool) -> None:
        """Raise ScError if arrays are missing.

        Args:
            names: The names of the arrays that were recognised, see `_names`.
            found: The names of all arrays, by the name in small letters.
            labelled: Whether samples must have labels. A test part may be without them all the same.
        """
        missing = [] if names else ["x"]
        if labelled:
            lacking = [part for part in names or ["all"] if "y" not in names.get(part, {})]
            missing += ["y" if part == "all" else f"y_{_ENDINGS[part][0]}" for part in lacking]
            # Kaggle's test part comes without labels, which is no reason not to train on the rest.
            if "train" in names and "y_test" in missing:
                missing.remove("y_test")
        if not names and "y" in found and "y" in missing:
            missing.remove("y")
        require(
            not missing,
            f"{self.path} must hold arrays x and y; {' and '.join(missing)} missing: it holds "
            f"{', '.join(found.values()) or 'nothing'}; taken are {_TAKEN}",
        )

    def _rows(self, names: dict[str, str], arrays: dict[str, NDArray[Any]]) -> Rows:
        """Return the samples of one part, with their labels and groups, after checking them.

        Args:
            names: The names of its arrays, by "x", "y" and "group".
            arrays: The arrays by name.

        Raises:
            ScError: Samples are no finite numbers, or labels or groups do not fit them.
        """
        where = f"{self.path}: {names['x']}"
        x = arrays[names["x"]]
        check_numbers(x, where)
        labels = group = None
        if "y" in names:
            labels = read_labels(arrays[names["y"]], len(x), f"{self.path}: {names['y']}")
        if "group" in names:
            group = self._group(arrays[names["group"]], len(x), f"{self.path}: {names['group']}")
        return Rows(where, x, labels, group)

    @staticmethod
    def _group(group: NDArray[Any], rows: int, where: str) -> NDArray[Any]:
        """Return the groups as an array with one axis; raises ScError unless each row has a whole number or a text."""
        require(
            group.size == len(group) == rows, f"{where} must name the group of each of {rows} rows, got {group.shape}"
        )
        group = group.reshape(-1)
        if group.dtype.kind == "f":
            require(
                bool((np.isfinite(group) & (group == np.rint(group))).all()),
                f"{where} must be whole numbers or texts, got {group.dtype} with others",
            )
        return group

    @property
    def labelled(self) -> bool:
        """Whether every sample has a label."""
        rows = [self.whole] if self.whole is not None else list(self.published.values())
        return all(each.labels is not None for each in rows)

    @property
    def unlabelled(self) -> list[str]:
        """Names of the label arrays that published parts lack."""
        return [f"y_{_ENDINGS[part][0]}" for part, rows in self.published.items() if rows.labels is None]

    def names(self) -> tuple[str, ...] | None:
        """Return the names of the classes that occur in the training labels; None if they are just 0 … K − 1.

        Training writes them into its network.
        """
        rows = self.whole if self.whole is not None else self._train()
        assert rows.labels is not None
        return rows.labels.names()

    def _train(self) -> Rows:
        """Return the published training part; raises ScError if there is none."""
        require(
            "train" in self.published,
            f"{self.path} has no training part: x_train and y_train missing (it holds "
            f"{', '.join(each.where.rpartition(' ')[2] for each in self.published.values())})",
        )
        return self.published["train"]

    def all(self) -> Rows:
        """Return every sample in the order of the file; published parts in the order training, validation, test.

        Raises:
            ScError: If the parts have samples or labels of different kinds.
        """
        if self.whole is not None:
            return self.whole
        rows = list(self.published.values())
        labels = None
        if self.labelled:
            columns = {each.labels.columns for each in rows if each.labels is not None}
            texts = {each.labels.texts for each in rows if each.labels is not None}
            require(len(columns) == len(texts) == 1, f"{self.path}: the labels of its parts are of different kinds")
            values = np.concatenate([each.labels.values for each in rows if each.labels is not None])
            labels = Labels(values, f"{self.path}: y", columns.pop())
        kinds = {each.x.dtype.kind.replace("u", "i") for each in rows}
        require(len(kinds) == 1, f"{self.path}: the samples of its parts are of different kinds: save them alike")
        return Rows(f"{self.path}: x", np.concatenate([each.x for each in rows]), labels)

    def parts(self) -> dict[str, Rows]:
        """Return the training part, the validation part and, if there is one, the test part.

        The same file always gives the same parts. Published parts are kept. If the validation part is missing, a fifth
        of the training part becomes it. A file that is not split is split 60/20/20. Splits keep the shares of the
        classes; if there are groups, no group is in two parts.

        Raises:
            ScError: If labels or parts are missing, a class has too few samples, or a group is in two published parts.
        """
        if self.whole is not None:
            test, val, train = self._split(self.whole, SHARES)
            return {"train": train, "validation": val, "test": test}
        train = self._train()
        require(train.labels is not None, f"{self.path} has no labels y_train")
        self._check_groups()
        parts = dict(self.published)
        if "validation" not in parts:
            parts["validation"], parts["train"] = self._split(train, SHARES[:1])
        elif parts["validation"].labels is None:
            raise ScError(f"{self.path} has x_val but no labels y_val: add them, or leave x_val out")
        return {part: parts[part] for part in PARTS if part in parts}

    def _check_groups(self) -> None:
        """Raise ScError if a group occurs in two published parts."""
        seen: dict[Any, str] = {}
        for part, rows in self.published.items():
            for name in np.unique(rows.group).tolist() if rows.group is not None else ():
                require(
                    name not in seen,
                    f"{self.path}: group {name!r} stands in two parts, {seen.get(name)} and {part}: split anew, or "
                    "leave the groups out",
                )
                seen[name] = part

    def _split(self, rows: Rows, shares: Sequence[float]) -> tuple[Rows, ...]:
        """Split rows by class, or by groups where they have some.

        Args:
            rows: The rows, with labels.
            shares: The share of each part that is split off, such as (0.2, 0.2).

        Returns:
            A part for each share, then the rest to train on. The same content always gives the same parts.

        Raises:
            ScError: There are no labels, too few samples of a class, or too few groups.
        """
        labels = rows.labels
        require(labels is not None, f"{self.path} has no labels y: it cannot be split by class, split must be all")
        assert labels is not None
        names = self.names()
        kinds = labels.classes()
        called = names or tuple(map(str, range(kinds)))
        y = labels.indices(names, kinds, "the file")
        if rows.group is not None:
            index = by_groups(y, rows.group, shares, f"{self.path}: group", called)
            for part, each in zip(("test", "validation", "training")[-len(index) :], index, strict=True):
                absent = sorted(set(range(kinds)) - set(np.unique(y[each]).tolist()))
                if absent:
                    self.notes.append(
                        f"{self.path.name}: too few groups have class {', '.join(called[k] for k in absent)}: the "
                        f"{part} part is without it"
                    )
            return tuple(rows.take(each) for each in index)
        counts = np.bincount(y, minlength=kinds)
        least = _MIN_PER_CLASS if len(shares) > 1 else _MIN_TO_CARVE
        rare = int(counts.argmin())
        require(
            int(counts[rare]) >= least,
            f"{labels.where}: each class needs at least {least} samples, class {called[rare]} has {int(counts[rare])}",
        )
        return tuple(rows.take(each) for each in stratified(y, shares))
