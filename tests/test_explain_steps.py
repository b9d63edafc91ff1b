"""`explain` on networks in steps: every figure against a plain count, every rule with its cause planted."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from networks_in_steps import LIF, samples, steps_network
from sc_neurocore import artifact, backends, golden
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.explain import StepsExplanation, explain, explain_steps, report, steps
from sc_neurocore.explain.report import FILES
from sc_neurocore.explain.result import Suggestion
from sc_neurocore.network import DenseLayer, InputSpec, Network, Steps
from sc_neurocore.neurons import Alif, ClockNeuron, Groups, Li, Lif, Synaptic, classify

ROOT = Path(__file__).resolve().parents[1]
GROUPS = Groups(((4, Lif(theta=120, width=12, leak_shift=2)), (3, Lif(theta=90, width=12, leak_shift=4, refractory=1))))


def npz(folder: Path, x: Any, y: Any) -> Path:
    path = folder / "samples.npz"
    np.savez(path, x=np.asarray(x, dtype=np.uint8), y=np.asarray(y, dtype=np.int64))
    return path


def shorter(network: Network, count: int) -> Network:
    assert network.steps is not None
    return replace(network, steps=replace(network.steps, count=count))


def rule(found: StepsExplanation, name: str) -> Suggestion:
    said = [s for s in found.suggestions if s.rule == name]
    assert len(said) == 1, [s.rule for s in found.suggestions]
    return said[0]


@pytest.mark.parametrize(
    ("readout", "neuron", "last", "constant"),
    [
        ("sum", LIF, None, False),
        ("sum", Synaptic(theta=150, width=12), None, True),
        ("spikes", Alif(theta=100, width=12, b=30), Alif(theta=60, width=12, b=30), False),
        ("potentials", LIF, Li(width=12, leak_shift=2), False),
        ("potential", LIF, Li(width=12, leak_shift=2), True),
    ],
)
def test_every_figure_is_a_plain_count(
    readout: str, neuron: ClockNeuron, last: ClockNeuron | None, constant: bool, tmp_path: Path,
    generator: np.random.Generator,
) -> None:  # fmt: skip
    network = steps_network(
        generator, count=5, readout=readout, neuron=neuron, last=last, constant=constant, edges=((0, 0, 1), (1, 0, 2))
    )
    x, y = samples(generator, network, 24), generator.integers(0, 3, 24)
    found = explain_steps(network, npz(tmp_path, x, y), backend="golden")
    assert (found.samples, found.steps, found.readout, found.constant) == (24, 5, readout, constant)
    result = golden.run(network, network.encode(x), spikes=True)
    answers = result.classes
    assert [s.name for s in found.stages] == ["stream", "golden"]
    assert [s.correct for s in found.stages] == [int((answers == y).sum())] * 2
    assert (found.stages[1].mismatches, found.stages[1].changed) == (0, 0)
    for a in range(3):
        for b in range(3):
            assert found.confusion[a][b] == sum(y[n] == a and answers[n] == b for n in range(24))
    for t in range(1, 6):
        part = x if constant else x[:, :t]
        other = shorter(network, t)
        assert found.correct_by_step[t - 1] == int((golden.run(other, other.encode(part)).classes == y).sum())
    spiking = [r for r in found.layers if r.rate is not None]
    assert len(spiking) == len(result.spikes)
    for r, spikes, drawn in zip(spiking, result.spikes, found.raster.spikes, strict=True):
        assert r.rate == pytest.approx(spikes.mean())
        np.testing.assert_allclose(r.rate_by_step, spikes.mean(axis=(0, 2)), atol=1e-5)
        np.testing.assert_allclose(r.rate_of, spikes.mean(axis=(0, 1)), atol=1e-5)
        each = spikes.sum(axis=1)
        assert r.dead == tuple(j for j in range(r.neurons) if each[:, j].max() == 0)
        assert r.always_on == tuple(j for j in range(r.neurons) if each[:, j].min() > 0)
        assert r.constant == tuple(j for j in range(r.neurons) if each[:, j].min() == 5)
        assert drawn == tuple((t, j) for t in range(5) for j in range(r.neurons) if spikes[0, t, j])
    assert (found.raster.label, found.raster.answer) == (y[0], answers[0])
    assert found.spikes == pytest.approx(sum(c.sum() for c in result.counts) / 24)
    ordered = [sorted(row) for row in result.scores.tolist()]
    margins = np.array([row[-1] - row[-2] for row in ordered])
    for value, those in ((found.margins.median_right, answers == y), (found.margins.median_wrong, answers != y)):
        assert value == (np.median(margins[those]) if those.any() else None)
    assert found.margins.tied == int((margins == 0).sum())
    for bins, those in ((found.margins.right, answers == y), (found.margins.wrong, answers != y)):
        for k, n in enumerate(bins):
            low, high = k * found.margins.step, (k + 1) * found.margins.step if k < len(bins) - 1 else np.inf
            assert n == int(((margins >= low) & (margins < high) & those).sum())
    codes = network.encode(x)
    assert found.inputs.zero == (codes == 0).mean()
    assert found.inputs.dead == int((codes.reshape(-1, 12).max(axis=0) == 0).sum())
    assert found.inputs.rms == 0  # full scale is L: samples are codes


@pytest.mark.parametrize(
    ("neuron", "names"),
    [
        (LIF, ["u"]),
        (Synaptic(theta=150, width=12), ["u", "i"]),
        (Alif(theta=90, width=12, b=40), ["u", "a"]),
        (GROUPS, ["u"]),
    ],
)
def test_states_are_those_of_each_neuron_by_itself(
    neuron: ClockNeuron, names: list[str], tmp_path: Path, generator: np.random.Generator
) -> None:
    network = steps_network(generator, sizes=(12, 7, 3), count=6, neuron=neuron)
    x = samples(generator, network, 9)
    layer = explain_steps(network, npz(tmp_path, x, [0] * 9)).layers[0]
    assert [s.name for s in layer.states] == names
    values: dict[str, list[int]] = {name: [] for name in names}
    members = [one for count, one in neuron.members(7) for _ in range(count)]
    for sample in network.encode(x):
        states = [one.start(()) for one in members]
        for codes in sample:
            sums = golden.window(network.layers[0], codes, network)
            for j, one in enumerate(members):
                states[j], _, u = one.step_of_sample(states[j], np.int64(int(sums[j]) << network.theta_frac))
                for name in names:
                    values[name].append(int(u if name == "u" else getattr(states[j], name)))  # type: ignore[arg-type]
    for found in layer.states:
        mine = np.array(values[found.name])
        assert (found.width, found.least, found.greatest) == (12, min(0, mine.min()), max(0, mine.max()))
        assert found.at_low == pytest.approx((mine == -2048).mean())
        assert found.at_high == pytest.approx((mine == 2047).mean())
        fits = [b for b in range(1, 13) if -(1 << b - 1) <= mine.min() and mine.max() < 1 << b - 1]
        assert found.bits == fits[0]


def test_blocks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generator: np.random.Generator) -> None:
    network = steps_network(generator, readout="spikes", last=LIF, edges=((0, 1, 2),))
    path = npz(tmp_path, samples(generator, network, 20), generator.integers(0, 3, 20))
    whole = explain_steps(network, path)
    monkeypatch.setattr(steps, "_BLOCK", 7)
    assert explain_steps(network, path) == whole


def planted(neuron: Lif, bias: list[int], count: int = 8, weights: Any = None) -> Network:
    """Return a network of one hidden layer with nothing but biases, or these weights, and two classes."""
    n = len(bias)
    hidden = DenseLayer(np.zeros((n, 1), dtype=int) if weights is None else weights, bias, neuron=neuron)
    readout = DenseLayer(np.arange(2 * n).reshape(2, n) % 7 - 3, [0, 0])
    return Network(16, (hidden, readout), InputSpec((1,), 16), theta_frac=4, steps=Steps(count))


def test_dead_and_constant_neurons_are_named(tmp_path: Path) -> None:
    # Biases alone: −1 never fires; 10 and 11, times 16, reach the threshold in every step.
    network = planted(Lif(theta=160, width=12, leak_shift=0), [-1, 10, 11])
    found = explain_steps(network, npz(tmp_path, np.zeros((5, 8, 1)), [0] * 5))
    layer = found.layers[0]
    assert (layer.dead, layer.always_on, layer.constant) == ((0,), (1, 2), (1, 2))
    said = rule(found, "dead")
    # Its weight and bias, and a weight for each class.
    assert said.numbers == {"dead": {"0": [0]}, "weights_saved": 1 + 1 + 2}
    assert rule(found, "constant").numbers == {"constant": [1, 2]}


def test_a_state_that_saturates_is_named_and_a_wider_one_tried(tmp_path: Path) -> None:
    # −15 · 16 a step without a leak: −128 in 8 bits from the first step on.
    network = planted(Lif(theta=100, width=8, leak_shift=0), [-15, 1], count=4)
    found = explain_steps(network, npz(tmp_path, np.zeros((3, 4, 1)), [0, 1, 0]))
    (state,) = found.layers[0].states
    assert (state.at_low, state.at_high, state.least) == (0.5, 0.0, -128)
    said = rule(found, "saturated")
    assert said.layer == 0
    assert [t.change for t in said.trials] == ["width = 9", "width = 10", "width = 12"]
    assert not any(s.rule == "narrower" for s in found.suggestions)


def test_a_state_with_bits_to_spare_is_named_and_the_narrower_one_tried(tmp_path: Path) -> None:
    network = planted(Lif(theta=100, width=20, leak_shift=0), [1, 2])
    found = explain_steps(network, npz(tmp_path, np.zeros((3, 8, 1)), [0, 1, 0]))
    # 16 and 32 a step, of which the second fires at 128: 9 bits.
    assert found.layers[0].states[0].bits == 9
    said = rule(found, "narrower")
    assert said.numbers == {"width": 20, "bits": 9}
    assert [(t.change, t.correct) for t in said.trials] == [("width = 9", found.stages[0].correct)]


def test_bits_that_a_threshold_needs_are_not_taken_away(tmp_path: Path) -> None:
    network = planted(Lif(theta=1000, width=20, leak_shift=0), [1, -1], count=2)
    found = explain_steps(network, npz(tmp_path, np.zeros((3, 2, 1)), [0, 1, 0]))
    assert found.layers[0].states[0].bits == 7
    assert rule(found, "narrower").numbers["bits"] == 11  # theta is at most 2^(width − 1) − 1


def test_fewer_steps_are_named(tmp_path: Path) -> None:
    # The biases decide at once, and nothing changes after the first spike in step 2.
    network = planted(Lif(theta=20, width=12, leak_shift=0), [1, 0])
    scores = [golden.run(shorter(network, t), np.zeros((1, t, 1), dtype=int)).scores[0] for t in range(1, 9)]
    answers = classify(np.array(scores))
    found = explain_steps(network, npz(tmp_path, np.zeros((4, 8, 1)), [int(answers[-1])] * 4))
    enough = 1 + next(t for t in range(8) if answers[t] == answers[-1])
    assert enough < 8
    assert rule(found, "fewer-steps").numbers == {"steps": 8, "enough": enough}


def test_a_back_end_that_differs_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generator: np.random.Generator
) -> None:
    network = steps_network(generator)
    x = samples(generator, network, 10)
    true = backends.run

    def wrong(*arguments: Any) -> Any:
        result = true(*arguments)
        result.scores[:3, 0] += 1
        return result

    monkeypatch.setattr(backends, "run", wrong)
    found = explain_steps(network, npz(tmp_path, x, [0] * 10), backend="golden")
    assert found.stages[1].mismatches == 3
    assert found.suggestions[0].rule == "mismatch"
    assert "3 of 10 samples" in found.suggestions[0].text


def test_many_classes_show_their_commonest_mistakes(tmp_path: Path, generator: np.random.Generator) -> None:
    network = steps_network(generator, sizes=(12, 20, 15))
    x, y = samples(generator, network, 60), generator.integers(0, 15, 60)
    found = explain_steps(network, npz(tmp_path, x, y))
    (table,) = [t for t in report.tables(found) if t[0] == "Commonest mistakes"]
    counts = [int(row[2]) for row in table[2]]
    assert counts == sorted(counts, reverse=True)
    for label, answer, n in table[2]:
        assert found.confusion[int(label)][int(answer)] == int(n)
        assert label != answer


def test_the_command_prints_tables_or_json_and_writes_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], generator: np.random.Generator
) -> None:
    pytest.importorskip("matplotlib")
    network = steps_network(generator, count=20, edges=((0, 0, 1),))
    artifact.save(network, tmp_path / "net")
    path = npz(tmp_path, samples(generator, network, 12), generator.integers(0, 3, 12))
    arguments = ["explain", str(tmp_path / "net"), "--data", str(path)]
    out = tmp_path / "report"
    assert main([*arguments, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert re.match(r"\S+  12-7-5-3  L = 16  T = 20  on samples\.npz, all: 12 samples\n", printed)
    for title in ("Step by step", "Confusion", "Spikes", "States", "Score margins"):
        assert re.search(rf"^{title}", printed, re.MULTILINE)
    assert sorted(p.name for p in out.iterdir()) == sorted(FILES)
    page = (out / "explain.html").read_text()
    assert all(title in page for title in ("if it ended there", "mistakes", "a sample of class", "score margins"))
    assert not re.search(r"https?://|<script|<img", re.sub(r'xmlns(:\w+)?="[^"]*"', "", page))
    figure = (out / "explain.svg").read_text()
    assert main([*arguments, "--json", "--out", str(out)]) == 0
    row = json.loads(capsys.readouterr().out)
    assert json.loads((out / "explain.json").read_text()) == {"format": "sc_neurocore.explanation", **row}
    assert (out / "explain.svg").read_text() == figure
    assert (len(row["correct_by_step"]), row["steps"], len(row["layers"])) == (20, 20, 3)


def test_what_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], generator: np.random.Generator
) -> None:
    network = steps_network(generator)
    path = npz(tmp_path, samples(generator, network, 4), [0] * 4)
    artifact.save(network, tmp_path / "net")
    assert main(["explain", str(tmp_path / "net"), "--data", str(path), "--model", "x.npz"]) == 2
    assert "--model is for networks of one window" in capsys.readouterr().err
    with pytest.raises(ScError, match=r"explain runs networks of one window: this one has steps"):
        explain(network, path)
    with pytest.raises(ScError, match=r"explain_steps is for networks in steps \(A20\)"):
        explain_steps(artifact.load(ROOT / "train" / "networks" / "digits"))
    with pytest.raises(ScError, match=r"limit must be at least 1, got 0"):
        explain_steps(network, path, limit=0)


def test_the_document_states_every_rule() -> None:
    document = (ROOT / "docs" / "explain.md").read_text()
    section = document.split("## Networks in steps")[1].split("Its rules:")[1].split("\n## ")[0]
    stated = set(re.findall(r"^\| ([a-z-]+) \|", section, re.MULTILINE)) - {"rule"}
    used = set(re.findall(r'Suggestion\(\s*"([a-z-]+)"', Path(str(steps.__file__)).read_text()))
    assert stated == used | {"mismatch"}
