"""Networks that other frameworks ran and exported (bench/nir_conformance.py record): our reference does the same."""

import json
from pathlib import Path

import numpy as np
import pytest

import nir_conformance
import nir_mnist
from sc_neurocore import data, packed
from sc_neurocore.errors import ScError
from sc_neurocore.nir_bridge import PRESETS, conversion, convert, from_nir, hdf5, network

ROOT = Path(__file__).parents[1]

CASES = json.loads(nir_conformance.INDEX.read_text())


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    """Read these files, which are ours, without a process for each."""
    monkeypatch.setattr(network, "read_tree", hdf5.read_here)


@pytest.mark.parametrize("name", CASES)
def test_spikes_are_the_frameworks(name):
    size, differ, voltage, output = nir_conformance.compare(name, CASES[name])
    assert differ == 0
    assert max(voltage, output) < 1e-6
    assert size or output > 0  # something was compared


def test_every_framework_is_there():
    assert {case["framework"] for case in CASES.values()} == set(PRESETS) - {"nir"}
    files = {path.stem for path in nir_conformance.FOLDER.iterdir()} - {nir_conformance.INDEX.stem}
    assert files == set(CASES)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("snntorch-leaky", {"reset_late": False}),
        ("snntorch-leaky", {"reset": "value"}),
        ("snntorch-leaky", {"dt": 5e-5}),
        ("snntorch-rleaky", {"recurrence": "target"}),
        ("norse-lif", {"synapse": "equation"}),
        ("norse-lif", {"tau_scale": 2e3}),
        ("norse-iaf", {"integrator": "equation"}),
        ("spikingjelly-lif-no-decay", {"v_start": "zero"}),
        ("sinabs-iaf", {"spikes": "one"}),
        ("sinabs-lif", {"method": "euler"}),
        ("sinabs-iaf-bound", {"v_min": None}),
        ("rockpool-neuron", {"method": "euler"}),
        ("rockpool-lif", {"synapse": "unit"}),
        ("rockpool-lif", {"membrane": "equation"}),
        ("rockpool-lif-bitshifts", {"spikes": "one"}),
        ("rockpool-expsyn", {"li": "membrane"}),
        ("lava-dl-spikes", {"fraction_bits": None}),
        ("lava-dl-currents", {"fraction_bits": 11}),
    ],
)
def test_another_discretisation_is_noticed(name, change):
    case = CASES[name]
    changed = {**case, "options": {**case["options"], **change}}
    _, differ, voltage, _ = nir_conformance.compare(name, changed)
    assert differ > 0 or voltage > 1e-3


def test_rockpools_r_tells_its_dt():
    file = nir_conformance.FOLDER / "rockpool-mlp.nir"
    with pytest.raises(ScError, match=r"'1_LIFTorch' .CubaLIF.: .* τ = 0.05 and dt = 0.001, .* of dt = 0.01: give"):
        from_nir(file, framework="rockpool", input_shape=[5])


def test_fixed_point_is_the_same_in_both_precisions():
    case = CASES["lava-dl-spikes"]
    for dtype in ("float32", "float64"):
        changed = {**case, "options": {**case["options"], "dtype": dtype}}
        assert nir_conformance.compare("lava-dl-spikes", changed)[1:] == (0, 0, 0)


def test_summary_says_how_it_is_stepped():
    summary = from_nir(nir_conformance.FOLDER / "snntorch-rleaky.nir", framework="snntorch").summary()
    assert summary["discretisation"] == "dt 0.0001, method euler, compare >, reset subtract, reset_late True"
    assert summary["recurrent edges, a step late"] == ["1.lif → 1.w_rec"]
    assert summary["framework"] == "snntorch"


@pytest.mark.skipif(not data.at_hand("mnist"), reason="needs MNIST")
def test_a_trained_foreign_network_goes_all_the_way_to_codes():
    """snnTorch's own spike counts, image by image; then at most half a point for L = 64, without retraining."""
    mnist = data.load("mnist")
    spec = mnist.input_spec(nir_mnist.POOL)
    snn = from_nir(nir_mnist.FILE, framework="snntorch")
    x = conversion.as_inputs(snn, spec, mnist.x_val)
    counts = conversion.rate_counts(snn, x, nir_mnist.STEPS, [])[""] * nir_mnist.STEPS
    with np.load(nir_mnist.COUNTS) as theirs:
        assert np.array_equal(np.round(counts), theirs["validation"])
    made = convert(snn, mnist.x_train, length=64, input_spec=spec, steps=nir_mnist.STEPS)
    classes = packed.run(made, spec.encode(mnist.x_val, 64)).classes
    reference, exact = ((c == mnist.y_val).mean() for c in (counts.argmax(axis=1), classes))
    assert reference > 0.98
    assert exact >= reference - 0.005
