"""Folded layers: sc_fold_if and sc_serial_argmax in every clock, and whole networks whose starts come at any time."""

from __future__ import annotations

import os

import cocotb
import numpy as np
import pytest

from bench import Bench, rng
from networks import random_codes, random_network
from runner import run
from sc_neurocore import golden
from sc_neurocore.hardware.stream_builder import sum_bits
from sc_neurocore.hardware.stream_fold import folded_text, hold, latency, period
from sc_neurocore.network import InputSpec, Network
from sc_neurocore.neurons import classify, window_if


def signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> width - 1 else value


def chance(random, share: float) -> int:
    return int(random.random() < share)


@cocotb.test()
async def counts_and_pays_in_every_clock(dut):
    """Inputs at random, more than a network gives: the state is modulo 2^WIDTH, as any adder's."""
    bench, random = Bench(dut), rng()
    width, count_w, shift, start, step = map(int, os.environ["SC_TB_FOLD"].split())
    await bench.start(i_start=1, i_add=0, i_step=0, i_count=0)
    acc = start
    for _ in range(4000):
        begin, add, pay = chance(random, 0.05), chance(random, 0.4), chance(random, 0.5)
        count = random.getrandbits(count_w)
        dut.i_start.value, dut.i_add.value, dut.i_step.value, dut.i_count.value = begin, add, pay, count
        await bench.step()
        acc = start if begin else acc + (count << shift) if add else acc - step if pay else acc
        acc = signed(acc & (1 << width) - 1, width)
        bench.expect("o_acc", signed(int(dut.o_acc.value), width), acc)
        bench.expect("o_spike", int(dut.o_spike.value), int(acc >= 0))


