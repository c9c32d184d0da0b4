"""Files that nobody else can have written. Machine code is read only from such files, since it is run.

The rules are those of OpenSSH for keys. The owner of a file, of its directory and of all directories above must be the
user or root, and nobody else may write them. Links to directories are resolved first. The file itself must not be a
link. Everybody may write to a sticky directory such as /tmp, since only the owner of a file there can replace it. A
group may write if only the user is in it, as on systems that give every user a group. Access control lists are not
checked, and on Windows nothing is.
"""

from __future__ import annotations

import functools
import os
import stat
from pathlib import Path

from gograd_core.extend import RefusedError, read_file

__all__ = ["directory_of_user", "make_directory", "read_private_file"]

POSIX = hasattr(os, "geteuid")


def directory_of_user(folder: Path) -> Path:
    """Resolve links to a directory, and check that nobody else can replace what is in it.

    Raises:
        RefusedError: somebody else can.
        OSError: there is no such directory.
    """
    real = Path(os.path.realpath(folder, strict=True))
    for each in (real, *real.parents):
        if complaint := _complaint(each.stat()):
            raise RefusedError(f"{'it' if each == folder else each} {complaint}")
    return real


def make_directory(folder: Path) -> None:
    """Make a directory that only the user can enter, and the missing ones above it.

    Raises:
        OSError: it cannot be made.
    """
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)


def read_private_file(path: Path, most: int) -> bytes:
    """Read a file that only the user or root can have written, in a directory that was checked.

    Raises:
        RefusedError: somebody else may have written it, or it is not a file, cannot be read, or has more than `most`
            bytes.
        FileNotFoundError: there is no such file.
    """
    try:
        return read_file(path, most, flags=getattr(os, "O_NOFOLLOW", 0), complaint=_complaint)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RefusedError("it is a link" if path.is_symlink() else f"it cannot be read ({error.strerror})") from None


def _complaint(status: os.stat_result) -> str:
    """Say who else can write a file or directory. It is "" if nobody can."""
    if not POSIX:
        return ""
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid not in (os.geteuid(), 0):
        return f"belongs to another user, of number {status.st_uid}"
    if stat.S_ISDIR(status.st_mode) and mode & stat.S_ISVTX:
        return ""
    if mode & stat.S_IWOTH:
        return f"can be written by everybody (its mode is {mode:o})"
    if mode & stat.S_IWGRP and not _is_of_one(status.st_gid, os.geteuid()):
        return f"can be written by the group of number {status.st_gid} (its mode is {mode:o})"
    return ""


@functools.cache
def _is_of_one(group: int, user: int) -> bool:
    """Say whether only the user is in the group."""
    import grp  # only POSIX has these
    import pwd

    try:
        own, members = pwd.getpwuid(user), grp.getgrgid(group).gr_mem
    except KeyError:
        return False
    is_first = own.pw_gid == group  # a group without members serves programs
    return is_first and {*members, *(each.pw_name for each in pwd.getpwall() if each.pw_gid == group)} <= {own.pw_name}
