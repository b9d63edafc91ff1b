"""formal/mutate.py on a toy module, and on a copy of the tree with a weakened proof."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness
import sby_files
from mutation import benches, campaign, equivalence, netlist, page, proofs, replay, results, vacuity
from mutation.syntactic import Mutant, mutants_of, sample
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.formal_tools import sby_tools

ROOT = Path(__file__).resolve().parents[1]

TOY = """\
// A counter that stays at its end.
module sc_toy #(
    parameter TOP = 5
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       i_en,
    output reg  [2:0] o_count,
    output wire       o_end
);
    generate
        if (TOP > 6) begin : g_illegal_top
            ERROR_TOP u_illegal ();
        end
    endgenerate
    wire unused = &{1'b0, i_en};
    assign o_end = o_count == TOP;
    initial o_count = 3'd1;
    always @(posedge clk)
        if (rst) o_count <= 3'd0;
        else if (i_en && !o_end) o_count <= o_count + 3'd1;
endmodule
"""

HARNESS = """\
module sc_toy_fv (input wire clk, input wire rst, input wire i_en);
    wire [2:0] count;
    wire ended;
    sc_toy #(.TOP(5)) u_toy (.clk(clk), .rst(rst), .i_en(i_en), .o_count(count), .o_end(ended));
    reg past_valid = 0;
    always @(posedge clk) past_valid <= 1;
    always @* if (!past_valid) assume (rst);
    always @* assume (i_en || !i_en || rst);
    reg [2:0] due;
    always @(posedge clk) due <= rst ? 3'd0 : i_en && due < 5 ? due + 3'd1 : due;
    always @* if (past_valid) begin
        a_count: assert (count == due);
        a_end:   assert (ended == (due == 5));
        a_empty: assert (ended || !ended);
        i_due:   assert (due <= 5);
        i_idle:  assert (due <= 6);
    end
    always @* c_end: cover (past_valid && ended);
endmodule
"""

SBY = """\
# claim: counts
[tasks]
prove_5 prove
cover_5 cover
hunt_5  hunt

[options]
prove: mode prove
prove: depth 2
cover: mode cover
cover: depth 9
hunt: mode bmc
hunt: depth 9

[engines]
smtbmc yices

[script]
read -formal sc_toy.v sc_toy_fv.v
prep -top sc_toy_fv
hunt: delete c:i_*

[files]
rtl/sc_toy.v
formal/sc_toy_fv.v
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tree with the toy, which all of the tool takes for the project."""
    for name, text in {
        "rtl/sc_toy.v": TOY,
        "formal/sc_toy_fv.v": HARNESS,
        "formal/sc_toy_fv.sby": SBY,
        "formal/README.md": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for module in (campaign, equivalence, proofs, replay, sby_files):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    for module in (campaign, netlist, replay):
        monkeypatch.setattr(module, "WORK", tmp_path / "build")
    monkeypatch.setattr(netlist, "COMMITTED", tmp_path / "netlist.jsonl")
    monkeypatch.setattr(netlist, "LOG", tmp_path / "netlist.log")
    monkeypatch.setattr(vacuity, "FORMAL", tmp_path / "formal")
    monkeypatch.setattr(vacuity, "README", tmp_path / "formal" / "README.md")
    sby_files.file_digest.cache_clear()
    yield tmp_path
    sby_files.file_digest.cache_clear()


def toy_proof(tree: Path) -> dict[str, sby_files.Proof]:
    return {"sc_toy_fv": sby_files.read_proof(tree / "formal" / "sc_toy_fv.sby")}


def toy_results(tree: Path) -> results.Results:
    return results.Results(tree / "mutants.jsonl", tree / "log.jsonl", tree / "equal.jsonl")


def edit(old: str, new: str, text: str = TOY, operator: str = "const") -> Mutant:
    """The mutant that replaces `old`, as whole lines."""
    line = next(line for line in text.splitlines(keepends=True) if old in line)
    return Mutant("rtl/sc_toy.v", operator, line, line.replace(old, new))


# The edits.


def test_every_edit_applies_once_and_changes_the_module(tree: Path) -> None:
    mutants = mutants_of(tree / "rtl" / "sc_toy.v", tree)
    assert {m.operator for m in mutants} >= {
        "const", "operator", "condition", "term", "negate", "delete", "reset", "signal", "stuck", "rotate",
    }  # fmt: skip
    assert len({m.identity for m in mutants}) == len(mutants)
    for mutant in mutants:
        changed = mutant.apply(TOY)
        assert changed != TOY
        line = mutant.line(TOY) - 1
        assert TOY.splitlines()[line] != changed.splitlines()[line]
        # Neither the head, nor checks of parameters, nor what only simulators and people see.
        for line in ("parameter TOP = 5", "TOP > 6", "wire unused", "initial o_count = 3'd1;"):
            assert line in changed


def test_the_edits_are_the_ones_that_the_operators_name(tree: Path) -> None:
    words = {m.operator: m.words() for m in mutants_of(tree / "rtl" / "sc_toy.v", tree)}
    assert words["reset"] == "if (rst) o_count <= 3'd0; → if (rst) o_count <= ~(3'd0);"
    assert words["negate"].endswith("else if (i_en && o_end) o_count <= o_count + 3'd1;")
    assert words["operator"].split(" → ")[1] in (
        "else if (i_en || !o_end) o_count <= o_count + 3'd1;",
        "else if (i_en && !o_end) o_count <= o_count - 3'd1;",
        "assign o_end = o_count != TOP;",
    )


def test_a_mutant_keeps_its_name_when_the_file_grows_elsewhere(tree: Path) -> None:
    path = tree / "rtl" / "sc_toy.v"
    before = {m.identity for m in mutants_of(path, tree)}
    path.write_text(TOY.replace("    wire unused", "    wire more = i_en;\n    // Longer.\n    wire unused"))
    after = {m.identity for m in mutants_of(path, tree) if m.operator != "signal"}
    assert {name for name in before if "-signal-" not in name} <= after


def test_a_sample_is_drawn_by_the_seed_and_a_greater_one_adds(tree: Path) -> None:
    mutants = mutants_of(tree / "rtl" / "sc_toy.v", tree)
    assert sample(mutants, 5, 1) == sample(mutants[::-1], 5, 1) == sample(mutants, 9, 1)[:5]
    assert sample(mutants, 9, 1) != sample(mutants, 9, 2)
    assert len({m.operator for m in sample(mutants, 5, 1)}) == 5


def test_an_edit_whose_lines_are_gone_says_so(tree: Path) -> None:
    with pytest.raises(ScError, match="must occur once"):
        edit("i_en && ", "i_en || ").apply(TOY.replace("i_en && ", ""))


# The proofs.


@pytest.mark.parametrize(
    ("old", "new", "verdict", "what"),
    [
        ("<= 3'd0", "<= 3'd2", "claim", "a_count"),
        ("== TOP", "== 4", "claim", "a_"),
        ("i_en && !o_end", "!o_end && i_en", "passed", ""),
        ("== TOP", "== TOP +", "dead", "syntax error"),
    ],
)
def test_a_mutant_is_tried_on_the_proof(tree: Path, old: str, new: str, verdict: str, what: str) -> None:
    mutant = edit(old, new)
    result = campaign.prove(proofs.Tools(), mutant, mutant.apply(TOY), toy_proof(tree), tree / "run")
    assert result["verdict"] == verdict
    assert what in result["what"]


def test_a_helper_invariant_alone_is_no_kill_by_a_claim(tree: Path) -> None:
    proof = toy_proof(tree)
    weak = HARNESS.replace("due <= 5", "count <= 5").replace("count == due", "count == due || count > 5")
    (tree / "formal" / "sc_toy_fv.v").write_text(weak.replace("ended == (due == 5)", "1'b1"))
    mutant = edit("== TOP", "== 6")
    text = mutant.apply(TOY)
    result = campaign.prove(proofs.Tools(), mutant, text, proof, tree / "run")
    assert (result["verdict"], result["by"]) == ("invariant", "sc_toy_fv prove_5")
    found = campaign.hunt(proofs.Tools(), mutant, text, result, proof, tree / "run")
    assert found["verdict"] == "none"


def test_the_model_is_the_one_that_sby_makes(tmp_path: Path) -> None:
    """The scripts that sby writes for a proof, step by step, are those that run_task gives Yosys at once."""
    proof = sby_files.read_proof(ROOT / "formal" / "sc_counter_fv.sby")
    command, environment = sby_tools()
    for name in (*proof.files, "formal/sc_counter_fv.sby"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    task = proof.of("prove")[0]
    subprocess.run(
        [*command, "-f", "-d", "out", "formal/sc_counter_fv.sby", task], cwd=tmp_path, env=environment, check=True,
        capture_output=True,
    )  # fmt: skip
    wrote = [(tmp_path / "out" / "model" / f"design{part}.ys").read_text() for part in ("", "_prep", "_smt2")]
    passes = re.compile(r"^(?!#|read_rtlil|write_rtlil|write_jny|\s*$)(.*\S)\s*$", re.MULTILINE)
    assert passes.findall("\n".join(wrote)) == passes.findall(proof.tasks[task]["script"] + proofs.MODEL)


# Equivalence.


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("i_en && !o_end", "!o_end && i_en", "equivalent"),
        ("!o_end) o", "o_count != TOP) o", "equivalent"),
        ("o_count == TOP", "o_count >= TOP", "equivalent"),  # from reset only: beyond TOP the two differ
        ("<= 3'd0", "<= 3'd1", "unknown"),
        ("+ 3'd1", "+ 3'd2", "unknown"),
        ("== TOP", "!= TOP", "unknown"),
    ],
)
def test_equal_is_what_nobody_can_tell_apart_after_reset(tree: Path, old: str, new: str, verdict: str) -> None:
    mutant = edit(old, new)
    result = equivalence.compare(proofs.Tools(), mutant, mutant.apply(TOY), tree / "run", tree)
    assert result["verdict"] == verdict, result


# Results.


def test_results_go_on_where_they_stopped(tree: Path) -> None:
    mutant, proof = edit("<= 3'd0", "<= 3'd2"), toy_proof(tree)
    first = toy_results(tree)
    assert campaign.is_due(first.records.get(mutant.identity), "proof", proof)
    first.add(mutant, "proof", campaign.prove(proofs.Tools(), mutant, mutant.apply(TOY), proof, tree / "run"))
    with first.log.open("a") as log:
        log.write('{"id": "half a li')  # a run that was killed
    again = toy_results(tree)
    assert again.records[mutant.identity].verdict == "claim"
    assert not campaign.is_due(again.records[mutant.identity], "proof", proof)
    again.commit([mutant.identity])
    assert toy_results(tree).records[mutant.identity].stages == again.records[mutant.identity].stages


@pytest.mark.parametrize(
    ("name", "old", "new", "fresh"),
    [
        ("rtl/sc_toy.v", "// A counter", "// One counter", True),
        ("formal/sc_toy_fv.v", "due == 5", "due  ==  5", True),
        ("formal/sc_toy_fv.v", "due == 5", "due == 4", False),
        ("rtl/sc_toy.v", "i_en && ", "", False),
        ("formal/sc_toy_fv.sby", "hunt: depth 9", "hunt: depth 8", False),
        ("formal/sc_toy_fv.sby", "cover: depth 9", "cover: depth 8", True),
    ],
)
def test_a_result_is_stale_when_what_it_read_changed(tree: Path, name: str, old: str, new: str, fresh: bool) -> None:
    mutant = edit("<= 3'd0", "<= 3'd2")
    record = results.Record(mutant)
    record.stages["proof"] = campaign.prove(proofs.Tools(), mutant, mutant.apply(TOY), toy_proof(tree), tree / "run")
    assert record.kill["by"] == "sc_toy_fv hunt_5"
    assert campaign.is_fresh(record, toy_proof(tree))
    path = tree / name
    path.write_text(path.read_text().replace(old, new))
    sby_files.file_digest.cache_clear()
    assert campaign.is_fresh(record, toy_proof(tree)) is fresh


def test_an_argued_mutant_is_equivalent_until_a_proof_kills_it(tree: Path) -> None:
    mutant = edit("== TOP", "== 6")
    store = toy_results(tree)
    store.add(mutant, "proof", {"verdict": "passed", "by": "", "what": "", "seconds": 1.0, "key": "x"})
    (tree / "equal.jsonl").write_text(json.dumps({"id": mutant.identity, "why": "said so"}) + "\n")
    record = toy_results(tree).records[mutant.identity]
    assert record.verdict == "equivalent"
    record.stages["proof"]["verdict"] = "claim"
    assert record.verdict == "claim"


# The replay.


def killed(mutant: Mutant, own: float = 1.0, key: str = "old") -> results.Record:
    stage = {"verdict": "claim", "by": "sc_toy_fv hunt_5", "what": "a_count", "seconds": 1, "own": own, "key": key}
    return results.Record(mutant, {"proof": stage})


def test_the_commit_draws_the_sample_and_changed_proofs_come_first(tree: Path) -> None:
    proof = toy_proof(tree)
    key = sby_files.task_key(proof["sc_toy_fv"], "hunt_5")
    mutants = mutants_of(tree / "rtl" / "sc_toy.v", tree)
    records = {m.identity: killed(m, key=key if n % 2 else "old") for n, m in enumerate(mutants)}
    drawn = [r.mutant.identity for r in replay.draw(records, proof, 8, "abc")]
    assert drawn == [r.mutant.identity for r in replay.draw(records, proof, 8, "abc")]
    assert drawn != [r.mutant.identity for r in replay.draw(records, proof, 8, "abd")]
    stale = [name for name in drawn if not campaign.is_fresh(records[name], proof)]
    assert len(stale) >= 4
    assert set(stale[:4]) == set(drawn[:4])
    # Dear kills, and those whose lines are gone, do not take part.
    dear = {m.identity: killed(m, own=replay.MOST + 1) for m in mutants}
    gone = {"x": killed(Mutant("rtl/sc_toy.v", "const", "no such line\n", "none\n"))}
    assert replay.draw({**dear, **gone}, proof, 8, "abc") == []


def test_a_kill_that_survives_is_reported(tree: Path) -> None:
    good, bad = edit("<= 3'd0", "<= 3'd2"), edit("i_en && !o_end", "!o_end && i_en")
    missed = replay.replay([killed(good), killed(bad)], toy_proof(tree), 2)
    assert [record.mutant for record, _ in missed] == [bad]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what formal/mutate.py reads of the project."""
    for name in ("formal", "rtl", "tools", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "plots"))
    return tmp_path


