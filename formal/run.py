"""Run every proof, cover and planted bug: `python formal/run.py`, from anywhere, or `make formal`.

Each harness formal/<name>_fv.v has a formal/<name>_fv.sby, whose tasks are of three kinds:
    prove_X  an unbounded proof: mode prove, by induction, or of a combinational fact;
    bound_X  a proof of every behaviour from reset up to a clock: mode bmc; its claim says what is complete by then;
    cover_X  every cover statement is reached from reset;
    hunt_X   a proof's claims (assertions a_...) at the same parameters without its invariants (i_...), searched clock
             by clock from reset: it runs only on RTL with a planted bug (bugs.py) and must fail there, by a
             counterexample.
Every task is one sby process under a timeout. The last line counts what passed; the exit code is 0 only if all did.

What a proof says, and what a planted bug's hunt finds, cannot change while its files are the same. So both are repeated
where these changed since README.md's tables were written; of the others half of the harnesses and a quarter of the bugs
are, which the hash of the commit chooses. `--all`, or `--only` for one harness, repeats everything.
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

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))

from bugs import BUGS, Bug
from checkout import commit, digest
from harness import count
from sby_files import FORMAL, MODES, README, ROOT, Proof, read_proofs, task_key
from sc_neurocore.errors import ScError, require
from sc_neurocore.hardware.formal_tools import sby_tools

__all__ = ["main"]

WORK = ROOT / "build" / "formal"


@dataclass(frozen=True, slots=True)
class Job:
    """One sby run: a task of a proof, on the RTL as it is or with a bug in it.

    Attributes:
        proof: The proof.
        task: Name of its task.
        bug: The bug that is planted; None for a proof or a cover.
        number: Index of the bug in `BUGS`, which names its folder.
    """

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
    """What became of a job.

    Attributes:
        job: The job.
        seconds: How long it took, by the clock.
        problem: What went wrong, in words; empty if it went as it must.
        found: Names of the covers that were reached or, with a planted bug, of the assertions that failed.
    """

    job: Job
    seconds: float
    problem: str
    found: tuple[str, ...]


class Runner:
    """Runs jobs, from several threads at a time, and ends their processes when the user stops the run."""

    def __init__(self, timeout: float) -> None:
        """Find sby and its tools.

        Args:
            timeout: Seconds after which a job is ended, and counts as failed.

        Raises:
            ScError: A tool is missing; the message says how to get it.
        """
        self.timeout = timeout
        self.command, self.environment = sby_tools()
        self.running: set[subprocess.Popen[bytes]] = set()
        self.stopped = False
        self.lock = threading.Lock()

    def run(self, job: Job) -> Result:
        """Run one job and judge it.

        It runs in a folder of its own, on copies of the files that it reads. So a planted bug never touches the
        repository, and the files may be edited while proofs run.

        Args:
            job: The job.
        """
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
    """Return what a run of sby says.

    A proof must pass, and a cover task must reach every cover of the harness. A planted bug must give a counterexample
    to a claim: if only an invariant failed, the claims themselves would not have noticed the bug.

    Args:
        job: The job that ran.
        seconds: How long it took.
        code: Exit code of sby.
        late: Whether it was ended because its time was over.
        log: What it printed.
    """
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


#: Of what passed on the same files before, one in so many is repeated, as the hash of the commit decides.
PROOFS_SHARE, BUGS_SHARE = 2, 4


def _measured() -> tuple[dict[str, tuple[str, str]], dict[tuple[str, str], tuple[str, str]]]:
    """Return what the README's tables say of earlier runs, each with a hash of what was read.

    Returns:
        The seconds by harness; and, by harness and planted bug, the assertions that found the bug.
    """
    rows = [line.strip("| \n").split(" | ") for line in README.read_text().splitlines() if line.startswith("| ")]
    seconds = {row[1].strip("`"): (row[-2], row[-1].strip("`")) for row in rows if row[1:] and row[1].endswith("_fv`")}
    bugs = [row for row in rows if len(row) == 5 and row[0].endswith("_fv`")]
    return seconds, {(row[0].strip("`"), row[1]): (row[3], row[4].strip("`")) for row in bugs}


def _bug_key(proof: Proof, bug: Bug) -> str:
    """Return a hash of all that the hunt for a planted bug reads."""
    return digest(task_key(proof, bug.task), bug.file, bug.old, bug.new)


def _key(proof: Proof) -> str:
    """Return a hash of all that the proofs and covers of a harness read."""
    return digest(*(task_key(proof, task) for task in (*proof.proofs, *proof.of("cover"))))


def _drawn(share: int, *words: str) -> bool:
    """Return whether a lot falls on these words: on one in `share`, and always on the same ones."""
    return int(digest(*words), 16) % share == 0


def _due_proofs(proofs: Iterable[Proof], word: str) -> list[Proof]:
    """Return the harnesses to prove: those that changed since the table was written, and a part of the rest.

    Args:
        proofs: The proofs to choose from.
        word: What decides the part, such as the hash of the commit.
    """
    known, _ = _measured()
    return [p for p in proofs if known.get(p.name, ("", ""))[1] != _key(p) or _drawn(PROOFS_SHARE, word, p.name)]


def _due_bugs(proofs: Iterable[Proof], word: str) -> set[int]:
    """Return the numbers of the planted bugs to hunt; chosen as by `_due_proofs`."""
    _, known = _measured()
    by_name = {proof.name: proof for proof in proofs}
    due = set()
    for number, bug in enumerate(BUGS):
        if bug.proof in by_name:
            _, key = known.get((bug.proof, bug.what), ("", ""))
            if key != _bug_key(by_name[bug.proof], bug) or _drawn(BUGS_SHARE, word, bug.proof, bug.what):
                due.add(number)
    return due


def _tables(proofs: Iterable[Proof], results: Iterable[Result]) -> str:
    """Return the claims and the planted bugs as Markdown.

    Args:
        proofs: Every proof.
        results: What was run now: its times and assertions go into the tables. What was not run keeps what the README
            says of it.
    """
    before, caught_before = _measured()
    seconds: dict[str, float] = {}
    proven: dict[str, int] = {}  # tasks that passed
    caught: dict[int, tuple[str, str]] = {}
    for result in results:
        if result.job.bug:
            names = ", ".join(f"`{name}`" for name in result.found)
            caught[result.job.number] = (names, _bug_key(result.job.proof, result.job.bug))
            continue
        name, task = result.job.proof.name, result.job.task
        proven[name] = proven.get(name, 0) + (not result.problem)
        if task in result.job.proof.proofs:
            seconds[name] = seconds.get(name, 0) + result.seconds
    counted = "assertions `a_`, `i_`, assumptions, covers"
    lines = [
        f"| claim | harness | mode | engine | parameters | depth | {counted} | seconds | hash of what was read |",
        f"|{'---|' * 9}",
    ]
    for proof in proofs:
        tasks = [proof.tasks[task] for task in proof.proofs]
        taken, key = before.get(proof.name, ("", ""))
        if proven.get(proof.name) == len(proof.proofs) + len(proof.of("cover")):
            taken, key = f"{seconds[proof.name]:.1f}", _key(proof)
        cells = [
            f"`{proof.name}`",
            "bounded" if proof.of("bound") else "prove",
            " / ".join(dict.fromkeys(task["engine"] for task in tasks)),
            "<br>".join(dict.fromkeys(task["parameters"] or "none" for task in tasks)),
            " / ".join(dict.fromkeys(task["depth"] for task in tasks)),
            count((FORMAL / f"{proof.name}.v").read_text(encoding="utf-8")),
            taken,
            f"`{key}`",
        ]
        for number, claim in enumerate(proof.claims):
            lines.append(f"| {claim} | " + " | ".join(cells if number == 0 else ['"'] * len(cells)) + " |")
    lines += ["", "| proof | planted bug | file | caught by | hash of what was read |", f"|{'---|' * 5}"]
    for number, bug in enumerate(BUGS):
        named, key = caught.get(number, caught_before.get((bug.proof, bug.what), ("", "")))
        lines.append(f"| `{bug.proof}` | {bug.what} | `{bug.file}` | {named} | `{key}` |")
    return "\n".join(lines)


_MARKS = ("<!-- made by formal/run.py --update -->\n", "\n<!-- end of what formal/run.py made -->")


def _readme(tables: str) -> tuple[str, str]:
    """Return the README as it is, and as it would be with these tables; raises ScError if a mark is not there once."""
    text = README.read_text()
    require(text.count(_MARKS[0]) == text.count(_MARKS[1]) == 1, f"{README.name}: must have {_MARKS[0].strip()} once")
    head, rest = text.split(_MARKS[0])
    return text, head + _MARKS[0] + tables + _MARKS[1] + rest.split(_MARKS[1])[1]


def _without_measured(text: str) -> str:
    """Return the text without the cells that a run measures, which end the rows: seconds, assertions and hashes."""
    text = re.sub(r"\|[^|\n]*\| `\w*` \|$", "| |", text, flags=re.MULTILINE)
    return re.sub(r"\|[^|\n]*\|$", "| |", text, flags=re.MULTILINE)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0 only if everything passed."""
    parser = argparse.ArgumentParser(description="Run every proof, cover and planted bug.")
    parser.add_argument(
        "--only", metavar="NAME", action="append", help="only this proof, sc_apc_fv say; may be repeated"
    )
    parser.add_argument("--all", action="store_true", help="every proof and planted bug, also where nothing changed")
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
    """Run what the options choose, print a line for each job, and return the exit code of `main`.

    Raises:
        ScError: An option is wrong, a rule of `read_proofs` is broken, or a tool is missing.
    """
    proofs = read_proofs()
    names = [proof.name for proof in proofs]
    require(options.jobs >= 1, f"--jobs must be at least 1, got {options.jobs}")
    for name in options.only or []:
        require(name in names, f"no proof {name}; there are {', '.join(names)}")
    chosen = [proof for proof in proofs if not options.only or proof.name in options.only]

    proving = chosen if options.all or options.only else _due_proofs(chosen, commit())
    jobs = [Job(proof, task) for proof in proving for kind in MODES if kind != "hunt" for task in proof.of(kind)]
    by_name = {proof.name: proof for proof in chosen}
    everyone = {number for number, bug in enumerate(BUGS) if bug.proof in by_name}
    due = everyone if options.all or options.only else _due_bugs(chosen, commit())
    jobs += [Job(by_name[bug.proof], bug.task, bug, n) for n, bug in enumerate(BUGS) if n in due]

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
    rest = sum(len(proof.proofs) for proof in chosen if proof not in proving), len(everyone) - len(due)
    if any(rest):
        print(f"{rest[0]} more proofs passed, and {rest[1]} more bugs were killed, when their files were as they are")
    return 1 if bad or (stale and not options.update) or len(results) != len(jobs) else 0


def _report(result: Result) -> None:
    """Print one line on a job; for one that failed, where its log is."""
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
