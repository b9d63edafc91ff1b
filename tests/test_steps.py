"""Networks in steps (A20): every rule with its message, codes, tags, and the artifact of version 3."""

from __future__ import annotations

import doctest
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from sc_neurocore import artifact
from sc_neurocore.errors import ScError
from sc_neurocore.evaluate import evaluate
from sc_neurocore.network import ConvLayer, DenseLayer, Edge, InputSpec, Network, PoolLayer, Steps
from sc_neurocore.neurons import Alif, Groups, Li, Lif, Synaptic
from strategies import Case, step_cases

LIF = Lif(theta=100)
HIDDEN = DenseLayer([[1, -2, 7], [0, -7, 3]], [5, -1], neuron=LIF)
READOUT = DenseLayer([[3, -3], [-7, 0]], [0, 7])
BACK = Edge(0, 0, 2, [[0, -3], [5, 0]])
STEPS = Steps(5, edges=(BACK,))
EQUATIONS = {"equations": "dv/dt = I - v/8", "threshold": "v > 1", "reset": "v = 0"}


def network(**changes: Any) -> Network:
    values: dict[str, Any] = {"length": 8, "layers": (HIDDEN, READOUT), "input": InputSpec((3,), 16), "steps": STEPS}
    return Network(**(values | changes))


def ending(neuron: Any, readout: str, count: int = 5) -> Network:
    """Return the network with neurons in its readout layer."""
    return network(layers=(HIDDEN, replace(READOUT, neuron=neuron)), steps=Steps(count, readout=readout))


