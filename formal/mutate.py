"""Mutants of the RTL, and checks that no proof is empty: `python formal/mutate.py --help`, or `make mutate`.

run       go on with the campaign: proofs, then a search for claims, equivalence, benches (hours for all)
netlist   go on with the mutants of netlists
table     commit what was found (formal/*.jsonl) and write docs/mutation.md; --check: is the page up to date?
replay    repeat a sample of the committed kills, chosen by the commit's hash: none may survive
vacuity   every assertion fails on some design, every assumption is needed; --update to commit what was seen
show      the edits of mutants, as patches
"""

import argparse
import difflib
import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))

from checkout import commit
from mutation import netlist, vacuity
from mutation.campaign import COUNT, SEED, choose, is_due, is_fresh, run_stage
from mutation.page import PAGE, page
from mutation.proofs import Tools
from mutation.replay import MOST, draw, replay
from mutation.results import STAGES, WORK, Results
from sby_files import ROOT, Proof, proof_key, read_proofs
from sc_neurocore.errors import ScError, require

__all__ = ["main"]

#: How many mutants go through the stages together.
ROUND = 100


def _check_modules(names: list[str]) -> None:
    """Raise ScError for a name that is no module of rtl/."""
    known = {path.stem for path in (ROOT / "rtl").glob("*.v")}
    for name in names:
        require(name in known, f"--module must be a module of rtl/, got {name}")


def _run(options: argparse.Namespace, proofs: dict[str, Proof]) -> int:
    """Go on with the campaign; 130 if it was stopped. Every result is kept at once, so nothing is lost then.

    As the functions of the other commands below, it takes the options of the command line and all proofs by name, and
    returns the exit code.
    """
    _check_modules(options.module)
    results = Results()
    chosen = choose(options.seed, options.count, options.module)
    # A few of every module at a time, so that the table is even wherever the run is stopped, and only those that have
    # something to run, so that all jobs stay busy. What decides little or is dear comes last: which kills are by a
    # claim, the benches, and comparing what only a bench looks at.
    early = ("proof", "equivalence")
    first = [m for m in chosen if any(is_due(results.records.get(m.identity), stage, proofs) for stage in early)]
    rounds = [(first[k : k + ROUND], early) for k in range(0, len(first), ROUND)]
    left = options.limit
    for mutants, stages in [*rounds, (chosen, ("hunt", "bench", "equivalence"))]:
        for stage in stages:
            if options.stage and stage not in options.stage:
                continue
            todo = [m for m in mutants if is_due(results.records.get(m.identity), stage, proofs)][:left]
            left = None if left is None else left - len(todo)
            if todo and not run_stage(stage, todo, results, proofs, options.jobs):
                print("stopped; the same command goes on", file=sys.stderr)
                return 130
    records = [results.records[m.identity] for m in chosen if m.identity in results.records]
    counts = dict(sorted(Counter(record.verdict for record in records).items()))
    due = {stage: sum(is_due(results.records.get(m.identity), stage, proofs) for m in chosen) for stage in STAGES}
    if options.json:
        print(json.dumps({"mutants": len(chosen), "verdicts": counts, "due": due}))
    else:
        print(f"{len(chosen)} mutants: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
        print("still to run: " + (", ".join(f"{stage} {count}" for stage, count in due.items() if count) or "nothing"))
    return 0


def _netlist(options: argparse.Namespace, proofs: dict[str, Proof]) -> int:
    """Go on with the mutants of netlists: edits of cells after synthesis, which no edit of the text can make."""
    _check_modules(options.module)
    names = options.module or sorted(path.stem for path in (ROOT / "rtl").glob("*.v"))
    if not netlist.run(names, proofs, options.count, options.seed, options.jobs):
        print("stopped; the same command goes on", file=sys.stderr)
        return 130
    found = netlist.read(netlist.COMMITTED, netlist.LOG).values()
    fresh = [o for o in found if o.mutant.module in names and netlist.is_fresh(o, proofs)]
    counts = dict(sorted(Counter(outcome.verdict for outcome in fresh).items()))
    if options.json:
        print(json.dumps({"mutants": len(fresh), "verdicts": counts}))
    else:
        print(f"{len(fresh)} netlist mutants: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
    return 0


def _table(options: argparse.Namespace, proofs: dict[str, Proof]) -> int:
    """Commit what was found and write docs/mutation.md; with --check, fail if the page is not what the results say."""
    if options.check:
        results = Results(log=WORK / "none")
        now = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        wrong = [r for r in results.records.values() if r.argued and r.kill]
        for record in wrong:
            name, by = record.mutant.identity, record.kill["by"]
            print(f"formal/equal.jsonl: {name} is said to be equivalent, but {by} kills it")
        if now != page(results.records, netlist.read(), proofs, MOST, len(choose(SEED, COUNT))):
            print("docs/mutation.md is not what formal/mutants.jsonl says: python formal/mutate.py table")
            return 1
        return 1 if wrong else 0
    results = Results()
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "rtl").glob("*.v")}
    keep = [
        name
        for name, record in results.records.items()
        if "proof" in record.stages and record.mutant.applies(texts.get(record.mutant.file, ""))
    ]
    results.commit(keep)
    results = Results(log=WORK / "none")
    # Cells have no names that outlive a change, so only what was measured on the files as they are is kept.
    cells = netlist.read(netlist.COMMITTED, netlist.LOG).values()
    netlist.commit(outcome for outcome in cells if netlist.is_fresh(outcome, proofs))
    text = page(results.records, netlist.read(), proofs, MOST, len(choose(SEED, COUNT)))
    PAGE.write_text(text, encoding="utf-8")
    fresh = sum(is_fresh(record, proofs) for record in results.records.values())
    print(f"{len(keep)} mutants, {fresh} of them measured on the files as they are; {len(netlist.read())} of netlists")
    return 0


