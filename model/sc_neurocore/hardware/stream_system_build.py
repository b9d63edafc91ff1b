"""From a network to a bitstream of its complete streaming design on a bare part, with figures after place and route.

FuseSoC and edalize run synthesis, place and route and packing in a work folder, once for the first seed; place and
route alone is then repeated for the others, and the fastest is kept. Beside it stands what Yosys makes of the same
design for 7-series FPGAs, since published designs count their LUTs.

`build_system` does the whole, and `load_system` reads what it left. A build whose inputs have not changed is not done
again: the folder holds a hash of everything that it follows from.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .. import artifact
from ..errors import ScError, require
from ..network import Network
from ..paths import hdl_root, rtl_files
from .build_folder import INDEX, check_files, finish, reading, sha256, target_of, working
from .families import FAMILIES, nextpnr_figures, xc7_figures
from .flow import SYSTEM, Progress, call, flow_tools, run_target
from .parts import Part
from .parts import part as part_called
from .stream_system import CORE, TOP, StreamSystem, write
from .tools import find

__all__ = ["SEEDS", "SystemBuild", "build_system", "load_system", "system_of"]

FORMAT = "sc_neurocore.system_build"
VERSION = 1
#: Seeds of place and route that are tried unless others are given.
SEEDS = (1, 2, 3)
DESIGN = "design"


@dataclass(frozen=True, slots=True)
class SystemBuild:
    """A bitstream of a complete streaming design with its figures, post-route except for xc7_*.

    Attributes:
        design: a key of `stream_system.DESIGNS`.
        part: name of the part.
        bitstream: path of the bitstream.
        lut: LUTs of the part, host interface included. A place for a LUT counts, with carry or without.
        ff: flip-flops.
        bram: block RAMs.
        dsp: multiplier blocks.
        fmax_mhz: greatest clock from register to register, in MHz, of the best seed.
        seed: that seed.
        fmax_by_seed: Fmax of every seed that was tried.
        xc7_luts: LUTs of the same design after Yosys' `synth_xilinx -family xc7`, before place and route; inverters
            count.
        xc7_ffs: flip-flops of it.
        data_width: bits of an image word.
        scores: whether answers have scores.
        words: words of an image.
        latency_clocks: clocks from the first word taken to the answer offered, both included, at a word a clock.
        latency_from_last_word_clocks: the same from the last word.
        clocks_per_image: clocks from image to image where neither side stalls.
        latency_us: latency_clocks at fmax_mhz, in microseconds.
        images_per_s: images in a second at fmax_mhz where neither side stalls.
        network: topology of the network.
        length: L.
        tag: the network's tag.
        synapses: weights and biases that are not 0.
        tools: name, version and origin of each tool.
        reused: whether an earlier build was up to date, so that nothing was run.
    """

    design: str
    part: str
    bitstream: str
    lut: int
    ff: int
    bram: int
    dsp: int
    fmax_mhz: float
    seed: int
    fmax_by_seed: Mapping[str, float]
    xc7_luts: int
    xc7_ffs: int
    data_width: int
    scores: bool
    words: int
    latency_clocks: int
    latency_from_last_word_clocks: int
    clocks_per_image: int
    latency_us: float
    images_per_s: int
    network: str
    length: int
    tag: int
    synapses: int
    tools: tuple[str, ...]
    reused: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, in their order."""
        return asdict(self)


def load_system(folder: str | os.PathLike[str]) -> SystemBuild:
    """Return the build in `folder`; raises ScError naming the file that is missing, altered or of another version."""
    return _load(Path(folder).absolute())[0]


def system_of(network: Network | str | os.PathLike[str], **options: Any) -> StreamSystem:
    """Return the complete design of a network, or of the artifact in that folder; options are StreamSystem's."""
    net = network if isinstance(network, Network) else artifact.load(network)
    return StreamSystem(net, **options)


def _load(folder: Path) -> tuple[SystemBuild, str]:
    """Return the build in a folder, and the hash of what it follows from (`_inputs`)."""
    with reading(folder, FORMAT, VERSION) as content:
        values = dict(content["result"], tools=tuple(content["result"]["tools"]))
        bitstream = folder / str(values["bitstream"])
        result = SystemBuild(**(values | {"bitstream": str(bitstream)}))
        wanted, inputs = content["sha256"], str(content["inputs"])
    check_files({bitstream: wanted})
    return result, inputs


def _place_options(seed: int) -> tuple[str, ...]:
    """Return the options of nextpnr for one seed; each seed has a report of its own."""
    # Fmax is the result: there is no clock that a design must meet.
    return ("--seed", str(seed), "--timing-allow-fail", "--report", f"report-{seed}.json")


