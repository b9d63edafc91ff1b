"""Serial ports of this machine: which there are, who may open them, and why one cannot be opened.

A port that does not open is the commonest trouble with a board: the user lacks a group, another program holds it, or
the board is not plugged in. The functions find out which, and give the command that helps. They know Linux: groups,
file modes and /proc.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["SerialPort", "access", "ports", "why_not_opened"]


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port of this machine.

    Attributes:
        name: its device file, such as /dev/ttyUSB0.
        description: what the system knows of the device; "" if nothing.
        usb: vendor and product of a USB device in hexadecimal, such as 0403:6010; "" for other ports.
        trouble: why this user may not open it, with the command that helps; "" if they may.
    """

    name: str
    description: str
    usb: str
    trouble: str


def ports() -> list[SerialPort]:
    """Return the serial ports of this machine, those on USB first; raises ImportError without pyserial."""
    from serial.tools.list_ports import comports

    found: list[Any] = sorted(comports(), key=lambda p: (p.vid is None, p.device))
    return [
        SerialPort(
            name=p.device,
            description=p.description if p.description != "n/a" else "",
            usb=f"{p.vid:04x}:{p.pid:04x}" if p.vid is not None else "",
            trouble=access(p.device),
        )
        for p in found
    ]


def _group(number: int) -> str:
    """Return the name of a group, or its number as text where it has no name."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _user(number: int) -> str:
    """Return the name of a user, or their number as text where they have no name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def access(port: str) -> str:
    """Return why this process may not open a port, with the command that helps; "" if it may.

    It looks at the rights alone: a port that another program uses is no trouble here. If the port does not exist, the
    operating system's words are returned.

    Args:
        port: path of the device file.

    Example:
        >>> access("/dev/null"), access("/dev/no-such-port")
        ('', 'No such file or directory')
    """
    try:
        if os.access(port, os.R_OK | os.W_OK):
            return ""
        found = Path(port).stat()
    except OSError as error:
        return error.strerror or str(error)
    group, me = _group(found.st_gid), _user(os.geteuid())
    mode = stat.filemode(found.st_mode)
    # Membership of a group helps only where the group may both read and write.
    if found.st_mode & 0o060 != 0o060:
        owner = _user(found.st_uid)
        return (
            f"permission denied: it belongs to {owner}:{group} with mode {mode}, which lets no group in: "
            f"sudo chgrp dialout {port} && sudo chmod g+rw {port}, and join that group: sudo usermod -aG dialout $USER"
        )
    with suppress(KeyError):
        if me in grp.getgrgid(found.st_gid).gr_mem:
            return f"permission denied: you are in its group {group}, but since you logged in: log out and in again"
    return (
        f"permission denied: it belongs to group {group}, in which {me} is not: "
        f"sudo usermod -aG {group} $USER, then log out and in again"
    )


def _holder(port: str) -> str:
    """Return a phrase that names the program which has a port open; "" where this user cannot see one."""
    real = os.path.realpath(port)
    for folder in Path("/proc").glob("[0-9]*/fd"):
        process = folder.parent
        if int(process.name) == os.getpid():
            continue
        with suppress(OSError):
            for handle in folder.iterdir():
                with suppress(OSError):
                    if os.path.realpath(handle) == real:
                        name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                        return f" ({name}, process {process.name})"
    return ""


def why_not_opened(port: str, error: Exception) -> str:
    """Return why pyserial could not open a port, and what helps.

    Args:
        port: the name that was given to pyserial.
        error: the exception that pyserial raised.

    Returns:
        A phrase for an error message; the exception's own text where nothing better is known.
    """
    number = getattr(error, "errno", None)
    # Some exceptions of pyserial have the error number as their first argument only.
    if number is None and isinstance(error.args[0] if error.args else None, int):
        number = error.args[0]
    if number == errno.EACCES:
        return access(port) or str(error)
    if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK):
        return f"it is in use by another program{_holder(port)}: close that program"
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        try:
            there = [p.name for p in ports()]
        except ImportError:
            there = []
        seen = f"there are {', '.join(there)}" if there else "there is none on this machine: is the board plugged in?"
        return f"there is no such serial port; {seen}"
    if number in (errno.ENOTTY, errno.EINVAL, errno.EISDIR, errno.ENOTDIR) or "Inappropriate ioctl" in str(error):
        return "it is no serial port"
    return str(error)
