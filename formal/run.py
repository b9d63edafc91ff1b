"""Run every proof, cover and planted bug: `python formal/run.py`, from anywhere, or `make formal`.

Each harness formal/<name>_fv.v has a formal/<name>_fv.sby, whose tasks are of three kinds:
    prove_X  an unbounded proof: mode prove, by induction, or of a combinational fact;
    bound_X  a proof of every behaviour from reset up to a clock: mode bmc; its claim says what is complete by then;
    cover_X  every cover statement is reached from reset;
    hunt_X   a proof's claims (assertions a_...) at the same parameters without its invariants (i_...), searched clock
             by clock from reset: it runs only on RTL with a planted bug (bugs.py) and must fail there, by a
             counterexample.
Every task is one sby process under a timeout. The last line counts what passed; the exit code is 0 only if all did.
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from bugs import BUGS, Bug
from harness import count
from sc_neurocore.errors import ScError, require
from sc_neurocore.hardware.formal_tools import sby_tools

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
FORMAL = ROOT / "formal"
WORK = ROOT / "build" / "formal"
README = FORMAL / "README.md"
MODES = {"prove": "prove", "bound": "bmc", "cover": "cover", "hunt": "bmc"}  # of a kind of task


@dataclass(frozen=True, slots=True)
class Proof:
    """A harness and its .sby file: the claims, the files, and each task's options, engine and parameters."""

    name: str
    claims: tuple[str, ...]
    files: tuple[str, ...]
    tasks: dict[str, dict[str, str]]  # task → mode, depth, engine, parameters, script

    def of(self, kind: str) -> list[str]:
        """The tasks of one kind."""
        return [task for task in self.tasks if task.startswith(kind + "_")]

    @property
    def proofs(self) -> list[str]:
        """The tasks that prove, with a bound or without one."""
        return [*self.of("prove"), *self.of("bound")]


@dataclass(frozen=True, slots=True)
class Job:
    """One sby run: a task of a proof, on the RTL as it is or with a bug in it."""

    proof: Proof
    task: str
    bug: Bug | None = None
    number: int = 0

    @property
    def folder(self) -> Path:
        """Where it runs."""
        return WORK / self.proof.name / (f"bug_{self.number}" if self.bug else self.task)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job: `problem` is empty if it went as it must."""

    job: Job
    seconds: float
    problem: str
    found: tuple[str, ...]  # covers reached, or the assertion that failed


def read_proof(path: Path) -> Proof:
    """Read a .sby file of the plain form that ours have: `tags: line` for lines of some tasks only."""
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
    """All proofs, after the rules that hold for every one of them.

    Raises `ScError` for a harness without .sby file, claim, proof at two sets of parameters, cover or two bugs, for a
    proof that is bounded, and for a bug that cannot be planted.
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


