"""Committed networks on their whole test sets, on the Verilog: `tools/whole_sets.py`, part of `.ci/run`.

Such a run takes minutes, and its answer cannot change while the Verilog, the network and the data are the same. So
what was found stands in train/whole_sets.csv, with hashes of the three (of the Verilog without its comments). A row
whose hashes are those of today is only sampled: some images, other ones in every commit, run and are compared again. A
row that is missing or stale runs as a whole, and must be right; `--update` writes the record. `--all` believes no
record. Exit code 1: a score differs, or an accuracy is too low.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from checkout import ROOT, commit, parts_of, verilog_code
from sc_neurocore import artifact, backends
from sc_neurocore.evaluate import part_for
from sc_neurocore.hardware import stream_fold
from sc_neurocore.hardware.conv_image import ConvConfig
from sc_neurocore.hardware.core import core_config
from sc_neurocore.hardware.image import EngineConfig
from sc_neurocore.hardware.rtl_sim import DEFAULT_LANES
from sc_neurocore.hardware.spike_image import SpikeConfig
from sc_neurocore.network import Network
from sc_neurocore.progress import Progress

RECORD = ROOT / "train" / "whole_sets.csv"
FIELDS = ("network", "data", "backend", "check", "images", "correct", "mismatches")
FIELDS = (*FIELDS, "rtl_sha256", "network_sha256", "data_sha256")
#: The engine's module, by the configuration of a core.
ENGINES = {EngineConfig: "sc_engine", ConvConfig: "sc_conv_engine", SpikeConfig: "sc_spike_engine"}
#: Images of a sample. A fault that meets one image in a hundred is seen with a probability of 95 %.
SAMPLE = 300


class Claim(NamedTuple):
    """What a committed network must give on its whole test set.

    Attributes:
        network: Its name.
        data: The data set.
        backend: The back end that runs it.
        check: The simulator that every score is compared with.
        least: The least accuracy, in [0, 1].
    """

    network: str
    data: str
    backend: str
    check: str
    least: float


CLAIMS = (
    Claim("mnist-small", "mnist", "rtl", "golden", 0.9849),
    Claim("mnist-small-32", "mnist", "rtl", "golden", 0.988),
    Claim("mnist-sparse", "mnist", "rtl", "golden", 0.970),
    Claim("mnist-sparse", "mnist", "folded", "golden", 0.970),
    # Golden takes minutes for a convolution; packed is held to it by the tests.
    Claim("mnist-conv", "mnist", "rtl", "packed", 0.993),
    Claim("mnist-spiking", "mnist", "rtl", "packed", 0.984),
)


def digest(*parts: bytes) -> str:
    """Return 16 hexadecimal digits of the SHA-256 over parts whose borders count."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "little") + part)
    return whole.hexdigest()[:16]


def verilog_hash(claim: Claim, network: Network) -> str:
    """Return a hash of the Verilog that a claim's back end simulates, without its comments."""
    if claim.backend == "folded":
        top = stream_fold.folded_text(network, name="top", fold=stream_fold.default_fold(network), observe=True)
        names = parts_of(re.findall(r"\w+", top))
    else:
        # Of the engines that sc_core knows, the one that this network takes.
        top, engine = "", ENGINES[type(core_config(network, DEFAULT_LANES))]
        names = sorted({"sc_network", "sc_core", "sc_mem", *parts_of([engine])})
    texts = [(ROOT / "rtl" / f"{name}.v").read_text(encoding="utf-8") for name in names]
    return digest(*(verilog_code(text).encode() for text in [top, *texts]))


def measure(claim: Claim, network: Network, x: np.ndarray, y: np.ndarray) -> tuple[int, int]:
    """Return how many of the images are answered rightly, and how many scores differ from the model's."""
    what = f"{claim.network}, {claim.backend}"
    codes = network.encode(x)
    found = backends.run(network, codes, claim.backend, Progress(what))
    model = backends.run(network, codes, claim.check, Progress(f"{what}, {claim.check} model"))
    return int((found.classes == y).sum()), found.mismatches(model)


def main(argv: list[str] | None = None, claims: tuple[Claim, ...] = CLAIMS, record: Path = RECORD) -> int:
    """Check that the committed networks keep their claims."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="run every image of every row")
    parser.add_argument("--update", action="store_true", help="write train/whole_sets.csv, with rows that are missing")
    args = parser.parse_args(argv)
    known: dict[tuple[str, ...], dict[str, str]] = {}
    if record.is_file():
        with record.open(encoding="utf-8", newline="") as file:
            known = {(row["network"], row["data"], row["backend"]): row for row in csv.DictReader(file)}
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(commit().encode()).digest()[:8], "little"))
    rows, wrong, fresh = [], [], False
    for claim in claims:
        folder = ROOT / "train" / "networks" / claim.network
        network = artifact.load(folder)
        part = part_for(network, claim.data, "test")
        x, y = np.asarray(part.x), np.asarray(part.y)
        hashes = {
            "rtl_sha256": verilog_hash(claim, network),
            "network_sha256": digest((folder / artifact.INDEX).read_bytes()),
            "data_sha256": digest(x.tobytes(), y.tobytes()),
        }
        row = known.get((claim.network, claim.data, claim.backend))
        recorded = row is not None and not args.all and all(row[name] == value for name, value in hashes.items())
        if recorded and row is not None:
            some = np.sort(random.choice(len(x), min(SAMPLE, len(x)), replace=False))
            _, mismatches = measure(claim, network, x[some], y[some])
            correct, images, said = int(row["correct"]), int(row["images"]), f"{len(some)} images again"
            mismatches += int(row["mismatches"])
        else:
            (correct, mismatches), images, said, fresh = measure(claim, network, x, y), len(x), "every image", True
        rows.append(
            {
                **{"network": claim.network, "data": claim.data, "backend": claim.backend, "check": claim.check},
                **{"images": images, "correct": correct, "mismatches": mismatches},
                **hashes,
            }
        )
        print(f"{claim.network} {claim.backend}: {correct / images:.2%}, {mismatches} mismatches ({said})", flush=True)
        if mismatches or correct < claim.least * images or images != len(x):
            wrong.append(f"{claim.network} {claim.backend}")
    if wrong:
        print(
            f"tools/whole_sets.py: {', '.join(wrong)}: scores differ, or fewer than claimed are right", file=sys.stderr
        )
        return 1
    if args.update:
        with record.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    elif fresh:
        print("tools/whole_sets.py: what ran as a whole is not in train/whole_sets.csv: --update writes it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
