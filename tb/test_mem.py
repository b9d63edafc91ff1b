"""sc_mem against a list of words in every clock, and what a bad memory file does to a simulation."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cocotb
import pytest

from bench import Bench, rng
from runner import BUILD, TB, BenchFailure, run, tool_env
from sc_neurocore.hardware.tools import verilator_command
from sc_neurocore.paths import rtl_files

SHAPES = [(16, 64), (1, 2), (5, 11), (80, 64)]  # width, depth of each memory of the bench top
WORDS = [(0x9E37 * k + 0x1234) & 0xFFFF for k in range(64)]
CONTENT = "".join(f"{w:04x}\n" for w in WORDS)


@cocotb.test()
async def reads_what_was_written_a_clock_later(dut):
    """Random writes and reads; only what is read of the very word being written is left open."""
    bench, random = Bench(dut), rng()
    memories: list[list[int | None]] = [list(WORDS), *([None] * depth for _, depth in SHAPES[1:])]
    await bench.start(i_we=0, i_waddr=0, i_wdata=0, i_raddr=0)
    collisions = 0
    for clock in range(6000):
        # First the initial content in order, then anything; one address serves every memory in its own depth.
        first = clock < 64
        we = 0 if first else random.getrandbits(4)
        raddr = clock if first else random.randrange(64)
        waddr = raddr if random.random() < 0.4 else random.randrange(64)
        data = random.getrandbits(80)
        dut.i_we.value, dut.i_waddr.value, dut.i_wdata.value, dut.i_raddr.value = we, waddr, data, raddr
        await bench.step()
        out = int(dut.o_rdata.value)
        for k, ((width, depth), memory) in enumerate(zip(SHAPES, memories, strict=True)):
            mask = (1 << (depth - 1).bit_length()) - 1
            read, written = raddr & mask, waddr & mask
            collides = we >> k & 1 and read == written
            if read < depth and memory[read] is not None and not collides:
                got = out >> 80 * k & ((1 << width) - 1)
                bench.expect(f"word {read} of the {width} × {depth} memory", got, memory[read])
            if we >> k & 1 and written < depth:
                collisions += bool(collides)
                memory[written] = data & ((1 << width) - 1)
    assert collisions > 1000
    assert all(word is not None for memory in memories for word in memory)


@pytest.mark.parametrize("seed", [1, 2])
def test_mem(seed: int) -> None:
    files = {"tb_mem.mem": CONTENT}
    assert run("test_mem", "tb_mem", sources=[TB / "tb_mem.v"], public_depth=1, files=files, seed=seed) == 1


BAD = {
    "missing": (None, "cannot be opened"),
    "empty": ("", "has 0 words, needs"),
    "short by one word": ("".join(CONTENT.splitlines(keepends=True)[:-1]), "has 63 words, needs 64"),
    "long by one word": (CONTENT + "0000\n", ""),
    "not hexadecimal": (CONTENT.replace("1234\n", "12g4\n"), ""),
    "binary garbage": ("\0\1\2" * 50, ""),
}


@pytest.mark.parametrize("case", BAD)
def test_bench_with_a_bad_file_fails_and_names_it(case: str) -> None:
    content, message = BAD[case]
    files = {} if content is None else {"tb_mem.mem": content}
    with pytest.raises(BenchFailure, match=r"tb_mem\.mem") as failure:
        run("test_mem", "tb_mem", sources=[TB / "tb_mem.v"], public_depth=1, files=files)
    assert message in str(failure.value)


@pytest.fixture(scope="module")
def reader(worker_id: str) -> Path:
    """A plain C++ simulation of a 16 × 8 memory that reads words.mem where it runs."""
    folder = BUILD / f"mem_main-{worker_id}"
    arguments = [
        *verilator_command(), "--cc", "--exe", "--build", "--top-module", "sc_mem", "--Mdir", str(folder),
        "--language", "1364-2005", "-GWIDTH=16", "-GDEPTH=8", '-GINIT_FILE="words.mem"',
        *map(str, rtl_files()), str(TB / "mem_main.cpp"),
    ]  # fmt: skip
    subprocess.run(arguments, env=tool_env(), check=True, capture_output=True)
    return folder / "Vsc_mem"


def read(reader: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([reader], cwd=folder, capture_output=True, text=True, check=False)


GOOD = [f"{k * 0x1111:04x}" for k in range(8)]


@pytest.mark.parametrize(
    "text",
    ["\n".join(GOOD) + "\n", "\n".join(GOOD), " ".join(GOOD) + "\n\n"],
    ids=["a line each", "no newline at the end", "one line, blank line at the end"],
)
def test_simulation_takes_a_whole_file(reader: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "words.mem").write_text(text)
    done = read(reader, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == GOOD


@pytest.mark.parametrize(
    "text",
    [None, "", "\n".join(GOOD[:7]), "\n".join([*GOOD, "0"]), "\n".join([*GOOD[:3], "xyz!", *GOOD[4:]]), "\n".join(
        [*GOOD[:7], "12345"])],
    ids=["missing", "empty", "short", "long", "malformed", "word too wide"],
)  # fmt: skip
def test_simulation_with_a_bad_file_exits_nonzero_and_names_it(reader: Path, tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "words.mem").write_text(text)
    done = read(reader, tmp_path)
    assert done.returncode != 0, done.stdout
    assert "words.mem" in done.stdout + done.stderr
