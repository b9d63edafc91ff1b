"""Serial ports that are in use, not permitted, or none: what is said. Pseudo-terminals stand in for real ones."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from machine import STRANGER, python, root
from sc_neurocore.hardware.host import HostError, HostLink


@pytest.fixture
def port() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_a_port_is_for_one_program_at_a_time(port: str) -> None:
    script = f"import fcntl, os; fcntl.flock(os.open({port!r}, os.O_RDWR | os.O_NOCTTY), fcntl.LOCK_EX)"
    script += "; print('locked', flush=True); input()"
    with HostLink.open(port, 115200), pytest.raises(HostError, match="it is in use by another program"):
        HostLink.open(port, 115200)
    with HostLink.open(port, 115200) as link:  # it is free again
        link.close()
    other = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(HostError, match=rf"port {port} cannot be opened: .*in use .*process {other.pid}\)"):
        HostLink.open(port, 115200)
    other.communicate("\n")


def test_another_program_finds_our_port_locked(port: str) -> None:
    with HostLink.open(port, 115200):
        handle = os.open(port, os.O_RDWR | os.O_NOCTTY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)


OPEN = "import sys; from sc_neurocore.hardware.host import HostLink; HostLink.open(sys.argv[1], 9600)"


def test_a_port_without_permission_names_its_group_and_the_command(port: str) -> None:
    import grp

    group = next(g for g in grp.getgrall() if g.gr_gid not in (0, *os.getgroups()))
    if not root("chown", f"{STRANGER}:{group.gr_gid}", port) or not root("chmod", "660", port):
        pytest.skip("the owner of a port can be changed here neither as root nor by sudo")
    done = python("-c", OPEN, port, as_user="plain")
    wanted = f"port {port} cannot be opened: permission denied: it belongs to group {group.gr_name}"
    assert wanted in done.stderr
    assert f"sudo usermod -aG {group.gr_name} $USER" in done.stderr
    assert root("chmod", "600", port)
    done = python("-c", OPEN, port, as_user="plain")
    assert f"it belongs to {STRANGER}:{group.gr_name} with mode crw-------" in done.stderr


def test_a_port_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"there is no such serial port; there (are /dev/|is none on this machine)"):
        HostLink.open("/dev/no-such-port", 9600)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(HostError, match="it is no serial port"):
        HostLink.open(str(tmp_path / "file"), 9600)
