"""Arrays of an `.npz` file that nobody vouches for: every size is checked before memory is allocated.

`numpy.load` trusts a file: it waits at a FIFO, unpacks whatever a small archive claims to hold, and accepts a torn
member as bytes. Here the file must be a regular one, the header of an array must agree with what the archive says about
it, and an array may have at most `LIMIT` bytes and a quarter of the machine's memory. Python objects are never read,
because reading them may run code.

Read are numbers, booleans and texts. For the other dtypes the error says how to save the data in another way. What the
arrays mean is not decided here but in `own_data.file`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ScError, require

__all__ = ["LIMIT", "array_names", "file_sha256", "read_arrays"]

#: Greatest size of an array in bytes.
LIMIT = 1 << 32
_BLOCK = 1 << 20
_SUFFIX = ".npy"
_KINDS = "buifUS"
_REMEDIES = {
    "O": "Python objects, which are not read, as that may run code: save it by .astype(str), numbers by .astype(float)",
    "V": "records, which are not read: save one plain array, such as np.stack of the fields",
    "c": "complex numbers: save real ones, such as np.abs, or real and imaginary part as two features",
    "M": "dates: save numbers, such as days since the first",
    "m": "time spans: save numbers, such as seconds",
}


def _regular(path: Path) -> os.stat_result:
    """Return the state of a regular file.

    Other files raise ScError: a FIFO would block for ever, and a device may never end.
    """
    try:
        state = path.stat()
    except FileNotFoundError:
        raise ScError(f"data file {path} does not exist") from None
    except (OSError, ValueError) as error:
        raise ScError(f"cannot read data file {path}: {getattr(error, 'strerror', None) or error}") from None
    require(stat.S_ISREG(state.st_mode), f"data file {path} must be a regular file, not a folder, pipe or device")
    return state


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a regular file's bytes, in hexadecimal.

    The file is read block by block, so it may be larger than the memory.

    Raises:
        ScError: If it does not exist, is not a regular file, or cannot be read.
    """
    _regular(Path(path))
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise ScError(f"cannot read {os.fspath(path)}: {error.strerror}") from error
    return digest.hexdigest()


def _open(path: Path) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    """Return the opened archive and its members by array name, without reading the arrays.

    Raises:
        ScError: If the file cannot be read, is no archive, or holds two arrays of one name.
    """
    _regular(path)
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise ScError(f"cannot read data file {path}: {error.strerror or error}") from None
    except Exception as error:  # a damaged archive fails in many ways
        raise ScError(f"{path} is not a readable .npz of plain arrays: {error}") from None
    members: dict[str, zipfile.ZipInfo] = {}
    twice = None
    for info in archive.infolist():
        name = info.filename.removesuffix(_SUFFIX)
        twice = name if name in members else twice
        members[name] = info
    if twice is not None:
        archive.close()
        raise ScError(f"{path} is not a readable .npz of plain arrays: it holds {twice!r} twice")
    return archive, members


def array_names(path: str | os.PathLike[str]) -> list[str]:
    """Return the names of the arrays in an .npz file, in their order; the arrays themselves are not read.

    Raises:
        ScError: If it is not a regular file, not an archive, or holds two arrays of one name.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        ...     np.savez(file.name, x=[1.0, 2.0], y=[0, 1])
        ...     array_names(file.name)
        ['x', 'y']
    """
    archive, members = _open(Path(path))
    archive.close()
    return list(members)


def _limit() -> int:
    """Return how many bytes an array may have; training holds several copies of it at the same time."""
    return min(LIMIT, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether the order is Fortran's, and dtype of an array, from the header of its .npy member.

    Raises:
        ValueError: The header is damaged, or of a format that only arrays of records need.
    """
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file)
    raise ValueError(f"its format {version[0]}.{version[1]} is for records")


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> NDArray[Any]:
    """Return one array of the archive, after checking its header against its size.

    No memory is allocated for the values before the shape, the dtype and the size in the archive agree.

    Args:
        archive: The opened archive.
        info: The member that holds the array.
        where: File and name of the array, as errors begin.

    Returns:
        The array, in native byte order and C order.

    Raises:
        ScError: If the dtype is not read, or the array is too large, altered or torn.
    """
    with archive.open(info) as file:
        shape, fortran, dtype = _header(file)
        require(dtype.kind in _KINDS, f"{where} holds {_REMEDIES.get(dtype.kind, f'{dtype}, which is not read')}")
        require(dtype.itemsize > 0, f"{where} holds {dtype} of no bytes: save texts by .astype(str)")
        require(all(size >= 0 for size in shape), f"{where} has the shape {shape}: sizes must be at least 0")
        bytes_ = prod(shape) * dtype.itemsize
        most = _limit()
        require(
            bytes_ <= most,
            f"{where} would take {bytes_:,} bytes: at most {most:,} are read here; save fewer samples or a narrower "
            "dtype",
        )
        held = info.file_size - file.tell()
        require(held == bytes_, f"{where} must hold {bytes_} bytes for its shape {shape}, got {held}: altered or torn")
        content = bytearray()
        while len(content) < bytes_ and (block := file.read(min(_BLOCK, bytes_ - len(content)))):
            content += block
        require(len(content) == bytes_ and not file.read(1), f"{where} is torn: {len(content)} of {bytes_} bytes")
    flat = np.frombuffer(content, dtype=dtype) if bytes_ else np.zeros(prod(shape), dtype=dtype)
    values = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
    return np.ascontiguousarray(values, dtype=dtype.newbyteorder("=")).reshape(shape)


def read_arrays(path: str | os.PathLike[str], names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Return arrays of an .npz file by name: numbers, booleans or texts, in native byte order.

    Args:
        path: The file.
        names: Names of the arrays.

    Returns:
        The arrays by name, in C order.

    Raises:
        ScError: If it is not a regular file or not an archive, or an array is missing, too large or torn, or holds
            objects, records, complex numbers or dates. The message names the file and the array.
    """
    file = Path(path)
    archive, members = _open(file)
    found: dict[str, NDArray[Any]] = {}
    with archive:
        for name in names:
            require(name in members, f"{file} holds no array {name}; it holds {', '.join(members) or 'none'}")
            where = f"{file}: {name}"
            try:
                found[name] = _array(archive, members[name], where)
            except ScError:
                raise
            except MemoryError:
                raise ScError(f"{where} does not fit into memory: save fewer samples or a narrower dtype") from None
            except Exception as error:  # a damaged member fails in many ways: checksum, header, compression, password
                raise ScError(f"{file} is not a readable .npz of plain arrays: {name} is no array: {error}") from None
    return found
