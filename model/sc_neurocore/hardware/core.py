"""The engines of rtl/sc_core.v behind one interface: which one a network takes, and its memory image there.

| ENGINE | networks | module |
|---|---|---|
| 0, dense | dense layers of one window; it is the smallest | `image` |
| 1, convolution | dense, convolution and pooling layers of one window (A19, convolution) | `conv_image` |
| 2, steps | dense and recurrent networks in steps (A20), those of `lif` layers (A17, streaming) | `spike_image` |

Whatever builds, loads or simulates an engine calls the functions of this module with a `CoreConfig`, and need not know
which engine it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import ScError, require
from ..network import Network
from .bit_steps import in_steps
from .conv_image import ConvConfig, conv_check, conv_config, conv_table_words, conv_weight_words
from .core_parameters import CORE_PARAMETERS, ENGINES, SPIKE, STEPS_FIELDS, unpack_steps
from .image import TABLE_FILE, WEIGHT_FILE, EngineConfig, engine_check, engine_config, table_words, weight_words
from .spike_image import SpikeConfig, spike_check, spike_config, spike_table_words, spike_weight_words

__all__ = [
    "CoreConfig",
    "check_fits",
    "config_of",
    "core_config",
    "core_table_words",
    "core_weight_words",
    "frame_bytes",
    "sample_codes",
    "write_core_image",
]

#: Parameters of a core: their type says which of the engines it has.
CoreConfig = EngineConfig | ConvConfig | SpikeConfig


@dataclass(frozen=True, slots=True)
class _Engine:
    """What the functions of this module call for one engine.

    Attributes:
        kind: the class of its configurations.
        check: raises ScError unless a core of a configuration holds a network.
        weights: (network, configuration) → the words of the weight memory.
        table: (network, configuration) → the words of the layer table.
    """

    kind: type[Any]
    check: Callable[[Network, Any], None]
    weights: Callable[[Network, Any], list[int]]
    table: Callable[[Network, Any], list[int]]


#: The engines by ENGINE.
_ENGINES = (
    _Engine(
        EngineConfig, engine_check, lambda net, config: weight_words(net, config.lanes), lambda net, _: table_words(net)
    ),
    _Engine(ConvConfig, conv_check, lambda net, config: conv_weight_words(net, config.lanes), conv_table_words),
    _Engine(SpikeConfig, spike_check, lambda net, config: spike_weight_words(net, config.lanes), spike_table_words),
)


def _engine(config: CoreConfig) -> _Engine:
    """Return the engine of a configuration."""
    return next(each for each in _ENGINES if isinstance(config, each.kind))


def config_of(parameters: dict[str, int]) -> CoreConfig:
    """Return the configuration of a core that has given Verilog parameters, those of rtl/sc_core.v.

    Args:
        parameters: the value of each of `CORE_PARAMETERS` by name in capitals. Those that the engine does not read may
            have any value.

    Raises:
        ScError: a parameter is out of range, or SUM_W is not the one that follows from the others.

    Example:
        >>> config = EngineConfig(log2l=4, lanes=3)
        >>> config_of(config.parameters()) == config
        True
    """
    engine = parameters["ENGINE"]
    known = ", ".join(f"{k} ({name})" for k, name in enumerate(ENGINES))
    require(0 <= engine < len(_ENGINES), f"ENGINE must be one of {known}, got {engine}")
    values = {each.field(engine): parameters[each.name] for each in CORE_PARAMETERS}
    values |= {name.lower(): value for name, value in unpack_steps(parameters["STEPS"]).items()}
    kind = _ENGINES[engine].kind
    config: CoreConfig = kind(**{each.name: values[each.name] for each in fields(kind)})
    require(parameters["SUM_W"] == config.sum_bits, f"SUM_W must be {config.sum_bits}, got {parameters['SUM_W']}")
    if engine == SPIKE:
        got, bits = parameters["STEPS"], sum(each.bits for each in STEPS_FIELDS)
        require(0 <= got < 1 << bits, f"STEPS must have at most {bits} bits, got {got}")
    return config


def core_config(network: Network, lanes: int, *, mac: bool = False, conv: bool | None = None) -> CoreConfig:
    """Return the smallest core that holds a network.

    Args:
        network: the network that is to run.
        lanes: neurons (convolution engine: output channels) that are added in one clock, 1 … 64.
        mac: whether the core multiplies integers in place of streams. No engine of networks in steps does.
        conv: True for the convolution engine, which takes dense networks too; False for the dense engine. By default
            the dense engine for a network of dense layers, else the convolution engine. A network in steps, or with
            `lif` layers, always takes the engine of networks in steps.

    Returns:
        An `EngineConfig`, a `ConvConfig` or a `SpikeConfig`.

    Raises:
        ScError: no engine of that kind holds the network.
    """
    if in_steps(network):
        what = "in steps" if network.steps is not None else "with lif neurons"
        require(not mac, f"a network {what} has no integer peer (mac): spikes are added as integers anyway")
        require(conv is None, f"a network {what} runs on the engine of networks in steps only: leave out conv")
        return spike_config(network, lanes)
    take = not network.dense if conv is None else conv
    return conv_config(network, lanes, mac=mac) if take else engine_config(network, lanes, mac=mac)


def sample_codes(network: Network) -> int:
    """Return the number of codes that a core takes for one answer: the inputs of all steps of a sample.

    Example:
        >>> from sc_neurocore.network import DenseLayer, InputSpec
        >>> sample_codes(Network(4, (DenseLayer([[3, -2]], [1]),), InputSpec((2,), full_scale=4)))
        2
    """
    steps = network.steps
    return network.input.size * (1 if steps is None or steps.constant else steps.count)


def frame_bytes(network: Network) -> int:
    """Return the bytes of the shortest request that takes a network on: those of a sample, or of one step of it.

    A network in steps whose input is not constant gets its samples in frames of one or more steps (STEP in
    docs/protocol.md), with two bytes before them; any other network a whole sample at once (INFER).

    Example:
        >>> from sc_neurocore.network import DenseLayer, InputSpec
        >>> frame_bytes(Network(256, (DenseLayer([[3, -2]], [1]),), InputSpec((2,), full_scale=4)))
        4
    """
    codes = network.input.size * (2 if network.length > 128 else 1)
    return codes if network.steps is None or network.steps.constant else codes + 2


def check_fits(network: Network, config: CoreConfig) -> None:
    """Raise ScError unless a core holds a network; the message names each memory that is short and by how much.

    Args:
        network: the network that is to be loaded.
        config: the core that is there, which may be larger than the network needs.
    """
    if isinstance(config, SpikeConfig) != in_steps(network):
        what = "with lif neurons" if network.temporal else "in steps" if network.steps is not None else "of one window"
        has = ENGINES[next(k for k, each in enumerate(_ENGINES) if isinstance(config, each.kind))]
        raise ScError(f"the core has the engine {has}, which does not run networks {what}")
    _engine(config).check(network, config)


def core_weight_words(network: Network, config: CoreConfig) -> list[int]:
    """Return the words of the weight memory in address order, for any engine.

    Each word has `config.word_bits` bits; for the order see `image.weight_words`, `conv_image.conv_weight_words` and
    `spike_image.spike_weight_words`. There may be fewer words than the memory has.
    """
    return _engine(config).weights(network, config)


def core_table_words(network: Network, config: CoreConfig) -> list[int]:
    """Return the 16-bit words of the layer table in address order, for any engine.

    Words 0 and 1 are the network's tag, word 2 is the number of inputs; the rest depends on the engine. The number of
    words is even, padded by a 0 if need be, since the convolution engine takes its table in pairs.
    """
    words = _engine(config).table(network, config)
    return words + [0] * (len(words) % 2)


def write_core_image(network: Network, config: CoreConfig, folder: Path) -> tuple[Path, Path]:
    """Write weights.mem and table.mem, the files that initialise a core's memories by $readmemh.

    Each file has as many words as the memory, a hexadecimal number a line, so that no word is left undefined.

    Args:
        network: the network to write.
        config: the core whose memories the files fill.
        folder: an existing folder to write to.

    Returns:
        The paths of the two files, weights first.

    Raises:
        ScError: the core does not hold the network.
    """
    check_fits(network, config)
    table, width = core_table_words(network, config), 16
    depth = 1 << config.table_aw
    if isinstance(config, ConvConfig):
        # The convolution engine's memory is 32 bits wide: two words of the table make one of its own.
        table = [low | high << 16 for low, high in zip(table[0::2], table[1::2], strict=True)]
        width, depth = 32, depth // 2
    paths = []
    for name, words, rows, bits in (
        (WEIGHT_FILE, core_weight_words(network, config), 1 << config.weight_aw, config.word_bits),
        (TABLE_FILE, table, depth, width),
    ):
        require(len(words) <= rows, f"{name}: the memory has {rows} words, the network needs {len(words)}")
        digits = -(-bits // 4)
        path = folder / name
        path.write_text("".join(f"{w:0{digits}x}\n" for w in words + [0] * (rows - len(words))), encoding="utf-8")
        paths.append(path)
    return paths[0], paths[1]
