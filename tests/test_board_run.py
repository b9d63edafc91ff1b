"""Runs on a board: the file of their answers."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from sc_neurocore.result import Result


def test_predictions_name_their_classes(tmp_path: Path) -> None:
    from sc_neurocore.hardware.board_run import _write_csv

    _write_csv(tmp_path / "out.csv", Result(np.array([[1, 2], [3, 0]], np.int32)), ("a,b", "ä"))
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["image", "class", "name", "score0", "score1"],
            ["0", "1", "ä", "1", "2"],
            ["1", "0", "a,b", "3", "0"],
        ]