def _too_small(part: Part, log: Path) -> str:
    """Return what the part has too few of, from nextpnr's log, such as "60 DP16KD, lfe5u-25f has 56"; "" for nothing.

    nextpnr's own message only names one cell that found no place.

    Args:
        part: The part.
        log: The log of nextpnr; it may be missing.
    """
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    rows = re.findall(r"Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%", text)
    return ", ".join(f"{used} {name}, {part.name} has {have}" for name, used, have in rows if int(used) > int(have))


def _synthesise_and_place(flow: Path, system: StreamSystem, part: Part, seed: int, say: Progress) -> None:
    """Run the part's whole flow, for one seed.

    Args:
        flow: The work folder. The RTL and the design are copied to `cores` in it, and the tools run in `work`.
        system: The design.
        part: The part.
        seed: Seed of place and route.
        say: Called with a line of text for each step.

    Raises:
        ScError: The design does not fit the part, or a tool fails.
    """
    root = hdl_root()
    cores = flow / "cores"
    for path in (root / "fusesoc.core", *rtl_files()):
        target = cores / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    write(system, cores / DESIGN)
    options = " ".join(_place_options(seed))
    try:
        run_target(flow, part.name, {}, core=CORE, options=(f"--nextpnr_options={options}",), progress=say)
    except ScError:
        short = _too_small(part, flow / "work" / "next.log")
        if not short:
            raise
        raise ScError(f"the network does not fit: it needs {short}; everything is in {flow}") from None


def _place_again(work: Path, part: Part, seed: int) -> None:
    """Place and route the netlist of the first seed with another one."""
    tool = find(FAMILIES[part.family].tools[2])
    command = [
        *tool.command, "-q", *part.nextpnr_options, *_place_options(seed),
        "--json", f"{SYSTEM}.json", "--textcfg", f"{SYSTEM}-{seed}.config",
    ]  # fmt: skip
    call(command, work, tool.environment(), "place and route")


def _figures(work: Path, part: Part, seed: int) -> dict[str, Any]:
    """Return the figures of one seed, from nextpnr's report."""
    figures = nextpnr_figures(part.family, work / f"report-{seed}.json")
    return {name: figures[name] for name in ("lut", "ff", "bram", "dsp", "fmax_mhz")}


def _xc7(folder: Path) -> tuple[int, int]:
    """Return the LUTs and flip-flops of the design in `folder` on a 7-series FPGA, after synthesis."""
    tool = find("yosys")
    # Relative, for Yosys takes no path with a space; the sources lie beside the design (_synthesise_and_place).
    files = [*sorted(p.name for p in folder.glob("*.v")), *(f"../rtl/{p.name}" for p in rtl_files())]
    script = folder / "xc7.ys"
    script.write_text(
        f"read_verilog -defer {' '.join(files)}\nhierarchy -check -top {TOP}\n"
        f"synth_xilinx -family xc7 -flatten -noiopad -top {TOP}\ntee -q -o xc7.json stat -json\n",
        encoding="utf-8",
    )
    call([*tool.command, "-q", "-s", script.name], folder, tool.environment(), "synthesis for 7-series FPGAs")
    figures = xc7_figures(folder / "xc7.json")
    return figures["lut"], figures["ff"]


