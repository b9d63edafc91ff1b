"""Replays committed kills: a sample for CI, so that a proof that has become weaker shows."""

import hashlib
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from sby_files import ROOT, Proof

from .campaign import LIMIT, is_fresh
from .proofs import Tools, run_task
from .results import WORK, Record

__all__ = ["MOST", "draw", "replay"]

#: Only kills of so many seconds of processor time or less are replayed: 60 of them take about a minute.
MOST = 3.0


def draw(records: Mapping[str, Record], proofs: Mapping[str, Proof], count: int, word: str) -> list[Record]:
    """Choose `count` kills that are cheap and whose lines and task are still there, in an order that `word` decides.

    Up to half are kills whose proof, or RTL, has changed since they were measured, if there are such.
    """
    usable = []
    for record in records.values():
        name, _, task = str(record.kill.get("by", "")).partition(" ")
        text = (ROOT / record.mutant.file).read_text(encoding="utf-8")
        if name in proofs and task in proofs[name].tasks and record.mutant.applies(text) and record.kill["own"] <= MOST:
            usable.append(record)
    usable.sort(key=lambda record: hashlib.sha256(f"{word} {record.mutant.identity}".encode()).hexdigest())
    changed = [record for record in usable if not is_fresh(record, proofs)][: count // 2]
    rest = [record for record in usable if record not in changed]
    return (changed + rest)[:count]


def replay(sample: Sequence[Record], proofs: Mapping[str, Proof], jobs: int) -> list[tuple[Record, str]]:
    """Run the task that killed each; return those that it does not kill any more, with what became of them."""
    tools, missed = Tools(), []
    start, spent = time.monotonic(), 0.0

    def one(record: Record) -> tuple[Record, str, float]:
        mutant = record.mutant
        name, task = record.kill["by"].split()
        folder = WORK / "replay" / mutant.identity
        text = mutant.apply((ROOT / mutant.file).read_text(encoding="utf-8"))
        done = run_task(tools, proofs[name], task, {mutant.file: text}, folder, LIMIT)
        shutil.rmtree(folder, ignore_errors=True)
        return record, "" if done.kind in ("claim", "invariant") else f"{done.kind} {done.what}".strip(), done.seconds

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(one, record) for record in sample]
        try:
            for future in as_completed(futures):
                record, wrong, seconds = future.result()
                spent += seconds
                if wrong:
                    missed.append((record, wrong))
        finally:
            for future in futures:
                future.cancel()
            tools.stop()
    took = time.monotonic() - start
    print(f"replay: {len(sample)} in {took:.0f} s, {spent:.0f} s of processor time", file=sys.stderr)
    return missed
