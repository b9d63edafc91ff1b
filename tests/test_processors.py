"""Results do not depend on the processor: the numerical tests again, as other machines would run them.

A library picks its kernels by what the processor offers, so one machine tries one path of many. Here the tests that
are marked `numeric` run once more in processes that are told to take other paths: narrower vectors in torch, NumPy and
compiled kernels, another order of sums in MKL, one thread and two.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TORCH = ("test_snn_networks.py", "test_snn_cells.py", "test_training.py", "test_training_conv.py")
KERNELS = ("test_packed.py", "test_differential.py")

# What the machine is told, the threads it takes, the files whose marked tests are repeated, and how many tests these
# have at least: a marker that is lost would pass in silence.
MACHINES = {
    "plain vectors, one thread, sums in one order": (
        {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3"},
        1,
        TORCH,
        90,
    ),
    "AVX2, two threads": ({"ATEN_CPU_CAPABILITY": "avx2"}, 2, TORCH, 90),
    "plain vectors, two threads": ({"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "AVX2"}, 2, TORCH, 90),
    "kernels compiled for any processor": ({"NUMBA_CPU_NAME": "generic"}, 1, KERNELS, 15),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_numerical_tests_pass_on_other_paths_of_the_libraries(machine: str) -> None:
    told, threads, files, least = MACHINES[machine]
    changes = told | {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
    # What NumPy was not built for, or the processor does not have, it cannot leave out.
    changes["NPY_DISABLE_CPU_FEATURES"] = _known(told.get("NPY_DISABLE_CPU_FEATURES", ""))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "numeric", "-n", "0"]
    done = subprocess.run(
        [*command, *files], cwd=TESTS, env={**os.environ, **changes}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{machine}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= least, done.stdout[-500:]


def _known(features: str) -> str:
    """Return those of NumPy's names of vector extensions that can be switched off here."""
    script = (
        "from numpy._core._multiarray_umath import __cpu_dispatch__ as d, __cpu_features__ as f\n"
        "print(' '.join(n for n in d if f.get(n)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    return " ".join(name for name in features.split() if name in found)
