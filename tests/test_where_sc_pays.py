"""The study of docs/where_sc_pays.md: its rows are what measuring again gives; its designs compute what they claim."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sc_neurocore import artifact, data, packed
from sc_neurocore.compiler.program import signed_digits
from sc_neurocore.hardware.tools import verilator_command, verilator_env
from sc_neurocore.paths import rtl_files
from sc_neurocore.sources import source
from sc_neurocore.streams import product_table, scc

ROOT = Path(__file__).resolve().parents[1]
PLOTS = ROOT / "docs" / "plots"
PARTS = ("error", "area", "faults", "correlation")
pytest.importorskip("matplotlib")

import where_sc_pays  # noqa: E402
from pays import area, common, correlation, error  # noqa: E402


def rows_of(part: str, folder: Path = PLOTS) -> list[common.Row]:
    return common.read(folder / f"{part}.csv")


VALUES = {
    "error": ("rmse", "mean_abs", "max_abs", "bias"),
    "area": ("luts", "ffs", "input_luts", "input_ffs"),
    "faults": ("accuracy", "std"),
    "correlation": ("scc", "rmse", "mean_abs", "bias", "accuracy"),
}


@pytest.mark.parametrize("part", PARTS)
def test_measuring_again_gives_the_committed_rows(part: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "where_sc_pays.py"), part, "--quick", "--out", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    committed = {
        tuple(v for k, v in row.items() if k not in VALUES[part]): [row[k] for k in VALUES[part]]
        for row in rows_of(part)
    }
    rows = rows_of(part, tmp_path)
    assert len(rows) >= 9
    for row in rows:
        wanted = committed[tuple(v for k, v in row.items() if k not in VALUES[part])]
        got = [row[k] for k in VALUES[part]]
        if part == "area":
            # Another Yosys, or a module of rtl/ that became smaller, is no mistake; another design is.
            assert np.allclose([int(v) for v in got], [int(v) for v in wanted], rtol=0.15, atol=2), row
        else:
            assert got == wanted, row
    svg = (tmp_path / f"{part}.svg").read_bytes()
    assert svg.startswith(b"<?xml")


@pytest.mark.parametrize("part", PARTS)
def test_document_and_figure_show_the_committed_rows(part: str, tmp_path: Path) -> None:
    module: ModuleType = where_sc_pays.PARTS[part]
    rows = rows_of(part)
    document = where_sc_pays.DOCUMENT.read_text()
    assert where_sc_pays.with_table(document, part, module.table(rows)) == document
    assert f"plots/{part}.svg" in document
    assert f"plots/{part}.csv" in document
    for name in ("a.svg", "b.svg"):
        module.draw(rows, tmp_path / name)
    drawn = (tmp_path / "a.svg").read_bytes()
    assert drawn == (tmp_path / "b.svg").read_bytes()
    assert (PLOTS / f"{part}.svg").stat().st_size < 1 << 17


@pytest.mark.parametrize(
    ("a", "b"), [("counter", "vdc"), ("vdc", "sobol:1"), ("lfsr:1", "lfsr:half"), ("counter", "random")]
)
@pytest.mark.parametrize("length", [8, 64])
def test_error_statistics_are_those_of_the_streams(a: str, b: str, length: int) -> None:
    ra, rb = error.numbers(a, length, 0), error.numbers(b, length, 1)
    codes = np.arange(length + 1)[:, None]
    table = (codes > ra).astype(int) @ (codes > rb).astype(int).T
    assert np.array_equal(error.joint_counts(ra, rb), table)
    if (a, b) == error.CONTRACT:
        assert np.array_equal(table[:, :-1], product_table(length))
    for got, f in zip(error.statistics(ra, rb), (table, table.T), strict=True):
        e = f[:, :-1] / length - np.outer(codes, codes[:-1]) / length**2
        assert np.allclose(
            got, [(e**2).sum(), np.abs(e).sum(), np.abs(e).max(), e.sum(), e.size], rtol=1e-12, atol=1e-12
        )


def test_a_random_reference_has_the_error_that_theory_gives_it() -> None:
    """Σ of L independent bits of probability p: the error of their mean has the variance p(1 − p)/L."""
    for row in rows_of("error"):
        if row["activation"] == row["weight"] == "random" and int(row["L"]) <= 64:
            length = int(row["L"])
            p = np.outer(np.arange(length + 1), np.arange(length)) / length**2
            expected = np.sqrt((p * (1 - p)).mean() / length)
            # At least 64 draws; within a draw the errors of all codes hang together, so 64 are the samples.
            assert abs(float(row["rmse"]) / expected - 1) < 4 / np.sqrt(2 * 64)


def test_networks_on_any_pair_of_sources_equal_the_packed_simulator_on_the_contracts() -> None:
    network = artifact.load(ROOT / "train" / "networks" / "digits")
    codes = network.input.encode(data.load_part("digits").x, network.length)
    counter, vdc = source("counter", 32), source("vdc", 32)
    assert np.array_equal(correlation.classes(network, codes, counter, vdc), packed.run(network, codes).classes)


def test_shared_and_inverted_sources_are_the_ends_of_scc() -> None:
    pairs = correlation.operands(32)
    assert (scc(*pairs["shared source: vdc"]) == 1).all()
    least = scc(*pairs["inverted source: vdc"])
    assert (least == -1).all()
    for row in rows_of("correlation"):
        if row["what"] == "product" and "shared source: vdc" in row["way"]:
            # AND is the minimum: Σ min(X, W)/L − X·W/L² over 1 … L − 1 is (L² − 1)/12L² · L/(L − 1) …
            p = np.arange(1, int(row["L"])) / int(row["L"])
            assert float(row["bias"]) == pytest.approx((np.minimum.outer(p, p) - np.outer(p, p)).mean(), abs=5e-5)


def test_signed_digits_are_few_and_right() -> None:
    for c in range(-256, 256):
        digits = signed_digits(c)
        assert sum(d << s for s, d in digits) == c
        shifts = [s for s, _ in digits]
        assert all(b - a >= 2 for a, b in pairwise(shifts))  # canonical: no two are neighbours


def _bus(values: np.ndarray, width: int) -> str:
    return f"{len(values) * width}'h{sum((int(v) % (1 << width)) << width * k for k, v in enumerate(values)):x}"


@pytest.mark.parametrize(("inputs", "neurons", "n"), [(13, 2, 3)])
def test_every_design_computes_its_sums(inputs: int, neurons: int, n: int, tmp_path: Path) -> None:
    """All designs in one simulation, random codes, the sums against integers: F[X, W] for SC, X·W for binary."""
    kinds = [
        ("stochastic", "constants"),
        ("stochastic", "ports"),
        ("binary", "constants"),
        ("binary", "ports"),
        ("folded", "constants"),
    ]
    designs = {kind: area.Design(*kind, inputs, neurons, n) for kind in kinds}
    length, rng = 1 << n, np.random.default_rng(0)
    f = product_table(length)
    sc, folded = designs["stochastic", "constants"], designs["folded", "constants"]
    assert folded.multipliers == 2
    body, checks = [], 0
    for _ in range(6):
        x = rng.integers(0, length, inputs)
        ports = rng.integers(1 - length, length, (neurons, inputs))
        signed = np.sign(ports) * f[x, np.abs(ports)], np.sign(sc.codes) * f[x, np.abs(sc.codes)]
        sums = {
            "sc_p": signed[0].sum(axis=1), "sc_c": signed[1].sum(axis=1), "bin_p": ports @ x,
            "bin_c": designs["binary", "constants"].codes @ x, "fold": folded.codes @ x,
        }  # fmt: skip
        magnitude = np.where(ports < 0, length - ports, ports).ravel()
        begin = -length * (ports < 0).sum(axis=1)
        body.append(
            f"        codes = {_bus(x, n + 1)}; x = {_bus(x, n)}; w_sm = {_bus(magnitude, n + 1)};"
            f" w_tc = {_bus(ports.ravel(), n + 1)}; begin_s = {_bus(begin, sc.sum_bits)};\n"
            "        @(negedge clk) start = 1; @(negedge clk) start = 0;\n"
            f"        repeat ({folded.clocks - 1}) @(negedge clk);\n"
        )
        for name, kind in (("bin_p", kinds[3]), ("bin_c", kinds[2]), ("fold", kinds[4])):
            wanted = _bus(sums[name], designs[kind].sum_bits)
            body.append(f'        if ({name} !== {wanted}) $fatal(1, "{name}");\n')
        body.append(
            f'        if (!last) $fatal(1, "last");\n        repeat ({length - folded.clocks}) @(negedge clk);\n'
        )
        for name in ("sc_p", "sc_c"):
            body.append(
                f'        if (!ready_{name} || {name} !== {_bus(sums[name], sc.sum_bits)}) $fatal(1, "{name}");\n'
            )
        checks += 5
    wide, narrow = folded.sum_bits * neurons, sc.sum_bits * neurons
    k = folded.multipliers
    top = {kind: d.top for kind, d in designs.items()}
    bench = f"""module bench;
    reg clk = 0, rst = 1, start = 0;
    always #1 clk = ~clk;
    reg [{inputs * (n + 1) - 1}:0] codes = 0;
    reg [{inputs * n - 1}:0] x = 0;
    reg [{inputs * neurons * (n + 1) - 1}:0] w_sm = 0, w_tc = 0;
    reg [{narrow - 1}:0] begin_s = 0;
    wire [{inputs - 1}:0] bits;
    wire [{k * n - 1}:0] chosen;
    reg [{(folded.clocks - 1).bit_length() - 1}:0] t = 0;
    wire [{narrow - 1}:0] sc_p, sc_c;
    wire [{wide - 1}:0] bin_p, bin_c, fold;
    wire ready_sc_p, ready_sc_c, last;
    always @(posedge clk) t <= start ? 0 : t + 1;
    encoder_{inputs}_{n} u_e (.clk(clk), .rst(rst), .i_start(start), .i_codes(codes), .o_x(bits));
    selector_{inputs}_{n} u_s (.t(t), .i_codes(x), .o_x(chosen));
    {top[kinds[0]]} u0 (.clk(clk), .rst(rst), .i_start(start), .i_x(bits), .o_start(ready_sc_c), .o_s(sc_c));
    {top[kinds[1]]} u1 (.clk(clk), .rst(rst), .i_start(start), .i_x(bits), .i_w(w_sm), .i_begin(begin_s),
        .o_start(ready_sc_p), .o_s(sc_p));
    {top[kinds[2]]} u2 (.i_x(x), .o_s(bin_c));
    {top[kinds[3]]} u3 (.i_x(x), .i_w(w_tc), .o_s(bin_p));
    {top[kinds[4]]} u4 (.clk(clk), .i_start(start), .i_x(chosen), .o_last(last), .o_s(fold));
    initial begin
        repeat (3) @(negedge clk);
        rst = 0;
{"".join(body)}        $display("{checks} sums right");
        $finish;
    end
