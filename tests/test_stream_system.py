"""The complete streaming design as it is written: words, lint through its own core, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware import stream_system
from sc_neurocore.hardware.build import run_target
from sc_neurocore.hardware.stream_system import StreamSystem, pack, write
from sc_neurocore.network import InputSpec, Network
from sc_neurocore.paths import rtl_files
from strategies import system_network

pytestmark = pytest.mark.usefixtures("kept_simulators", "fresh_tools")


# Words.


@pytest.mark.parametrize(("code_bits", "width"), [(4, 8), (5, 16), (13, 32), (3, 64), (1, 8)])
def test_words_hold_the_codes_without_gaps(code_bits: int, width: int) -> None:
    length = 1 if code_bits == 1 else 1 << (code_bits - 1)
    codes = np.random.default_rng(code_bits).integers(0, length + 1, (5, 23))
    words = pack(codes, code_bits, width, length)
    assert words.shape == (5, -(-23 * code_bits // width))
    for image, row in zip(codes, words, strict=True):
        whole = sum(int(w) << (width * k) for k, w in enumerate(row))
        assert [whole >> (code_bits * k) & ((1 << code_bits) - 1) for k in range(23)] == image.tolist()
        assert whole >> (23 * code_bits) == 0


def test_a_code_that_one_bit_does_not_hold_is_refused() -> None:
    assert pack([[8, 0, 8]], 1, 8, 8).tolist() == [[0b101]]
    with pytest.raises(ScError, match="one bit a code: codes must be 0 or 8"):
        pack([[8, 0, 3]], 1, 8, 8)


# The design in Verilator.


@pytest.mark.parametrize(("design", "two_valued"), [("stream", False), ("folded", False), ("folded", True)])
def test_the_design_lints_clean_through_its_own_core(design: str, two_valued: bool, tmp_path: Path) -> None:
    network = system_network()
    if two_valued:
        network = Network(8, network.layers, InputSpec(network.input.shape, 8, threshold=4))
    for scores in (False, True):
        folder = tmp_path / str(scores)
        system = StreamSystem(network, design=design, scores=scores)
        write(system, folder / "cores" / "design")
        assert write(system, folder / "cores" / "design").name == "sc_stream_system.v"  # again, over itself
        root = rtl_files()[0].parents[1]
        for path in (root / "fusesoc.core", *rtl_files()):
            copy = folder / "cores" / path.relative_to(root)
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(path.read_text())
        run_target(folder, "lint", {}, core=stream_system.CORE)
        assert "Warning" not in (folder / "fusesoc.log").read_text()


def test_a_design_that_cannot_be_is_refused(tmp_path: Path) -> None:
    network = system_network()
    with pytest.raises(ScError, match="design must be one of stream, folded, got 'tree'"):
        StreamSystem(network, design="tree")
    with pytest.raises(ScError, match="data width must be one of 8, 16, 32, 64, got 12"):
        StreamSystem(network, data_width=12)
    lfsr = Network(8, network.layers, network.input, weight_source="lfsr")
    with pytest.raises(ScError, match="weights take the source 'vdc', the network's take 'lfsr'"):
        StreamSystem(lfsr, design="folded")
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ScError, match="holds other files"):
        write(StreamSystem(network), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