def equations() -> Any:
    from sc_neurocore.compiler.network_neuron import EquationNeuron

    return EquationNeuron(EQUATIONS)


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: Steps(0), r"count of steps must be an integer in \[1, 4096\], got 0"),
    (lambda: Steps(4097), r"count of steps must be an integer in \[1, 4096\], got 4097"),
    (lambda: Steps(2.0), r"count of steps must be an integer in \[1, 4096\], got 2\.0"),  # type: ignore[arg-type]
    (lambda: Steps(2, constant=1), "constant must be True or False, got 1"),  # type: ignore[arg-type]
    (lambda: Steps(2, readout="spike"), "readout must be one of sum, .*, got 'spike': did you mean spikes"),
    (lambda: Steps(2, edges=[1]), "edge 0 must be an Edge, got 1"),  # type: ignore[arg-type]
    (lambda: Steps(2, edges=BACK), "edges must be a sequence of Edge, got Edge"),  # type: ignore[arg-type]
    (lambda: Edge(0, 0, 0, [[1]]), r"delay of an edge must be an integer in \[1, 255\], got 0"),
    (lambda: Edge(0, 0, 256, [[1]]), r"delay of an edge must be an integer in \[1, 255\], got 256"),
    (lambda: Edge(-1, 0, 1, [[1]]), r"source of an edge must be an integer in \[0, 65536\], got -1"),
    (lambda: Edge(0, 0, 1, [[0.5]]), "weights of an edge must be integers, got float64"),
    (lambda: Edge(0, 0, 1, [1, 2]), r"weights of an edge must have 2 dimension\(s\), got shape \(2,\)"),
    (lambda: network(steps=5), "steps must be Steps or None, got 5"),
    (
        lambda: network(steps=Steps(5, edges=[Edge(2, 0, 1, [[1]])])),
        r"edge 0: source must be a layer in \[0, 1\], got 2",
    ),
    (
        lambda: network(steps=Steps(5, edges=[BACK, Edge(0, 2, 1, [[1]])])),
        r"edge 1: target must be a layer in \[0, 1\], got 2",
    ),
    (
        lambda: network(steps=Steps(5, edges=[Edge(0, 0, 1, [[1, 2]])])),
        r"edge 0: weights must have shape \(2, 2\), the neurons of layers 0 and 0, got \(1, 2\)",
    ),
    (
        lambda: network(steps=Steps(5, edges=[Edge(0, 1, 1, [[8, 0], [0, 0]])])),
        r"edge 0: weights must be in \[-7, 7\] at L = 8, got 8",
    ),
    (
        lambda: network(steps=Steps(5, edges=[Edge(1, 0, 1, [[1, 0], [0, 0]])])),
        "edge 0: its source, layer 1, must have neurons that spike, got none",
    ),
    (
        lambda: replace(ending(Li(), "potential"), steps=Steps(5, False, "potential", (Edge(1, 0, 1, [[1, 1]] * 2),))),
        "edge 0: its source, layer 1, must have neurons that spike, got li neurons",
    ),
    (
        lambda: network(layers=(replace(HIDDEN, neuron=None, theta=40), READOUT), steps=Steps(5)),
        "layer 0 has window_if neurons, which take the sum of one window: in steps .* such as Lif",
    ),
    (
        lambda: network(layers=(replace(HIDDEN, neuron=None), READOUT), steps=Steps(5)),
        "layer 0 is hidden: it needs neurons that take a current, such as Lif",
    ),
    (
        lambda: network(layers=(replace(HIDDEN, neuron=Li()), READOUT), steps=Steps(5)),
        "layer 0 is hidden, and li neurons never spike: they are for the readout",
    ),
    (lambda: network(layers=(replace(HIDDEN, adder="mux"), READOUT)), r"layer 0 .* adds by a counter .*, got a MUX"),
    (
        lambda: network(layers=(PoolLayer("max", 1, (1, 1, 3)), HIDDEN, READOUT)),
        r"layer 0 of a network in steps must be dense \(A20\), got max1",
    ),
    (
        lambda: network(layers=(ConvLayer(np.ones((2, 1, 1, 3), int), [1, 2], None, (1, 1, 3)),), steps=Steps(5)),
        r"layer 0 of a network in steps must be dense \(A20\)",
    ),
    (lambda: network(steps=Steps(5, readout="spikes")), "readout 'spikes' needs neurons in the last layer, layer 1"),
    (lambda: ending(LIF, "sum"), "readout 'sum' takes a last layer without neurons, layer 1 has lif neurons: take"),
    (lambda: ending(Li(), "spikes"), "readout 'spikes' needs neurons that spike, layer 1 has li neurons"),
    (
        lambda: ending(equations(), "potentials"),
        "readout 'potentials' needs neurons with a potential, layer 1 has equations neurons",
    ),
    (
        lambda: ending(Groups(((3, Li()),)), "potential"),
        "layer 1: the parts of its groups have 3 neurons, the layer 2",
    ),
    (
        lambda: ending(Li(width=32), "potentials", 2),
        "layer 1 adds a potential of 32 bits in each of 2 steps, which may not fit a score's 32 bits: at most 1 steps",
    ),
    (
        lambda: Network(
            4096,
            (DenseLayer(np.full((1, 200), 4095), [0]),),
            InputSpec((200,), 4096),
            steps=Steps(4096),
        ),
        "layer 0 adds a sum of 0 … 819000 in each of 4096 steps, which may not fit .*: at most 2622 steps do",
    ),
    (
        lambda: network(layers=(replace(HIDDEN, neuron=Synaptic(9)), READOUT), steps=None),
        r"layer 0 has synaptic neurons, which are for networks in steps \(A21\)",
    ),
    (lambda: network().encode(np.zeros((2, 3), int)), r"in 5 steps must have shape \(n, 5, 3\), got \(2, 3\)"),
    (lambda: network().encode(np.zeros((2, 4, 3), int)), r"must have shape \(n, 5, 3\), got \(2, 4, 3\)"),
    (lambda: network().check_codes(np.zeros((2, 3), int)), r"must have shape \(n, 5, 3\), got \(2, 3\)"),
    (lambda: network().check_codes(np.full((2, 5, 3), 9)), r"input codes must be in \[0, 8\], got 9 … 9"),
]


@pytest.mark.parametrize("k", range(len(REFUSED)))
def test_what_breaks_a_rule_is_refused(k: int) -> None:
    call, message = REFUSED[k]
    with pytest.raises(ScError, match=message):
        call()


