"""Files are read up to a limit; what is no regular file is neither read nor waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.files import read_limited
from sc_neurocore.hardware.flash_image import read_flash_image
from sc_neurocore.training.checkpoint import read_checkpoint


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs a file that does not state its size")
def test_a_file_that_hides_its_size_is_read_no_further_than_allowed() -> None:
    assert os.stat("/proc/self/maps").st_size == 0
    with pytest.raises(ScError, match=r"/proc/self/maps: larger than a thing: at most 10 bytes, got 11 or more"):
        read_limited("/proc/self/maps", 10, "a thing")


def test_the_largest_file_that_fits_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_limited(path, 5, "five bytes") == b"12345"
    with pytest.raises(ScError, match=r"x: larger than four bytes: at most 4 bytes, got 5$"):
        read_limited(path, 4, "four bytes")
    with pytest.raises(ScError, match="no file has a name with NUL in it"):
        read_limited("a\0b", 4, "four bytes")


def test_a_flash_image_and_a_checkpoint_are_regular_files_too(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (fifo, Path("/dev/zero")):
        with pytest.raises(ScError, match=rf"{path}: cannot be read: not a regular file but a "):
            read_flash_image(path)
        with pytest.raises(ScError, match=rf"{path} is not a checkpoint: not a regular file"):
            read_checkpoint(path)