@cocotb.test()
async def emits_the_stream_of_window_if(dut):
    """Whole windows with theta = 21/16: count, then fire; the stream is c ones, then zeros (A8)."""
    bench, random = Bench(dut), rng()
    _, count_w, shift, start, step = map(int, os.environ["SC_TB_FOLD"].split())
    theta, frac, length = 21, 4, 16
    half = -(-theta // 2)
    assert (shift, step, (start + half) % 16) == (4, theta, 0)
    await bench.start(i_start=0, i_add=0, i_step=0, i_count=0)
    for _ in range(200):
        dut.i_start.value = 1
        await bench.step()
        dut.i_start.value = 0
        s = (start + half) >> shift
        for _ in range(random.randint(1, 16)):  # as many as WIDTH holds
            count = random.getrandbits(count_w)
            dut.i_add.value, dut.i_count.value = 1, count
            s += count
            await bench.step()
        dut.i_add.value, dut.i_step.value = 0, 1
        stream = []
        for _ in range(length):
            stream.append(int(dut.o_spike.value))
            await bench.step()
        dut.i_step.value = 0
        c = int(window_if(s, theta, frac, length))
        bench.expect(f"stream of S = {s}", stream, [1] * c + [0] * (length - c))


@pytest.mark.parametrize(
    ("values", "tests"),
    [
        ((8, 3, 0, -1, 1), 1),
        ((2, 1, 0, -2, 0), 1),
        ((32, 12, 16, -70000, 65535), 1),
        ((12, 3, 4, -16 * 5 - 11, 21), 2),
    ],
    ids=str,
)
def test_fold_if(values: tuple[int, ...], tests: int) -> None:
    names = ("WIDTH", "COUNT_W", "SHIFT", "START", "STEP")
    chosen = ["counts_and_pays_in_every_clock", "emits_the_stream_of_window_if"][:tests]
    passed = run(
        "test_fold_if", "sc_fold_if", dict(zip(names, values, strict=True)), testcase=chosen,
        env={"SC_TB_FOLD": " ".join(map(str, values))},
    )  # fmt: skip
    assert passed == tests


@cocotb.test()
async def finds_the_lowest_index_of_the_greatest_bit_by_bit(dut):
    """Random scores with many ties and both extremes; starts and resets at any time."""
    bench, random = Bench(dut), rng()
    await bench.start(i_start=0, i_s=0)
    n, width = map(int, os.environ["SC_TB_ARGMAX"].split())
    low, high = -(1 << width - 1), (1 << width - 1) - 1
    answers = 0
    for _ in range(300):
        narrow = random.random() < 0.6
        scores = [
            random.randint(-1, 1) if narrow else random.choice([low, high, random.randint(low, high)]) for _ in range(n)
        ]
        dut.i_start.value = 1
        dut.i_s.value = random.getrandbits(n * width)  # looked at only from the next clock on
        await bench.step()
        bench.expect("o_valid after i_start", int(dut.o_valid.value), 0)
        dut.i_start.value = 0
        dut.i_s.value = sum((s & (1 << width) - 1) << width * k for k, s in enumerate(scores))
        cut = random.randrange(width) if random.random() < 0.3 else None
        reset = False
        for clock in range(width):
            if clock == cut:
                reset = random.random() < 0.5
                if not reset:
                    break  # the next start comes early
            dut.rst.value = int(clock == cut)
            await bench.step()
            done = clock == width - 1 and cut is None
            bench.expect("o_valid", int(dut.o_valid.value), int(done))
            if done:
                answers += 1
                bench.expect("o_class", int(dut.o_class.value), int(classify(scores)))
        stopped = cut is None or reset
        dut.rst.value = 0
        for _ in range(random.choice([0, 0, 1, 3]) if stopped else 0):
            await bench.step()
            bench.expect("o_valid while nothing runs", int(dut.o_valid.value), 0)
    assert answers > 100


@pytest.mark.parametrize(("n", "width"), [(1, 4), (2, 2), (5, 8), (10, 9), (16, 32)])
def test_serial_argmax(n: int, width: int) -> None:
    name = "finds_the_lowest_index_of_the_greatest_bit_by_bit"
    env = {"SC_TB_ARGMAX": f"{n} {width}"}
    assert run("test_fold_if", "sc_serial_argmax", {"N": n, "WIDTH": width}, testcase=name, env=env) == 1


def folded(kind: str) -> tuple[Network, tuple[int, ...]]:
    """Return the network and the fold of a bench, from its name."""
    length, shape, fold = {
        "plain": (4, (5, 3, 2), (2, 1)),
        "binary": (8, (9, 5, 4, 3), (2, 4, 2)),
        "readout": (8, (4, 3), (1,)),
    }[kind]
    network = random_network(np.random.default_rng(len(kind)), length, shape)
    if kind == "binary":
        network = Network(length, network.layers, InputSpec(network.input.shape, 1, threshold=1))
    return network, fold


@cocotb.test()
async def answers_are_right_however_early_the_next_start_comes(dut):
    """Every answer belongs to a start, and is right; a start that nothing disturbs for a period has one."""
    bench, random = Bench(dut), rng()
    network, fold = folded(os.environ["SC_TB_FOLD"])
    wait, late, stay = period(network, fold), latency(network, fold), hold(network, fold)
    codes_w = 1 if network.input.binary else network.length.bit_length()
    score_w = sum_bits(network)
    await bench.start(i_start=0, i_codes=0)
    # What must and what may be seen: clock of the answer → result.
    due: dict[int, tuple[list[int], int]] = {}
    undisturbed: set[int] = set()
    countdown = started = 0
    last, last_at = None, -(10**6)
    answers = resets = 0
    for _ in range(6000):
        clock = bench.clock
        dut.i_start.value = dut.rst.value = 0
        if random.random() < 0.002:
            dut.rst.value = 1
            due.clear()
            undisturbed.clear()
            last, countdown = None, 1
            resets += 1
        elif countdown == 0:
            random_np = np.random.default_rng(random.getrandbits(32))
            codes = random_codes(random_np, network, 1)
            if network.input.binary:
                codes = (codes > network.length // 2) * network.length
            wanted = golden.run(network, codes)
            if last is not None and clock - last_at >= wait:
                undisturbed.add(last)
            last, last_at = clock + late - 1, clock
            due[last] = wanted.scores[0].tolist(), int(wanted.classes[0])
            dut.i_start.value = 1
            bits = [int(c) if codes_w > 1 else int(c > 0) for c in codes[0]]
            dut.i_codes.value = sum(b << codes_w * k for k, b in enumerate(bits))
            started += 1
            countdown = random.choice([wait, wait, wait + random.randrange(9), random.randint(1, wait)])
        if clock == last_at + stay + 1:
            dut.i_codes.value = random.getrandbits(network.input.size * codes_w)
        countdown -= 1
        await bench.step()
        seen, at = int(dut.o_valid.value), bench.clock
        if seen:
            assert at in due, f"an answer at clock {at} that no start asked for"
            scores, index = due[at]
            raw = int(dut.o_scores.value)
            got = [signed(raw >> score_w * k & (1 << score_w) - 1, score_w) for k in range(network.classes)]
            bench.expect("scores", got, scores)
            bench.expect("class", int(dut.o_class.value), index)
            answers += 1
        else:
            assert at not in undisturbed, f"no answer at clock {at}, though nothing disturbed it"
    assert answers > 20
    assert started > answers
    assert resets > 0


@pytest.mark.parametrize("kind", ["plain", "binary", "readout"])
def test_starts_at_any_time(kind: str, tmp_path) -> None:
    network, fold = folded(kind)
    top = tmp_path / "folded.v"
    top.write_text(folded_text(network, name=f"folded_{kind}", fold=fold))
    passed = run(
        "test_fold_if", f"folded_{kind}", sources=[top], public_depth=1, env={"SC_TB_FOLD": kind},
        testcase="answers_are_right_however_early_the_next_start_comes",
    )  # fmt: skip
    assert passed == 1
