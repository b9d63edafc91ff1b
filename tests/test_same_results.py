"""tools/same_results.py: what every network gives is what the committed record says."""

from __future__ import annotations

from pathlib import Path

import pytest

import same_results


def test_every_network_gives_what_it_gave(capsys: pytest.CaptureFixture[str]) -> None:
    assert same_results.main([]) == 0, capsys.readouterr().out


def test_a_result_that_changed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "results.csv"
    name, network = next((n, x) for n, x in same_results.networks().items() if n == "random-conv")
    monkeypatch.setattr(same_results, "networks", lambda: {name: network})
    monkeypatch.setattr(same_results, "RECORD", record)
    monkeypatch.setattr(same_results, "ROOT", tmp_path)
    assert same_results.main(["--update"]) == 0
    good = dict(same_results.hashes(network))["packed"]
    record.write_text(record.read_text(encoding="utf-8").replace(good, "0" * 16), encoding="utf-8")
    capsys.readouterr()
    assert same_results.main([]) == 1
    assert f"{name}: packed is {good}, was {'0' * 16}" in capsys.readouterr().out
