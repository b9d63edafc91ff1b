"""Targets of the core file, as builds call them: lint with the parameters of a build, and an error that is heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.estimate import plan
from sc_neurocore.hardware.flow import run_target, stage
from strategies import dense_network

pytestmark = pytest.mark.usefixtures("fresh_tools")

ICEBREAKER = BOARDS["icebreaker"]


@pytest.mark.parametrize(
    ("target", "parameters"),
    [
        ("lint", {"LANES": 2}),
        ("lint_icebreaker", {"LANES": 3}),
        ("lint_icebreaker", {"LANES": 12, "WEIGHT_AW": 12}),
        ("lint_icebreaker", {"LANES": 2, "WEIGHT_AW": 16}),
        ("lint_icebreaker", {"LANES": 2, "WEIGHT_AW": 8, "USE_SPRAM": 0, "MAC": 1}),
    ],
)
def test_lint_is_clean(tmp_path: Path, target: str, parameters: dict[str, int | str]) -> None:
    network = dense_network((4, 3, 2), 16)
    stage(tmp_path, ICEBREAKER, network, plan(network, ICEBREAKER))
    run_target(tmp_path, target, parameters)
    assert "Warning" not in (tmp_path / "fusesoc.log").read_text()


def test_lint_fails_on_more_weights_than_spram(tmp_path: Path) -> None:
    network = dense_network((4, 3, 2), 16)
    stage(tmp_path, ICEBREAKER, network, plan(network, ICEBREAKER))
    with pytest.raises(ScError, match="the build failed"):
        run_target(tmp_path, "lint_icebreaker", {"LANES": 13})
    assert "ERROR_weights_must_fit_4_SPRAM_blocks" in (tmp_path / "fusesoc.log").read_text()