def test_the_ends_of_what_fits_a_score_are_accepted() -> None:
    ending(Li(width=32), "potentials", 1)
    ending(Li(width=20), "potentials", 4096)
    # The greatest sum of a step that 32 bits hold 2048 times: 2^31 / 2048 − 1.
    wide = DenseLayer(np.array([[4095] * 256 + [255]]), [0])
    Network(4096, (wide,), InputSpec((257,), 4096), steps=Steps(2048))
    with pytest.raises(ScError, match="at most 2047 steps do"):
        Network(4096, (replace(wide, bias=[1]),), InputSpec((257,), 4096), steps=Steps(2048))


def test_edges_count_in_the_scores_and_so_does_the_bias() -> None:
    edge = Edge(0, 1, 1, [[7, 7], [-7, -7]])
    assert network(steps=Steps(5, edges=(edge,))).steps.sum_range(1, network(steps=Steps(5, edges=(edge,)))) == (
        -21 + 7,
        17,
    )


def test_an_input_of_a_step_is_encoded_as_any_input() -> None:
    samples = np.arange(2 * 5 * 3).reshape(2, 5, 3) % 17
    codes = network().encode(samples)
    assert codes.shape == (2, 5, 3)
    for t in range(5):
        assert np.array_equal(codes[:, t], network().input.encode(samples[:, t], 8))
    constant = network(steps=replace(STEPS, constant=True))
    assert np.array_equal(constant.encode(samples[:, 0]), codes[:, 0])
    assert constant.sample_shape == (3,)


def test_tags_and_equality_cover_steps_and_edges() -> None:
    one = network()
    others = [
        network(steps=Steps(5)),
        network(steps=Steps(6, edges=(BACK,))),
        network(steps=Steps(5, constant=True, edges=(BACK,))),
        network(steps=Steps(5, edges=(Edge(0, 0, 3, BACK.weights),))),
        network(steps=Steps(5, edges=(Edge(0, 0, 2, [[0, -3], [4, 0]]),))),
    ]
    assert len({one.tag, *(other.tag for other in others)}) == 1 + len(others)
    assert all(one != other for other in others)
    assert one == network()
    assert hash(one) == hash(network())


def test_edges_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        BACK.weights[0, 0] = 1


def test_it_is_no_temporal_network_and_callers_of_one_window_refuse_it() -> None:
    assert not network().temporal
    with pytest.raises(ScError, match=r"the exact table runs networks of one window: this one has steps \(T = 5, A20"):
        network().one_window("the exact table")
    network(layers=(HIDDEN, READOUT), steps=None).one_window("nothing")


@settings(max_examples=40)
@given(step_cases(most=4))
def test_an_artifact_gives_the_network_back(case: Case) -> None:
    with TemporaryDirectory() as folder:
        found = artifact.load(artifact.save(case.network, Path(folder) / "n"))
    assert found == case.network
    assert found.tag == case.network.tag


