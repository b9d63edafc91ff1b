"""Splitting rows into training, validation and test part, by class or by group.

The same rows give the same parts on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ScError, require

__all__ = ["SHARES", "by_groups", "stratified"]

#: Shares of all samples for the test part and the validation part; the rest is for training.
SHARES = (0.2, 0.2)
_SEED = 42
_ROUNDS = 20


def stratified(y: NDArray[np.int64], fractions: Sequence[float], seed: int = _SEED) -> tuple[NDArray[np.int64], ...]:
    """Split indices so that each part has the same shares of the classes.

    Args:
        y: Class indices, shape (n,). Each class must have enough samples for one in every part.
        fractions: Shares of all parts but the last, which takes the rest.
        seed: Seed of the permutation.

    Returns:
        len(fractions) + 1 arrays of sorted indices.

    Example:
        >>> [len(part) for part in stratified(np.array([0, 0, 0, 0, 1, 1, 1, 1]), (0.25,))]
        [2, 6]
    """
    rng = np.random.default_rng(seed)
    parts: list[list[NDArray[np.int64]]] = [[] for _ in range(len(fractions) + 1)]
    for label in np.unique(y):
        index = rng.permutation(np.flatnonzero(y == label))
        # At least one sample of every class in every part: the caller makes sure that there are enough.
        sizes = [max(1, round(f * len(index))) for f in fractions]
        for part, chunk in zip(parts, np.split(index, np.cumsum(sizes)), strict=True):
            part.append(chunk)
    return tuple(np.sort(np.concatenate(part)) for part in parts)


def by_groups(
    y: NDArray[np.int64], group: NDArray[Any], fractions: Sequence[float], where: str, names: Sequence[str]
) -> tuple[NDArray[np.int64], ...]:
    """Split indices into parts of whole groups, with shares of the classes as near to `fractions` as possible.

    The largest groups are assigned first. Then each group is moved to another part, or swapped with a group there, as
    long as this brings the shares nearer. Every class occurs in the last part.

    Args:
        y: Class indices, shape (n,).
        group: The group of each sample, shape (n,).
        fractions: Shares of all parts but the last, which is for training.
        where: The file and the array, for errors.
        names: Names of the classes, for errors.

    Returns:
        len(fractions) + 1 arrays of sorted indices.

    Raises:
        ScError: If there are fewer groups than parts, or no such split is found.
    """
    kinds, member = np.unique(group, return_inverse=True)
    member = member.reshape(-1)
    parts = len(fractions) + 1
    require(
        len(kinds) >= parts,
        f"{where} has {len(kinds)} group{'s' if len(kinds) > 1 else ''}: at least {parts} are needed, as no group may "
        "stand in two parts",
    )
    classes = len(names)
    table = np.zeros((len(kinds), classes), dtype=np.int64)
    np.add.at(table, (member, y), 1)
    total = table.sum(axis=0)
    goal = np.array([*fractions, 1 - sum(fractions)])[:, None] * total
    # Integers to compare: units of 1/1000 of a sample, so that no rounding of floats decides.
    goal_units = np.rint(goal * 1000).astype(np.int64)
    weight = np.maximum(1, 10**9 // np.maximum(total, 1) ** 2)

    def cost(counts: NDArray[np.int64]) -> int:
        # Far above any distance: a part without groups, a class that training never sees, or that a part lacks.
        missing = int((counts[-1] == 0).sum()) * 10**6 + int((counts[:-1] == 0).sum())
        empty = int((counts.sum(axis=1) == 0).sum()) * 10**9
        off = ((counts * 1000 - goal_units) // 10) ** 2
        return (missing + empty) * 10**18 + sum(int(v) for v in (off * weight).sum(axis=1).tolist())

    order = np.lexsort((np.arange(len(kinds)), -table.sum(axis=1)))
    place = np.full(len(kinds), parts - 1)
    counts = np.zeros((parts, classes), dtype=np.int64)
    for g in order:
        tried = []
        for part in range(parts):
            counts[part] += table[g]
            tried.append(cost(counts))
            counts[part] -= table[g]
        place[g] = int(np.argmin(tried))
        counts[place[g]] += table[g]
    best = cost(counts)
    # Swaps look at every pair: only where these are few.
    swapping = len(kinds) <= 64
    for _ in range(_ROUNDS if swapping else 2):
        before = best
        for g in order:
            for part in range(parts):
                here = place[g]
                if part == here:
                    continue
                changes = [(int(g), part)]
                options = [changes]
                if swapping:
                    options += [[*changes, (int(other), int(here))] for other in np.flatnonzero(place == part)]
                for option in options:
                    trial = counts.copy()
                    for who, to in option:
                        trial[place[who]] -= table[who]
                        trial[to] += table[who]
                    found = cost(trial)
                    if found < best:
                        best, counts = found, trial
                        for who, to in option:
                            place[who] = to
                        break
        if best == before:
            break
    absent = np.flatnonzero(counts[-1] == 0)
    if len(absent) or (counts.sum(axis=1) == 0).any():
        named = f", class {names[int(absent[0])]} would be missing in training" if len(absent) else ""
        raise ScError(
            f"{where}: the {len(kinds)} groups cannot be split into {parts} parts{named}: record more groups, or leave "
            "out the groups"
        )
    return tuple(np.flatnonzero(place[member] == part) for part in range(parts))
