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
TORCH = ("test_training.py", "test_training_cells.py", "test_training_conv.py", "test_training_snn.py")
KERNELS = ("test_packed.py", "test_kernels.py", "test_differential.py")

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


# Prints what conversions decide, to the last bit: full scales, excesses, thresholds, and all codes; before these the
# values that decide. A product in single precision, in their place, differs between these machines.
CONVERSION = """
import hashlib
import numpy as np, torch
from torch import nn
from sc_neurocore.network import InputSpec
from sc_neurocore.training import to_network
from sc_neurocore.training.exact import exact_mean, exact_pool, exact_product, mean_square
from sc_neurocore.training.stages import build_stages
def digest(t):
    return hashlib.sha256(t.detach().numpy().tobytes()).hexdigest()
draw = np.random.default_rng(5)
def model():
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
        nn.Linear(6 * 16, 40), nn.ReLU6(), nn.Linear(40, 5),
    ).eval()
stages = build_stages((8, 8, 3), ["12c3p1", "mean2", 50], 5)
x = torch.from_numpy(draw.normal(size=(400, 192)) * draw.lognormal(size=(400, 192)))
for stage in stages:
    if not hasattr(stage, "weight"):
        x = exact_pool(stage, x)
        continue
    shape = tuple(stage.weight.shape)
    weight, bias = (torch.from_numpy(draw.normal(size=n)) for n in (shape, stage.channels))
    y = exact_product(stage, x, weight, bias)
    excess = exact_mean(stage, (y * 256).round() / 256)
    print(digest(y), mean_square(y, 0.7, y.roll(1, 0), low=0.0).hex(), digest(excess))
    x = y.relu()
for length in (16, 256):
    net = model()
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.is_floating_point():
                values = draw.normal(size=tensor.shape) * draw.lognormal(size=tensor.shape) / 4
                tensor.copy_(torch.from_numpy(values))
        net[1].running_var.abs_().add_(0.1)
    spec = InputSpec((2, 8, 8), full_scale=255, order="chw")
    network = to_network(net, draw.integers(0, 256, (300, 2, 8, 8)), length=length, input_spec=spec)
    facts = [network.tag, [layer.theta for layer in network.layers if hasattr(layer, "theta")], network.info["scales"]]
    print(hashlib.sha256(repr(facts).encode()).hexdigest(), facts)
"""


def _told(machine: str) -> dict[str, str]:
    """Return the environment of a machine."""
    told, threads, *_ = MACHINES[machine]
    changes = told | {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
    # What NumPy was not built for, or the processor does not have, it cannot leave out.
    changes["NPY_DISABLE_CPU_FEATURES"] = _known(told.get("NPY_DISABLE_CPU_FEATURES", ""))
    return {**os.environ, **changes}


def test_a_conversion_decides_the_same_on_every_processor() -> None:
    decided = {
        machine: subprocess.run(
            [sys.executable, "-W", "ignore", "-c", CONVERSION],
            env=_told(machine),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for machine in MACHINES
    }
    assert len(set(decided.values())) == 1, decided


@pytest.mark.parametrize("machine", MACHINES)
def test_numerical_tests_pass_on_other_paths_of_the_libraries(machine: str) -> None:
    _, _, files, least = MACHINES[machine]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "numeric", "-n", "0"]
    done = subprocess.run(
        [*command, *files], cwd=TESTS, env=_told(machine), capture_output=True, text=True, check=False
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