def _replay(options: argparse.Namespace, proofs: dict[str, Proof]) -> int:
    """Repeat a sample of the committed kills. One that is not noticed any more means that a proof became weaker."""
    records = Results(log=WORK / "none").records
    if options.module:
        records = {k: r for k, r in records.items() if r.mutant.module in options.module}
    sample = draw(records, proofs, options.sample, options.commit or commit())
    require(
        len(sample) == options.sample or options.module,
        f"replay: only {len(sample)} committed kills still apply, {options.sample} are wanted: "
        "go on with the campaign (formal/mutate.py run) and commit it (formal/mutate.py table)",
    )
    missed = replay(sample, proofs, options.jobs)
    for record, what in missed:
        text = (ROOT / record.mutant.file).read_text(encoding="utf-8")
        print(
            f"{record.mutant.file}:{record.mutant.line(text)}: {record.mutant.identity} survives {record.kill['by']} "
            f"({what}), which found {record.kill['what']}: {record.mutant.words()}"
        )
    if options.json:
        print(json.dumps({"sample": len(sample), "survived": [r.mutant.identity for r, _ in missed]}))
    else:
        print(f"mutants {len(sample) - len(missed)} of {len(sample)} killed again")
    return 1 if missed else 0


def _vacuity(options: argparse.Namespace, proofs: dict[str, Proof]) -> int:
    """Look for assertions that cannot fail and assumptions that nothing needs; 1 if there is one that is not known.

    Such an assertion proves nothing, and such an assumption only hides behaviour. What is known stands in
    formal/vacuity.jsonl.
    """
    for name in options.only:
        require(name in proofs, f"no proof {name}; there are {', '.join(proofs)}")
    chosen = options.only or list(proofs)
    before = vacuity.read()
    records = Results(log=WORK / "none").records
    tools, seen = Tools(), {}
    for name in chosen:
        old = before.get(name)
        same = old is not None and old["key"] == proof_key(proofs[name])
        # What says nothing is looked at again where the answer is to be committed: a new mutant may break it.
        if old and same and not options.again and not (options.update and vacuity.problems(old)):
            seen[name] = old
            continue
        start = time.monotonic()
        seen[name] = vacuity.look(tools, proofs[name], records, WORK / "vacuity" / name, old)
        print(f"vacuity {name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        if options.update:
            vacuity.write({k: v for k, v in {**vacuity.read(), **seen}.items() if k in proofs})
    wrong = [line for look in seen.values() for line in vacuity.problems(look)]
    if options.update:
        known = [line for line in wrong if vacuity.is_idle(line)]
    else:
        accepted = {line for look in before.values() for line in vacuity.problems(look)}
        known = [line for line in wrong if line in accepted]
    wrong = [line for line in wrong if line not in known]
    if not options.update and not options.only:
        wrong += vacuity.differences(before, seen)
    for line in known:
        print(f"known: {line}")
    for line in wrong:
        print(line)
    total = sum(len(look["assertions"]) for look in seen.values())
    assumed = sum(len(look["assumptions"]) for look in seen.values())
    if options.json:
        print(json.dumps({"assertions": total, "assumptions": assumed, "problems": wrong, "known": known}))
    else:
        print(
            f"{total} assertions and {assumed} assumptions of {len(seen)} proofs: {len(wrong)} problems, "
            f"{len(known)} more are known"
        )
    return 1 if wrong else 0


def _show(options: argparse.Namespace, _: dict[str, Proof]) -> int:
    """Print the edit of each named mutant as a patch, and below it what each stage said."""
    records = Results().records
    for name in options.mutant:
        require(name in records, f"no mutant {name} was tried")
        mutant = records[name].mutant
        text = (ROOT / mutant.file).read_text(encoding="utf-8")
        lines = [value.splitlines(keepends=True) for value in (text, mutant.apply(text))]
        print("".join(difflib.unified_diff(*lines, f"a/{mutant.file}", f"b/{mutant.file}")), end="")
        for stage, result in records[name].stages.items():
            print(f"# {stage}: " + " ".join(filter(None, (result["verdict"], result["by"], result["what"]))))
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0 only if everything is as it must be."""
    parser = argparse.ArgumentParser(description="Mutants of the RTL, and checks that no proof is empty.")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print the summary as JSON")
    common.add_argument("--jobs", type=int, default=2, metavar="N", help="mutants at a time (default 2)")

    run = commands.add_parser("run", parents=[common], help="go on with the campaign")
    run.add_argument("--module", action="append", default=[], metavar="NAME", help="only this module; may be repeated")
    run.add_argument("--stage", action="append", choices=STAGES, help="only this stage; may be repeated")
    run.add_argument("--count", type=int, default=COUNT, metavar="N", help=f"mutants a module (default {COUNT})")
    run.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"draws them (default {SEED})")
    run.add_argument("--limit", type=int, metavar="N", help="stop after N results")
    run.set_defaults(work=_run)

    cells = commands.add_parser("netlist", parents=[common], help="go on with the mutants of netlists")
    cells.add_argument("--module", action="append", default=[], metavar="NAME", help="only this module")
    cells.add_argument(
        "--count", type=int, default=netlist.COUNT, metavar="N", help=f"mutants a module (default {netlist.COUNT})"
    )
    cells.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"draws them (default {SEED})")
    cells.set_defaults(work=_netlist)

    table = commands.add_parser("table", help="commit what was found, write docs/mutation.md")
    table.add_argument("--check", action="store_true", help="write nothing; fail if the page is not up to date")
    table.set_defaults(work=_table, jobs=1)

    again = commands.add_parser("replay", parents=[common], help="repeat a sample of the committed kills")
    again.add_argument("--sample", type=int, default=60, metavar="N", help="how many (default 60)")
    again.add_argument("--module", action="append", default=[], metavar="NAME", help="only of this module")
    again.add_argument("--commit", default="", metavar="HASH", help="draw for this commit, not for the present one")
    again.set_defaults(work=_replay)

    empty = commands.add_parser("vacuity", parents=[common], help="does every assertion and assumption say something?")
    empty.add_argument("--only", action="append", default=[], metavar="NAME", help="only this proof, sc_apc_fv say")
    empty.add_argument("--update", action="store_true", help="commit what was seen to formal/vacuity.jsonl")
    empty.add_argument("--again", action="store_true", help="look again at proofs that did not change")
    empty.set_defaults(work=_vacuity)

    show = commands.add_parser("show", help="the edits of mutants, as patches")
    show.add_argument("mutant", nargs="+", metavar="MUTANT", help="its name")
    show.set_defaults(work=_show, jobs=1)

    options = parser.parse_args(argv)
    try:
        require(options.jobs >= 1, f"--jobs must be at least 1, got {options.jobs}")
        for name in ("count", "limit", "sample"):
            value = getattr(options, name, None)
            require(value is None or value >= 1, f"--{name} must be at least 1, got {value}")
        return int(options.work(options, {proof.name: proof for proof in read_proofs()}))
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
