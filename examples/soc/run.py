"""Run images on the system of this folder in simulation, through FuseSoC and Verilator, and compare every score.

python examples/soc/run.py [--network train/networks/digits] [--images 8]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from sc_neurocore import artifact, golden
from sc_neurocore.errors import ScError, require
from sc_neurocore.hardware.core import core_config, write_core_image
from sc_neurocore.hardware.flow import run_target
from sc_neurocore.network import Network
from sc_neurocore.paths import hdl_root

HERE = Path(__file__).resolve().parent
CORE = "example:soc:soc"


def stage(network: Network, codes: np.ndarray, work: Path, lanes: int) -> dict[str, int | str]:
    """Lay both cores, the network's memories and the images out in `work`; return the system's parameters."""
    library, own = work / "cores" / "sc_neurocore", work / "cores" / "soc"
    library.mkdir(parents=True)
    shutil.copyfile(hdl_root() / "fusesoc.core", library / "fusesoc.core")
    for part in ("rtl", "fpga"):
        shutil.copytree(hdl_root() / part, library / part)
    own.mkdir()
    for path in (*HERE.glob("*.v"), HERE / "soc.core", HERE / "main.cpp"):
        shutil.copyfile(path, own / path.name)
    (own / "image").mkdir()
    config = core_config(network, lanes)
    write_core_image(network, config, own / "image")
    (own / "image" / "images.mem").write_text("".join(f"{x:04x}\n" for x in codes.ravel()))
    return dict(config.parameters()) | {"INPUTS": codes.shape[1], "IMAGES": len(codes)}


def simulate(work: Path, parameters: dict[str, int | str]) -> tuple[list[list[int]], list[int]]:
    """Build and run the staged system; return scores and class of every image. Raises ScError where either fails."""
    run_target(work, "sim", parameters, core=CORE)
    done = subprocess.run([work / "work" / "Vsoc"], cwd=work / "work", capture_output=True, text=True, check=False)
    require(done.returncode == 0, f"the simulation failed: {(done.stdout + done.stderr)[-500:]}")
    scores: list[list[int]] = [[]]
    classes: list[int] = []
    for line in done.stdout.splitlines():
        kind, _, value = line.partition(" ")
        if kind == "SCORE":
            scores[-1].append(int(value))
        elif kind == "CLASS":
            classes.append(int(value))
            scores.append([])
    return scores[:-1], classes


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0 only if the system and the model agree on everything."""
    parser = argparse.ArgumentParser(description="Run a network in the example system and compare it with the model.")
    parser.add_argument("--network", default=HERE.parents[1] / "train" / "networks" / "digits", metavar="FOLDER")
    parser.add_argument("--images", type=int, default=8, metavar="N", help="random ones (default 8)")
    parser.add_argument("--lanes", type=int, default=4, metavar="N", help="neurons at a time (default 4)")
    parser.add_argument("--work", type=Path, default=Path("build/soc"), metavar="FOLDER")
    options = parser.parse_args(argv)
    try:
        network = artifact.load(options.network)
        random = np.random.default_rng(1)
        codes = random.integers(0, network.length + 1, (options.images, network.input.size)).astype(np.uint16)
        options.work = options.work.resolve()
        shutil.rmtree(options.work, ignore_errors=True)
        scores, classes = simulate(options.work, stage(network, codes, options.work, options.lanes))
    except ScError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    wanted = golden.run(network, codes)
    right = sum(a == b.tolist() for a, b in zip(scores, wanted.scores, strict=False))
    same = len(scores) == len(codes) == right and classes == wanted.classes.tolist()
    print(f"{right} of {len(codes)} images with the scores of the model; classes {' '.join(map(str, classes))}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
