"""tools/whole_sets.py: a record is believed for what it was made of, sampled, and never where something differs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import whole_sets
from whole_sets import Claim

CLAIM = Claim("digits", "digits", "packed", "lookup", 0.95)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_record_is_written_then_sampled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "record.csv"
    assert whole_sets.main([], (CLAIM,), record) == 0
    assert "--update writes it" in capsys.readouterr().out
    assert not record.exists()
    assert whole_sets.main(["--update"], (CLAIM,), record) == 0
    assert "every image" in capsys.readouterr().out
    assert whole_sets.main([], (CLAIM,), record) == 0
    assert "300 images again" in capsys.readouterr().out
    assert whole_sets.main(["--all"], (CLAIM,), record) == 0
    assert "every image" in capsys.readouterr().out


@pytest.mark.parametrize("field", ["rtl_sha256", "network_sha256", "data_sha256"])
def test_another_hash_runs_everything(field: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "record.csv"
    assert whole_sets.main(["--update"], (CLAIM,), record) == 0
    (row,) = rows(record)
    record.write_text(record.read_text().replace(row[field], "0" * 16))
    capsys.readouterr()
    assert whole_sets.main([], (CLAIM,), record) == 0
    assert "every image" in capsys.readouterr().out


def test_a_score_that_differs_fails_though_the_record_is_of_today(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "record.csv"
    assert whole_sets.main(["--update"], (CLAIM,), record) == 0
    real = whole_sets.backends.run

    def broken(network, codes, backend, progress=None):
        result = real(network, codes, backend, progress)
        if backend == "packed":
            result.scores[7] += 1
        return result

    monkeypatch.setattr(whole_sets.backends, "run", broken)
    assert whole_sets.main([], (CLAIM,), record) == 1
    assert "scores differ" in capsys.readouterr().err


def test_an_accuracy_below_the_claim_fails(tmp_path: Path) -> None:
    assert whole_sets.main(["--update"], (CLAIM._replace(least=0.999),), tmp_path / "record.csv") == 1
    assert not (tmp_path / "record.csv").exists()


def test_the_committed_record_has_every_claim() -> None:
    found = {(row["network"], row["backend"]): row for row in rows(whole_sets.RECORD)}
    assert set(found) == {(claim.network, claim.backend) for claim in whole_sets.CLAIMS}
    for claim in whole_sets.CLAIMS:
        row = found[claim.network, claim.backend]
        assert (row["images"], row["mismatches"], row["check"]) == ("10000", "0", claim.check)
        assert int(row["correct"]) >= claim.least * 10_000
