"""The .sby files: proofs, their tasks and claims, the rules that hold for all of them, hashes of what they read."""

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bugs import BUGS
from sc_neurocore.errors import require

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
from checkout import ROOT, digest, verilog_code

__all__ = [
    "FORMAL",
    "MODES",
    "README",
    "ROOT",
    "Proof",
    "file_digest",
    "proof_key",
    "read_proof",
    "read_proofs",
    "task_key",
]

FORMAL = ROOT / "formal"
README = FORMAL / "README.md"
MODES = {"prove": "prove", "bound": "bmc", "cover": "cover", "hunt": "bmc"}  # of a kind of task


@dataclass(frozen=True, slots=True)
class Proof:
    """A harness and its .sby file.

    Attributes:
        name: Name of both, such as "sc_apc_fv".
        claims: The lines "# claim: ..." of the .sby file.
        files: The files that it reads, as paths from the root of the repository.
        tasks: For each task its mode, depth, engine, parameters and script.
    """

    name: str
    claims: tuple[str, ...]
    files: tuple[str, ...]
    tasks: dict[str, dict[str, str]]

    def of(self, kind: str) -> list[str]:
        """Return the tasks of one kind, a key of `MODES`, in the order of the file."""
        return [task for task in self.tasks if task.startswith(kind + "_")]

    @property
    def proofs(self) -> list[str]:
        """The tasks that prove, with a bound or without one."""
        return [*self.of("prove"), *self.of("bound")]


def read_proof(path: Path) -> Proof:
    """Read a .sby file of the plain form that ours have.

    SymbiYosys has more ways to say which lines belong to which task. Ours use one: `tag: line`. A task has the tag if
    its line in [tasks] names it.

    Args:
        path: The file.

    Raises:
        ScError: A task's name does not begin with a kind of `MODES`, or a line has a tag that no task has.
    """
    section = ""
    claims: list[str] = []
    tags: dict[str, set[str]] = {}
    lines: dict[str, list[tuple[set[str], str]]] = {}
    for raw in path.read_text().splitlines():
        text = raw.strip()
        if text.startswith("# claim:"):
            claims.append(text.removeprefix("# claim:").strip())
        elif found := re.fullmatch(r"\[(\w+)\]", text):
            section = found[1]
        elif section == "tasks" and text:
            tags[text.split()[0]] = set(text.split())
        elif text and not text.startswith("#"):
            prefix, colon, rest = text.partition(": ")
            own = set(prefix.split()) if colon else set()
            lines.setdefault(section, []).append((own, rest if colon else text))
    known = {tag for own in tags.values() for tag in own}
    tasks: dict[str, dict[str, str]] = {}
    for task, own in tags.items():
        require(task.partition("_")[0] in MODES, f"{path.name}: task {task}: must begin with one of {', '.join(MODES)}")
        facts = {"parameters": "", "script": ""}
        for name, content in lines.items():
            for only, text in content:
                require(only <= known, f"{path.name}: no task has the tag {', '.join(sorted(only - known))}")
                if only and not only & own:
                    continue
                if name == "options":
                    key, _, value = text.partition(" ")
                    facts[key] = value.strip()
                elif name == "engines":
                    facts["engine"] = text
                elif name == "script":
                    facts["script"] += text + "\n"
                if name == "script" and text.startswith("chparam "):
                    pairs = re.findall(r"-set (\w+) (\w+)", text)
                    facts["parameters"] = ", ".join(filter(None, [facts["parameters"], *(" ".join(p) for p in pairs)]))
        tasks[task] = facts
    files = tuple(text for _, text in lines.get("files", []))
    return Proof(path.stem, tuple(claims), files, tasks)


