"""Parts that plug in: kinds of neurons and of layers that the package does not know, in every back end."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from sc_neurocore import artifact, backends, explain, golden, lookup, packed, reference
from sc_neurocore.compiler.network_neuron import EquationNeuron
from sc_neurocore.compiler.neurons import NEURONS as MODELS
from sc_neurocore.compiler.proof import prove
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import stream_builder, stream_sim
from sc_neurocore.network import DenseLayer, Edge, InputSpec, Network, Steps
from sc_neurocore.network_layers import KINDS, Layer, Window
from sc_neurocore.network_layers import register as register_layer
from sc_neurocore.neurons import (
    NEURONS,
    Alif,
    ClockNeuron,
    CountIf,
    Lif,
    Neuron,
    StreamLayer,
    Synaptic,
    WindowNeuron,
    register,
)

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples" / "plug_ins"
LEAKY = {"name": "leaky", "equations": "dv/dt = I - v/8", "threshold": "v > 1", "reset": "v = 0", "refractory": 2}


def network_of(neuron: Neuron, adder: str = "apc", length: int = 16) -> Network:
    """Return a network whose two hidden layers are of such neurons."""
    rng = np.random.default_rng(5)

    def layer(inputs: int, neurons: int, **kind: Any) -> DenseLayer:
        codes = rng.integers(-length // 4, length, (neurons, inputs + 1))
        return DenseLayer(codes[:, :-1], codes[:, -1], **kind)

    hidden = [layer(6, 8, neuron=neuron, adder=adder), layer(8, 5, neuron=neuron, adder=adder)]
    return Network(length, (*hidden, layer(5, 3, theta=None)), InputSpec((6,), full_scale=length), theta_frac=3)


def codes_of(network: Network, count: int = 12) -> NDArray[np.int64]:
    return np.random.default_rng(1).integers(0, network.length + 1, (count, network.input.size))


def assert_same(a: Any, b: Any) -> None:
    assert a.scores.tolist() == b.scores.tolist()
    for mine, other in zip((*a.counts, *a.spikes), (*b.counts, *b.spikes), strict=True):
        np.testing.assert_array_equal(mine, other)


def assert_every_back_end(network: Network, rtl: bool = True) -> None:
    codes = codes_of(network)
    want = golden.run(network, codes, spikes=True)
    assert all(0 < bits.mean() < 1 for bits in want.spikes), "neurons that always or never fire tell nothing"
    assert_same(packed.run(network, codes, spikes=True), want)
    if rtl:
        for gap in (0, 3):  # windows back to back, and with gaps
            assert_same(stream_sim.run(network, codes, spikes=True, gap_seed=gap), want)


def assert_comes_back(network: Network, folder: Path) -> None:
    again = artifact.load(artifact.save(network, folder))
    assert again == network
    assert again.tag == network.tag
    assert [x.neuron for x in again.layers] == [x.neuron for x in network.layers]


# --- neurons from equations


@pytest.mark.parametrize("adder", ["apc", "mux"])
def test_a_neuron_from_equations_in_a_network(adder: str, tmp_path: Path) -> None:
    network = network_of(EquationNeuron(LEAKY, shift=3), adder)
    assert_every_back_end(network)
    assert_comes_back(network, tmp_path / "net")
    assert backends.run(network, codes_of(network), "stream").mismatches(golden.run(network, codes_of(network))) == 0


def test_a_built_in_model_in_a_network(tmp_path: Path) -> None:
    """With units and a limited range: its input takes -128 to 128 nA in 1/256, and it fires at -50 mV."""
    assert_every_back_end(network_of(EquationNeuron(MODELS["lif"], shift=8)))


def test_two_neurons_from_equations_in_one_network() -> None:
    first, second = EquationNeuron(LEAKY, shift=3), EquationNeuron({**LEAKY, "threshold": "v > 2"}, shift=4)
    plain = network_of(first)
    layers = (plain.layers[0], plain.readout.replaced(weights=np.full((5, 8), 9), bias=[1, 2, 3, 4, 5], neuron=second))
    network = Network(16, (*layers, plain.readout), plain.input, theta_frac=3)
    assert_every_back_end(network)


def test_a_neuron_without_a_leak_is_the_same_from_equations_and_by_hand() -> None:
    """Once as rtl/sc_lif.v, once from its equation, in the same units: Q8.8."""
    words = {"equations": "dv/dt = I", "threshold": "v >= 30/256", "reset": "v -= 30/256"}
    made, lif = network_of(EquationNeuron(words)), network_of(Lif(theta=30, leak_shift=0))
    codes = codes_of(made)
    found = packed.run(made, codes, spikes=True)
    assert all(0 < bits.mean() < 1 for bits in found.spikes)
    assert_same(found, packed.run(lif, codes, spikes=True))


def test_one_model_with_two_shifts_in_one_network() -> None:
    """The layers are different modules around one step."""
    first, second = EquationNeuron(LEAKY, shift=3), EquationNeuron(LEAKY, shift=4)
    plain = network_of(first)
    layers = (plain.layers[0], plain.readout.replaced(weights=np.full((5, 8), 9), bias=[1, 2, 3, 4, 5], neuron=second))
    assert_every_back_end(Network(16, (*layers, plain.readout), plain.input, theta_frac=3))


def test_the_step_of_a_network_is_the_step_that_the_proof_of_the_neuron_is_about() -> None:
    compiled = EquationNeuron(LEAKY).compiled
    files = compiled.files()
    assert prove(files, compiled.top).status == "PASS"
    alone, whole = compiled.step_verilog("other_step"), files[f"{compiled.top}.v"]

    def module(text: str, name: str) -> str:
        return re.findall(rf"module {name}\(.*?endmodule", text, flags=re.S)[0].replace(name, "")

    assert module(alone, "other_step") == module(whole, f"{compiled.top}_step")
    dead, count = re.subn(r"assign o_left = [^;]*;", "assign o_left = 2'd0;", whole)
    assert count == 1, "the step does not count its rest as this test thinks"
    broken = prove({**files, f"{compiled.top}.v": dead}, compiled.top)
    assert broken.status == "FAIL"
    assert "a_left" in broken.failed


# --- the steps of the package's own kinds


@pytest.mark.parametrize(
    "lif",
    [
        Lif(theta=16, width=14, leak_shift=2, refractory=2),
        Lif(theta=20, leak_mode=1, beta=200, reset_mode=1, v_reset=-20),
    ],
)
def test_a_layer_made_around_the_step_of_lif_is_sc_stream_lif(lif: Lif) -> None:
    """Lif says in `rtl_step` what rtl/sc_stream_lif.v has by hand: the same spikes, windows back to back or not."""

    @dataclass(frozen=True)
    class Made(Lif):
        kind: ClassVar[str] = "made"

        def stream_layer(self, theta_frac: int) -> StreamLayer:
            return self.rtl_step().stream_layer(theta_frac)

    register(Made)
    try:
        made = network_of(Made(**asdict(lif)))
        assert "sc_lif_step #(" in stream_builder.top_text(made)
        codes = codes_of(made)
        by_hand = stream_sim.run(network_of(lif), codes, spikes=True)
        assert all(0 < bits.mean() < 1 for bits in by_hand.spikes)
        for gap in (0, 3):
            assert_same(stream_sim.run(made, codes, spikes=True, gap_seed=gap), by_hand)
    finally:
        del NEURONS["made"]


def test_each_kind_of_the_package_names_a_step_of_rtl_that_is_proven() -> None:
    for kind in (CountIf, Lif):
        assert (ROOT / "rtl" / f"{kind.step_module}.v").is_file()
        assert f"{kind.step_module} " in (ROOT / "formal" / f"{kind.step_module}_fv.v").read_text(encoding="utf-8")
    assert Lif(theta=5).rtl_step().module == Lif.step_module


def test_the_generated_layer_takes_another_weight_source(leaky_counter: Any) -> None:
    """Frame and synapses are then modules of the design's own, around the same steps."""
    plain = network_of(leaky_counter(30))
    network = Network(16, plain.layers, plain.input, theta_frac=3, weight_source="sobol:2")
    text = stream_builder.top_text(network)
    assert "sc_stream_network_sobol_2_neurons #(" in text
    assert "sc_stream_neurons #(" not in text
    assert_every_back_end(network)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({**LEAKY, "equations": "dv/dt = I + J", "inputs": {"I": "1", "J": "1"}}, "one input, .* got I, J"),
        ({"equations": "dv/dt = I"}, "must have a threshold"),
        ({"threshold": "v > 1"}, "'equations' of model missing"),
        ({"equations": "dv/dt = I", "treshold": "v > 1"}, "unknown entries: treshold"),
        ({"equations": "dv/dt = nothing", "threshold": "v > 1"}, "nothing"),
        (7, "model must be a NeuronModel or its fields, got 7"),
    ],
)
def test_what_cannot_be_the_neuron_of_a_layer_is_refused(model: Any, message: str) -> None:
    with pytest.raises(ScError, match=message):
        EquationNeuron(model)