def mutate(folder: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "formal/mutate.py", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "model")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A background job's children ignore SIGINT, which would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def test_a_deleted_assertion_makes_the_replay_of_the_project_red(project: Path) -> None:
    """As CI runs it: green as it is, red without the claim of sc_lane's proof."""
    words = ("replay", "--sample", "4", "--module", "sc_lane", "--commit", "x")
    process = mutate(project, *words)
    out, err = process.communicate()
    assert (process.returncode, out) == (0, "mutants 4 of 4 killed again\n"), err
    path = project / "formal" / "sc_lane_fv.v"
    text = path.read_text()
    assert text.count("a_sum: assert (sum == due);") == 1
    path.write_text(text.replace("a_sum: assert (sum == due);", ";"))
    process = mutate(project, *words)
    out, _ = process.communicate()
    assert process.returncode == 1
    assert re.search(r"rtl/sc_lane.v:\d+: sc_lane-\S+ survives sc_lane_fv ", out)


def test_a_campaign_stops_at_once_and_goes_on(project: Path) -> None:
    (project / "formal" / "mutants.jsonl").unlink()
    # So many, of a second each, that the signal comes before the last.
    words = ("run", "--stage", "proof", "--module", "sc_axi_regs", "--jobs", "1")
    process = mutate(project, *words)
    assert process.stderr is not None
    first = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "the same command goes on" in err
    log = project / "build" / "mutation" / "results.jsonl"
    done = len(log.read_text().splitlines())
    (total,) = map(int, re.findall(r"^proof 1 of (\d+), ", first))
    assert 1 <= done < total
    process = mutate(project, *words, "--limit", "2", "--json")
    out, err = process.communicate()
    assert "proof 1 of 2, " in err
    answer = json.loads(out)
    assert answer["due"]["proof"] == total - done - 2
    assert sum(answer["verdicts"].values()) == done + 2


