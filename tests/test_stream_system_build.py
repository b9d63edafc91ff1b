"""The build of a complete streaming design for an ECP5: its figures, what is reused, what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from networks import random_network
from sc_neurocore import artifact
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import stream_system_build as build_module
from sc_neurocore.hardware.flash import flash
from sc_neurocore.hardware.stream_system import StreamSystem, top_text
from sc_neurocore.hardware.stream_system_build import SystemBuild, build_system, load_system
from sc_neurocore.network import DenseLayer, InputSpec, Network
from strategies import system_network

pytestmark = pytest.mark.usefixtures("fresh_tools")


def test_a_build_reports_the_complete_design_and_is_reused_or_refused_by_file(tmp_path: Path) -> None:
    """One test, so that workers share no fixture: the build is what takes the time."""
    artifact.save(system_network(), tmp_path / "network")
    said: list[str] = []
    result = build_system(tmp_path / "network", "lfe5u-25f", tmp_path / "out", seeds=(1, 2), progress=said.append)
    reports_the_complete_design(result, said)
    (tmp_path / "copy").mkdir()
    is_reused_or_refused_by_file(result, tmp_path / "copy")


def reports_the_complete_design(result: SystemBuild, said: list[str]) -> None:
    folder = Path(result.bitstream).parent
    used = json.loads((folder / "logs" / "nextpnr.json").read_text())
    system = StreamSystem(system_network())
    assert used["utilization"]["TRELLIS_IO"]["used"] == system.pins
    assert result.lut == used["utilization"]["TRELLIS_COMB"]["used"]
    assert result.ff == used["utilization"]["TRELLIS_FF"]["used"]
    assert [round(x["achieved"], 2) for x in used["fmax"].values()] == [result.fmax_mhz]
    assert result.fmax_mhz == max(result.fmax_by_seed.values()) == result.fmax_by_seed[str(result.seed)]
    assert set(result.fmax_by_seed) == {"1", "2"}
    assert result.bram == 0
    assert 100 < result.xc7_luts < result.lut  # a LUT of six inputs holds more
    assert result.ff > result.words * result.data_width
    assert result.latency_us == pytest.approx(result.latency_clocks / result.fmax_mhz, abs=1e-4)
    assert result.images_per_s == pytest.approx(result.fmax_mhz * 1e6 / 8, rel=1e-5)
    assert json.loads(json.dumps(result.to_json()))["part"] == "lfe5u-25f"
    assert any(line.startswith("place and route: nextpnr-ecp5") for line in said)
    bits = Path(result.bitstream).read_bytes()
    assert b"LFE5U-25F" in bits[:200]
    assert (folder / "design" / "sc_stream_system.v").read_text() == top_text(system)


def is_reused_or_refused_by_file(result: SystemBuild, tmp_path: Path) -> None:
    out = Path(result.bitstream).parent
    said: list[str] = []
    again = build_system(system_network(), "lfe5u-25f", out, seeds=(1, 2), progress=said.append)
    assert again.reused
    assert said == [f"up to date: {out}"]
    for name in ("build.json", "lfe5u-25f.bit"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    assert load_system(tmp_path).fmax_mhz == result.fmax_mhz
    data_ = bytearray((tmp_path / "lfe5u-25f.bit").read_bytes())
    data_[1000] ^= 1
    (tmp_path / "lfe5u-25f.bit").write_bytes(data_)
    with pytest.raises(ScError, match=r"lfe5u-25f\.bit: content differs from its sha256"):
        load_system(tmp_path)
    with pytest.raises(ScError, match=r"must be sc_neurocore\.build version 1, got sc_neurocore\.system_build 1"):
        flash(out, "icebreaker")


def test_build_refuses_before_any_tool_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a tool was run")

    monkeypatch.setattr(build_module, "run_target", never)
    with pytest.raises(ScError, match="part must be one of lfe5u-25f, got 'lfe5u-85f'"):
        build_system(system_network(), "lfe5u-85f", tmp_path / "a")
    wide = Network(8, (DenseLayer(np.ones((40, 3), dtype=int), [0] * 40, None),), InputSpec((3,), 8))
    with pytest.raises(
        ScError, match=r"the design has \d+ pins, lfe5u-25f has 197: choose narrower words or no scores"
    ):
        build_system(wide, "lfe5u-25f", tmp_path / "b", scores=True)
    with pytest.raises(ScError, match=r"seeds must be different numbers .* got \[3, 3\]"):
        build_system(system_network(), "lfe5u-25f", tmp_path / "c", seeds=(3, 3))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("precious")
    with pytest.raises(ScError, match="exists and is not a build"):
        build_system(system_network(), "lfe5u-25f", tmp_path / "mine")
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_a_network_that_does_not_fit_is_told_by_how_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part is the real one; a stand-in for nextpnr says of any design what the real one says of a great one."""
    program = tmp_path / "bin" / "nextpnr-ecp5"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Version nextpnr-0.11" && exit\n'
        'printf "Info: \\tTRELLIS_COMB:   30000/  24288   123%%\\n" | tee next.log\n'
        'echo "ERROR: Unable to find a placement location for cell x" >&2; exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ScError, match="the network does not fit: it needs 30000 TRELLIS_COMB, lfe5u-25f has 24288"):
        build_system(random_network(np.random.default_rng(1), 4, (3, 2)), "lfe5u-25f", tmp_path / "out")
    assert not (tmp_path / "out").exists()
