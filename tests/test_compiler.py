"""Neurons from equations: what text means, the integers that it becomes, and what is refused."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.cli import main
from sc_neurocore.compiler import NeuronModel, analysis, compile_equations, compile_neuron
from sc_neurocore.compiler.command import load_model
from sc_neurocore.compiler.errors import (
    DeadZoneWarning,
    EquationError,
    EquationSyntaxError,
    UnboundedError,
    UnitError,
    UnknownNameError,
)
from sc_neurocore.compiler.neurons import NEURONS, SWEEPS
from sc_neurocore.compiler.proof import bugs, harness_text, proof_tasks, prove, script_text
from sc_neurocore.compiler.texts import model_text
from sc_neurocore.errors import ScError

LIF = NEURONS["lif"]


def changed(name: str = "lif", **fields: Any) -> Any:
    return compile_neuron(NEURONS[name], **fields)


# What the integers are.


def test_one_step_of_the_lif_by_hand() -> None:
    """v += (v_rest − v + R·I)/20, in 1/256 mV, rounded half up: −65 mV and 3 nA give −63.5 mV."""
    neuron = compile_neuron(LIF)
    state, spike = neuron.step(neuron.initial(), {"I": neuron.encode("I", 3.0)})
    assert neuron.decode("v", state.codes["v"]) == -63.5
    assert not spike


def test_units_are_exact() -> None:
    """The same neuron in other units of the same size is the same program."""
    other = changed(parameters={"v_rest": "-0.065*volt", "R": "0.01*Gohm", "tau": "2/100*second"}, dt="1e-3*s")
    assert other.program.definitions == compile_neuron(LIF).program.definitions


def test_the_way_an_expression_is_written_does_not_matter() -> None:
    texts = ["(I - v)/10", "I*0.1 - v/10", "x*0.1\nx = I - v", "-(v - I)/(2*5)"]
    programs = [compile_equations(f"dv/dt = {t}").program.definitions for t in texts]
    assert all(p == programs[0] for p in programs)


@pytest.mark.parametrize("name", NEURONS)
def test_the_generated_model_is_the_vectorised_one(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    neuron = compile_neuron(NEURONS[name])
    program = neuron.program
    (tmp_path / f"made_{name}.py").write_text(model_text(program, neuron.top))
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module(f"made_{name}")
    draw = random.Random(1)
    codes = [
        {v.name: draw.choice([v.low, v.high, draw.randint(v.low, v.high)]) for v in (*program.states, *program.inputs)}
        | {"left": draw.randint(0, program.refractory)}
        for _ in range(300)
    ]
    of = {k: np.array([c[k] for c in codes]) for k in codes[0]}
    state = type(neuron.initial())({v.name: of[v.name] for v in program.states}, of["left"])
    after, spike = neuron.step(state, {v.name: of[v.name] for v in program.inputs})
    for k, c in enumerate(codes):
        wanted, fires = module.step(c, c)
        assert {n: int(a[k]) for n, a in after.codes.items()} | {"left": int(after.left[k])} == wanted, c
        assert int(spike[k]) == fires
    assert spike.any()
    assert not spike.all()


@pytest.mark.parametrize("name", NEURONS)
def test_fixed_point_follows_float64_steps(name: str) -> None:
    """Spike counts of a sweep differ by at most one from float64 Euler steps of the same equations."""
    neuron = compile_neuron(NEURONS[name])
    low, high, steps = SWEEPS[name]
    codes = {"I": neuron.encode("I", np.linspace(low, high, 5))}
    fixed = neuron.run(codes, steps // 2, (5,)).spikes.sum(axis=0)
    wanted = analysis.euler(neuron, codes, steps // 2, (5,))[0].sum(axis=0)
    assert np.abs(fixed - wanted).max() <= 1
    assert wanted.max() > 10


def test_the_exact_solution_of_the_lif_is_its_formula() -> None:
    """Interval = refractory + tau·ln(R·I / (R·I − 15 mV)); solve_ivp finds it, and small steps approach it."""
    neuron = compile_neuron(LIF)
    got = analysis.exact(neuron, {"I": int(neuron.encode("I", 3.0))}, 300)
    assert np.diff(got) == pytest.approx(2 + 20 * math.log(30 / 15), rel=1e-5)
    fine = compile_neuron(LIF, dt="0.0625*ms", formats={"v": "Q8.14"})
    spikes = fine.run({"I": fine.encode("I", 3.0)}, 16 * 300).spikes.sum()
    assert abs(int(spikes) - len(got)) <= 1


@pytest.mark.parametrize(
    "text", ["tanh(2*I)", "sigmoid(I)", "sin(I)", "exp(I/2)", "1/(1 + abs(I))", "sqrt(abs(I) + 1)"]
)
def test_tables_keep_their_stated_error_at_every_input(text: str) -> None:
    """All 4,096 codes: a state that takes the value of the function in one step."""
    neuron = compile_equations(f"dv/dt = {text} - v", format="Q4.8", formats={"v": "Q8.20"})
    (table,) = neuron.tables
    codes = np.arange(-2048, 2048)
    state, _ = neuron.step(neuron.initial(codes.shape), {"I": codes})
    x = codes / 256
    wanted = {
        "tanh(2*I)": np.tanh(2 * x), "sigmoid(I)": 1 / (1 + np.exp(-x)), "sin(I)": np.sin(x), "exp(I/2)": np.exp(x / 2),
        "1/(1 + abs(I))": 1 / (1 + np.abs(x)), "sqrt(abs(I) + 1)": np.sqrt(np.abs(x) + 1),
    }[text]  # fmt: skip
    wanted = np.minimum(wanted, 2**7)
    error = np.abs(neuron.decode("v", state.codes["v"]) - wanted) / (wanted if table.relative else 1)
    allowed = table.error + 2e-5 / (wanted.min() if table.relative else 1)
    assert error.max() <= allowed
    assert error.max() > allowed / 16


def test_a_state_saturates_at_both_ends_and_never_wraps() -> None:
    neuron = compile_equations("dv/dt = 100*I")
    for current, end in ((127.0, 32767), (-128.0, -32768)):
        trace = neuron.run({"I": neuron.encode("I", current)}, 5)
        assert trace.states["v"].tolist() == [end] * 5


def test_limits_hold_states_and_narrow_what_is_refused() -> None:
    neuron = compile_equations("dv/dt = I - v", limits={"v": (-1, 0.5)})
    assert neuron.decode("v", neuron.run({"I": neuron.encode("I", 9.0)}, 3).states["v"]).tolist() == [0.5] * 3
    with pytest.raises(UnboundedError, match="can be 0"):
        compile_equations("dv/dt = I/v")
    (table,) = compile_equations("dv/dt = I/v", limits={"v": (1, 8)}, initial={"v": 1}).tables
    assert table.function == "reciprocal(v)"


def test_refractory_and_frozen_states() -> None:
    model = NeuronModel("dv/dt = I : 1 (unless refractory)\ndw/dt = I", threshold="v >= 1", reset="v = 0", refractory=3)
    neuron = compile_neuron(model)
    trace = neuron.run({"I": neuron.encode("I", 1.0)}, 8)
    assert trace.spikes.tolist() == [True, False, False, False] * 2
    assert neuron.decode("w", trace.states["w"]).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_comparators_are_exact() -> None:
    """A threshold of 1/3 lies between two codes; > and >= differ only where a code meets the threshold."""
    for text, least in (("v >= 1/3", 86), ("v > 1/3", 86), ("v >= 0.5", 128), ("v > 0.5", 129), ("not v < 0.5", 128)):
        neuron = compile_equations("dv/dt = I - v", threshold=text, reset="v = 0")
        codes = np.arange(-300, 300)
        _, spike = neuron.step(neuron.initial(codes.shape), {"I": codes})
        assert codes[spike].min() == least, text


def test_a_wide_neuron_computes_in_pythons_integers() -> None:
    neuron = compile_neuron(NEURONS["izhikevich"], format="Q16.24", formats={})
    narrow = compile_neuron(NEURONS["izhikevich"])
    assert neuron.wide
    assert not narrow.wide
    current = {"I": neuron.encode("I", 10.0)}
    fixed, wanted = neuron.run(current, 300), analysis.euler(neuron, current, 300)
    assert fixed.spikes.sum() == wanted[0].sum() > 0
    assert np.abs(neuron.decode("v", fixed.states["v"]) - wanted[1]["v"])[:20].max() < 1e-3


def test_truncation_drifts_and_rounding_does_not() -> None:
    """A slow integrator, driven by a sum that is never whole: floor loses half an LSB a step, nearest none."""
    model = NeuronModel("dv/dt = (I - v)*7/64", inputs={"I": "1"})
    neuron = compile_neuron(model)
    codes = {"I": np.random.default_rng(1).integers(-20000, 20000, 4000)}
    nearest, floor = (compile_neuron(model, rounding=r).run(codes, 4000).states["v"] for r in ("nearest", "floor"))
    exact_v = [0.0]
    for code in codes["I"]:
        exact_v.append(exact_v[-1] + (code - exact_v[-1]) * 7 / 64)
    assert abs((nearest - exact_v[1:]).mean()) < 0.3
    assert (floor - exact_v[1:]).mean() == pytest.approx(-0.5 * 64 / 7, abs=0.5)
    stuck = analysis.drift(neuron, {"I": np.int64(1000)}, 400)
    assert [d.rounding for d in stuck] == ["nearest", "floor"]
    assert [d.final for d in stuck] == pytest.approx([-4, -9], abs=1)
    assert neuron.dead_zones()["v"] == pytest.approx(0.5 * 64 / 7)


def test_a_dead_zone_is_warned_of() -> None:
    with pytest.warns(DeadZoneWarning, match=r"v stops up to .* formats=\{'v': 'Q8\.1\d'\}"):
        compile_equations("dv/dt = (I - v)/500")
    with pytest.warns(DeadZoneWarning, match=r"0\.0001\*w never reaches"):
        compile_equations("dv/dt = I - v + 0.0001*w\ndw/dt = I - w", format="Q2.4")


# What is refused.

ODE = "dv/dt = I - v"


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"equations": "dv/dt = I - q"}, UnknownNameError, "q is not known.*column 13"),
        ({"equations": "dv/dt = I - v + xi"}, UnknownNameError, "noise is not supported"),
        ({"equations": "v = 1"}, EquationSyntaxError, "at least one line dX/dt"),
        ({"equations": "dv/dt = "}, EquationSyntaxError, "missing"),
        ({"equations": "dv/dt = I +"}, EquationSyntaxError, "not an expression"),
        ({"equations": "dv/dt = __import__('os').system('x')"}, EquationSyntaxError, "not part of the language"),
        ({"equations": "dv/dt = eval(I)"}, EquationSyntaxError, "function must be one of"),
        ({"equations": "dv/dt = [I for I in v]"}, EquationSyntaxError, "ListComp"),
        ({"equations": "dv/dt = (I if v else I)"}, EquationSyntaxError, "IfExp is not part"),
        ({"equations": "dv/dt = I.real"}, EquationSyntaxError, "Attribute"),
        ({"equations": "dv/dt = exp(I, v)"}, EquationSyntaxError, "exp takes 1"),
        ({"equations": "dv/dt = 1e400*v"}, EquationSyntaxError, "finite"),
        ({"equations": "dv/dt = 1e99*v"}, EquationSyntaxError, "1e30"),
        ({"equations": "dv/dt = v**99"}, EquationSyntaxError, "exponent must be a whole number"),
        ({"equations": "dv/dt = v**I"}, EquationSyntaxError, "constant number"),
        ({"equations": "dv/dt = 9**9**9**9"}, ScError, ""),
        ({"equations": "dv/dt = (v + I + 1)**8 * (v + I + 2)**8"}, EquationSyntaxError, "at most 64 terms"),
        ({"equations": "dv/dt = " + "(" * 60 + "v" + ")" * 60}, EquationSyntaxError, "50 deep"),
        ({"equations": "dv/dt = " + "-" * 900 + "v"}, EquationSyntaxError, ""),
        ({"equations": "dv/dt = " + "v+" * 600 + "v"}, EquationSyntaxError, "1000 characters"),
        ({"equations": "x" * 20000}, EquationSyntaxError, "10000 characters"),
        ({"equations": "dv/dt = v + µ"}, EquationSyntaxError, "ASCII"),
        ({"equations": "a = b\nb = a\ndv/dt = a"}, EquationSyntaxError, "defined by one another: a → b → a"),
        ({"equations": "dv/dt = v\ndv/dt = v"}, ScError, "defined twice"),
        ({"equations": "dv/dt = v : furlong"}, UnknownNameError, "unit must be"),
        ({"equations": "dv/dt = v : 1 (sometimes)"}, EquationSyntaxError, "unless refractory"),
        ({"equations": "dexp/dt = exp"}, EquationSyntaxError, "meaning of its own"),
        ({"equations": "dv/dt = I/v"}, UnboundedError, "division by v, which can be 0"),
        ({"equations": "dv/dt = I/0"}, UnboundedError, "division by 0"),
        ({"equations": "dv/dt = log(v)"}, UnboundedError, "bound it by clip"),
        ({"equations": "dv/dt = exp(v)*I"}, UnboundedError, "bound its argument"),
        ({"equations": "dv/dt = exp(exp(v))"}, UnboundedError, ""),
        ({"equations": "dv/dt = v*exp(1000)"}, UnboundedError, "exp"),
        ({"equations": "dv/dt = sin(100*v)"}, UnboundedError, "narrow|narrower"),
        ({"equations": "dv/dt = -v/(10*ms) : mV"}, UnitError, "must be volt"),
        ({"equations": "dv/dt = v + 1*mV"}, UnitError, "a plain number and volt"),
        ({"parameters": {"tau": math.nan}}, EquationSyntaxError, "finite"),
        ({"parameters": {"tau": "nan"}}, UnknownNameError, "nan"),
        ({"parameters": {"tau": True}}, ScError, "must be text"),
        ({"threshold": "v"}, EquationSyntaxError, "compares two"),
        ({"threshold": "0 < v < 1"}, EquationSyntaxError, "compares two"),
        ({"threshold": "v == 1"}, EquationSyntaxError, "compares two"),
        ({"reset": "v = 0"}, EquationSyntaxError, "needs a threshold"),
        ({"threshold": "v > 1", "reset": "I = 0"}, UnknownNameError, "not I"),
        ({"threshold": "v > 1", "reset": "v + 1"}, EquationSyntaxError, "reset must be"),
        ({"threshold": "v > 1", "refractory": -1}, ScError, "refractory must be from 0"),
        ({"threshold": "v > 1", "refractory": 1e9}, ScError, "refractory must be"),
        ({"dt": 0}, EquationSyntaxError, "dt must be above 0"),
        ({"dt": "1*mV"}, UnitError, "dt must be second"),
        ({"format": "Q0.8"}, ScError, "m >= 1"),
        ({"format": "Q40.40"}, ScError, "to 48 bits"),
        ({"format": "int"}, ScError, "Qm.n"),
        ({"formats": {"z": "Q8.8"}}, UnknownNameError, "formats names z"),
        ({"initial": {"v": 500}}, ScError, "initial v must be from -128"),
        ({"limits": {"v": (5, 1)}}, ScError, "increasing"),
        ({"rounding": "up"}, ScError, "rounding must be one of nearest, floor"),
        ({"table_error": 0}, ScError, "table_error"),
        ({"name": "Neuron; endmodule"}, ScError, "name must be"),
        ({"inputs": {"I;": "1"}}, EquationSyntaxError, "a name must be"),
        ({"inputs": {"en": "1"}, "equations": "dv/dt = en - v"}, EquationSyntaxError, "en cannot be.*port i_en"),
        ({"equations": "dspike/dt = I - spike"}, EquationSyntaxError, "spike cannot be.*port o_spike"),
        ({"equations": "dleft/dt = I - left"}, EquationSyntaxError, "left cannot be.*port o_left"),
        ({"equations": "dlambda/dt = I"}, EquationSyntaxError, "lambda has a meaning"),
        ({"equations": "None = 2; dv/dt = I"}, EquationSyntaxError, "None has a meaning"),
        (
            {"equations": "da/dt = a*b - a; db/dt = -b; da_x_s_b/dt = a*I - a_x_s_b"},
            EquationSyntaxError,
            "two wires .* called s_a_x_s_b",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_named(fields: dict[str, Any], error: type[ScError], words: str) -> None:
    with pytest.raises(error, match=f"(?s){words}"):
        compile_neuron(NeuronModel(**{"equations": ODE, **fields}))


def test_an_error_shows_its_place() -> None:
    with pytest.raises(UnknownNameError) as caught:
        compile_equations("dv/dt = I\n  dw/dt = v - 3*foo  # comment", name="x")
    place = caught.value.place
    assert place is not None
    assert (place.source, place.line, place.column) == ("equations", 2, 17)
    assert str(caught.value).endswith("  dw/dt = v - 3*foo  # comment\n" + " " * 20 + "^")


@settings(max_examples=150)
@given(st.text(alphabet="dvI/t=()+-*:;,.0123 exp\n#[]'\"\\_%<>&", max_size=60))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    with contextlib.suppress(ScError):
        compile_neuron(NeuronModel(f"dv/dt = I\n{text}"))


def test_inputs_out_of_range_are_refused() -> None:
    neuron = compile_neuron(LIF)
    for inputs, words in (({}, "inputs must be I"), ({"I": 40000}, "from -32768"), ({"I": 0.5}, "integer codes")):
        with pytest.raises(ScError, match=words):
            neuron.step(neuron.initial(), inputs)
    with pytest.raises(ScError, match="I must be from -128"):
        neuron.encode("I", 300.0)
    with pytest.raises(ScError, match="I must be finite"):
        neuron.encode("I", math.nan)


# The page, hardware and proof.


def test_the_examples_of_the_page_run() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "equations.md"
    assert doctest.testfile(str(page), module_relative=False).failed == 0
    names = [line.split("|")[1].strip() for line in page.read_text().splitlines() if line.startswith("| ")]
    assert set(NEURONS) <= set(names)


def test_text_of_the_user_stays_in_the_comment() -> None:
    pytest.importorskip("amaranth")
    neuron = compile_neuron(LIF, parameters={**LIF.parameters, "tau": "20*ms # x\n\nendmodule `include"[:9]})
    assert all("\n" not in line for line in neuron.header())
    with pytest.raises(EquationError):
        compile_neuron(LIF, parameters={**LIF.parameters, "tau": "20*ms\nendmodule"})
    hidden = compile_neuron(LIF, parameters={**LIF.parameters, "tau": "20*ms\n# `include x"})
    assert "tau = 20*ms # `include x" in "\n".join(hidden.header())


@pytest.mark.parametrize("name", ["lif", "izhikevich"])
def test_the_proof_passes_and_every_planted_bug_fails(name: str) -> None:
    """Of the larger neuron two bugs; formal/neurons.py --bugs plants all of them in all neurons."""
    hardware = pytest.importorskip("sc_neurocore.compiler.hardware")
    pytest.importorskip("amaranth")
    neuron = compile_neuron(NEURONS[name])
    files = neuron.files()
    for task in proof_tasks(files, neuron.top):
        got = prove(files, neuron.top, task)
        assert got.status == "PASS", got.log[-2000:]
    planted = list(bugs(neuron.program))
    for what, bad in planted if name == "lif" else planted[:2]:
        text, cuts = harness_text(neuron.program, neuron.top, bad)
        wrong = {
            f"{neuron.top}.v": hardware.neuron_verilog(bad, neuron.top, [what]),
            f"{neuron.top}_fv.v": text,
            f"{neuron.top}.sby": script_text(neuron.program, neuron.top, cuts),
        }
        got = prove(wrong, neuron.top, "hunt")
        assert (got.status, bool(got.failed)) == ("FAIL", True), f"{what}: {got.log[-2000:]}"


def test_the_amaranth_component_makes_the_steps_of_the_model() -> None:
    """Registers around the step: at every clock what the integer model says, and still without i_en."""
    hardware = pytest.importorskip("sc_neurocore.compiler.hardware")
    sim = pytest.importorskip("amaranth.sim")
    neuron = compile_neuron(LIF)
    dut = hardware.component(neuron.program)
    code = int(neuron.encode("I", 3.0))
    want = neuron.run({"I": code}, 60)
    seen: list[tuple[int, int]] = []

    async def drive(ctx: Any) -> None:
        ctx.set(dut.i_I, code)
        for _ in range(60):
            ctx.set(dut.i_en, 1)
            await ctx.tick()
            ctx.set(dut.i_en, 0)
            await ctx.tick()
            seen.append((ctx.get(dut.o_v), ctx.get(dut.o_spike)))

    bench = sim.Simulator(dut)
    bench.add_clock(1e-6)
    bench.add_testbench(drive)
    bench.run()
    assert seen == list(zip(want.states["v"].tolist(), want.spikes.astype(int).tolist(), strict=True))
    assert want.spikes.any()


def test_an_input_may_be_called_left_though_a_neuron_counts_what_is_left_of_its_rest() -> None:
    pytest.importorskip("amaranth")
    neuron = compile_neuron(
        NeuronModel(
            name="two", equations="dv/dt = left - v/4", threshold="v > 1", reset="v = 0", refractory=2,
            inputs={"left": "1"},
        )
    )  # fmt: skip
    files = neuron.files()
    assert prove(files, neuron.top).status == "PASS"
    assert "input signed [15:0] i_left;" in files[f"{neuron.top}.v"]


def test_a_neuron_without_inputs_is_read_back_as_one() -> None:
    model = NeuronModel("dv/dt = 1 - v/8", threshold="v >= 1", reset="v = 0", inputs={})
    again = NeuronModel(**json.loads(json.dumps(model.to_json())))
    assert compile_neuron(again).program == compile_neuron(model).program
    assert not compile_neuron(again).program.inputs


def test_a_state_whose_name_looks_like_a_product_is_proven_as_any_other() -> None:
    pytest.importorskip("amaranth")
    model = NeuronModel(
        "dv_x_w/dt = (I - v_x_w)/8 : 1 (unless refractory)", threshold="v_x_w >= 1", reset="v_x_w = 0", refractory=2
    )
    neuron = compile_neuron(model)
    files = neuron.files()
    assert proof_tasks(files, neuron.top) == ("prove",)
    assert prove(files, neuron.top).status == "PASS"


def test_the_command_writes_a_neuron_or_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("amaranth")
    source, out = tmp_path / "mine.toml", tmp_path / "mine"
    source.write_text('name = "mine"\nequations = "dv/dt = (I - v)/10"\nthreshold = "v > 1"\nreset = "v = 0"\n')
    assert main(["compile", str(source), "--out", str(out), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["module"], row["states"]) == ("mine_neuron", {"v": "Q8.8 1"})
    names = {"mine_neuron.v", "mine_neuron_model.py", "mine_neuron_bench.py", "mine_neuron_fv.v", "mine_neuron.sby"}
    assert {p.name for p in out.iterdir()} == names | {"neuron.json"}
    again = NeuronModel(**json.loads((out / "neuron.json").read_text()))
    assert again.to_json() == load_model(source).to_json()
    assert compile_neuron(again).files() == {p.name: p.read_text() for p in out.iterdir()}
    before = (out / "mine_neuron.v").read_text()
    for text, words in (
        ('equations = "dv/dt = I/v"', "can be 0"),
        ('equations = "dv/dt = I"\nvolume = 1', "not volume"),
        ("equations", "not valid TOML"),
    ):
        source.write_text(text)
        assert main(["compile", str(source), "--out", str(out)]) == 2
        assert words in capsys.readouterr().err
    assert (out / "mine_neuron.v").read_text() == before
    assert main(["compile", "lif", "--out", str(tmp_path)]) == 2
