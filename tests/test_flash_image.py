"""Images of networks for flash: written, read back, refused by name; builds that start from it, and their flashing."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from machine import program
from networks import random_conv_network, random_network
from networks_in_steps import steps_network
from sc_neurocore import artifact
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import flash as flash_module
from sc_neurocore.hardware.boards import BOARDS
from sc_neurocore.hardware.build import IMAGE, INDEX, build, load
from sc_neurocore.hardware.core import CoreConfig, core_config, core_table_words, core_weight_words
from sc_neurocore.hardware.estimate import plan
from sc_neurocore.hardware.flash_image import (
    FIELDS,
    config_of,
    encode_image,
    flash_image,
    read_flash_image,
    write_flash_image,
)
from sc_neurocore.hardware.flow import top_parameters
from sc_neurocore.network import Network


def small(seed: int = 1) -> Network:
    return random_network(np.random.default_rng(seed), 16, (5, 4, 3))


def cores() -> list[tuple[Network, CoreConfig]]:
    conv = random_conv_network(np.random.default_rng(2), 8, "cmd", (5, 4, 2))
    steps = steps_network(np.random.default_rng(3), edges=((0, 0, 1),))
    return [
        (small(), core_config(small(), 3)),
        (small(), core_config(small(), 1, mac=True)),
        (conv, core_config(conv, 5)),
        (steps, core_config(steps, 3)),
    ]


def test_the_bytes_are_those_of_the_table() -> None:
    network, config = small(), core_config(small(), 3)
    data = flash_image(network, config)
    table, weights = core_table_words(network, config), core_weight_words(network, config)
    assert data[:5] == b"SCNI\x01"
    assert list(data[5:16]) == [0, 4, 3, 4, 3, config.weight_aw, config.table_aw, 0, 0, 0, 8]
    assert struct.unpack_from(f"<I{len(table)}H", data, 16) == (len(table) - 1, *table)
    at = 20 + 2 * len(table)
    assert struct.unpack_from(f"<I{len(weights)}H", data, at) == (len(weights) - 1, *weights)
    assert len(data) == at + 4 + 2 * len(weights) + 4
    assert data[-4:] == zlib.crc32(data[:-4]).to_bytes(4, "little")


@pytest.mark.parametrize("case", range(4))
def test_an_image_is_read_back(tmp_path: Path, case: int) -> None:
    network, config = cores()[case]
    path = write_flash_image(network, config, tmp_path / IMAGE)
    for wanted in (config, None):
        found = read_flash_image(path, wanted)
        assert found.table == tuple(core_table_words(network, config))
        assert found.weights == tuple(core_weight_words(network, config))
        assert found.tag == network.tag
    assert config_of(config.parameters()) == config
    assert config_of({k: str(v) for k, v in config.parameters().items()}) == config


def sealed(body: bytes) -> bytes:
    return body + struct.pack("<I", zlib.crc32(body))


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    network, config = small(), core_config(small(), 3)
    data = flash_image(network, config)
    body = data[:-4]
    words = len(core_table_words(network, config))
    rows = 1 << config.table_aw
    at = 20 + 2 * words
    cases = {
        r"magic must be b'SCNI', got b'\\xff": b"\xff" * 100,
        r"ends in the magic, at byte 3": data[:3],
        r"format version must be 1, got 2": sealed(body[:4] + b"\2" + body[5:]),
        r"ends in the header, at byte 15": data[:15],
        r"ends in the layer table, at byte 22": data[:22],
        r"ends in the last address of the weights": data[: at + 1],
        r"ends in the weights": data[: at + 9],
        r"ends in the CRC": data[:-1],
        rf"{rows + 1} words of layer table, the core has {rows}": sealed(
            body[:16] + struct.pack("<I", rows) + body[20:]
        ),
        rf"{1 << 31} words of weights": sealed(body[:at] + struct.pack("<I", (1 << 31) - 1) + body[at + 4 :]),
        r"CRC is [0-9a-f]{8}, the content's is [0-9a-f]{8}: damaged": data[:-6] + b"\x5a\xa5" + data[-4:],
        r"2 bytes too many": data + b"\xff\xff",
        r"the table must have tag and inputs, got 2 words": encode_image(config, [1, 2], [0]),
    }
    for message, bad in cases.items():
        for wanted in (config, None):
            with pytest.raises(ScError, match=message):
                read_flash_image(bad, wanted)
    for k, field in enumerate(FIELDS[:-1]):
        changed = bytearray(body)
        changed[5 + k] ^= 1
        with pytest.raises(ScError, match=f"made for another core: {field} = "):
            read_flash_image(sealed(bytes(changed)), config)
    with pytest.raises(ScError, match=r"none\.img: cannot be read"):
        read_flash_image(tmp_path / "none.img")
    with pytest.raises(ScError, match=r"x\.img: cannot be written"):
        write_flash_image(network, config, tmp_path / "none" / "x.img")
    with pytest.raises(ScError, match="does not fit the engine"):
        flash_image(random_network(np.random.default_rng(1), 16, (9, 4, 3)), config)
    with pytest.raises(ScError, match="at least one word"):
        encode_image(config, [], [1])


def test_an_image_for_other_neurons_is_made_for_another_core() -> None:
    network, config = cores()[3]
    data = flash_image(network, config)
    steps = config.parameters()["STEPS"]
    assert int.from_bytes(data[16:19], "little") == steps
    body = bytearray(data[:-4])
    body[16] ^= 1
    with pytest.raises(ScError, match=f"made for another core: STEPS = {steps ^ 1}, not {steps}"):
        read_flash_image(sealed(bytes(body)), config)
    with pytest.raises(ScError, match="ends in the header, at byte 18"):
        read_flash_image(data[:18])


def test_parameters_of_no_core_are_refused() -> None:
    good = core_config(small(), 3).parameters()
    with pytest.raises(ScError, match="not the parameters of a core: 'LANES'"):
        config_of({k: v for k, v in good.items() if k != "LANES"})
    with pytest.raises(ScError, match="ENGINE must be one of 0"):
        config_of(good | {"ENGINE": 3})
    with pytest.raises(ScError, match="SUM_W must be 8, got 9"):
        config_of(good | {"SUM_W": 9})


def test_a_bitstream_that_starts_from_flash_has_no_network_in_it() -> None:
    board = BOARDS["icebreaker"]
    placed = plan(small(), board)
    assert placed.large_rams == 0
    plain = top_parameters(placed, board, board.clocks[0])
    boot = top_parameters(placed, board, board.clocks[0], boot_flash=True)
    assert {"WEIGHT_FILE", "TABLE_FILE"} <= plain.keys()
    assert "FLASH_BOOT" not in plain
    assert boot == {k: v for k, v in plain.items() if not k.endswith("_FILE")} | {"FLASH_BOOT": 1}


def test_only_boards_with_a_loader_start_from_flash(tmp_path: Path) -> None:
    with pytest.raises(ScError, match="hx8k does not start from its flash"):
        build(small(), "hx8k", tmp_path / "out", boot_flash=True)


@pytest.fixture
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a build that starts from flash, as `build` leaves it, without the minutes of place and route."""
    out = tmp_path_factory.mktemp("built")
    network, board = small(), BOARDS["icebreaker"]
    placed = plan(network, board)
    (out / "icebreaker.bin").write_bytes(b"bits")
    image = write_flash_image(network, placed.config, out / IMAGE)
    figures = dict.fromkeys(("lut", "ff", "bram", "lcs", "spram", "dsp", "tag", "seed"), 1)
    result = figures | dict.fromkeys(("fmax_mhz", "clocks_per_inference", "latency_us", "clock_mhz"), 1.0)
    result |= {"board": "icebreaker", "bitstream": "icebreaker.bin", "image": IMAGE, "baud": 1000000, "lanes": 3}
    result |= {"mac": False, "weights": "block RAM", "clocks_over": "", "network": "", "length": 16, "tools": []}
    result["parameters"] = top_parameters(placed, board, board.clocks[0], boot_flash=True)
    sha = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in ("icebreaker.bin", IMAGE)}
    index = {
        "format": "sc_neurocore.build",
        "version": 1,
        "result": result,
        "inputs": "",
        "sha256": sha["icebreaker.bin"],
    }
    (out / INDEX).write_text(json.dumps(index | {"image_sha256": sha[IMAGE]}))
    assert load(out).image == str(image)
    return out


