"""Files in the cache of compiled code that somebody else may have written: none runs, and each is told once."""

from __future__ import annotations

import hashlib
import os
import pickle
import warnings
from types import SimpleNamespace

import pytest

pytest.importorskip("numba")
pytest.importorskip("pwd", reason="owners and modes are those of POSIX")

import grp
import pwd

from gograd_compile.kernels import CacheWarning, cache, code_files, native, private_files
from gograd_core.extend import RefusedError
from kernel_calls import made, value

pytestmark = pytest.mark.any_engine

SOMEBODY = 12345
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs files of other users")


@pytest.fixture(scope="module")
def forgery(tmp_path_factory):
    """The name of the file of exp(x) * 2, its bytes, and others, of the same form, that compute exp(x) * 5."""
    folder = tmp_path_factory.mktemp("forger") / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOGRAD_CACHE_DIR", str(folder))
        patch.setattr(native, "_kernels", {})
        made()
        (path,) = folder.glob("*.code")
        made(lambda xp, x: xp.exp(x) * 5.0)
        (other,) = {*folder.glob("*.code")} - {path}
    key, of_other = key_of(path.read_bytes()), key_of(other.read_bytes())
    code = code_files.from_bytes(other.read_bytes(), of_other)
    return path.name, path.read_bytes(), code.to_bytes(key), other.read_bytes()


