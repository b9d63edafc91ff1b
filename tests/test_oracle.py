"""The committed networks by the oracle: its scores, classes, counts and spikes are those of golden, packed and lookup.

The oracle (oracle.py) is docs/arithmetic.md in plain Python and reads the artifacts by itself. It has a few images of
each network here; `SC_EFFORT=50 pytest tests/test_oracle.py` takes 50 times as many.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import oracle
from sc_neurocore import artifact, data, golden, lookup, packed
from strategies import EFFORT, assert_answers

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "train" / "networks").glob("*/network.json"))
IMAGES = 4 * EFFORT


def test_the_oracle_shares_no_code() -> None:
    """It imports the standard library and nothing else."""
    tree = ast.parse(Path(oracle.__file__).read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_its_tables_are_those_of_the_page() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "arithmetic.md").read_text(encoding="utf-8")
    sobol = {
        int(d): (int(s), int(a), tuple(map(int, m.split(", "))))
        for d, s, a, m in re.findall(r"^\| (\d) \| (\d) \| (\d) \| ([\d, ]+) \|$", page, re.MULTILINE)
    }
    assert sobol == oracle.SOBOL
    polynomials = re.findall(r"\| (\d+) \| x\^\d+ \+ ((?:x\^\d+ \+ )+)1 (?=\|)", page)
    assert {int(n): tuple(map(int, re.findall(r"x\^(\d+)", terms))) for n, terms in polynomials} == oracle.LFSR


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_committed_networks(folder: Path) -> None:
    """Images of the test part, where it is at hand, and as many samples of random values."""
    network, read = artifact.load(folder), oracle.read(folder)
    spec, random = network.input, np.random.default_rng(16)
    samples = random.integers(spec.offset, spec.top + 1, (IMAGES, *spec.shape))
    if data.at_hand(spec.dataset):
        images = data.load_part(spec.dataset).x
        samples = np.concatenate([images[random.choice(len(images), IMAGES, replace=False)], samples])
    codes = spec.encode(samples, network.length)
    assert codes.tolist() == [read.encode(sample.ravel().tolist()) for sample in samples]
    answers = [read.run(x) for x in codes.tolist()]
    if data.at_hand(spec.dataset):  # random values may all be the same class to a network
        assert len({answer.index for answer in answers}) > 1
    assert_answers(golden.run(network, codes, spikes=True), answers)
    assert_answers(packed.run(network, codes), answers)
    if not network.temporal and network.steps is None:
        assert_answers(lookup.run(network, codes), answers)
