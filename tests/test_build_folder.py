"""The folder of a build: it is there as a whole or not at all, and what is altered in it is told by the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware.build_folder import INDEX, check_files, finish, reading, sha256, target_of, working


def made(target: Path, **content: object) -> Path:
    """Return the folder of a build of one file, design.bin."""
    with working(target) as work:
        whole = work / "whole"
        whole.mkdir()
        (whole / "design.bin").write_bytes(b"bits")
        finish(whole, target, {"format": "a.build", "version": 1, **content})
    return target


def test_a_build_takes_the_place_of_an_earlier_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    for number in (1, 2):
        out = made(target_of(tmp_path / "out"), number=number)
        with reading(out, "a.build", 1) as index:
            assert index["number"] == number
    assert sorted(p.name for p in out.iterdir()) == [INDEX, "design.bin"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert target_of(tmp_path / "empty") == tmp_path / "empty"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("dear")
    (tmp_path / "file").write_text("x")
    for name in ("mine", "file"):
        with pytest.raises(ScError, match=rf"{name} exists and is not a build: choose an empty or new folder"):
            target_of(tmp_path / name)


def test_the_work_of_a_build_that_fails_goes_but_for_the_logs_of_tools(tmp_path: Path) -> None:
    def failing(error: BaseException, flow: bool) -> None:
        with working(tmp_path / "out") as work:
            if flow:
                (work / "flow").mkdir()
            raise error

    def fail(error: BaseException, flow: bool) -> list[Path]:
        with pytest.raises(type(error)):
            failing(error, flow)
        return list(tmp_path.iterdir())

    assert fail(ScError("too large"), flow=False) == []
    assert fail(KeyboardInterrupt(), flow=True) == []
    (kept,) = fail(ScError("no place"), flow=True)
    assert kept.name.startswith(".out-work-")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"build\.json: not a build index"),
        ("[]", r"build\.json: not a build index"),
        ('{"version": 1}', r"build\.json: not a build index \('format'\)"),
        ('{"format": "a.build", "version": 2}', r"build\.json: must be a\.build version 1, got a\.build 2"),
        ('{"format": "b", "version": 1}', r"build\.json: must be a\.build version 1, got b 1"),
    ],
)
def test_an_index_that_is_none_is_told_by_its_file(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(ScError, match=message), reading(tmp_path, "a.build", 1):
        raise AssertionError("the index was taken")


def test_a_field_that_is_missing_is_told_by_the_file(tmp_path: Path) -> None:
    out = made(tmp_path / "out")
    with pytest.raises(ScError, match=r"build\.json: not a build index \('result'\)"), reading(out, "a.build", 1) as x:
        x["result"]
    missing = r"build\.json: cannot be read \(.*\); is .*none a build\?"
    with pytest.raises(ScError, match=missing), reading(tmp_path / "none", "a.build", 1):
        raise AssertionError("an index was found")


def test_files_are_compared_with_their_sums(tmp_path: Path) -> None:
    path = made(tmp_path / "out") / "design.bin"
    known = {path: sha256(path)}
    check_files(known)
    assert json.loads((path.parent / INDEX).read_text())["version"] == 1
    path.write_bytes(b"bots")
    with pytest.raises(ScError, match=r"design\.bin: content differs from its sha256 in build\.json"):
        check_files(known)
    path.unlink()
    with pytest.raises(ScError, match=r"design\.bin: cannot be read"):
        check_files(known)
