"""The two engines of rtl/sc_core.v behind one interface: which one a network takes, and its memory image there.

The dense engine (`image`) runs networks of dense layers only, and is small. The convolution engine (`conv_image`, A19)
runs dense, convolution and pooling layers. Whatever builds, loads or simulates an engine calls the functions of this
module with a `CoreConfig`, and need not know which engine it is.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import require
from ..network import Network
from .conv_image import ConvConfig, conv_check, conv_config, conv_table_words, conv_weight_words
from .image import TABLE_FILE, WEIGHT_FILE, EngineConfig, engine_check, engine_config, table_words, weight_words

__all__ = [
    "CoreConfig",
    "check_fits",
    "core_config",
    "core_table_words",
    "core_weight_words",
    "write_core_image",
]

#: Parameters of a core: their type says which of the two engines it has.
CoreConfig = EngineConfig | ConvConfig


def core_config(network: Network, lanes: int, *, mac: bool = False, conv: bool | None = None) -> CoreConfig:
    """Return the smallest core that holds a network.

    Args:
        network: the network that is to run.
        lanes: neurons (dense engine) or output channels (convolution engine) that are added in one clock, 1 … 64.
        mac: whether the core multiplies integers in place of streams.
        conv: True for the convolution engine, which takes dense networks too; False for the dense engine. By default
            the dense engine for a network of dense layers, else the convolution engine.

    Returns:
        An `EngineConfig` or a `ConvConfig`.

    Raises:
        ScError: no engine of that kind holds the network.
    """
    take = not network.dense if conv is None else conv
    return conv_config(network, lanes, mac=mac) if take else engine_config(network, lanes, mac=mac)


def check_fits(network: Network, config: CoreConfig) -> None:
    """Raise ScError unless a core holds a network; the message names each memory that is short and by how much.

    Args:
        network: the network that is to be loaded.
        config: the core that is there, which may be larger than the network needs.
    """
    if isinstance(config, ConvConfig):
        conv_check(network, config)
    else:
        engine_check(network, config)


def core_weight_words(network: Network, config: CoreConfig) -> list[int]:
    """Return the words of the weight memory in address order, for either engine.

    Each word has `config.word_bits` bits; for the order see `image.weight_words` and `conv_image.conv_weight_words`.
    There may be fewer words than the memory has.
    """
    return (conv_weight_words if isinstance(config, ConvConfig) else weight_words)(network, config.lanes)


def core_table_words(network: Network, config: CoreConfig) -> list[int]:
    """Return the 16-bit words of the layer table in address order, for either engine.

    Words 0 and 1 are the network's tag, word 2 is the number of inputs; the rest depends on the engine. The number of
    words is even, padded by a 0 if need be, since the convolution engine takes its table in pairs.
    """
    if isinstance(config, ConvConfig):
        return conv_table_words(network, config)
    words = table_words(network)
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
