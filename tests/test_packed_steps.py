"""Networks in steps by the packed simulator: equal to golden and oracle, whatever the threads and blocks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from sc_neurocore import packed
from sc_neurocore.result import Result
from strategies import EFFORT, Case, assert_answers, oracle_answers, step_cases


def assert_equal(a: Result, b: Result) -> None:
    assert np.array_equal(a.scores, b.scores)
    for name in ("counts", "spikes"):
        assert len(getattr(a, name)) == len(getattr(b, name))
        for x, y in zip(getattr(a, name), getattr(b, name), strict=True):
            assert np.array_equal(x, y)


@settings(max_examples=150 * EFFORT)
@given(step_cases())
def test_networks_in_steps(case: Case) -> None:
    answers = oracle_answers(case)
    assert_answers(packed.run(case.network, case.codes, spikes=True), answers)
    assert_answers(packed.run(case.network, case.codes, block=2), answers)