# Vacuity.


def test_what_says_nothing_is_found(tree: Path) -> None:
    seen = vacuity.look(proofs.Tools(), toy_proof(tree)["sc_toy_fv"], {}, tree / "run")
    assert list(seen["assertions"]) == ["a_count", "a_end", "a_empty", "i_due", "i_idle"]
    assert seen["assertions"]["a_count"] == seen["assertions"]["a_end"] == "free outputs, prove_5"
    assert seen["assumptions"]["1: rst"] == "prove_5"
    # The reference alone keeps due within 5, which the induction needs: no module can break it, nor a_empty.
    assert seen["assertions"]["i_due"] == "a lemma of the reference that is needed by prove_5"
    assert vacuity.problems(seen) == [
        "sc_toy_fv: a_empty fails on no design",
        "sc_toy_fv: i_idle fails on no design, and no proof needs it",
        "sc_toy_fv: assumption 2: i_en || !i_en || rst is not needed",
    ]


def test_only_an_invariant_that_no_proof_needs_may_stay() -> None:
    look = {"proof": "p", "assertions": {"i_x": "", "a_x": ""}, "assumptions": {"1: y": ""}}
    assert [vacuity.is_idle(line) for line in vacuity.problems(look)] == [True, False, False]


def test_a_mutant_that_breaks_an_assertion_is_evidence(tree: Path) -> None:
    record = killed(edit("<= 3'd0", "<= 3'd2"))
    record.stages["proof"]["what"] = "a_empty"
    seen = vacuity.look(proofs.Tools(), toy_proof(tree)["sc_toy_fv"], {"x": record}, tree / "run")
    assert seen["assertions"]["a_empty"] == record.mutant.identity