def saved(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Return the artifact of the network after a change of its index, whose own hash is right again."""
    folder = artifact.save(network(), tmp_path / "n")
    index = json.loads((folder / "network.json").read_text())
    assert index["version"] == 3
    change(index)
    index["sha256"] = artifact._self_hash(index)
    (folder / "network.json").write_text(json.dumps(index))
    return folder


DAMAGE: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda i: i.update(version=1), "version must be 3 for this network's adders, inputs and steps, got 1"),
    (lambda i: i.pop("steps"), "version must be 1 for this network's adders, inputs and steps, got 3"),
    (lambda i: i["steps"].pop("readout"), "steps: incomplete: 'readout' of steps missing"),
    (lambda i: i["steps"].update(constant=0), "steps: constant must be True or False, got 0"),
    (lambda i: i["steps"].update(edges=7), "steps: edges must be a list, got 7"),
    (lambda i: i["steps"]["edges"][0].update(source=2), r"edges\[0\]: source must be an integer in \[0, 1\], got 2"),
    (lambda i: i["steps"]["edges"][0].update(file="../x"), r"edges\[0\]: edge file must be a plain name, got '../x'"),
    (lambda i: i["steps"]["edges"][0].update(sha256="0"), "edge0.mem: content differs from its sha256"),
    (lambda i: i["steps"]["edges"][0].update(extra=1), "the edge has unknown entries: extra"),
    (lambda i: i["layers"][0]["lif"].update(theta=0), "theta must be in 1 to"),
]


@pytest.mark.parametrize("k", range(len(DAMAGE)))
def test_damage_is_refused_by_file_and_entry(tmp_path: Path, k: int) -> None:
    change, message = DAMAGE[k]
    with pytest.raises(ScError, match=message):
        artifact.load(saved(tmp_path, change))


def test_a_missing_or_short_file_of_an_edge_is_refused(tmp_path: Path) -> None:
    folder = artifact.save(network(), tmp_path / "n")
    (folder / "edge0.mem").write_text("0\n")
    with pytest.raises(ScError, match=r"edge0\.mem: content differs"):
        artifact.load(folder)
    (folder / "edge0.mem").unlink()
    with pytest.raises(ScError, match=r"edge0\.mem: cannot be read"):
        artifact.load(folder)


def test_a_network_without_steps_has_none_in_its_files(tmp_path: Path) -> None:
    folder = artifact.save(network(layers=(HIDDEN, READOUT), steps=None), tmp_path / "n")
    index = json.loads((folder / "network.json").read_text())
    assert index["version"] == 1
    assert "steps" not in index


def test_groups_in_an_artifact(tmp_path: Path) -> None:
    parts = Groups(((1, Alif(50, b=9)), (1, Alif(70, leak_shift=2, b=1))))
    one = network(layers=(replace(HIDDEN, neuron=parts), READOUT))
    assert artifact.load(artifact.save(one, tmp_path / "n")).layers[0].neuron == parts


def test_the_pages_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = Path(__file__).resolve().parents[1] / "docs" / "steps.md"
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 20
    assert failed == 0
    found = evaluate(artifact.load("order"), "order.npz", backend="packed").to_json()
    assert (found["accuracy"], found["mismatches"], found["spikes"]) == (1.0, 0, 2.0)


def test_samples_of_another_number_of_steps_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros((4, 6, 3), int), y=[0, 1, 0, 1])
    with pytest.raises(ScError, match=r"has samples of shape \(6, 3\); network takes shape \(5, 3\)"):
        evaluate(network(), str(tmp_path / "x.npz"))


def test_a_constant_input_is_evaluated_like_an_image(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    np.savez(tmp_path / "x.npz", x=random.integers(0, 17, (8, 3)), y=np.arange(8) % 2)
    constant = network(steps=replace(STEPS, constant=True))
    found = evaluate(constant, str(tmp_path / "x.npz"), check="golden")
    assert found.mismatches == 0
    assert found.spikes is not None


def callers() -> list[tuple[str, Callable[[Network, Path], object]]]:
    """Return what takes networks of one window only: the beginning of its refusal, and a call."""
    from sc_neurocore import SCSequential, golden, lookup, reference
    from sc_neurocore.backends import run
    from sc_neurocore.explain import explain
    from sc_neurocore.hardware import image, stream_builder, stream_fold
    from sc_neurocore.nir_bridge import to_nir

    codes = np.zeros((1, 5, 3), dtype=int)
    return [
        ("run_image", lambda n, _: golden.run_image(n, codes[0])),
        ("the exact table", lambda n, _: lookup.prepare(n)),
        ("the exact table", lambda n, _: run(n, codes, "lookup")),
        ("the float network of A12", lambda n, _: reference.scales(n)),
        ("SCSequential", lambda n, _: SCSequential.from_network(n)),
        ("explain", lambda n, path: explain(n, str(path / "x.npz"))),
        ("the export to NIR", lambda n, _: to_nir(n)),
        ("a streaming design", lambda n, _: stream_builder.check_stream(n)),
        ("a folded design", lambda n, _: stream_fold.fold_layers(n, 1)),
        ("the engine of window_if neurons", lambda n, _: image.check_sources(n)),
    ]


@pytest.mark.parametrize("k", range(10))
def test_callers_of_one_window_refuse_it_by_name(k: int, tmp_path: Path) -> None:
    who, call = callers()[k]
    with pytest.raises(ScError, match=rf"^{who} runs networks of one window: this one has steps \(T = 5, A20\)$"):
        call(network(), tmp_path)