def _inputs(system: StreamSystem, part: Part, seeds: Sequence[int], tools: Sequence[str]) -> str:
    """Return the hash of everything that the bitstream and its figures follow from.

    That is the Verilog of the design and of rtl/, the part, the seeds, and the versions of the tools.
    """
    with tempfile.TemporaryDirectory(prefix="sc-neurocore-") as temporary:
        write(system, temporary)
        digest = hashlib.sha256(repr((VERSION, part, tuple(seeds), tuple(tools))).encode())
        for path in (*sorted(Path(temporary).iterdir()), *rtl_files()):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build_system(
    network: Network | str | os.PathLike[str],
    part: Part | str,
    out: str | os.PathLike[str],
    *,
    design: str = "stream",
    data_width: int = 32,
    scores: bool = False,
    seeds: Sequence[int] = SEEDS,
    progress: Progress | None = None,
) -> SystemBuild:
    """Build the complete streaming design of a network for a part, and write the build to a folder.

    The folder appears whole or not at all; if it holds a build that is up to date, nothing is run. Beside the bitstream
    it has the design's Verilog and memory files, and the tools' logs.

    Args:
        network: the network, or the folder of its artifact.
        part: the part or its name.
        out: the folder to write: new, empty, or an earlier build.
        design: as in `StreamSystem`, like data_width and scores.
        data_width: bits of an image word.
        scores: whether answers have scores.
        seeds: seeds of place and route; the one with the greatest Fmax is kept.
        progress: called with a line for each step.

    Raises:
        ScError: part or design are unknown, the design cannot hold the network, it does not fit the part, a tool is
            missing or fails, or the folder is something else.
    """
    say = progress or (lambda _: None)
    where = part_called(part) if isinstance(part, str) else part
    system = system_of(network, design=design, data_width=data_width, scores=scores)
    require(
        len(seeds) > 0 and len(set(seeds)) == len(seeds) and all(0 <= s < 1 << 31 for s in seeds),
        f"seeds must be different numbers in [0, 2^31), at least one, got {list(seeds)}",
    )
    require(
        system.pins <= where.pins,
        f"the design has {system.pins} pins, {where.name} has {where.pins}: choose narrower words"
        + (" or no scores" if scores else ""),
    )
    target = target_of(out)
    family = FAMILIES[where.family]
    tools = flow_tools(where.family)
    inputs = _inputs(system, where, seeds, tools)
    if (target / INDEX).is_file():
        try:
            found, known = _load(target)
        except ScError:
            # A build that is damaged or of another version is made again.
            known = ""
        if known == inputs:
            say(f"up to date: {target}")
            return replace(found, reused=True)

    started = time.monotonic()
    with working(target) as work:
        flow = work / "flow"
        flow.mkdir()
        _synthesise_and_place(flow, system, where, seeds[0], say)
        for seed in seeds[1:]:
            say(f"place and route: seed {seed}")
            _place_again(flow / "work", where, seed)
        by_seed = {seed: _figures(flow / "work", where, seed) for seed in seeds}
        best = max(seeds, key=lambda seed: by_seed[seed]["fmax_mhz"])
        say("synthesis for 7-series FPGAs")
        xc7_luts, xc7_ffs = _xc7(flow / "cores" / DESIGN)
        net, figures = system.network, by_seed[best]
        mhz = figures["fmax_mhz"]
        whole = work / "result"
        whole.mkdir()
        name = f"{where.name}{family.suffix}"
        _keep(flow, whole, system, where, best, name, first=best == seeds[0])
        result = SystemBuild(
            design=design,
            part=where.name,
            bitstream=name,
            seed=best,
            fmax_by_seed={str(seed): by_seed[seed]["fmax_mhz"] for seed in seeds},
            xc7_luts=xc7_luts,
            xc7_ffs=xc7_ffs,
            data_width=data_width,
            scores=scores,
            words=system.words,
            latency_clocks=system.latency_from_first_word,
            latency_from_last_word_clocks=system.latency_from_last_word,
            clocks_per_image=system.clocks_per_image,
            latency_us=round(system.latency_from_first_word / mhz, 4),
            images_per_s=int(mhz * 1e6 / system.clocks_per_image),
            network=net.topology,
            length=net.length,
            tag=net.tag,
            synapses=sum(int((layer.synapses != 0).sum()) for layer in net.weighted),
            tools=tuple(tools),
            **figures,
        )
        content = {
            "format": FORMAT,
            "version": VERSION,
            "result": result.to_json(),
            "inputs": inputs,
            "sha256": sha256(whole / name),
        }
        finish(whole, target, content)
    say(
        f"built in {time.monotonic() - started:.0f} s: {result.lut} LUTs, {result.ff} flip-flops, Fmax "
        f"{result.fmax_mhz} MHz, {result.latency_us} us an image; {result.xc7_luts} LUTs on a 7-series FPGA"
    )
    return load_system(target)


def _keep(flow: Path, whole: Path, system: StreamSystem, part: Part, seed: int, name: str, *, first: bool) -> None:
    """Copy the results of a finished flow: bitstream, sources of the design, and logs.

    Args:
        flow: The work folder.
        whole: The folder that becomes the build.
        system: The design.
        part: The part.
        seed: The best seed.
        name: Name of the bitstream.
        first: Whether it is the first seed, whose bitstream the flow has packed already.
    """
    work = flow / "work"
    if not first:
        tool = find(FAMILIES[part.family].tools[3])
        pack = [*tool.command, f"{SYSTEM}-{seed}.config", f"{SYSTEM}{FAMILIES[part.family].suffix}"]
        call(pack, work, tool.environment(), "packing the bitstream")
    shutil.copyfile(work / f"{SYSTEM}{FAMILIES[part.family].suffix}", whole / name)
    write(system, whole / DESIGN)
    logs = whole / "logs"
    logs.mkdir()
    for source, kept in (
        (flow / "fusesoc.log", "fusesoc.log"),
        (work / "edalize_yosys.ys", "synthesis.ys"),
        (work / "yosys.log", "yosys.log"),
        (work / "next.log", "nextpnr.log"),
        (work / f"report-{seed}.json", "nextpnr.json"),
    ):
        shutil.copyfile(source, logs / kept)
