"""Writes docs/mutation.md from the committed results."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from checkout import digest, verilog_code
from sby_files import ROOT, Proof

from .campaign import COUNT, SEED, is_fresh
from .netlist import Outcome
from .netlist import is_fresh as is_current
from .results import Record
from .syntactic import OPERATORS

__all__ = ["PAGE", "page"]

PAGE = ROOT / "docs" / "mutation.md"

_HEAD = """\
# Mutants: what the verification notices

This page is written by `formal/mutate.py table`; `make lint` fails where it does not say what
[formal/mutants.jsonl](../formal/mutants.jsonl) and [formal/netlist.jsonl](../formal/netlist.jsonl) hold.

A mutant is one small edit of one module of rtl/. A verification that is worth its name notices it. Each goes through
these stages until one of them settles it:

1. **Elaboration**: Yosys must take it, at the parameters of the proofs. One that it does not take is dead and does not
   count.
2. **Proofs**: every proof that reads the file, the module's own first. The mutant is killed *by a claim* if an
   assertion `a_...` fails from reset, by a counterexample; it is killed *by the proof only* if the proof does not go
   through, but no claim was seen to fail: a helper invariant `i_...` fails, or the induction does.
3. **Equivalence**: one that passes all proofs is compared with the module: outputs and next state as functions, else by
   induction from reset, at the default parameters and at every set that the lint uses. What is shown equal does not
   count. What cannot be decided does, unless formal/equal.jsonl says in words why it is equal.
4. **Bench**: what is left, and what no proof reads, is run on the module's own file of tb/. Warnings of Verilator are
   errors there, so a mutant may be refused before it runs: that counts as noticed by the bench, unless
   formal/equal.jsonl says why the edit changes nothing that the module does.

    make mutate                                            # go on with the campaign, from what is committed
    python formal/mutate.py run --module sc_lane           # one module; --limit N, --jobs N, --stage NAME
    python formal/mutate.py netlist                        # go on with the mutants of netlists, below
    python formal/mutate.py table                          # commit what was found, and write this page
    python formal/mutate.py replay                         # 60 committed, killed mutants, as CI runs it

`run` can be stopped at any time and goes on where it stopped. Results are kept with a hash of what they were measured
on, without comments and spaces: a kill is repeated if its task, its harness or a file that the task reads changed; a
survivor if any proof of its file did; a mutant disappears with the lines that it edits. Limits are in seconds of
processor time.

CI replays 60 of the committed kills, each by the task that made it. Which ones, the hash of the commit decides; up to
half are kills by proofs that have changed since they were measured. One that is not noticed any more makes CI red: the
proof has become weaker. Only kills of {most:g} seconds of processor time or less take part, {share}; the others are
repeated by the campaign only.

