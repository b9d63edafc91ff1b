"""formal/run.py: which proofs and planted bugs are repeated, by the hashes in formal/README.md."""

from __future__ import annotations

from pathlib import Path

import pytest

import run
import sby_files


def test_the_tables_list_every_proof_and_every_bug_with_what_a_run_measured() -> None:
    proofs = {proof.name: proof for proof in sby_files.read_proofs()}
    seconds, bugs = run._measured()
    assert set(seconds) == set(proofs)
    assert len(bugs) == len(run.BUGS)
    assert all(float(value) > 0 for value, _ in seconds.values())


def test_of_known_proofs_a_part_is_repeated_and_what_changed_always(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proofs = sby_files.read_proofs()
    known = {proof.name: ("1.0", run._key(proof)) for proof in proofs}
    monkeypatch.setattr(run, "_measured", lambda: (known, {}))
    words = [f"commit {k}" for k in range(24)]
    drawn = [{proof.name for proof in run._due_proofs(proofs, word)} for word in words]
    assert all(0 < len(names) < len(proofs) for names in drawn)
    assert set().union(*drawn) == set(known)  # in some commits all of them
    changed = next(name for name in known if name not in drawn[0])
    known[changed] = ("1.0", "another hash")
    assert {proof.name for proof in run._due_proofs(proofs, words[0])} == drawn[0] | {changed}
    del known[changed]
    assert changed in {proof.name for proof in run._due_proofs(proofs, words[0])}
    assert run._due_bugs(proofs, words[0]) == set(range(len(run.BUGS)))  # none is known
