"""The image of a network in a board's SPI flash: what rtl/sc_flash_loader.v loads after reset.

docs/flash.md defines the format, byte by byte: magic, version, the core's parameters, the layer table and the weights,
each behind its last address, and a CRC. The image carries the parameters so that the loader can refuse one that was
made for another core. `write_flash_image` makes an image, `read_flash_image` takes one apart.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import ScError, require
from ..files import read_limited
from ..network import Network
from . import core
from .core import CoreConfig, check_fits, core_table_words, core_weight_words
from .core_parameters import CORE_PARAMETERS, SPIKE, read_parameters

__all__ = [
    "FIELDS",
    "FORMAT_VERSION",
    "MAGIC",
    "FlashImage",
    "config_of",
    "encode_image",
    "flash_image",
    "read_flash_image",
    "write_flash_image",
]

#: First bytes of every image.
MAGIC = b"SCNI"
#: Version of the format, the byte after the magic.
FORMAT_VERSION = 1
#: Names of the core's parameters in the order of their bytes, which follow magic and version. STEPS is the last; only
#: images for the engine of networks in steps have it, in three bytes, the low one first.
FIELDS = tuple(parameter.name for parameter in CORE_PARAMETERS)
STEPS_BYTES = 3
#: Greatest size of a flash: the loader's read command has addresses of 24 bits.
FLASH_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class FlashImage:
    """An image taken apart.

    Attributes:
        config: the core that it was made for.
        table: 16-bit words of the layer table, in address order.
        weights: words of the weight memory, in address order.
    """

    config: CoreConfig
    table: tuple[int, ...]
    weights: tuple[int, ...]

    @property
    def tag(self) -> int:
        """The network's tag (`Network.tag`), by which the host knows the network."""
        return self.table[0] | self.table[1] << 16


def _header(config: CoreConfig) -> bytes:
    """Return the header's bytes of the core's parameters; those that its engine does not read are 0."""
    values = config.parameters()
    told = read_parameters(values, values["ENGINE"])
    steps = told.pop("STEPS")
    return bytes(told.values()) + (steps.to_bytes(STEPS_BYTES, "little") if values["ENGINE"] == SPIKE else b"")


def config_of(parameters: Mapping[str, object]) -> CoreConfig:
    """Return the core that has given Verilog parameters, those of rtl/sc_core.v.

    Args:
        parameters: values by name in capitals, integers or their text; names beyond `FIELDS` are ignored. STEPS may be
            missing.

    Raises:
        ScError: a parameter is missing, no integer or out of range, or SUM_W is not the one that follows from the
            others.
    """
    try:
        found = {k: int(str(parameters[k])) for k in FIELDS if k != "STEPS"}
        found["STEPS"] = int(str(parameters.get("STEPS", 0)))
    except (KeyError, ValueError) as error:
        raise ScError(f"not the parameters of a core: {error}") from None
    return core.config_of(found)


def encode_image(config: CoreConfig, table: Sequence[int], weights: Sequence[int]) -> bytes:
    """Return the image of given words. Words and core are not compared: test benches need images with faults.

    Args:
        config: the core whose parameters stand in the header.
        table: 16-bit words of the layer table, at least one.
        weights: words of the weight memory, at least one.

    Raises:
        ScError: the table or the weights have no word.
    """
    require(table and weights, "an image needs at least one word of table and one of weights")
    size = -(-config.word_bits // 8)
    body = MAGIC + bytes([FORMAT_VERSION]) + _header(config)
    body += struct.pack("<I", len(table) - 1) + b"".join(w.to_bytes(2, "little") for w in table)
    body += struct.pack("<I", len(weights) - 1) + b"".join(w.to_bytes(size, "little") for w in weights)
    return body + struct.pack("<I", zlib.crc32(body))


def flash_image(network: Network, config: CoreConfig) -> bytes:
    """Return the image of a network for a core; raises ScError if the core does not hold it."""
    check_fits(network, config)
    return encode_image(config, core_table_words(network, config), core_weight_words(network, config))


def write_flash_image(network: Network, config: CoreConfig, path: str | os.PathLike[str]) -> Path:
    """Write the image of a network to a file.

    Args:
        network: the network.
        config: the core that is to load it.
        path: the file; one that exists is replaced.

    Returns:
        The file's path.

    Raises:
        ScError: the core does not hold the network, or the file cannot be written.
    """
    target, data = Path(path), flash_image(network, config)
    try:
        target.write_bytes(data)
    except OSError as error:
        raise ScError(f"{target}: cannot be written ({error.strerror})") from None
    return target


def read_flash_image(source: str | os.PathLike[str] | bytes, config: CoreConfig | None = None) -> FlashImage:
    """Return what is in an image, by the rules of the loader.

    Args:
        source: path of a file, or the image's bytes.
        config: the core that the image has to be for. By default any core, as the header describes it.

    Raises:
        ScError: the loader would refuse the image (another magic, version or core, too many words, a wrong CRC, an end
            in the middle), bytes follow the image, or the table has less than tag and inputs. The message names what is
            wrong.
    """
    data, name = source, "image"
    if not isinstance(data, bytes):
        name = str(Path(data))
        data = read_limited(data, FLASH_BYTES, "a flash whose addresses have 24 bits")
    at = 0

    def take(count: int, what: str) -> bytes:
        """Return the next `count` bytes; `what` names them for the error if the image ends before."""
        nonlocal at
        require(at + count <= len(data), f"{name}: ends in {what}, at byte {len(data)}")
        at += count
        return data[at - count : at]

    def words(what: str, rows: int, size: int) -> tuple[int, ...]:
        """Return the words of one memory: its last address, then that many words and one more, of `size` bytes each."""
        (last,) = struct.unpack("<I", take(4, f"the last address of the {what}"))
        require(last < rows, f"{name}: {last + 1} words of {what}, the core has {rows}")
        part = take((last + 1) * size, f"the {what}")
        return tuple(int.from_bytes(part[k : k + size], "little") for k in range(0, len(part), size))

    magic = take(len(MAGIC), "the magic")
    require(magic == MAGIC, f"{name}: magic must be {MAGIC!r}, got {magic!r}")
    (version,) = take(1, "the version")
    require(version == FORMAT_VERSION, f"{name}: format version must be {FORMAT_VERSION}, got {version}")
    fields = dict(zip(FIELDS[:-1], take(len(FIELDS) - 1, "the header"), strict=True)) | {"STEPS": 0}
    if fields["ENGINE"] == SPIKE:
        fields["STEPS"] = int.from_bytes(take(STEPS_BYTES, "the header"), "little")
    if config is not None:
        values = config.parameters()
        wanted = read_parameters(values, values["ENGINE"])
        differ = [f"{k} = {fields[k]}, not {wanted[k]}" for k in FIELDS if fields[k] != wanted[k]]
        require(not differ, f"{name}: made for another core: {', '.join(differ)}")
    found = config or config_of(fields)
    table = words("layer table", 1 << found.table_aw, 2)
    weights = words("weights", 1 << found.weight_aw, -(-found.word_bits // 8))
    (crc,) = struct.unpack("<I", take(4, "the CRC"))
    true = zlib.crc32(data[: at - 4])
    require(crc == true, f"{name}: CRC is {crc:08x}, the content's is {true:08x}: damaged")
    require(at == len(data), f"{name}: {len(data) - at} bytes too many")
    require(len(table) >= 3, f"{name}: the table must have tag and inputs, got {len(table)} words")
    return FlashImage(found, table, weights)
