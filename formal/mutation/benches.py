"""Runs a module's benches on a mutant of it, in a copy of the tree: what no proof noticed, a bench may."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from checkout import digest, parts_of
from sby_files import ROOT, file_digest
from sc_neurocore.paths import cache_root

from .proofs import Tools
from .results import WORK
from .syntactic import Mutant

__all__ = ["BENCHES", "bench_key", "bench_of", "run_bench"]

#: Seconds of processor time for one process of a bench: far above what one takes.
LIMIT = 900.0

#: Test file of tb/ → the modules that it is the bench of.
BENCHES: Mapping[str, tuple[str, ...]] = {
    "test_axi": ("sc_axi", "sc_axi_lite", "sc_axi_regs", "sc_axi_stream"),
    "test_bits": ("sc_correlator", "sc_counter", "sc_decorrelator", "sc_mul_bipolar", "sc_mux_add"),
    "test_conv_engine": (
        "sc_conv_ctrl", "sc_conv_engine", "sc_conv_lane", "sc_conv_scan", "sc_conv_sums", "sc_conv_visit",
        "sc_window_code",
    ),
    "test_engine": ("sc_core", "sc_engine", "sc_engine_ctrl", "sc_network"),
    "test_flash_loader": ("sc_crc32", "sc_flash_image", "sc_flash_loader", "sc_spi_read"),
    "test_fold_if": ("sc_fold_if", "sc_serial_argmax"),
    "test_gates": ("sc_apc", "sc_mul"),
    "test_host": ("sc_crc16", "sc_host", "sc_host_exec", "sc_host_frame", "sc_host_steps", "sc_system"),
    "test_lane": ("sc_lane",),
    "test_lif": ("sc_lif", "sc_lif_step"),
    "test_mem": ("sc_mem",),
    "test_random_sources": ("sc_lfsr_source", "sc_sobol_source"),
    "test_sng": ("sc_counter_source", "sc_sng", "sc_vdc_source", "sc_window_sng"),
    "test_spike_engine": (
        "sc_alif_unit", "sc_leak", "sc_lif_unit", "sc_spike_ctrl", "sc_spike_engine", "sc_spike_layer",
        "sc_spike_score", "sc_synaptic_unit",
    ),
    "test_stream_dense": (
        "sc_stream_argmax", "sc_stream_dense", "sc_stream_encode", "sc_stream_synapses", "sc_stream_weights",
    ),
    "test_stream_lif": ("sc_stream_lif", "sc_stream_neurons"),
    "test_stream_port": ("sc_stream_port",),
    "test_uart": ("sc_uart_rx", "sc_uart_tx"),
    "test_window_if": ("sc_window_if", "sc_window_if_step"),
}  # fmt: skip


def bench_of(module: str) -> str:
    """The test file of a module's bench."""
    return next(name for name, modules in BENCHES.items() if module in modules)


@cache
def _read_by(bench: str) -> tuple[str, ...]:
    """Hashes of what a bench reads: its test file, the tops beside it, and the RTL under them."""
    text = (ROOT / "tb" / f"{bench}.py").read_text(encoding="utf-8")
    beside = [path for path in sorted((ROOT / "tb").glob("*.v")) if f'"{path.stem}' in text]
    words = re.findall(r"\bsc_\w+", text + "".join(path.read_text(encoding="utf-8") for path in beside))
    tops = {word for word in words if (ROOT / "rtl" / f"{word}.v").is_file()}
    below = parts_of(tops)
    return (digest(text), *map(file_digest, [*beside, *(ROOT / "rtl" / f"{name}.v" for name in below)]))


def bench_key(mutant: Mutant) -> str:
    """A hash of what the bench of a mutant's module reads."""
    return digest(*_read_by(bench_of(mutant.module)))


def run_bench(tools: Tools, mutant: Mutant, text: str, folder: Path) -> dict[str, Any]:
    """Run the bench on the mutant; return a stage's result: "killed", "refused", "passed" or "late".

    A mutant is refused if Verilator, whose warnings are errors here, does not build it. That is noticed, but it says
    nothing of what the mutant does: a signal that is a bit narrower may be all the same if that bit is always 0.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", "build")
    for name in ("rtl", "tb", "model"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("fusesoc.core", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / mutant.file).write_text(text, encoding="utf-8")
    # Most of what is compiled is the same for every mutant.
    objects = WORK / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    (folder / "build" / "tb").mkdir(parents=True)
    (folder / "build" / "tb" / "objects").symlink_to(objects)
    bench = bench_of(mutant.module)
    environment = {**os.environ, "PYTHONPATH": str(folder / "model"), "SC_NEUROCORE_CACHE": str(cache_root())}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tb/{bench}.py"]
    code, seconds = tools.call(command, folder, "log", LIMIT, environment)
    log = (folder / "log").read_text(encoding="utf-8", errors="replace")
    failed = re.search(r"^FAILED \S*?::(\S+)", log, re.MULTILINE)
    what = failed[1] if failed else ("" if code in (0, 1) else f"pytest ended with {code}")
    verdict = {0: "passed", 1: "refused" if re.search(r"%Error: ", log) else "killed"}.get(code, "late")
    return {"verdict": verdict, "by": bench, "what": what, "seconds": round(seconds, 1), "key": bench_key(mutant)}