def test_a_harness_is_counted_without_what_narrows_its_hunts() -> None:
    text = HARNESS.replace("endmodule", "`ifdef NARROW\n    always @* assume (!rst);\n`endif\nendmodule")
    assert harness.count(text) == "3, 2, 2, 1"
    assert [a.text for a in harness.assumptions(text)] == ["rst", "i_en || !i_en || rst"]
    with pytest.raises(ScError, match="1 assertions without a name"):
        harness.assertions(text.replace("a_empty: ", ""))
    with pytest.raises(ScError, match="must begin with a_ or i_"):
        harness.assertions(text.replace("a_empty: ", "empty: "))


# What is committed.


def test_every_module_has_a_bench_that_exists() -> None:
    modules = [name for names in benches.BENCHES.values() for name in names]
    assert sorted(modules) == sorted(path.stem for path in (ROOT / "rtl").glob("*.v"))
    for name, of in benches.BENCHES.items():
        assert (ROOT / "tb" / f"{name}.py").is_file()
        assert all(benches.bench_of(module) == name for module in of)


def test_what_is_gone_or_new_is_named(tree: Path) -> None:
    look = {"sc_toy_fv": {"assertions": {"a_count": "x", "a_end": "x"}, "assumptions": {"1: rst": "x"}}}
    less = {"sc_toy_fv": {"assertions": {"a_count": "x"}, "assumptions": {"1: rst": "x", "2: y": "x"}}}
    assert vacuity.differences(look, look) == []
    assert vacuity.differences(look, less) == [
        "sc_toy_fv a_end is in formal/vacuity.jsonl, but not in its harness",
        "sc_toy_fv 2: y is not in formal/vacuity.jsonl",
        "accept this by python formal/mutate.py vacuity --update",
    ]