endmodule
"""
    texts = [area.verilog(d) for d in designs.values()] + [area.encoder(inputs, n), area.selector(inputs, n), bench]
    (tmp_path / "bench.v").write_text("".join(texts))
    build = [
        *verilator_command(),
        "--binary",
        "--timing",
        "-Wno-fatal",
        "-CFLAGS",
        "-std=c++20 -fcoroutines -O0",
        "--top-module",
        "bench",
    ]
    built = subprocess.run(
        [*build, "-Mdir", str(tmp_path / "obj"), "bench.v", *map(str, rtl_files())],
        env=verilator_env(), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    ran = subprocess.run([str(tmp_path / "obj" / "Vbench")], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{checks} sums right" in ran.stdout


def test_what_the_document_says_of_the_contracts_pair() -> None:
    """About its mean, its error is the smallest of all pairs at every L but 8; its bias is never negative."""
    spread: dict[int, dict[tuple[str, str], float]] = {}
    for row in rows_of("error"):
        about = float(row["rmse"]) ** 2 - float(row["bias"]) ** 2
        spread.setdefault(int(row["L"]), {})[row["activation"], row["weight"]] = about
    assert sorted(spread) == [1 << n for n in range(2, 13)]
    for length, pairs in spread.items():
        # The other order is the same but for the codes L and L − 1.
        rivals = [v for k, v in pairs.items() if k not in (error.CONTRACT, error.CONTRACT[::-1])]
        assert (pairs[error.CONTRACT] < min(rivals)) == (length != 8)
