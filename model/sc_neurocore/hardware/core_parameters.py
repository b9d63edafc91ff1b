"""The parameters of a core (rtl/sc_core.v), in one record: names, order, ranges for each engine, defaults, meaning.

A core is one of the three time-unrolled engines with its memories, behind common ports. Many places repeat its
parameters: the Verilog, the configurations of the engines, flash images, the host's INFO and the documents. Each of
them is made of this record, or compared with it by tests/test_core_parameters.py, so none can differ unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import require

__all__ = [
    "CONV",
    "CORE_PARAMETERS",
    "DENSE",
    "ENGINES",
    "SPIKE",
    "STEPS_FIELDS",
    "CoreParameter",
    "StepsField",
    "check_range",
    "markdown",
    "pack_steps",
    "read_parameters",
    "unpack_steps",
]

#: Values of ENGINE: the dense engine, the convolution engine, the engine of networks in steps (A20).
DENSE, CONV, SPIKE = 0, 1, 2
#: Their names in messages, by number.
ENGINES = ("dense", "convolution", "steps")


@dataclass(frozen=True, slots=True)
class CoreParameter:
    """One parameter of rtl/sc_core.v.

    Attributes:
        name: its name in Verilog.
        default: its default there, as text; an expression where it follows from others.
        ranges: least and greatest value for each engine, in the order of ENGINE. None where the engine does not read
            the parameter or it follows from others.
        meaning: its meaning, as the documents print it.
        names: its name in the engine's own module, by engine, where it is another there.
    """

    name: str
    default: str
    ranges: tuple[tuple[int, int] | None, tuple[int, int] | None, tuple[int, int] | None]
    meaning: str
    names: Mapping[int, str] | None = None

    def field(self, engine: int) -> str:
        """Return the name of the field that holds this parameter in an engine's configuration.

        It is the engine's own name of the parameter in lower case.

        Args:
            engine: `DENSE` for `EngineConfig`, `CONV` for `ConvConfig`, `SPIKE` for `SpikeConfig`.

        Example:
            >>> [CORE_PARAMETERS[4].field(engine) for engine in (DENSE, CONV, SPIKE)]
            ['log2_entries', 'act_aw', 'log2_entries']
        """
        return (self.names or {}).get(engine, self.name).lower()

    @property
    def derived(self) -> bool:
        """Whether the dense engine derives the value from the other parameters, as the default says."""
        return not self.default.isdigit()


@dataclass(frozen=True, slots=True)
class StepsField:
    """One field of STEPS, the parameter that holds what only the engine of networks in steps has.

    Attributes:
        name: its name in rtl/sc_spike_engine.v.
        bits: how many bits it takes in STEPS; the fields lie side by side, the first in the lowest bits.
        low: least value.
        high: greatest value.
        meaning: its meaning, as the documents print it.
    """

    name: str
    bits: int
    low: int
    high: int
    meaning: str


#: The fields of STEPS, from bit 0.
STEPS_FIELDS = (
    StepsField("NEURON", 4, 0, 2, "kind of neuron (A21): 0 `lif` and `li`, 1 `synaptic`, 2 `alif`"),
    StepsField("WIDTH", 6, 4, 32, "bits of each state of a neuron"),
    StepsField("LEAK_MODE", 1, 0, 1, "0: shift, 1: factor (A13)"),
    StepsField("RESET_MODE", 1, 0, 1, "0: subtract the threshold, 1: to a value (A13)"),
    StepsField("REFRACTORY", 1, 0, 1, "1: neurons may have a refractory period"),
    StepsField("CONSTANT", 1, 0, 1, "1: constant inputs are summed once a sample"),
    StepsField("DELAY_AW", 4, 0, 8, "edges have delays up to 2^DELAY_AW - 1 steps; 0: no edges"),
    StepsField("HISTORY_AW", 4, 1, 12, "address bits of the neurons whose spikes edges take"),
    StepsField("BITS", 1, 0, 1, "1: a step is a clock of the window (A17, streaming); DELAY_AW, CONSTANT are then 0"),
)

#: The parameters of a core. A flash image, the host's INFO and the registers of the bus interface have this order.
CORE_PARAMETERS = (
    CoreParameter(
        "ENGINE",
        "0",
        ((0, 0), (1, 1), (2, 2)),
        "0: dense, 1: convolution, 2: networks in steps",
    ),
    CoreParameter("LOG2L", "4", ((2, 8), (2, 8), (2, 8)), "log2 of the stream length L"),
    CoreParameter("LANES", "2", ((1, 64), (1, 64), (1, 64)), "synapses that are added in a clock"),
    CoreParameter(
        "FRAC", "4", ((0, 15), (0, 15), (0, 15)), "fraction bits of a threshold; with MAC = 1 at least LOG2L"
    ),
    CoreParameter(
        "LOG2_ENTRIES",
        "8",
        ((2, 12), (2, 16), (2, 12)),
        "address bits of a layer's values, inputs and outputs",
        {CONV: "ACT_AW"},
    ),
    CoreParameter("WEIGHT_AW", "14", ((1, 24), (1, 24), (1, 24)), "address bits of the weight memory"),
    CoreParameter("TABLE_AW", "5", ((3, 8), (5, 12), (4, 12)), "address bits of the layer table, in 16-bit words"),
    CoreParameter("MAC", "0", ((0, 1), (0, 1), (0, 0)), "0: stochastic, 1: integer multiply-accumulate"),
    CoreParameter(
        "ACC_AW", "8", (None, (1, 14), (1, 16)), "address bits of the memory of sums, or of states", {SPIKE: "STATE_AW"}
    ),
    CoreParameter("POOL", "0", (None, (0, 1), None), "1: pooling layers too"),
    CoreParameter(
        "SUM_W",
        "LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0)",
        (None, (4, 32), (4, 32)),
        "bits of a sum, or of a score, signed; with ENGINE = 1 at least LOG2L + 2, with MAC = 1 at least 2 · LOG2L + 2",
    ),
    CoreParameter(
        "STEPS", "0", (None, None, (0, (1 << 23) - 1)), "fields that only ENGINE = 2 has, see the next table"
    ),
)


def pack_steps(values: Mapping[str, int]) -> int:
    """Return the value of STEPS.

    Args:
        values: the value of each of `STEPS_FIELDS` by name in capitals.

    Example:
        >>> names = {each.name: each.low for each in STEPS_FIELDS}
        >>> unpack_steps(pack_steps(names | {"WIDTH": 16}))["WIDTH"]
        16
    """
    word, low = 0, 0
    for each in STEPS_FIELDS:
        word |= values[each.name] << low
        low += each.bits
    return word


def unpack_steps(word: int) -> dict[str, int]:
    """Return the value of each of `STEPS_FIELDS` by name in capitals, from the value of STEPS."""
    found = {}
    for each in STEPS_FIELDS:
        found[each.name] = word & (1 << each.bits) - 1
        word >>= each.bits
    return found


def read_parameters(values: Mapping[str, int], engine: int) -> dict[str, int]:
    """Return the parameters as a core reports them: those that its engine does not read are 0.

    Args:
        values: the value of every parameter by name.
        engine: the core's engine.
    """
    # The dense engine reads SUM_W, which follows from the others there.
    read = {p.name for p in CORE_PARAMETERS if p.ranges[engine] is not None or p.derived}
    return {p.name: values[p.name] if p.name in read else 0 for p in CORE_PARAMETERS}


def check_range(config: Any, engine: int) -> None:
    """Raise ScError for the first field of an engine's configuration that is out of range.

    Args:
        config: an `EngineConfig`, a `ConvConfig` or a `SpikeConfig`; any object with fields of these names will do.
        engine: which of the engines it is for, which decides names and ranges of the fields.

    Raises:
        ScError: a field is out of range; the message names field, range and value. Also if mac is set and frac < log2l.
    """
    # The first one is ENGINE, which is no field: the type of the configuration says it.
    for parameter in CORE_PARAMETERS[1:]:
        limits = parameter.ranges[engine]
        if limits is None or limits[0] == limits[1] or parameter.name == "STEPS":
            continue
        name, (low, high) = parameter.field(engine), limits
        # The least SUM_W depends on two other fields, which the fixed range of the record cannot express.
        if parameter.name == "SUM_W" and engine == CONV:
            low = 2 + config.log2l * (2 if config.mac == 1 else 1)
        value = getattr(config, name)
        require(low <= value <= high, f"{name} must be in [{low}, {high}], got {value}")
    if engine == SPIKE:
        for each in STEPS_FIELDS:
            value = getattr(config, each.name.lower())
            require(
                each.low <= value <= each.high,
                f"{each.name.lower()} must be in [{each.low}, {each.high}], got {value}",
            )
        return
    enough = not config.mac or config.frac >= config.log2l
    require(enough, f"mac needs frac >= log2l, got {config.frac} < {config.log2l}")


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} … {high}"


def markdown() -> str:
    """Return the tables of all parameters that docs/interfaces.md prints, in Markdown, a row for each parameter."""
    rows = ["| parameter | default | ENGINE = 0 | ENGINE = 1 | ENGINE = 2 | meaning |", f"|{'---|' * 6}"]
    for p in CORE_PARAMETERS:
        cells = ["" if limits is None else _span(*limits) for limits in p.ranges]
        if p.derived:
            cells[DENSE] = "derived: the default"
        if p.name == "STEPS":
            cells[SPIKE] = "23 bits"
        rows.append(f"| `{p.name}` | `{p.default}` | {' | '.join(cells)} | {p.meaning} |")
    rows += ["", "| field of STEPS | bits | range | meaning |", f"|{'---|' * 4}"]
    low = 0
    for each in STEPS_FIELDS:
        place = f"{low + each.bits - 1}:{low}" if each.bits > 1 else str(low)
        rows.append(f"| `{each.name}` | {place} | {_span(each.low, each.high)} | {each.meaning} |")
        low += each.bits
    return "\n".join(rows) + "\n"