def test_netlist_mutants_are_drawn_by_seed_tested_and_not_tested_again(tree: Path) -> None:
    tools, known = proofs.Tools(), toy_proof(tree)
    drawn = netlist.draw(tools, "sc_toy", known, 8, 1)
    assert drawn == netlist.draw(tools, "sc_toy", known, 8, 1)
    assert len({mutant.identity for mutant in drawn}) == 8
    assert drawn != netlist.draw(tools, "sc_toy", known, 8, 2)
    assert netlist.draw(tools, "sc_other", known, 8, 1) == []
    assert netlist.run(["sc_toy"], known, 8, 1, 2)
    found = netlist.read(netlist.LOG)
    assert sorted(found) == sorted(mutant.identity for mutant in drawn)
    assert all(netlist.is_fresh(outcome, known) for outcome in found.values())
    assert any(outcome.verdict == "claim" for outcome in found.values())
    size = netlist.LOG.stat().st_size
    assert netlist.run(["sc_toy"], known, 8, 1, 2)
    assert netlist.LOG.stat().st_size == size
    netlist.commit(found.values())
    assert netlist.read() == found


@pytest.mark.parametrize(
    ("cell", "port", "bit", "mode", "verdict"),
    [
        ("$eq", "Y", 0, "inv", "claim"),
        ("$add", "Y", 0, "const1", "claim"),
        ("$eq", "A", 1, "const0", "equivalent"),  # differs at 7 only, which is never reached
        ("$eq", "A", 99, "const0", "dead"),  # Yosys refuses it
    ],
)
def test_a_netlist_mutant_is_killed_or_shown_to_be_equivalent(
    tree: Path, tmp_path: Path, cell: str, port: str, bit: int, mode: str, verdict: str
) -> None:
    tools, known = proofs.Tools(), toy_proof(tree)
    # Some mutant of the cell is drawn sooner or later, so that the names are Yosys' own.
    drawn = next(m for m in netlist.draw(tools, "sc_toy", known, 400, 1) if f"-cell {cell}$" in m.command)
    begin = re.search(r"-module \S+ -cell \S+", drawn.command)[0]
    command = f"mutate -mode {mode} {begin} -port {port} -portbit {bit}"
    mutant = netlist.NetlistMutant("sc_toy", "sc_toy_fv", "prove_5", command, drawn.where)
    assert netlist.test(tools, mutant, known, tmp_path / "one").verdict == verdict


