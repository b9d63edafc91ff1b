"""Accuracy on data: right answers by a plain count, mismatches with the model, parts and data that fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore import data, packed
from sc_neurocore.errors import ScError
from sc_neurocore.evaluate import evaluate, part_for
from sc_neurocore.network import InputSpec, Network
from sc_neurocore.result import Result


def off_by_one(network: Network, codes: object, progress: object) -> Result:
    """Run a network on a back end that is wrong about its third image."""
    result = packed.run(network, codes)  # type: ignore[arg-type]
    scores = result.scores.copy()
    scores[2, 0] += 1
    return Result(scores)


def test_right_answers_are_those_of_a_plain_count(digits: Network) -> None:
    part = data.load_part("digits")
    classes = packed.run(digits, digits.input.encode(part.x, digits.length)).classes
    found = evaluate(digits, "digits")
    assert (found.images, found.correct) == (360, int((classes == part.y).sum()))
    assert found.accuracy == found.correct / 360
    assert (found.mismatches, found.backend, found.split) == (0, "packed", "test")


def test_a_back_end_that_differs_is_counted_unless_nothing_is_compared(digits: Network) -> None:
    options = {"backend": "board", "limit": 5, "runner": off_by_one}
    for check, mismatches in (("golden", 1), ("packed", 1), ("none", None)):
        found = evaluate(digits, "digits", check=check, **options)  # type: ignore[arg-type]
        assert (found.images, found.backend, found.mismatches) == (5, "board", mismatches)


def test_json_leaves_out_what_says_nothing(digits: Network) -> None:
    found = evaluate(digits, "digits", limit=3, check="none").to_json()
    assert json.loads(json.dumps(found)) == found
    assert found["mismatches"] is None
    assert not {"input", "clipped", "classes"} & found.keys()


def test_samples_without_labels_have_no_accuracy(digits: Network, tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", x=data.load_part("digits").x[:4])
    found = evaluate(digits, tmp_path / "own.npz", labelled=False)
    assert (found.images, found.correct, found.accuracy) == (4, None, None)
    with pytest.raises(ScError, match=r"own\.npz"):
        evaluate(digits, tmp_path / "own.npz")


def test_bad_calls_are_refused(digits: Network) -> None:
    for options, message in (
        ({"backend": "verilog"}, "backend must be one of golden, packed, .*board, got 'verilog'"),
        ({"backend": "board"}, "the back end board needs a runner"),
        ({"check": "some"}, "check must be one of golden, packed, none, got 'some'"),
        ({"limit": 0}, "limit must be at least 1, got 0"),
    ):
        with pytest.raises(ScError, match=message):
            evaluate(digits, "digits", **options)  # type: ignore[arg-type]


def test_a_data_set_of_another_shape_is_refused(digits: Network) -> None:
    other = replace(digits, input=InputSpec((64,), 255), name="other")
    with pytest.raises(ScError, match=r"digits has samples of shape \(8, 8\) with full scale 16; other takes"):
        part_for(other, "digits", None)
