"""What is known of each mutant: committed in formal/mutants.jsonl, and as it comes in build/mutation/results.jsonl."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sby_files import ROOT
from sc_neurocore.errors import require

from .syntactic import Mutant

__all__ = ["ARGUED", "COMMITTED", "STAGES", "WORK", "Record", "Results", "append", "entries", "write_lines"]

COMMITTED = ROOT / "formal" / "mutants.jsonl"
ARGUED = ROOT / "formal" / "equal.jsonl"
WORK = ROOT / "build" / "mutation"

#: In the order in which a mutant goes through them, until one of them settles it.
STAGES = ("proof", "hunt", "equivalence", "bench")


@dataclass(slots=True)
class Record:
    """A mutant and what each stage said of it: stage → verdict, by, what, seconds, key."""

    mutant: Mutant
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    argued: str = ""  # why it does the same as the module, in words

    def word(self, stage: str) -> str:
        """The verdict of a stage; "" if it was not run."""
        return str(self.stages.get(stage, {}).get("verdict", ""))

    @property
    def verdict(self) -> str:
        """The last word: "dead", "claim", "invariant", "equivalent", "killed", else "survived" or "undecided".

        A mutant has survived that passed every proof, is not known to be equivalent, and passed the bench, if that was
        run; it is undecided while the proofs are. One that the bench's Verilator refuses to build counts as killed by
        the bench, unless it is known to do the same.
        """
        if self.word("hunt") == "claim":
            return "claim"
        if self.word("proof") in ("dead", "claim", "invariant"):
            return self.word("proof")
        if self.word("bench") == "killed":
            return "killed"
        if self.argued or self.word("equivalence") == "equivalent":
            return "equivalent"
        if self.word("bench") == "refused":
            return "killed"
        return "survived" if self.word("proof") in ("passed", "none") else "undecided"

    @property
    def kill(self) -> dict[str, Any]:
        """The result that killed it by a proof; empty if none did."""
        for stage in ("hunt", "proof"):
            if self.word(stage) in ("claim", "invariant"):
                return self.stages[stage]
        return {}

    def line(self) -> str:
        """One line of JSON."""
        stages = {stage: self.stages[stage] for stage in STAGES if stage in self.stages}
        return json.dumps({"id": self.mutant.identity, **asdict(self.mutant), **stages})


class Results:
    """All records, by identity; new ones are appended to a file at once, a line at a time."""

    def __init__(self, committed: Path = COMMITTED, log: Path = WORK / "results.jsonl", argued: Path = ARGUED) -> None:
        self.committed, self.log = committed, log
        self.records: dict[str, Record] = {}
        for path in (committed, log):
            for entry in entries(path, whole=path == committed):
                mutant = Mutant(entry["file"], entry["operator"], entry["old"], entry["new"])
                for stage in STAGES:
                    if stage in entry:
                        self._put(mutant, stage, entry[stage])
        for entry in entries(argued, whole=True):
            if entry["id"] in self.records:
                self.records[entry["id"]].argued = entry["why"]

    def _put(self, mutant: Mutant, stage: str, result: dict[str, Any]) -> None:
        record = self.records.setdefault(mutant.identity, Record(mutant))
        if stage == "proof":
            record.stages.pop("hunt", None)  # it was of the proof that failed before
        record.stages[stage] = result

    def add(self, mutant: Mutant, stage: str, result: dict[str, Any]) -> None:
        """Keep one stage's result, on disk as well."""
        self._put(mutant, stage, result)
        append(self.log, Record(mutant, {stage: result}).line() + "\n")

    def commit(self, keep: Iterable[str]) -> None:
        """Write the records named by `keep` into the committed file, in a fixed order."""
        write_lines(self.committed, [self.records[name].line() + "\n" for name in sorted(set(keep))])


def append(path: Path, line: str) -> None:
    """Add a line to a file in one write, so that runs side by side do not mix theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a file as a whole or not at all."""
    partial = path.with_suffix(".part")
    partial.write_text("".join(lines), encoding="utf-8")
    partial.replace(path)


def entries(path: Path, *, whole: bool) -> Iterator[dict[str, Any]]:
    """The lines of a file. A run that was killed in a write leaves half a line: if not `whole`, it is passed over."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            yield json.loads(line)
        except ValueError:
            require(not whole, f"{path}: line {number} is not JSON: restore the file from git")