class Runner:
    """Runs jobs, and stops what runs when the user does."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.command, self.environment = sby_tools()
        self.running: set[subprocess.Popen[bytes]] = set()
        self.stopped = False
        self.lock = threading.Lock()

    def run(self, job: Job) -> Result:
        """Run one job in a folder of its own, from copies of the files that it reads."""
        folder = job.folder
        shutil.rmtree(folder, ignore_errors=True)
        for name in (*job.proof.files, f"formal/{job.proof.name}.sby"):
            copy = folder / "source" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            text = (ROOT / name).read_text()
            if job.bug and name == job.bug.file:
                text = text.replace(job.bug.old, job.bug.new)
            copy.write_text(text)
        command = [*self.command, "-f", "-d", "../sby", f"formal/{job.proof.name}.sby", job.task]
        start = time.monotonic()
        with (folder / "log").open("wb") as log:
            with self.lock:
                if self.stopped:
                    return Result(job, 0, "stopped", ())
                process = subprocess.Popen(
                    command,
                    cwd=folder / "source",
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                self.running.add(process)
            try:
                process.wait(self.timeout)
                late = False
            except subprocess.TimeoutExpired:
                late = True
                _end(process)
            with self.lock:
                self.running.discard(process)
        seconds = time.monotonic() - start
        return _judge(job, seconds, process.returncode, late, (folder / "log").read_text(errors="replace"))

    def stop(self) -> None:
        """End what runs; jobs that have not begun do not begin."""
        with self.lock:
            self.stopped = True
            running = list(self.running)
        for process in running:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End sby by the signal on which it ends its own children."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _judge(job: Job, seconds: float, code: int, late: bool, log: str) -> Result:
    status_file = job.folder / "sby" / "status"
    status = status_file.read_text().split()[0] if status_file.exists() else "no status"
    covers = tuple(sorted(set(re.findall(r"Reached cover statement in step \d+ at \w+: (\w+)", log))))
    failed = tuple(sorted(set(re.findall(r"failed assertion \w+\.(\w+)", log))))
    found = failed if job.bug else covers
    problem = ""
    if late:
        problem = f"timed out after {seconds:.0f} s"
    elif "is used but has no driver" in log:
        problem = "a wire of the harness is connected to nothing"
    elif job.bug:
        if (code, status) != (2, "FAIL") or not failed:
            problem = f"the planted bug gives {status} (exit code {code}), not a counterexample"
        elif not all(name.startswith("a_") for name in failed):
            problem = f"the planted bug breaks {', '.join(failed)}: only a claim, a_..., counts"
    elif (code, status) != (0, "PASS"):
        problem = f"{status} (exit code {code})" + (f": {', '.join(failed)} fails" if failed else "")
    elif job.task.startswith("cover_"):
        harness = (FORMAL / f"{job.proof.name}.v").read_text()
        unreached = set(re.findall(r"\b(\w+):\s*cover\b", harness)) - set(covers)
        if unreached or not covers:
            problem = f"not reached: {', '.join(sorted(unreached))}"
    return Result(job, seconds, problem, found)


def _measured() -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """What the README's tables say of earlier runs: seconds by harness, assertions by harness and planted bug."""
    rows = [line.strip("| \n").split(" | ") for line in README.read_text().splitlines() if line.startswith("| ")]
    seconds = {row[1].strip("`"): row[-1] for row in rows if len(row) in (7, 8) and row[1].endswith("_fv`")}
    caught = {(row[0].strip("`"), row[1]): row[3] for row in rows if len(row) == 4 and row[0].endswith("_fv`")}
    return seconds, caught


def _tables(proofs: Iterable[Proof], results: Iterable[Result]) -> str:
    """The claims and the planted bugs as Markdown, with the times and assertions of `results`.

    What was not run keeps what the README says of it.
    """
    before, caught_before = _measured()
    seconds: dict[str, float] = {}
    caught: dict[int, str] = {}
    for result in results:
        if result.job.bug:
            caught[result.job.number] = ", ".join(f"`{name}`" for name in result.found)
        elif result.job.task in result.job.proof.proofs:
            seconds[result.job.proof.name] = seconds.get(result.job.proof.name, 0) + result.seconds
    counted = "assertions `a_`, `i_`, assumptions, covers"
    lines = [f"| claim | harness | mode | engine | parameters | depth | {counted} | seconds |", f"|{'---|' * 8}"]
    for proof in proofs:
        tasks = [proof.tasks[task] for task in proof.proofs]
        cells = [
            f"`{proof.name}`",
            "bounded" if proof.of("bound") else "prove",
            " / ".join(dict.fromkeys(task["engine"] for task in tasks)),
            "<br>".join(dict.fromkeys(task["parameters"] or "none" for task in tasks)),
            " / ".join(dict.fromkeys(task["depth"] for task in tasks)),
            count((FORMAL / f"{proof.name}.v").read_text(encoding="utf-8")),
            f"{seconds[proof.name]:.1f}" if proof.name in seconds else before.get(proof.name, ""),
        ]
        for number, claim in enumerate(proof.claims):
            lines.append(f"| {claim} | " + " | ".join(cells if number == 0 else ['"'] * len(cells)) + " |")
    lines += ["", "| proof | planted bug | file | caught by |", "|---|---|---|---|"]
    for number, bug in enumerate(BUGS):
        named = caught.get(number, caught_before.get((bug.proof, bug.what), ""))
        lines.append(f"| `{bug.proof}` | {bug.what} | `{bug.file}` | {named} |")
    return "\n".join(lines)