"""


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _row(name: str, records: Iterable[Record]) -> str:
    """A row of the table for some records."""
    count: Counter[str] = Counter()
    for record in records:
        tried = record.verdict != "survived" or "bench" in record.stages
        count[record.verdict if tried else "undecided"] += 1
    total = sum(count.values())
    alive = total - count["dead"] - count["equivalent"]
    proven = count["claim"] + count["invariant"]
    cells = [name, total, *(count[word] for word in _COLUMNS)]
    least = "≥ " if count["undecided"] and alive else ""
    cells += [least + _percent(proven, alive), least + _percent(proven + count["killed"], alive)]
    return "| " + " | ".join(map(str, cells)) + " |\n"


#: Verdict → head of its column.
_COLUMNS = {
    "dead": "dead",
    "equivalent": "equivalent",
    "claim": "killed by a claim",
    "invariant": "by the proof only",
    "killed": "by the bench",
    "survived": "survived",
    "undecided": "not finished",
}


def _head(*titles: str) -> str:
    return f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}\n"


def page(
    records: Mapping[str, Record], cells: Mapping[str, Outcome], proofs: Mapping[str, Proof], most: float, drawn: int
) -> str:
    """The whole page for the committed records and netlist mutants.

    most: seconds of a kill that is replayed; drawn: mutants in all.
    """
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "rtl").glob("*.v"))}
    rows = [r for r in records.values() if r.mutant.applies(texts.get(r.mutant.module, ""))]
    lines = {r.mutant.identity: r.mutant.line(texts[r.mutant.module]) for r in rows}
    rows.sort(key=lambda r: (r.mutant.module, lines[r.mutant.identity], r.mutant.identity))
    proven = {name for proof in proofs.values() for name in proof.files}
    without = [name for name in texts if f"rtl/{name}.v" not in proven]
    fresh = sum(is_fresh(record, proofs) for record in rows)
    kills = [float(record.kill["own"]) for record in rows if record.kill]
    cheap = sum(seconds <= most for seconds in kills)
    rtl = digest(*(verilog_code(text) for text in texts.values()))
    table = _head("module", "mutants", *_COLUMNS.values(), "by proof", "by proof or bench")
    out = [
        _HEAD.format(most=most, share=f"{cheap} of {len(kills)}"),
        f"Measured on the RTL whose code has the hash `{rtl}`: {len(rows)} mutants of {len(texts)} modules, drawn\n"
        f"evenly over the modules and, within each, over the operators. {fresh} results are of the proofs and the RTL\n"
        f"as they are; {len(rows) - fresh} are of an earlier text and wait to be measured again.\n\n"
        f"The campaign goes on: the seed {SEED} draws {drawn} mutants, {COUNT} a module at most.\n\n"
        "*By proof* and *by proof or bench* are shares of the mutants that are neither dead nor equivalent. Those\n"
        "that did not go through all stages count as not killed, so the share is at least what is said.\n\n",
        table,
        *(_row(f"`{name}`", (r for r in rows if r.mutant.module == name)) for name in texts),
        _row("all", rows),
        _row("all with a proof", (r for r in rows if r.mutant.file in proven)),
        _row("all without", (r for r in rows if r.mutant.file not in proven)),
        f"\nNo proof reads {', '.join(f'`{name}`' for name in without)}.\n" if without else "",
        *_netlists(list(cells.values()), proofs),
        "\n## Operators\n\nOf the modules with a proof, without the dead and the equivalent.\n\n",
        _head("operator", "the edit", "mutants", "by proof"),
    ]
    for operator, words in OPERATORS.items():
        own = [r for r in rows if r.mutant.operator == operator and r.mutant.file in proven]
        own = [r for r in own if r.verdict not in ("dead", "equivalent")]
        share = _percent(sum(r.verdict in ("claim", "invariant") for r in own), len(own))
        out.append(f"| {operator} | {_cell(words)} | {len(own)} | {share} |\n")
    out.append("\n## Killed by no proof\n\nOf the modules with a proof, and not shown to be equivalent.\n\n")
    out.append(_head("mutant", "line", "edit", "compared with the module", "bench"))
    for r in rows:
        if r.mutant.file in proven and r.verdict in ("survived", "killed", "undecided"):
            compared = r.stages.get("equivalence", {}).get("what", "not yet")
            bench = r.word("bench") or "not run"
            if r.verdict == "undecided":
                bench += f"; not decided: {r.stages['proof']['what']}"
            name, edit = r.mutant.identity, _cell(r.mutant.words())
            out.append(f"| `{name}` | {lines[name]} | `{edit}` | {compared} | {bench} |\n")
    out.append("\n## Passed by the bench of a module without a proof\n\n")
    out.append(_head("mutant", "line", "edit", "compared with the module"))
    for r in rows:
        if r.mutant.file not in proven and r.verdict == "survived" and r.word("bench") == "passed":
            compared = r.stages.get("equivalence", {}).get("what", "not yet")
            name, edit = r.mutant.identity, _cell(r.mutant.words())
            out.append(f"| `{name}` | {lines[name]} | `{edit}` | {compared} |\n")
    out.append("\n## Equivalent by an argument\n\n")
    out.append(_head("mutant", "line", "edit", "why"))
    for r in rows:
        if r.argued and r.verdict == "equivalent":
            name = r.mutant.identity
            out.append(f"| `{name}` | {lines[name]} | `{_cell(r.mutant.words())}` | {_cell(r.argued)} |\n")
    return "".join(out)


_NETLIST = """
## Netlists

A second kind of mutant, drawn by Yosys (`mutate -list`) from the netlist of a module as its own proof has it: one bit
of one cell is inverted, always or where another bit says so, or stuck at 0 or 1. A mutant belongs to the parameters of
one task, which is the only proof that is tried; no bench is. {fresh} of {all} were measured on the files as they are.

"""


def _netlists(cells: Sequence[Outcome], proofs: Mapping[str, Proof]) -> list[str]:
    columns = ("dead", "equivalent", "claim", "invariant", "survived", "undecided")
    fresh = sum(is_current(outcome, proofs) for outcome in cells)
    out = [_NETLIST.format(fresh=fresh, all=len(cells))]
    out.append(_head("module", "mutants", *(_COLUMNS[word] for word in columns), "by proof"))
    by_module: dict[str, list[Outcome]] = {}
    for outcome in cells:
        by_module.setdefault(outcome.mutant.module, []).append(outcome)
    for name, own in [*((f"`{name}`", by_module[name]) for name in sorted(by_module)), ("all", cells)]:
        count = Counter(outcome.verdict for outcome in own)
        alive = len(own) - count["dead"] - count["equivalent"]
        share = _percent(count["claim"] + count["invariant"], alive)
        out.append(f"| {' | '.join(map(str, [name, len(own), *(count[word] for word in columns), share]))} |\n")
    out.append("\nNot killed, and not shown to be equivalent:\n\n")
    out.append(_head("module", "task", "where", "edit", "verdict"))
    for outcome in sorted(cells, key=lambda o: o.mutant.identity):
        if outcome.verdict in ("survived", "undecided"):
            m = outcome.mutant
            said = f"{outcome.verdict} {outcome.what}".strip()
            out.append(f"| `{m.module}` | {m.proof} {m.task} | {m.where} | `{_cell(m.words())}` | {said} |\n")
    return out


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