def test_flash_writes_bitstream_and_image_each_to_its_place(built: Path, only: Path) -> None:
    bitstream, image = built / "icebreaker.bin", built / IMAGE
    program(only, "iceprog", 'echo "iceprog $*"')
    done = flash_module.flash(built, "icebreaker")
    assert done["output"].splitlines() == [f"iceprog {bitstream}", f"iceprog -o 128k {image}"]
    done = flash_module.flash(built, "icebreaker", image_only=True)
    assert done["output"] == f"iceprog -o 128k {image}"
    assert "bitstream" not in done
    known = 'case "$1" in --list-boards) echo "ice40_generic x";; --Version) echo v0.12.0;; *) echo "loader $*";; esac'
    program(only, "openFPGALoader", known)
    done = flash_module.flash(built, "icebreaker", image_only=True)
    assert done["output"] == f"loader -b ice40_generic -f -o 131072 {image}"


def test_flash_makes_the_image_of_another_network(built: Path, only: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.img"
    program(only, "iceprog", f'echo "$*"; [ "$1" = -o ] && /bin/cp "$3" {kept}; exit 0')
    artifact.save(small(9), tmp_path / "other")
    flash_module.flash(built, "icebreaker", image_only=True, network=tmp_path / "other")
    config = core_config(small(), load(built).lanes)
    assert read_flash_image(kept, config).weights == tuple(core_weight_words(small(9), config))
    artifact.save(random_network(np.random.default_rng(1), 16, (90, 4, 3)), tmp_path / "large")
    with pytest.raises(ScError, match="does not fit the engine"):
        flash_module.flash(built, "icebreaker", image_only=True, network=tmp_path / "large")


def test_flash_refuses_what_would_not_start(built: Path, only: Path) -> None:
    program(only, "iceprog", 'echo "iceprog $*"')
    index = json.loads((built / INDEX).read_text())
    (built / INDEX).write_text(json.dumps(index | {"result": index["result"] | {"image": None}}))
    with pytest.raises(ScError, match="does not start from flash: build it with --boot-flash"):
        flash_module.flash(built, "icebreaker", image_only=True)
    (built / INDEX).write_text(json.dumps(index))
    (built / IMAGE).write_bytes((built / IMAGE).read_bytes()[:-1])
    with pytest.raises(ScError, match=r"network\.img: content differs from its sha256"):
        flash_module.flash(built, "icebreaker")
    board = replace(BOARDS["icebreaker"], image_offset=3)
    (built / IMAGE).write_bytes(flash_image(small(), plan(small(), board).config))
    with pytest.raises(ScError, match="4 bytes reach into the image, which begins at 3"):
        flash_module.flash(built, board)