def read_proofs() -> list[Proof]:
    """Return all proofs, after the rules that hold for every one of them.

    The rules keep a proof from saying less than it seems to say: one set of parameters may hide a mistake that another
    shows, a claim that is never reached holds always, and a proof that no planted bug breaks may be empty.

    Raises:
        ScError: A harness has no .sby file, claim, cover, proof at two sets of parameters, or two planted bugs; a
            bounded proof does not say what is complete; or a bug cannot be planted.
    """
    harnesses = sorted(path.stem for path in FORMAL.glob("*_fv.v"))
    scripts = sorted(path.stem for path in FORMAL.glob("*.sby"))
    odd = sorted(set(harnesses) ^ set(scripts))
    require(not odd, f"formal: a harness and its .sby come in pairs, but not for {', '.join(odd)}")
    proofs = [read_proof(FORMAL / f"{name}.sby") for name in scripts]
    for proof in proofs:
        name = proof.name
        require(proof.claims, f"{name}.sby: states no claim")
        require(f"formal/{name}.v" in proof.files, f"{name}.sby: does not read its harness")
        require(
            len({proof.tasks[task]["parameters"] for task in proof.proofs}) >= 2 or not _has_parameters(proof),
            f"{name}.sby: needs proofs at two sets of parameters or more",
        )
        require(proof.proofs, f"{name}.sby: has no proof")
        require(
            not proof.of("bound") or all("bounded, complete" in claim for claim in proof.claims),
            f"{name}.sby: has bounded proofs, so each of its claims must say that it is bounded, and what is complete",
        )
        require(not (proof.of("bound") and proof.of("prove")), f"{name}.sby: has proofs with and without a bound")
        for task in proof.proofs:
            defines = "verilog_defines" in proof.tasks[task]["script"]
            require(not defines, f"{name}.sby: task {task}: a proof must define nothing: a define narrows a hunt")
        require(proof.of("cover"), f"{name}.sby: has no cover task")
        for task, facts in proof.tasks.items():
            mode = MODES[task.partition("_")[0]]
            require(facts.get("mode") == mode, f"{name}.sby: task {task}: mode must be {mode}, got {facts.get('mode')}")
        for task, facts in ((task, proof.tasks[task]) for task in proof.of("hunt")):
            proven = {proof.tasks[twin]["parameters"] for twin in proof.proofs}
            require(
                facts["parameters"] in proven,
                f"{name}.sby: task {task} needs a proof of the same parameters",
            )
        count = sum(bug.proof == name for bug in BUGS)
        require(count >= 2, f"bugs.py: {name} needs two planted bugs or more, has {count}")
    by_name = {proof.name: proof for proof in proofs}
    for bug in BUGS:
        require(bug.proof in by_name, f"bugs.py: there is no proof {bug.proof}")
        require(bug.task in by_name[bug.proof].of("hunt"), f"bugs.py: {bug.proof}.sby has no task {bug.task}")
        require(bug.file in by_name[bug.proof].files, f"bugs.py: {bug.proof}.sby does not read {bug.file}")
        count = (ROOT / bug.file).read_text().count(bug.old)
        require(
            count == 1 and bug.new != bug.old, f"bugs.py: {bug.file} must have {bug.old!r} once, has it {count} times"
        )
    return proofs


def _has_parameters(proof: Proof) -> bool:
    return re.search(r"^ *parameter ", (FORMAL / f"{proof.name}.v").read_text(), re.MULTILINE) is not None


@cache
def file_digest(path: Path) -> str:
    """Return a hash of the code of a Verilog file; comments and spaces do not count."""
    return digest(verilog_code(path.read_text(encoding="utf-8")))


def task_key(proof: Proof, task: str) -> str:
    """Return a hash of all that one task reads: its options, engine, script, and the code of its files.

    A result that was committed with this hash still holds while the hash is the same.

    Args:
        proof: The proof.
        task: Name of one of its tasks.
    """
    facts = sorted(proof.tasks[task].items())
    files = [f"{name} {file_digest(ROOT / name)}" for name in sorted(proof.files)]
    return digest(repr(facts), *files)


def proof_key(proof: Proof) -> str:
    """Return a hash of all that the proofs of a harness read."""
    return digest(*(task_key(proof, task) for task in proof.proofs))