_MARKS = ("<!-- made by formal/run.py --update -->\n", "\n<!-- end of what formal/run.py made -->")


def _readme(tables: str) -> tuple[str, str]:
    """The README as it is and as it is with `tables` in its place."""
    text = README.read_text()
    require(text.count(_MARKS[0]) == text.count(_MARKS[1]) == 1, f"{README.name}: must have {_MARKS[0].strip()} once")
    head, rest = text.split(_MARKS[0])
    return text, head + _MARKS[0] + tables + _MARKS[1] + rest.split(_MARKS[1])[1]


def _without_measured(text: str) -> str:
    """The text without the cells that a run measures: seconds of a claim, assertion of a bug, each last in its row."""
    return re.sub(r"\|[^|\n]*\|$", "| |", text, flags=re.MULTILINE)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0 only if everything passed."""
    parser = argparse.ArgumentParser(description="Run every proof, cover and planted bug.")
    parser.add_argument(
        "--only", metavar="NAME", action="append", help="only this proof, sc_apc_fv say; may be repeated"
    )
    parser.add_argument("--update", action="store_true", help="write what was run into formal/README.md")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="sby processes at a time (default 2)")
    parser.add_argument("--timeout", type=float, default=3600, metavar="S", help="seconds for each (default 3600)")
    options = parser.parse_args(argv)
    try:
        return _run(options)
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    proofs = read_proofs()
    names = [proof.name for proof in proofs]
    require(options.jobs >= 1, f"--jobs must be at least 1, got {options.jobs}")
    for name in options.only or []:
        require(name in names, f"no proof {name}; there are {', '.join(names)}")
    chosen = [proof for proof in proofs if not options.only or proof.name in options.only]

    jobs = [Job(proof, task) for proof in chosen for kind in MODES if kind != "hunt" for task in proof.of(kind)]
    by_name = {proof.name: proof for proof in chosen}
    jobs += [Job(by_name[bug.proof], bug.task, bug, n) for n, bug in enumerate(BUGS) if bug.proof in by_name]

    # The deep ones first, so that no core is idle at the end.
    jobs.sort(key=lambda job: -int(job.proof.tasks[job.task]["depth"]))

    runner = Runner(options.timeout)
    results: list[Result] = []
    start = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            for future in as_completed([pool.submit(runner.run, job) for job in jobs]):
                result = future.result()
                results.append(result)
                _report(result)
        except BaseException:
            runner.stop()
            raise
    proven = [r for r in results if not r.job.bug and r.job.task.startswith("prove_") and not r.problem]
    bounded = [r for r in results if not r.job.bug and r.job.task.startswith("bound_") and not r.problem]
    reached = [name for r in results if not r.job.bug and r.job.task.startswith("cover_") for name in r.found]
    hunted = [r for r in results if r.job.bug]
    killed = [r for r in hunted if not r.problem]
    bad = [result for result in results if result.problem]
    now, then = _readme(_tables(proofs, results))
    stale = _without_measured(now) != _without_measured(then)
    if options.update and not bad:
        README.write_text(then)
    elif stale:
        print("formal/README.md does not say what was run; write it by formal/run.py --update")
    print(f"{time.monotonic() - start:.0f} s" + (f", {len(bad)} failed" if bad else ""))
    print(
        f"proofs {len(proven)} and {len(bounded)} bounded passed, covers {len(reached)} reached, "
        f"planted bugs {len(killed)} of {len(hunted)} killed"
    )
    return 1 if bad or (stale and not options.update) or len(results) != len(jobs) else 0


def _report(result: Result) -> None:
    job = result.job
    what = (
        f"bug    {job.proof.name} {job.bug.what}"
        if job.bug
        else f"{job.task.partition('_')[0]:6} {job.proof.name} {job.task.partition('_')[2]}"
    )
    end = f"FAILED: {result.problem}; see {job.folder.relative_to(ROOT) / 'log'}" if result.problem else "ok"
    print(f"{result.seconds:6.1f} s  {what}: {end}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