def test_a_current_beyond_the_input_is_refused() -> None:
    with pytest.raises(ScError, match=r"layer 0: a current of .* does not fit the range -32 … 31 of its equations"):
        network_of(EquationNeuron({**LEAKY, "limits": {"I": (-1, 0.999)}}, shift=3))


def test_other_back_ends_refuse_such_networks_by_name() -> None:
    network = network_of(EquationNeuron(LEAKY, shift=1))
    codes = codes_of(network, 2)
    for backend, message in (
        ("lookup", r"window_if neurons.* equations neurons"),
        ("rtl", r"layer 0 has equations neurons, so it needs a streaming design"),
        ("folded", r"window_if neurons.* equations neurons"),
    ):
        with pytest.raises(ScError, match=message):
            backends.run(network, codes, backend)
    with pytest.raises(ScError, match=r"has equations layers, and a float network \(A12\) is only defined"):
        reference.scales(network)


# --- a kind of neuron from elsewhere


@pytest.fixture
def leaky_counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The example, copied to a folder that the package knows nothing of."""
    for path in EXAMPLES.glob("leaky_counter.*"):
        shutil.copy(path, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    import leaky_counter

    yield leaky_counter.LeakyCounter
    del sys.modules["leaky_counter"]
    del NEURONS["leaky_counter"]


def test_a_kind_of_neuron_from_elsewhere(leaky_counter: Any, tmp_path: Path) -> None:
    network = network_of(leaky_counter(30))
    assert_every_back_end(network)
    assert_comes_back(network, tmp_path / "net")
    assert '"kind": "leaky_counter"' in (tmp_path / "net" / "network.json").read_text()


def test_a_kind_from_elsewhere_in_a_network_in_steps(leaky_counter: Any, tmp_path: Path) -> None:
    """With an edge back to its own layer; its state lasts from step to step, where a window would start anew."""
    plain = network_of(leaky_counter(30))
    rng = np.random.default_rng(7)
    steps = Steps(5, edges=(Edge(0, 0, 1, rng.integers(-9, 10, (8, 8))),))
    network = Network(16, plain.layers, plain.input, theta_frac=0, steps=steps)
    samples = rng.integers(0, 17, (20, 5, 6))
    want = golden.run(network, samples, spikes=True)
    assert all(0 < bits.mean() < 1 for bits in want.spikes)
    assert_same(packed.run(network, samples, spikes=True), want)
    assert_comes_back(network, tmp_path / "net")
    alone = golden.run(replace(network, steps=Steps(1)), samples[:, -1:], spikes=True)
    assert not np.array_equal(alone.spikes[0][:, -1], want.spikes[0][:, -1])
    with pytest.raises(ScError, match=r"engine of networks in steps has lif, .*, the network has leaky_counter"):
        backends.run(network, samples, "rtl")


def test_an_artifact_of_an_unknown_kind_names_it(leaky_counter: Any, tmp_path: Path) -> None:
    artifact.save(network_of(leaky_counter(30)), tmp_path / "net")
    code = f"from sc_neurocore import artifact; artifact.load({str(tmp_path / 'net')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "layers[0]: the kind of a neuron must be one of " in done.stderr
    assert "window_if: a kind from elsewhere must be imported before a network" in done.stderr


def test_a_name_is_taken_once(leaky_counter: Any) -> None:
    class Other(ClockNeuron):
        kind = "leaky_counter"

    with pytest.raises(ScError, match="there is a kind of neuron 'leaky_counter' already: LeakyCounter"):
        register(Other)
    Other.kind = "Leaky"
    with pytest.raises(ScError, match="must be an identifier in lower case, got 'Leaky'"):
        register(Other)


@dataclass(frozen=True)
class Saturating(WindowNeuron):
    """As `window_if`, but rounded down."""

    theta: int
    kind: ClassVar[str] = "saturating"

    def counts(self, s: NDArray[np.int64], theta_frac: int, length: int) -> NDArray[np.int64]:
        found: NDArray[np.int64] = np.clip((s << theta_frac) // self.theta, 0, length)
        return found


def test_a_window_neuron_from_elsewhere(tmp_path: Path) -> None:
    register(Saturating)
    try:
        network = network_of(Saturating(40))
        codes = codes_of(network)
        assert_every_back_end(network, rtl=False)
        assert_same(lookup.run(network, codes), packed.run(network, codes))
        assert_comes_back(network, tmp_path / "net")
        with pytest.raises(ScError, match="there is no streaming layer of saturating neurons"):
            stream_sim.run(network, codes)
        with pytest.raises(ScError, match="saturating"):
            backends.run(network, codes, "rtl")
    finally:
        del NEURONS["saturating"]


# --- a kind of layer from elsewhere


@dataclass(frozen=True)
class Mirror(Layer):
    """Each row of an image from right to left: a layer without weights that no other kind is."""

    input_shape: tuple[int, int, int]
    type: ClassVar[str] = "mirror"
    entries: ClassVar[frozenset[str]] = frozenset({"input"})

    @property
    def inputs(self) -> int:
        return prod(self.input_shape)

    @property
    def output_shape(self) -> tuple[int, int, int]:
        return self.input_shape

    @property
    def label(self) -> str:
        return "mirror"

    @property
    def window(self) -> Window:
        return Window(self.input_shape, (1, 1), 1, 0)

    def _order(self) -> NDArray[np.int64]:
        return np.arange(self.inputs).reshape(self.input_shape)[:, ::-1].reshape(-1)

    def describe(self) -> dict[str, Any]:
        return {"type": "mirror", "input": list(self.input_shape)}

    @classmethod
    def parse(cls, entry: Mapping[str, Any], codes: Any) -> Mirror:
        return cls(tuple(entry["input"]))

    def codes(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        return x[:, self._order()]

    def spikes(self, bits: NDArray[np.bool_], network: Network) -> Iterator[NDArray[np.bool_]]:
        yield from bits[:, self._order()]

    def real(self, x: ArrayLike, *, rounded: bool = False) -> NDArray[np.float64]:
        return np.asarray(x, dtype=np.float64)[:, self._order()]


def test_a_kind_of_layer_in_every_software_back_end(tmp_path: Path) -> None:
    from sc_neurocore.network import ConvLayer

    register_layer(Mirror)
    try:
        rng = np.random.default_rng(3)
        conv = ConvLayer(rng.integers(-3, 8, (2, 2, 2, 1)), [1, -1], 30, (4, 5, 1))
        readout = DenseLayer(rng.integers(-7, 8, (3, 24)), [0, 1, 2], None)
        network = Network(8, (conv, Mirror((3, 4, 2)), readout), InputSpec((4, 5), full_scale=8))
        assert network.topology == "20-2c2-mirror-3"
        codes = codes_of(network, 30)
        want = golden.run(network, codes, spikes=True)
        assert_same(packed.run(network, codes, spikes=True), want)
        assert_same(lookup.run(network, codes), packed.run(network, codes))
        # The same network without the layer, its weights mirrored instead.
        turned = readout.replaced(weights=readout.weights.reshape(3, 3, 4, 2)[:, :, ::-1].reshape(3, -1))
        plain = Network(8, (conv, turned), network.input)
        assert packed.run(plain, codes).scores.tolist() == want.scores.tolist()
        ours, theirs = (reference.float_sums(n, codes / 8)[-1] for n in (network, plain))
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
        assert_comes_back(network, tmp_path / "net")
        labels = want.classes
        np.savez(tmp_path / "own.npz", x=codes.reshape(-1, 4, 5), y=labels)
        report = explain.explain(network, tmp_path / "own.npz")
        assert [r.kind for r in report.layers] == ["conv", "mirror", "dense"]
        with pytest.raises(ScError, match="the engines have no mirror layers"):
            backends.run(network, codes, "rtl")
        with pytest.raises(ScError, match="a streaming design runs dense layers only: layer 0 is 2c2"):
            backends.run(network, codes, "stream")
        with pytest.raises(ScError, match="layer 1 is the readout: it must have weights, got mirror"):
            Network(8, (conv, Mirror((3, 4, 2))), network.input)
        with pytest.raises(ScError, match=r"layer 1 takes .* = \(4, 3, 2\) but gets \(3, 4, 2\): shapes must chain"):
            Network(8, (conv, Mirror((4, 3, 2)), readout), network.input)
    finally:
        del KINDS["mirror"]


# --- the short forms of a layer's neuron


def test_the_short_forms_of_a_neuron() -> None:
    layer = DenseLayer([[1]], [0], theta=5)
    assert layer.neuron == CountIf(5)
    assert replace(layer, theta=7).neuron == CountIf(7)
    assert replace(layer, theta=None).neuron is None
    lif = Lif(theta=5)
    assert replace(layer, theta=None, lif=lif).neuron == lif
    assert DenseLayer([[1]], [0], neuron=lif).lif is lif
    assert DenseLayer([[1]], [0]).neuron is None
    other = EquationNeuron(LEAKY)
    for wrong, message in (
        ({"theta": 5, "lif": lif}, "theta must be None where lif is given, got 5"),
        ({"theta": 5, "neuron": other}, "theta must be None where neuron is given, got 5"),
        ({"neuron": 5}, "neuron must be a Neuron or None, got 5"),
        ({"lif": 5}, "lif must be LifParams or None, got 5"),
        ({"theta": 0}, "theta must be an integer in"),
    ):
        with pytest.raises(ScError, match=message):
            DenseLayer([[1]], [0], **wrong)  # type: ignore[arg-type]


# --- the checklists


def checklists(page: str) -> list[list[str]]:
    """Return the files of each numbered table of a page."""
    found: list[list[str]] = []
    for number, file in re.findall(
        r"^\| (\d) \| `([^`]+)`", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.M
    ):
        if number == "1":
            found.append([])
        found[-1].append(file)
        assert len(found[-1]) == int(number)
    return found


@pytest.mark.parametrize(
    ("page", "most", "tables"),
    [
        ("adding_a_source.md", 4, 2),
        ("adding_a_neuron.md", 5, 2),
        ("adding_a_board.md", 4, 1),
        ("adding_a_layer.md", 6, 1),
    ],
)
def test_a_checklist_is_as_short_as_promised(page: str, most: int, tables: int) -> None:
    assert f"(docs/{page})" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = checklists(page)
    assert len(found) == tables
    assert all(1 <= len(files) <= most for files in found)


@pytest.mark.parametrize(
    ("page", "folder"),
    [
        ("adding_a_source.md", "r2_source"),
        ("adding_a_board.md", "own_board"),
    ],
)
def test_an_example_has_no_file_that_its_checklist_lacks(page: str, folder: str) -> None:
    """The plug-in tests copy these folders and nothing else, so the checklist is all that is needed."""
    files = checklists(page)[0]
    there = {path.name for path in (ROOT / "examples" / folder).iterdir() if path.is_file()}
    assert there
    assert there <= set(files)


def test_each_source_of_the_package_has_the_files_of_its_checklist() -> None:
    """Each of them has its own file, and its name stands in the lists that the page speaks of."""
    own, *lists = checklists("adding_a_source.md")[1]
    for name in ("counter", "vdc", "lfsr", "sobol"):
        assert (ROOT / own.replace("<name>", name)).is_file()
        for file in lists:
            assert re.search(rf"\b{name}\b", (ROOT / file).read_text(encoding="utf-8")), file


@pytest.mark.parametrize("page", ["adding_a_neuron.md", "adding_a_layer.md"])
def test_a_page_runs_and_names_files_that_are_there(page: str) -> None:
    path = ROOT / "docs" / page
    assert doctest.testfile(str(path), module_relative=False, encoding="utf-8").failed == 0
    names = re.findall(
        r"`((?:examples|tests|tb|rtl|neurons|network_layers|hardware)/[\w/]+\.\w+)`", path.read_text(encoding="utf-8")
    )
    assert len(names) >= 2
    for name in names:
        assert (ROOT / name).is_file() or (ROOT / "model" / "sc_neurocore" / name).is_file(), name


def test_each_kind_of_the_engine_has_the_files_of_its_checklist() -> None:
    """The package's own: a class with a number, a unit with its proof, and an instance in the engine."""
    files = checklists("adding_a_neuron.md")[1]
    engine = (ROOT / "rtl" / "sc_spike_engine.v").read_text(encoding="utf-8")
    kinds = {each.engine_kind: each for each in (Lif, Synaptic, Alif)}
    assert sorted(kinds) == [0, 1, 2]
    for each in kinds.values():
        for name in (file.replace("<kind>", each.kind) for file in files):
            assert (ROOT / name).is_file() or (ROOT / "model" / "sc_neurocore" / name).is_file(), name
        assert f"sc_{each.kind}_unit #(" in engine


def test_spikes_go_to_no_layer_that_takes_codes() -> None:
    """Whatever a layer without synapses says of itself: its codes would forget when the spikes came."""

    @dataclass(frozen=True)
    class Wishful(Mirror):
        type: ClassVar[str] = "wishful"
        takes_spikes: ClassVar[bool] = True

    first = DenseLayer([[7, 3]], [1], neuron=EquationNeuron(LEAKY))
    with pytest.raises(ScError, match=r"layer 1 takes counts: it cannot follow equations neurons"):
        Network(8, (first, Wishful((1, 1, 1)), DenseLayer([[1]], [0])), InputSpec((2,), full_scale=8))
