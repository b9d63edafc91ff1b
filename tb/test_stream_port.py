"""sc_stream_port equals a model of lists, every clock: stalls on both sides, resets, images too short and too long."""

from __future__ import annotations

import cocotb
import pytest

from bench import Bench, rng
from runner import BenchFailure, build, run

# The default answers of a network of two layers; one whose codes must stay; one word an image, every clock; wide words.
CONFIGS = [
    {"INPUTS": 11, "CODE_W": 5, "DATA_W": 16, "PERIOD": 8, "HOLD": 0, "LOG2_ANSWERS": 2, "ANSWER_W": 4},
    {"INPUTS": 21, "CODE_W": 1, "DATA_W": 8, "PERIOD": 4, "HOLD": 4, "LOG2_ANSWERS": 1, "ANSWER_W": 3},
    {"INPUTS": 3, "CODE_W": 2, "DATA_W": 8, "PERIOD": 1, "HOLD": 0, "LOG2_ANSWERS": 3, "ANSWER_W": 1},
    {"INPUTS": 30, "CODE_W": 13, "DATA_W": 64, "PERIOD": 5, "HOLD": 1, "LOG2_ANSWERS": 2, "ANSWER_W": 70},
    {"INPUTS": 9, "CODE_W": 7, "DATA_W": 32, "PERIOD": 12, "HOLD": 7, "LOG2_ANSWERS": 2, "ANSWER_W": 2},
]
CLOCKS = 6000


class Port:
    """What the port must do, from lists of words, images and answers."""

    def __init__(self, inputs: int, code_w: int, data_w: int, period: int, hold: int, slots: int) -> None:
        self.bits, self.data_w = inputs * code_w, data_w
        self.words = -(-self.bits // data_w)
        self.period, self.hold, self.slots = period, hold, slots
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.image: list[int] = []  # words of the image that comes in
        self.whole: int | None = None  # the codes of an image that has not started
        self.last: int | None = None  # ... of the one that started last
        self.since = 10**6
        self.under_way = 0
        self.answers: list[int] = []
        self.error = False

    @property
    def start(self) -> bool:
        """Whether the network starts in this clock."""
        owed = self.under_way + len(self.answers)
        return self.whole is not None and self.since >= self.period and owed < self.slots

    @property
    def ready(self) -> bool:
        """Whether a word is taken in this clock."""
        if self.hold:
            return self.whole is None and self.since >= self.hold
        return self.whole is None or self.start

    def step(self, word: tuple[int, bool] | None, receives: bool, answer: int | None) -> None:
        """Go on by one clock: the word and the answer that are offered, and whether the receiver is ready."""
        start, ready = self.start, self.ready
        self.error = False
        self.since += 1
        if receives and self.answers:
            self.answers.pop(0)
        if answer is not None:
            self.answers.append(answer)
            self.under_way -= 1
        if start:
            self.last, self.whole, self.since = self.whole, None, 1
            self.under_way += 1
        if word is None or not ready:
            return
        data, is_last = word
        self.image.append(data)
        self.error = is_last != (len(self.image) == self.words) and len(self.image) <= self.words
        if is_last:
            if len(self.image) == self.words:
                value = sum(w << (self.data_w * k) for k, w in enumerate(self.image))
                self.whole = value & ((1 << self.bits) - 1)
            self.image = []


@cocotb.test()
async def equals_the_model_every_clock(dut):
    bench, random = Bench(dut), rng()
    p = {name: int(getattr(dut, name).value) for name in CONFIGS[0]}
    model = Port(p["INPUTS"], p["CODE_W"], p["DATA_W"], p["PERIOD"], p["HOLD"], 1 << p["LOG2_ANSWERS"])
    await bench.start(i_valid=0, i_data=0, i_last=0, i_ready=0, i_answer_valid=0, i_answer=0)
    words: list[tuple[int, bool]] = []  # of the image that is sent
    offered = None
    due: list[int] = []  # clocks at which the network may answer
    seen = dict.fromkeys(("starts", "errors", "answers", "full", "back to back", "resets", "cut"), 0)
    speed, patience = 1.0, 1.0
    for clock in range(CLOCKS):
        if clock % 250 == 0:  # phases: everything at full rate, and every kind of stall
            speed, patience = random.choice([(1, 1), (1, 0.1), (0.4, 1), (0.6, 0.6), (1, 0.03)])
            delay = random.choice([1, 2, 3 * p["PERIOD"], 20])
        rst = random.random() < 0.006
        if offered is None and random.random() < speed:
            if not words:
                count = model.words
                if random.random() < 0.15:
                    count = random.randrange(1, 2 * model.words + 3)
                words = [(random.getrandbits(p["DATA_W"]), k == count - 1) for k in range(count)]
            offered = words.pop(0)
        receives = random.random() < patience
        answer = random.getrandbits(p["ANSWER_W"]) if due and due[0] <= clock else None
        dut.rst.value = int(rst)
        dut.i_valid.value = int(offered is not None)
        dut.i_data.value, dut.i_last.value = offered or (random.getrandbits(p["DATA_W"]), random.getrandbits(1))
        dut.i_ready.value = int(receives)
        dut.i_answer_valid.value = int(answer is not None)
        dut.i_answer.value = random.getrandbits(p["ANSWER_W"]) if answer is None else answer
        await bench.low()

        start, ready = model.start, model.ready
        bench.expect("o_start", int(dut.o_start.value), int(start))
        bench.expect("o_ready", int(dut.o_ready.value), int(ready))
        bench.expect("o_error", int(dut.o_error.value), int(model.error))
        bench.expect("o_valid", int(dut.o_valid.value), int(bool(model.answers)))
        if model.answers:
            bench.expect("o_answer", int(dut.o_answer.value), model.answers[0])
        if start:
            bench.expect("o_codes at the start", int(dut.o_codes.value), model.whole)
        elif model.since <= p["HOLD"]:
            bench.expect("o_codes during the window", int(dut.o_codes.value), model.last)

        seen["starts"] += start
        seen["back to back"] += start and model.since == p["PERIOD"]
        seen["errors"] += model.error
        seen["answers"] += receives and bool(model.answers)
        seen["full"] += len(model.answers) == model.slots
        seen["resets"] += rst
        seen["cut"] += rst and bool(model.image)
        if rst:
            model.reset()
            due, offered = [], None  # the words of a cut image go on
        else:
            if answer is not None:
                due.pop(0)
            if start:
                due.append(max([clock + 1 + random.randrange(delay), *due[-1:]]))
            model.step(offered, receives, answer)
            if ready:
                offered = None
        await bench.step()
    unseen = [what for what, count in seen.items() if count < 3]
    # Where an image takes longer, there is no start every PERIOD clocks; a single word is never cut.
    allowed = {"back to back"} if p["HOLD"] + model.words > p["PERIOD"] else set()
    assert set(unseen) <= allowed | ({"cut"} if model.words == 1 else set()), seen


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: "{DATA_W}_bits_hold_{HOLD}".format(**c))
@pytest.mark.parametrize("seed", [1, 2])
def test_stream_port(config: dict[str, int], seed: int) -> None:
    assert run("test_stream_port", "sc_stream_port", config, seed=seed) == 1


@pytest.mark.parametrize("width", [0, 4, 12, 24, 128])
def test_illegal_data_width_fails_elaboration(width: int) -> None:
    with pytest.raises(BenchFailure, match="ERROR_DATA_W_must_be_8_16_32_or_64"):
        build("sc_stream_port", {"DATA_W": width})
