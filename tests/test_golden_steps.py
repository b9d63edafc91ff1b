"""Networks in steps (A20, A21) by the golden model: against the oracle, and single neurons by hand."""

from __future__ import annotations

from hypothesis import given, settings

from sc_neurocore import golden
from strategies import EFFORT, Case, assert_answers, oracle_answers, step_cases


@settings(max_examples=100 * EFFORT)
@given(step_cases())
def test_networks_in_steps(case: Case) -> None:
    assert_answers(golden.run(case.network, case.codes, spikes=True), oracle_answers(case))
