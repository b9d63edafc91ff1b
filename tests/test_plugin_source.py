"""A number source from outside the package (docs/adding_a_source.md): two files, and all that a source goes through."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pays import error
from sc_neurocore import artifact, backends, golden, lookup, packed, sources
from sc_neurocore.encoding import BitstreamEncoder, source_pair
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import stream_source
from sc_neurocore.hardware.source_proof import prove
from sc_neurocore.hardware.stream_builder import TOP, build_stream
from sc_neurocore.hardware.stream_sim import run as run_stream
from sc_neurocore.hardware.tools import verilator_command, verilator_env
from sc_neurocore.layers.vectorized_sc_layer import VectorizedSCLayer
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.neurons import LifParams
from sc_neurocore.paths import rtl_files
from sc_neurocore.sources import Argument, Module, Source, as_source, register, source, spellings, vdc
from sc_neurocore.streams import encode, product_table

ROOT = Path(__file__).resolve().parents[1]
FILES = ("r2.py", "sc_r2_source.v")


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    """A folder with the example's files, imported from there, so that nothing of the package or tree is touched."""
    folder = tmp_path / "plugin"
    folder.mkdir()
    for name in FILES:
        shutil.copy(ROOT / "examples" / "r2_source" / name, folder)
    spec = importlib.util.spec_from_file_location("r2_of_a_user", folder / "r2.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    yield folder
    sources.unregister("r2")


def network(weight_source: object, length: int = 16, *, lif: bool = False, mux: bool = False) -> Network:
    g = np.random.default_rng(length)
    top = length - 1

    def dense(inputs: int, neurons: int, theta: int | None, **more: object) -> DenseLayer:
        weights, bias = (g.integers(-top, top + 1, n).astype(np.int16) for n in ((neurons, inputs), neurons))
        return DenseLayer(weights, bias, theta, **more)

    spikes = dense(6, 5, None, lif=LifParams(theta=300)) if lif else dense(6, 5, 40, adder="mux" if mux else "apc")
    return Network(length, (spikes, dense(5, 3, None)), InputSpec((6,), length), weight_source=weight_source)


def codes(length: int) -> NDArray[np.int64]:
    return np.random.default_rng(1).integers(0, length + 1, (5, 6))


@pytest.mark.parametrize("dim", [1, 2])
def test_its_streams(plugin: Path, dim: int) -> None:
    name = f"r2:{dim}"
    assert "r2:dim" in spellings()
    for length in (4, 16, 64, 4096):
        r = source(name, length)
        assert sorted(r.tolist()) == list(range(length))
        x = np.arange(0, length + 1, max(1, length // 64))
        bits = encode(x, length, name)
        assert np.array_equal(bits, [[n < code for n in r] for code in x.tolist()])
        assert bits.sum(axis=1).tolist() == x.tolist()
        words = packed.pack(bits)
        assert np.array_equal(np.bitwise_count(words).sum(axis=1), x)
    assert np.array_equal(BitstreamEncoder(length=16, mode=name).encode(0.25), encode(4, 16, name))
    layer = VectorizedSCLayer(2, 1, 16, seed=0, w_mode=name)
    layer.weights = np.array([[0.5, 0.25]])
    assert layer.forward([0.5, 1.0]).shape == (1,)


def test_what_it_refuses(plugin: Path) -> None:
    for name, length, text in (
        ("r2:3", 16, "dim must be in 1 to 2, got 3"),
        ("r2", 16, "source must be one of counter, vdc, .*r2:dim, got 'r2'"),
        ("r2:1", 24, r"length must be a power of two in \[4, 4096\], got 24"),
    ):
        with pytest.raises(ScError, match=text):
            source(name, length)
    with pytest.raises(ScError, match="a source is called 'r2' already"):
        register(Source("r2", "", vdc))


def test_a_network_on_every_back_end(plugin: Path, tmp_path: Path) -> None:
    length = 8
    net = network("r2:1", length)
    wanted = golden.run(net, codes(length), spikes=True)
    for result in (packed.run(net, codes(length), spikes=True), run_stream(net, codes(length), spikes=True)):
        assert np.array_equal(result.scores, wanted.scores)
        assert all(np.array_equal(a, b) for a, b in zip(result.spikes, wanted.spikes, strict=True))
    looked_up = lookup.run(net, codes(length))
    assert np.array_equal(looked_up.scores, wanted.scores)
    assert all(np.array_equal(a, b) for a, b in zip(looked_up.counts, wanted.counts, strict=True))
    assert not np.array_equal(golden.run(network("vdc", length), codes(length)).scores, wanted.scores)

    artifact.save(net, tmp_path / "net")
    assert json.loads((tmp_path / "net" / "network.json").read_text())["sources"]["weight"] == "r2:1"
    again = artifact.load(tmp_path / "net")
    assert again == net
    assert np.array_equal(backends.run(again, codes(length), backend="packed").scores, wanted.scores)
    with pytest.raises(ScError, match="the engine's weights take the source 'vdc'"):
        backends.run(again, codes(length), backend="rtl")


@pytest.mark.parametrize(("name", "lif"), [("lfsr:3", True), ("numbers", False)])
def test_streaming_rtl_of_other_sources(name: str, lif: bool) -> None:
    given: object = np.random.default_rng(0).integers(0, 16, 16) if name == "numbers" else name
    net = network(given, lif=lif, mux=not lif)
    wanted = golden.run(net, codes(16), spikes=True)
    result = run_stream(net, codes(16), spikes=True, gap_seed=3)
    assert np.array_equal(result.scores, wanted.scores)
    assert all(np.array_equal(a, b) for a, b in zip(result.spikes, wanted.spikes, strict=True))


def test_the_streaming_design_is_clean_and_vdc_has_none_of_its_own(plugin: Path, tmp_path: Path) -> None:
    top = build_stream(network("r2:2"), tmp_path / "design")
    command = [*verilator_command(), "--lint-only", "-Wall", "-Wno-DECLFILENAME", "--language", "1364-2005"]
    done = subprocess.run(
        [*command, "--top-module", TOP, str(top), *map(str, rtl_files())],
        env=verilator_env(), cwd=top.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{TOP}_r2_2_dense" in top.read_text()
    assert "sc_r2_source #(.LOG2L(LOG2L), .STEP(9))" in top.read_text()
    usual = build_stream(network("vdc"), tmp_path / "usual").read_text()
    assert stream_source.source_text(network("vdc"), TOP, ["sc_stream_dense"]) == ""
    assert usual.count("\nmodule ") == 1


def test_its_ones_are_proven_and_a_wrong_step_is_found(plugin: Path) -> None:
    claims = ("a_restart", "a_order", "a_ones", "a_once", "c_restarts_mid", "c_window_ends")
    assert prove("r2:1", 8) == claims
    verilog = plugin / "sc_r2_source.v"
    verilog.write_text(verilog.read_text().replace("o_r + STEP", "o_r - STEP"))
    with pytest.raises(ScError, match=r"r2:1 at L = 8: .*a_order.* fails"):
        prove("r2:1", 8)


def test_the_error_table_takes_it(plugin: Path) -> None:
    rows = error.measure(True, ("counter", "vdc", "lfsr:1", "r2:1"))
    usual = {(r["L"], r["activation"], r["weight"]): r for r in error.measure(True, ("counter", "vdc"))}
    assert all(usual[key] == row for row in rows if (key := (row["L"], row["activation"], row["weight"])) in usual)
    own = {int(r["L"]): float(r["rmse"]) for r in rows if (r["activation"], r["weight"]) == ("counter", "r2:1")}
    for length, rmse in own.items():
        x, w = np.arange(length + 1)[:, None], np.arange(length)
        wrong = product_table(length, "counter", "r2:1") / length - x * w / length**2
        assert rmse == pytest.approx(np.sqrt((wrong**2).mean()), rel=1e-3)
    assert list(own) == [4, 8, 16, 32, 64]
    assert "| counter, r2:1 and back |" in error.table(rows)


def test_numbers_and_functions_are_sources_too(tmp_path: Path) -> None:
    numbers = [3, 1, 2, 0]
    spelled = as_source(numbers, 4)
    assert spelled == "numbers:3,1,2,0" == as_source(spelled, 4)
    assert as_source(lambda length: np.arange(length)[::-1], 4) == "numbers:3,2,1,0"
    for given in (numbers, np.array(numbers, dtype=np.uint8), spelled, lambda length: numbers):
        assert np.array_equal(encode([2, 4], 4, given), [[False, True, False, True], [True] * 4])
        assert BitstreamEncoder(length=4, mode=given).encode(0.5).tolist() == [0, 1, 0, 1]
    x, w = encode(range(5), 4).astype(int), encode(range(4), 4, numbers).astype(int)
    assert np.array_equal(product_table(4, "counter", numbers), x @ w.T)
    assert np.array_equal(source_pair("counter", spelled, 4, None, 1)[1], numbers)

    r = np.random.default_rng(5).integers(0, 16, 16)
    net = network(r)
    artifact.save(net, tmp_path / "net")
    assert artifact.load(tmp_path / "net") == net == network(lambda length: r)
    wanted = golden.run(net, codes(16))
    for result in (packed.run(net, codes(16)), lookup.run(net, codes(16))):
        assert np.array_equal(result.scores, wanted.scores)
    with pytest.raises(ScError, match=r"the engine's weights take the source 'vdc' .* take 'numbers:\d.{0,80}$"):
        backends.run(net, codes(16), backend="rtl")
    with pytest.raises(ScError, match="must not share a source"):
        network(range(16))
    with pytest.raises(ScError, match="MUX adders select by 'sobol:1'"):
        network(source("sobol:1", 16), mux=True)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([0, 1, 2], r"L = 4 integers in \[0, 3\], each of them any number of times, got an array of shape \(3,\)"),
        ([0, 1, 2, 4], r"each of them any number of times, got r\(3\) = 4"),
        ([0, 1, -1, 2], r"got r\(2\) = -1"),
        ([0.0, 1.0, 2.0, 3.0], "any number of times, got float64"),
        (lambda length: np.zeros(2 * length, int), r"source <lambda> must give L = 4 .* got an array of shape \(8,\)"),
        ("numbers:0,1,x,3", r"must be numbers:r\(0\),r\(1\),…, got 'numbers:0,1,x,3'"),
    ],
)
def test_numbers_that_are_none(given: object, text: str) -> None:
    for call in (lambda: source(given, 4), lambda: encode(1, 4, given), lambda: BitstreamEncoder(length=4, mode=given)):
        with pytest.raises(ScError, match=text):
            call()


def test_a_source_that_breaks_its_promise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScError, match="must be small letters, digits and _"):
        Source("R2", "", vdc)
    with pytest.raises(ScError, match="there is no file"):
        Source("mine", "", vdc, module=Module("sc_mine", files=(tmp_path / "sc_mine.v",)))
    (tmp_path / "sc_mine.v").write_text("module sc_other; endmodule\n")
    wrong = Source(
        "mine",
        "",
        np.full,
        argument=Argument("k", range, default=2),
        module=Module("sc_mine", files=(tmp_path / "sc_mine.v",)),
    )
    register(wrong)
    try:
        with pytest.raises(ScError, match=r"source mine:2 must give .* exactly once, got 2 4 times"):
            source("mine", 4)
        register(Source("mine", "", wrong.numbers, wrong.argument, once=False, module=wrong.module), replace=True)
        assert source("mine:1", 4).tolist() == [1, 1, 1, 1]
        with pytest.raises(ScError, match="module sc_mine must be in one of its own files, or in rtl/"):
            build_stream(network("mine"), tmp_path / "design")
    finally:
        sources.unregister("mine")


def test_an_installed_package_is_found_by_the_command(plugin: Path, tmp_path: Path) -> None:
    """The command line knows a source by the entry point of a package; here one that lies on the path."""
    net = network("r2:1")
    artifact.save(net, tmp_path / "net")
    (plugin / "r2-1.dist-info").mkdir()
    (plugin / "r2-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: r2\nVersion: 1\n")
    (plugin / "r2-1.dist-info" / "entry_points.txt").write_text("[sc_neurocore.sources]\nr2 = r2\n")
    script = (
        "import sys; from sc_neurocore import artifact, golden; import numpy as np; "
        "print(golden.run(artifact.load(sys.argv[1]), np.full((1, 6), 9)).scores.tolist())"
    )

    def run(path: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "net")],
            env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    package = str(Path(sources.__file__).parents[2])
    found = run(os.pathsep.join([package, str(plugin)]))
    assert json.loads(found.stdout) == golden.run(net, np.full((1, 6), 9)).scores.tolist(), found.stderr
    assert "source must be one of" in run(package).stderr


def test_the_page_quotes_the_files() -> None:
    page = (ROOT / "docs" / "adding_a_source.md").read_text()
    for name in FILES:
        assert (ROOT / "examples" / "r2_source" / name).read_text().strip() in page, name


def test_a_broken_package_takes_no_other_source_away(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    from sc_neurocore.errors import ScWarning
    from sc_neurocore.sources import registry

    broken = EntryPoint("gone", "no_such_module_at_all", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken])
    registry._load_installed.cache_clear()
    with pytest.warns(ScWarning, match="the number source gone of no_such_module_at_all cannot be loaded: No module"):
        assert "vdc" in registry.spellings()
    registry._load_installed.cache_clear()
