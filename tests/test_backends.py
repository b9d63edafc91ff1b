"""One call for every back end: names, progress, blocks that do not show, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore import backends, golden
from sc_neurocore.errors import ScError
from sc_neurocore.network import Network

CODES = [[0, 3, 8], [5, 1, 2], [8, 8, 8]]


@pytest.mark.parametrize("name", ["golden", "packed", "lookup", "table"])
def test_every_simulator_gives_the_golden_scores_and_counts(name: str, small: Network) -> None:
    wanted, found = golden.run(small, CODES), backends.run(small, CODES, name)
    assert np.array_equal(found.scores, wanted.scores)
    assert [c.tolist() for c in found.counts] == [c.tolist() for c in wanted.counts]


def test_images_are_run_in_blocks_that_do_not_show(small: Network) -> None:
    calls: list[tuple[int, int]] = []
    codes = np.random.default_rng(0).integers(0, 9, (150, 3))
    found = backends.run(small, codes, "golden", lambda done, total: calls.append((done, total)))
    assert calls == [(64, 150), (128, 150), (150, 150)]
    assert np.array_equal(found.scores, golden.run(small, codes).scores)


def test_an_earlier_name_is_the_current_one() -> None:
    assert backends.current_name("table") == "lookup"
    assert backends.current_name("packed") == "packed"
    assert backends.current_name("nothing") == "nothing"


def test_bad_calls_are_refused(small: Network) -> None:
    with pytest.raises(ScError, match=r"backend must be one of golden, packed, lookup, .*, got 'packd': did you mean"):
        backends.run(small, CODES, "packd")
    with pytest.raises(ScError, match="at least one image is needed, got 0"):
        backends.run(small, np.zeros((0, 3), dtype=int))
    with pytest.raises(ScError, match=r"input codes must be in \[0, 8\]"):
        backends.run(small, [[0, 0, 9]])