def test_the_page_counts_netlist_mutants_and_lists_what_survives(tree: Path, monkeypatch) -> None:
    monkeypatch.setattr(page, "ROOT", tree)
    known = toy_proof(tree)
    mutant = netlist.NetlistMutant(
        "sc_toy",
        "sc_toy_fv",
        "prove_5",
        "mutate -mode inv -module sc_toy -cell $eq$a.v:1$7 -port A -portbit 2",
        "line 1",
    )
    key = sby_files.task_key(known["sc_toy_fv"], "prove_5")
    cells = {mutant.identity: netlist.Outcome(mutant, "survived", "", 1.0, key)}
    text = page.page({}, cells, known, 3.0, 9)
    assert "| `sc_toy` | 1 | 0 | 0 | 0 | 0 | 1 | 0 | 0.0 % |" in text
    assert "1 of 1 were measured on the files" in text
    assert "| `sc_toy` | sc_toy_fv prove_5 | line 1 | `$eq$a.v:1 A[2] inverted` | survived |" in text


def test_the_page_lists_survivors_with_their_lines_and_counts_the_rest(tree: Path, monkeypatch) -> None:
    monkeypatch.setattr(page, "ROOT", tree)
    kill, alive = edit("<= 3'd0", "<= 3'd2"), edit("== TOP", "== 6")
    passed = {"verdict": "passed", "by": "", "what": "", "seconds": 1, "key": "old"}
    bench = {"verdict": "passed", "by": "test_toy", "what": "", "seconds": 1, "key": "old"}
    monkeypatch.setattr(page, "is_fresh", lambda record, proofs: record.mutant == kill)
    records = {m.identity: r for m, r in [(kill, killed(kill)), (alive, results.Record(alive, {"proof": passed}))]}
    text = page.page(records, {}, toy_proof(tree), 3.0, 9)
    assert "the seed 1 draws 9 mutants" in text
    assert "| `sc_toy` | 2 | 0 | 0 | 1 | 0 | 0 | 0 | 1 | ≥ 50.0 % | ≥ 50.0 % |" in text
    assert "1 results are of the proofs and the RTL\nas they are; 1 are of an earlier text" in text
    records[alive.identity].stages["bench"] = bench
    text = page.page(records, {}, toy_proof(tree), 3.0, 9)
    assert "| `sc_toy` | 2 | 0 | 0 | 1 | 0 | 0 | 1 | 0 | 50.0 % | 50.0 % |" in text
    edited = "`assign o_end = o_count == TOP; → assign o_end = o_count == 6;`"
    assert f"| `{alive.identity}` | {alive.line(TOY)} | {edited} | not yet | passed |" in text
