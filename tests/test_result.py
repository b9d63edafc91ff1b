"""What back ends return: classes by the lowest index of the greatest score, and images that differ."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from sc_neurocore.result import Result


def result(*scores: list[int]) -> Result:
    return Result(np.array(scores, dtype=np.int32))


def test_the_class_is_the_lowest_index_of_the_greatest_score() -> None:
    assert result([1, 3, 2], [-5, -7, -5], [4, 4, 4], [0, 0, 1]).classes.tolist() == [1, 0, 0, 2]


def test_an_image_is_counted_once_however_many_scores_differ() -> None:
    one = result([1, 2], [3, 4], [5, 6])
    assert one.mismatches(one) == 0
    assert one.mismatches(result([1, 2], [0, 0], [5, 7])) == 2
    # Scores that differ count, though the class is the same.
    assert one.mismatches(result([1, 9], [3, 4], [5, 6])) == 1


def test_it_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        result([1]).scores = np.zeros((1, 1), dtype=np.int32)  # type: ignore[misc]
