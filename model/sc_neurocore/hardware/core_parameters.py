"""The parameters of a core (rtl/sc_core.v), in one record: names, order, ranges for either engine, defaults, meaning.

A core is one of the two time-unrolled engines with its memories, behind common ports. Many places repeat its
parameters: the Verilog, the configurations of both engines, flash images, the host's INFO and the documents. Each of
them is made of this record, or compared with it by tests/test_core_parameters.py, so none can differ unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import require

__all__ = ["CONV_ONLY", "CORE_PARAMETERS", "CoreParameter", "check_range", "markdown"]


@dataclass(frozen=True, slots=True)
class CoreParameter:
    """One parameter of rtl/sc_core.v.

    Attributes:
        name: its name in Verilog.
        default: its default there, as text; an expression where it follows from others.
        dense: least and greatest value with ENGINE = 0, the dense engine. None where the engine does not read it or it
            follows from others.
        conv: the same with ENGINE = 1, the convolution engine.
        meaning: its meaning, as the documents print it.
        conv_name: its name in rtl/sc_conv_engine.v, if it is another there; else "".
    """

    name: str
    default: str
    dense: tuple[int, int] | None
    conv: tuple[int, int] | None
    meaning: str
    conv_name: str = ""

    def field(self, *, conv: bool) -> str:
        """Return the name of the field that holds this parameter in an engine's configuration.

        It is the engine's own name of the parameter in lower case.

        Args:
            conv: True for `ConvConfig`, False for `EngineConfig`.

        Example:
            >>> [CORE_PARAMETERS[4].field(conv=conv) for conv in (False, True)]
            ['log2_entries', 'act_aw']
        """
        return ((conv and self.conv_name) or self.name).lower()


#: The parameters of a core. A flash image, the host's INFO and the registers of the bus interface have this order.
CORE_PARAMETERS = (
    CoreParameter("ENGINE", "0", (0, 0), (1, 1), "0: the dense engine, 1: the convolution engine"),
    CoreParameter("LOG2L", "4", (2, 8), (2, 8), "log2 of the stream length L"),
    CoreParameter("LANES", "2", (1, 64), (1, 64), "synapses that are added in a clock"),
    CoreParameter("FRAC", "4", (0, 15), (0, 15), "fraction bits of a threshold; with MAC = 1 at least LOG2L"),
    CoreParameter(
        "LOG2_ENTRIES", "8", (2, 12), (2, 16), "address bits of a layer's values, inputs and outputs", "ACT_AW"
    ),
    CoreParameter("WEIGHT_AW", "14", (1, 24), (1, 24), "address bits of the weight memory"),
    CoreParameter("TABLE_AW", "5", (3, 8), (5, 12), "address bits of the layer table, in 16-bit words"),
    CoreParameter("MAC", "0", (0, 1), (0, 1), "0: stochastic, 1: integer multiply-accumulate"),
    CoreParameter("ACC_AW", "8", None, (1, 14), "address bits of the memory of sums"),
    CoreParameter("POOL", "0", None, (0, 1), "1: pooling layers too"),
    CoreParameter(
        "SUM_W",
        "LOG2_ENTRIES + LOG2L + 1 + (MAC != 0 ? LOG2L : 0)",
        None,
        (4, 32),
        "bits of a sum, signed; with ENGINE = 1 at least LOG2L + 2, with MAC = 1 at least 2 · LOG2L + 2",
    ),
)

#: Names of the parameters that the dense engine does not read. With ENGINE = 0 they are reported as 0.
CONV_ONLY = tuple(p.name for p in CORE_PARAMETERS if p.dense is None and p.default.isdigit())


def check_range(config: Any, *, conv: bool) -> None:
    """Raise ScError for the first field of an engine's configuration that is out of range.

    Args:
        config: an `EngineConfig` or a `ConvConfig`; any object with fields of these names will do.
        conv: whether it is for the convolution engine, which decides names and ranges of the fields.

    Raises:
        ScError: a field is out of range; the message names field, range and value. Also if mac is set and frac < log2l.
    """
    # The first one is ENGINE, which is no field: the type of the configuration says it.
    for parameter in CORE_PARAMETERS[1:]:
        limits = parameter.conv if conv else parameter.dense
        if limits is not None:
            name, (low, high) = parameter.field(conv=conv), limits
            # The least SUM_W depends on two other fields, which the fixed range of the record cannot express.
            if parameter.name == "SUM_W":
                low = 2 + config.log2l * (2 if config.mac == 1 else 1)
            value = getattr(config, name)
            require(low <= value <= high, f"{name} must be in [{low}, {high}], got {value}")
    enough = not config.mac or config.frac >= config.log2l
    require(enough, f"mac needs frac >= log2l, got {config.frac} < {config.log2l}")


def markdown() -> str:
    """Return the table of all parameters that docs/interfaces.md prints, in Markdown, a row for each parameter."""

    def span(limits: tuple[int, int] | None) -> str:
        if limits is None:
            return ""
        low, high = limits
        return str(low) if low == high else f"{low} … {high}"

    rows = ["| parameter | default | ENGINE = 0 | ENGINE = 1 | meaning |", f"|{'---|' * 5}"]
    for p in CORE_PARAMETERS:
        known = "derived: the default" if p.dense is None and not p.default.isdigit() else span(p.dense)
        rows.append(f"| `{p.name}` | `{p.default}` | {known} | {span(p.conv)} | {p.meaning} |")
    return "\n".join(rows) + "\n"