def key_of(data):
    return data.partition(b'"key": "')[2][:64].decode()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache, and a process that has no kernels yet."""
    place = tmp_path / "above" / "cache"
    place.mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("GOGRAD_CACHE_DIR", str(place))
    monkeypatch.setattr(native, "_kernels", {})
    monkeypatch.setattr(cache, "_told", set())
    return place


@pytest.fixture
def path(folder, forgery):
    """A file under the right name that has the right form, and computes something else."""
    name, _, forged, _ = forgery
    (folder / name).write_bytes(forged)
    (folder / name).chmod(0o600)
    return folder / name


def assert_refused(monkeypatch, reason, origin="compiled"):
    """The kernel is compiled, which is told once, and is right."""
    with pytest.warns(CacheWarning, match=reason) as told:
        found = made()
    assert len(told) == 1
    assert "GOGRAD_CACHE_DIR" in str(told[0].message)
    assert (found.origin, value(found)) == (origin, 2.0)
    monkeypatch.setattr(native, "_kernels", {})  # as another process, which was told as well
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = made()
    assert (again.origin, value(again)) == ("cache" if origin == "compiled" else origin, 2.0)


def test_a_forged_file_would_run(path):
    """So the others see whether a file was run."""
    found = made()
    assert (found.origin, value(found)) == ("cache", 5.0)


class TestFiles:
    @only_root
    def test_of_another_user(self, path, monkeypatch):
        os.chown(path, SOMEBODY, SOMEBODY)
        assert_refused(monkeypatch, f"{path.name} is not run, since it belongs to another user, of number {SOMEBODY}")

    @pytest.mark.parametrize("mode", [0o602, 0o666, 0o777, 0o1666])
    def test_that_everybody_may_write(self, path, mode, monkeypatch):
        path.chmod(mode)
        assert_refused(monkeypatch, rf"it can be written by everybody \(its mode is {mode:o}\)")

    @only_root
    def test_that_a_group_may_write(self, path, monkeypatch):
        os.chown(path, 0, SOMEBODY)
        path.chmod(0o660)
        assert_refused(monkeypatch, rf"it can be written by the group of number {SOMEBODY} \(its mode is 660\)")

    def test_that_are_links(self, path, tmp_path, monkeypatch):
        target = path.rename(tmp_path / "target")
        path.symlink_to(target)
        before = target.read_bytes()
        assert_refused(monkeypatch, "it is a link")
        assert not path.is_symlink()
        assert target.read_bytes() == before

    def test_that_are_links_to_nowhere(self, path, monkeypatch):
        path.unlink()
        path.symlink_to("/missing/file")
        assert_refused(monkeypatch, "it is a link")

    def test_that_are_pipes(self, path, monkeypatch):
        path.unlink()
        os.mkfifo(path, 0o600)
        assert_refused(monkeypatch, "it is not a file")

    @only_root
    def test_that_are_devices(self, path, monkeypatch):
        path.unlink()
        try:
            os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # as /dev/zero
        except PermissionError:
            pytest.skip("this machine lets nobody make devices")
        assert_refused(monkeypatch, "it is not a file|it cannot be read")

    def test_of_another_kernel(self, path, forgery, monkeypatch):
        path.write_bytes(forgery[3])
        assert_refused(monkeypatch, "it is the code of something else")

    def test_that_are_pickles(self, path, monkeypatch):
        """With the digest of what is there, as a file of an earlier version had it."""
        data = pickle.dumps(Run())
        path.write_bytes(hashlib.sha256(data).digest() + data)
        assert_refused(monkeypatch, "it does not have the form of a file with code")
        assert not RAN

    @pytest.mark.parametrize(
        "change",
        [
            lambda header: b"{}",
            lambda header: b"[1]",
            lambda header: b"[" * 100_000,
            lambda header: b"\xff",
            lambda header: header.replace(b'"environments": [', b'"environments": 1, "more": ['),
            lambda header: header.replace(b'"object": ', b'"object": "", "more": '),
            lambda header: header.replace(b'"library"', b'"another"'),
        ],
    )
    def test_of_another_form(self, path, change, monkeypatch):
        data = path.read_bytes()[32:]
        end = 4 + int.from_bytes(data[:4], "little")
        header = change(data[4:end])
        data = len(header).to_bytes(4, "little") + header + data[end:]
        path.write_bytes(hashlib.sha256(data).digest() + data)
        assert_refused(monkeypatch, "it does not have the form of a file with code")

    def test_that_are_enormous(self, path, monkeypatch):
        with path.open("r+b") as file:
            file.truncate(2**40)  # a hole, which takes no room
        assert_refused(monkeypatch, "it has 1099511627776 bytes, and may have 67108864")

    def test_that_are_directories(self, path, monkeypatch):
        path.unlink()
        path.mkdir()
        with pytest.warns(CacheWarning) as told:
            found = made()
        first, second = (str(each.message) for each in told)
        assert "is not run, since it is not a file" in first
        assert "compiled code cannot be kept" in second  # nothing takes the place of a directory
        assert (found.origin, value(found)) == ("compiled, not cached", 2.0)


RAN = []


class Run:
    def __reduce__(self):
        return RAN.append, ("a command",)


class TestDirectories:
    """Nothing is read from one that others may write to, nor written there."""

    def assert_left_alone(self, folder, monkeypatch, reason):
        before = {each.name: each.read_bytes() for each in folder.iterdir()}
        assert_refused(monkeypatch, f"neither read from .* nor kept there, since {reason}", "compiled, not cached")
        assert {each.name: each.read_bytes() for each in folder.iterdir()} == before

    @pytest.mark.parametrize("mode", [0o702, 0o777])
    def test_that_everybody_may_write(self, path, folder, mode, monkeypatch):
        folder.chmod(mode)
        self.assert_left_alone(folder, monkeypatch, "it can be written by everybody")

    def test_below_one_that_everybody_may_write(self, path, folder, monkeypatch):
        folder.parent.chmod(0o777)
        self.assert_left_alone(folder, monkeypatch, f"{folder.parent} can be written by everybody")

    @only_root
    def test_of_another_user(self, path, folder, monkeypatch):
        os.chown(folder, SOMEBODY, SOMEBODY)
        self.assert_left_alone(folder, monkeypatch, "it belongs to another user")

    @only_root
    def test_below_one_of_another_user(self, path, folder, monkeypatch):
        os.chown(folder.parent, SOMEBODY, SOMEBODY)
        self.assert_left_alone(folder, monkeypatch, f"{folder.parent} belongs to another user")

    @only_root
    def test_below_a_sticky_one_of_another_user(self, path, folder, monkeypatch):
        os.chown(folder.parent, SOMEBODY, SOMEBODY)
        folder.parent.chmod(0o1777)
        self.assert_left_alone(folder, monkeypatch, f"{folder.parent} belongs to another user")

    @only_root
    def test_that_a_group_may_write(self, path, folder, monkeypatch):
        os.chown(folder, 0, SOMEBODY)
        folder.chmod(0o770)
        self.assert_left_alone(folder, monkeypatch, f"it can be written by the group of number {SOMEBODY}")

    @only_root
    def test_behind_a_link_to_one_of_another_user(self, path, folder, tmp_path, monkeypatch):
        link = tmp_path / "link"
        link.symlink_to(folder)
        os.chown(folder, SOMEBODY, SOMEBODY)
        monkeypatch.setenv("GOGRAD_CACHE_DIR", str(link))
        self.assert_left_alone(folder, monkeypatch, f"{folder} belongs to another user")

    def test_behind_a_link_to_one_of_the_user(self, path, folder, tmp_path, monkeypatch):
        link = tmp_path / "link"
        link.symlink_to(folder.parent)
        monkeypatch.setenv("GOGRAD_CACHE_DIR", str(link / "cache"))
        assert value(made()) == 5.0

    def test_sticky_ones_may_be_written_by_everybody(self, path, folder, monkeypatch):
        folder.chmod(0o1777)
        folder.parent.chmod(0o1777)
        assert value(made()) == 5.0

    @only_root
    def test_but_not_the_files_of_others_in_them(self, path, folder, monkeypatch):
        folder.chmod(0o1777)
        os.chown(path, SOMEBODY, SOMEBODY)
        assert_refused(monkeypatch, "it belongs to another user")

    def test_are_made_for_the_user_alone(self, folder, tmp_path, monkeypatch):
        monkeypatch.setenv("GOGRAD_CACHE_DIR", str(tmp_path / "a" / "b" / "c"))
        mask = os.umask(0)
        try:
            made()
        finally:
            os.umask(mask)
        for name in ("a", "a/b", "a/b/c"):
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o700
        for file in (tmp_path / "a" / "b" / "c").iterdir():
            assert file.stat().st_mode & 0o777 == 0o600


USERS = [SimpleNamespace(pw_name="me", pw_uid=1000, pw_gid=1000), SimpleNamespace(pw_name="you", pw_uid=7, pw_gid=50)]


@pytest.mark.parametrize(
    ("group", "members", "others", "is_mine"),
    [
        (1000, [], [], True),
        (1000, ["me"], [], True),
        (1000, ["me", "you"], [], False),
        (1000, ["you"], [], False),
        (1000, [], [SimpleNamespace(pw_name="them", pw_uid=8, pw_gid=1000)], False),
        (50, [], [], False),
        (60, [], [], False),  # of programs
        (60, ["me"], [], False),
    ],
)
def test_a_group_of_one_s_own(group, members, others, is_mine, monkeypatch):
    """As with a umask of 002, where every user has a group."""
    users = USERS + others
    monkeypatch.setattr(pwd, "getpwuid", lambda number: {user.pw_uid: user for user in users}[number])
    monkeypatch.setattr(pwd, "getpwall", lambda: users)
    monkeypatch.setattr(grp, "getgrgid", lambda number: SimpleNamespace(gr_mem=members))
    private_files._is_of_one.cache_clear()
    assert private_files._is_of_one(group, 1000) is is_mine
    assert private_files._is_of_one(group, 999) is False  # a user without a name
    private_files._is_of_one.cache_clear()


def test_a_directory_that_a_group_of_one_s_own_may_write(tmp_path, monkeypatch):
    monkeypatch.setattr(private_files, "_is_of_one", lambda group, user: group == tmp_path.stat().st_gid)
    tmp_path.chmod(0o775)
    (tmp_path / "file").write_bytes(b"bytes")
    (tmp_path / "file").chmod(0o664)
    assert private_files.directory_of_user(tmp_path) == tmp_path
    assert private_files.read_private_file(tmp_path / "file", 5) == b"bytes"
    with pytest.raises(RefusedError, match="it has 5 bytes, and may have 4"):
        private_files.read_private_file(tmp_path / "file", 4)


@only_root
def test_files_that_cannot_be_opened(tmp_path):
    """A socket, which everybody may have left there."""
    import socket

    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(tmp_path / "socket"))
        with pytest.raises(RefusedError, match="it cannot be read"):
            private_files.read_private_file(tmp_path / "socket", 4)
