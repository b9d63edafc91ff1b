"""The two engines of rtl/sc_core.v behind one interface: which one a network takes, and its memory image."""

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

CoreConfig = EngineConfig | ConvConfig


def core_config(network: Network, lanes: int, *, mac: bool = False, conv: bool | None = None) -> CoreConfig:
    """Return the smallest core with `lanes` lanes that holds `network`; raises ScError where none does.

    conv: the engine, True for the convolution engine, which takes dense networks too; default: the one that is needed.
    """
    take = not network.dense if conv is None else conv
    return conv_config(network, lanes, mac=mac) if take else engine_config(network, lanes, mac=mac)


def check_fits(network: Network, config: CoreConfig) -> None:
    """Raise ScError, naming each memory that is short and by how much, unless `config` holds `network`."""
    if isinstance(config, ConvConfig):
        conv_check(network, config)
    else:
        engine_check(network, config)


def core_weight_words(network: Network, config: CoreConfig) -> list[int]:
    """Return the weight memory's words in address order."""
    return (conv_weight_words if isinstance(config, ConvConfig) else weight_words)(network, config.lanes)


def core_table_words(network: Network, config: CoreConfig) -> list[int]:
    """Return the layer table's 16-bit words in address order: words 0 and 1 are the tag, word 2 the inputs.

    An even number: the convolution engine takes them in pairs.
    """
    if isinstance(config, ConvConfig):
        return conv_table_words(network, config)
    words = table_words(network)
    return words + [0] * (len(words) % 2)


def write_core_image(network: Network, config: CoreConfig, folder: Path) -> tuple[Path, Path]:
    """Write weights.mem and table.mem for $readmemh, as many words as the memories have; return their paths.

    Raises ScError if the network needs more than `config` has.
    """
    check_fits(network, config)
    table, width = core_table_words(network, config), 16
    depth = 1 << config.table_aw
    if isinstance(config, ConvConfig):
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
