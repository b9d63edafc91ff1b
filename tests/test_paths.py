"""Folders and files: where the cache is, names that every tool takes, files that are there as a whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from machine import disk
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import board_run
from sc_neurocore.paths import cache_folder, cache_root, hdl_root, is_plain, plain_folder, rtl_files, whole_file
from sc_neurocore.result import Result


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    with disk(tmp_path / "full", "16k") as full:
        target = full / "scores.csv"
        target.write_text("the old ones\n", encoding="utf-8")
        scores = np.arange(20000, dtype=np.int32).reshape(-1, 2)
        with pytest.raises(ScError, match=r"scores\.csv: no space left on device: free some space"):
            board_run._write_csv(target, Result(scores=scores), None)
        assert [p.name for p in full.iterdir()] == ["scores.csv"]
        assert target.read_text(encoding="utf-8") == "the old ones\n"


def test_a_whole_file_has_the_mode_of_others(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a") as file:
        file.write("β")
        assert not (tmp_path / "a").exists()
    (tmp_path / "b").write_text("β", encoding="utf-8")
    assert (tmp_path / "a").read_bytes() == "β".encode()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_what_a_plain_name_is() -> None:
    assert all(map(is_plain, ("/home/me/net-1.0", "a+b", "x=1,2")))
    assert not any(map(is_plain, ("-a", "a b", "a'b", "a$b", "ü", "a;b", "a\nb", "a#b", "a\\b", "a*b")))


def test_the_cache_is_where_the_variable_says_or_the_user_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SC_NEUROCORE_CACHE", str(tmp_path / "own"))
    assert cache_folder("a", "b") == tmp_path / "own" / "a" / "b"
    assert (tmp_path / "own" / "a" / "b").is_dir()
    monkeypatch.delenv("SC_NEUROCORE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "theirs"))
    assert cache_root() == tmp_path / "theirs" / "sc-neurocore"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SC_NEUROCORE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ScError, match=r"cache folder .*cache cannot be made .*: set SC_NEUROCORE_CACHE to a folder"):
        cache_root()


def test_a_file_that_is_not_finished_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    def stop() -> None:
        with whole_file(tmp_path / "a") as file:
            file.write("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_tool_works_in_a_plain_folder_whatever_the_wanted_one_is_called(tmp_path: Path) -> None:
    for name in ("plain", "my nets'"):
        wanted = tmp_path / name
        wanted.mkdir()
        with plain_folder(wanted, "test-") as folder:
            assert is_plain(folder)
            assert folder.is_dir()
            assert (folder.parent == wanted) == is_plain(wanted)
        assert not folder.exists()


def test_the_hardware_is_found() -> None:
    assert (hdl_root() / "fusesoc.core").is_file()
    names = [p.name for p in rtl_files()]
    assert names == sorted(names)
    assert "sc_engine.v" in names
