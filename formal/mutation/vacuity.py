"""Whether every assertion of a proof can fail, and every assumption is needed: what says nothing is no proof.

An assertion that holds whatever the module does says nothing of the module. So the module's outputs and registers are
cut free in the harness (any value at any clock), and every assertion, claim a_... or invariant i_..., must then fail
from reset. One that holds even then is still worth something if a planted bug or a mutant breaks it: that is looked up.
An invariant may also be a lemma of the reference alone, which no module can break; then a proof must fail without it.
An assumption is needed if a proof fails without it.

formal/vacuity.jsonl holds what was seen, with a hash of what it was seen on. A check repeats only what changed.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import Condition, asserted, assertions, assumptions
from sby_files import FORMAL, README, Proof, proof_key
from sc_neurocore.errors import require

from .proofs import Tools, failing, run_task
from .results import Record

__all__ = ["COMMITTED", "differences", "is_idle", "look", "problems", "read", "write"]

COMMITTED = FORMAL / "vacuity.jsonl"

#: Seconds of processor time for one process.
LIMIT = 60.0

_LEMMA = "a lemma of the reference that is needed by "


def _instances(text: str) -> list[str]:
    """The names of the module instances of a harness."""
    code = re.sub(r"//[^\n]*", "", text)
    values = r"#\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*"
    return list(dict.fromkeys(re.findall(rf"\bsc_\w+\s*(?:{values})?(u_\w+)\s*\(", code)))


def _freed(name: str, text: str) -> str:
    """The Yosys commands that cut every cell of the instances out of a harness: each output may take any value.

    They come before any optimisation, which would let the module and the reference share what both compute.
    """
    instances = _instances(text)
    require(instances, f"{name}.v has no instance u_...")
    patterns = " ".join(f"c:*{instance} c:*{instance}.*" for instance in instances)
    return f"hierarchy -top {name}\nproc\nselect -set freed {patterns}\ncutpoint @freed\n"


def _evidence(proof: Proof, records: Mapping[str, Record]) -> dict[str, str]:
    """Assertion → the planted bug or the mutant that breaks it, from what is committed."""
    found: dict[str, str] = {}
    for record in records.values():
        for stage in ("hunt", "proof"):
            result = record.stages.get(stage, {})
            if str(result.get("by", "")).startswith(f"{proof.name} ") and result["verdict"] in ("claim", "invariant"):
                for name in re.findall(r"\b[ai]_\w+", result["what"]):
                    if not result["what"].startswith("induction"):
                        found.setdefault(name, record.mutant.identity)
    for line in README.read_text(encoding="utf-8").splitlines():
        row = line.strip("| \n").split(" | ")
        if len(row) == 5 and row[0] == f"`{proof.name}`":
            found |= dict.fromkeys(re.findall(r"`(\w+)`", row[3]), f"planted bug: {row[1]}")
    return found


def _needs(tools: Tools, proof: Proof, condition: Condition, text: str, folder: Path, first: str) -> str:
    """A proof that fails without a condition, `first` being tried first; "" if all hold without it."""
    files = {f"formal/{proof.name}.v": condition.dropped(text)}
    for task in sorted(proof.proofs, key=lambda task: task != first):
        if run_task(tools, proof, task, files, folder, LIMIT).kind in ("claim", "invariant"):
            return task
    return ""


def look(
    tools: Tools, proof: Proof, records: Mapping[str, Record], folder: Path, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Look at one proof: assertion → what it fails on ("" for nothing), assumption → the proof that needs it ("").

    before: an earlier look, whose evidence is tried first.
    """
    text = (FORMAL / f"{proof.name}.v").read_text(encoding="utf-8")
    wanted = assertions(text)
    fails: dict[str, str] = {}
    depth = max(int(proof.tasks[task]["depth"]) for task in proof.tasks)
    # A few clocks are enough for most; claims that begin late are left to the narrow environment of the hunts.
    searches = [(min(depth, clocks), task) for clocks in (8, 30) for task in proof.proofs]
    searches += [(depth, task) for task in proof.of("hunt")]
    for clocks, task in searches:
        rest = set(wanted) - set(fails)
        if rest and (clocks < 31 or any(name.startswith("a_") for name in rest)):
            found = failing(tools, proof, task, folder, LIMIT, clocks, _freed(proof.name, text))
            fails |= {name: f"free outputs, {task}" for name in wanted if name in found and name not in fails}
    evidence = _evidence(proof, records)
    asserts = {name: fails.get(name) or evidence.get(name, "") for name in wanted}
    for name in (name for name, word in asserts.items() if not word and name.startswith("i_")):
        first = (before or {}).get("assertions", {}).get(name, "").removeprefix(_LEMMA)
        if task := _needs(tools, proof, asserted(text, name), text, folder, first):
            asserts[name] = _LEMMA + task
    needed: dict[str, str] = {}
    for number, assumption in enumerate(assumptions(text)):
        label = f"{number + 1}: {assumption.text}"
        first = (before or {}).get("assumptions", {}).get(label, "")
        needed[label] = _needs(tools, proof, assumption, text, folder, first)
    return {"proof": proof.name, "key": proof_key(proof), "assertions": asserts, "assumptions": needed}


def read() -> dict[str, dict[str, Any]]:
    """What is committed, by proof."""
    if not COMMITTED.is_file():
        return {}
    rows = [json.loads(line) for line in COMMITTED.read_text(encoding="utf-8").splitlines()]
    return {row["proof"]: row for row in rows}


def write(looks: Mapping[str, Mapping[str, Any]]) -> None:
    """Commit what was seen."""
    COMMITTED.write_text("".join(json.dumps(looks[name]) + "\n" for name in sorted(looks)), encoding="utf-8")


def problems(seen: Mapping[str, Any]) -> list[str]:
    """What is wrong with a proof, in words."""
    name = seen["proof"]
    bad = [
        f"{name}: {k} fails on no design" + (", and no proof needs it" if k.startswith("i_") else "")
        for k, v in seen["assertions"].items()
        if not v
    ]
    return bad + [f"{name}: assumption {k} is not needed" for k, v in seen["assumptions"].items() if not v]


def is_idle(problem: str) -> bool:
    """Whether a problem is an invariant that no proof needs: it weakens nothing."""
    return problem.endswith("no proof needs it")


def differences(before: Mapping[str, Mapping[str, Any]], seen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Proofs, assertions and assumptions that are committed and gone, or new and not committed, in words."""

    def names(looks: Mapping[str, Mapping[str, Any]]) -> set[str]:
        return {f"{p} {name}" for p, look in looks.items() for k in ("assertions", "assumptions") for name in look[k]}

    gone, new = names(before) - names(seen), names(seen) - names(before)
    lines = [f"{name} is in formal/vacuity.jsonl, but not in its harness" for name in sorted(gone)]
    lines += [f"{name} is not in formal/vacuity.jsonl" for name in sorted(new)]
    return [*lines, "accept this by python formal/mutate.py vacuity --update"] if lines else []
