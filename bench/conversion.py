"""Time and memory of a conversion: `to_network` on a random 3072-1024-10, docs/speed.md's table.

  python bench/conversion.py      each case in a process of its own, after a small conversion that compiles and loads

Memory: growth of the process's peak over what it held before, and the peak itself, torch included.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from document import put_table, table

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "speed.md"
SIZES = (3072, 1024, 10)
SAMPLES = 1024
# Length, and the share of the inputs that are not 0.
CASES = ((64, 1.0), (64, 0.2), (256, 1.0))


def _resident(which: str) -> float:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(which))
    return int(line.split()[1]) / 1024


def convert(length: int, share: float) -> None:
    """Print seconds by the clock and of the CPU, growth of the peak and the peak in MiB, for one case."""
    import torch
    from torch import nn

    from sc_neurocore.network import InputSpec
    from sc_neurocore.training import to_network

    rng = np.random.default_rng(0)
    samples = (rng.integers(1, 256, (SAMPLES, SIZES[0])) * (rng.random((SAMPLES, SIZES[0])) < share)).astype(np.uint8)
    torch.manual_seed(0)
    layers = [nn.Linear(a, b) for a, b in pairwise(SIZES)]
    to_network(nn.Sequential(nn.Linear(4, 3)), samples[:8, :4], length=length, input_spec=InputSpec((4,), 255))
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # else the run could take what the set-up freed, and would not be seen
    Path("/proc/self/clear_refs").write_text("5")  # the peak becomes what is held now
    before, start, used = _resident("VmRSS"), time.perf_counter(), time.process_time()
    model = nn.Sequential(layers[0], nn.ReLU(), layers[1])
    to_network(model, samples, length=length, input_spec=InputSpec(SIZES[:1], 255))
    seconds, used, peak = time.perf_counter() - start, time.process_time() - used, _resident("VmHWM")
    print(seconds, used, peak - before, peak)


def main() -> None:
    """Measure every case and write the table, or print one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", type=float, nargs=2, metavar=("LENGTH", "SHARE"), help="measure one, print its row")
    case = parser.parse_args().case
    if case:
        convert(int(case[0]), case[1])
        return
    rows: list[list[object]] = []
    for length, share in CASES:
        command = [sys.executable, __file__, "--case", str(length), str(share)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds, used, grown, peak = map(float, done.stdout.split())
        name = f"L = {length}, {share:.0%} of inputs not 0"
        rows.append([name, f"{seconds:.1f}", f"{used:.1f}", f"{grown:.0f}", f"{peak:.0f}"])
        print(*rows[-1], sep=", ", file=sys.stderr, flush=True)
    titles = ["3072-1024-10", "s by the clock", "s of CPU", "growth of the peak, MiB", "peak of the process, MiB"]
    put_table(DOCUMENT, table(titles, rows), "conversion")


if __name__ == "__main__":
    main()
