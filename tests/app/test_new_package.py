"""`gograd new`: a complete package, whose tests pass as generated."""

from __future__ import annotations

import datetime
import errno
import importlib
import pathlib
import subprocess
import sys
import tomllib

import pytest

from gograd_core import __version__

FILES = [
    ".github/workflows/test.yml",
    ".gitignore",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "src/my_ops/__init__.py",
    "src/my_ops/py.typed",
    "tests/test_operations.py",
]


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class TestFiles:
    def test_they_are_all_there_and_listed(self, run, in_folder):
        code, output, error = run("new", "my-ops")
        assert (code, error) == (0, "")
        assert files(in_folder / "my-ops") == FILES
        listed, _, advice = output.partition("\n\n")
        assert listed.split() == [f"my-ops/{file}" for file in FILES]
        assert advice == (
            "Write your operations in my-ops/src/my_ops/__init__.py. Next:\n"
            "  cd my-ops\n  pip install --editable . --group test\n  pytest\n"
        )

    def test_nothing_of_the_template_is_left(self, run, in_folder):
        run("new", "my-ops", "--author", "Ada")
        for file in FILES:
            text = (in_folder / "my-ops" / file).read_text(encoding="utf-8")
            assert "MODULE" not in text
            assert "{%" not in text
            assert "{{" not in text.replace("${{ matrix.python }}", "")
            assert text == "" or (text.endswith("\n") and not text.endswith("\n\n"))

    @pytest.mark.parametrize(
        ("name", "module"), [("my-ops", "my_ops"), ("My.Ops", "my_ops"), ("ops2", "ops2"), ("a--b_c", "a_b_c")]
    )
    def test_names(self, run, in_folder, name, module):
        assert run("new", name)[0] == 0
        project = tomllib.loads((in_folder / name / "pyproject.toml").read_text(encoding="utf-8"))
        assert project["project"]["name"] == name
        assert project["project"]["entry-points"] == {"gograd.ops": {name: module}}
        assert (in_folder / name / "src" / module / "__init__.py").is_file()

    def test_it_depends_on_this_series_of_the_core(self, run, in_folder):
        run("new", "my-ops")
        project = tomllib.loads((in_folder / "my-ops" / "pyproject.toml").read_text(encoding="utf-8"))
        major, minor = map(int, __version__.split(".")[:2])
        assert f"gograd-core>={major}.{minor},<{major}.{minor + 1}" in project["project"]["dependencies"]

    @pytest.mark.parametrize("author", ["Ada Lovelace", 'Ann "the O" O\'Neill', "Łukasz \\ Ω"])
    def test_the_author_is_in_metadata_and_licence(self, run, in_folder, author):
        run("new", "my-ops", "--author", author)
        project = tomllib.loads((in_folder / "my-ops" / "pyproject.toml").read_text(encoding="utf-8"))
        assert project["project"]["authors"] == [{"name": author}]
        licence = (in_folder / "my-ops" / "LICENSE").read_text(encoding="utf-8")
        assert f"Copyright (c) {datetime.datetime.now().year} {author}\n" in licence

    def test_without_author(self, run, in_folder):
        run("new", "my-ops")
        project = tomllib.loads((in_folder / "my-ops" / "pyproject.toml").read_text(encoding="utf-8"))
        assert "authors" not in project["project"]
        assert "the authors of my-ops\n" in (in_folder / "my-ops" / "LICENSE").read_text(encoding="utf-8")

    @pytest.mark.parametrize("there", [False, True])
    def test_in_another_folder(self, run, in_folder, there):
        if there:
            (in_folder / "elsewhere").mkdir()
        assert run("new", "my-ops", "--folder", in_folder / "elsewhere")[0] == 0
        assert files(in_folder / "elsewhere") == FILES

    def test_it_is_formatted(self, run, in_folder):
        run("new", "my-ops")
        for command in (("format", "--check"), ("check", "--select", "E,F,I,UP,B")):
            ruff = [sys.executable, "-m", "ruff", command[0], "--isolated", "--no-cache", *command[1:]]
            done = subprocess.run(ruff, cwd=in_folder / "my-ops", capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "'' is not a valid name for a distribution"),
        ("my ops", "'my ops' is not a valid name for a distribution: use letters, digits, and - _ . between them"),
        ("a/b", "is not a valid name for a distribution"),
        ("../up", "is not a valid name for a distribution"),
        ("ops-", "is not a valid name for a distribution"),
        ("öps", "is not a valid name for a distribution"),
        ("2ops", "'2ops' does not give a valid name for a module: '2ops'"),
        ("class", "'class' does not give a valid name for a module: 'class'"),
        ("json", "'json' is taken by Python itself"),
        ("test", "'test' is taken"),
        ("NumPy", "'NumPy' is taken: a module 'numpy' is already installed and would hide yours; choose another name"),
        ("pytest", "'pytest' is taken"),
        ("gograd-ops-special", "'gograd-ops-special' is taken by gograd itself"),
        ("gograd-ops-solve", "'gograd-ops-solve' is taken by gograd itself"),
        ("gograd", "'gograd' is taken by gograd itself"),
        ("Gograd_Ops.Extra", "'Gograd_Ops.Extra' is taken by gograd itself: choose another name"),
    ],
)
def test_a_bad_name_is_refused(run, in_folder, name, message):
    code, output, error = run("new", name)
    assert (code, output) == (1, "")
    assert error.startswith("gograd: ")
    assert message in error
    assert files(in_folder) == []


@pytest.mark.parametrize("author", ["Ada\nLovelace", "\x7f", "\x1b[31mAda", "\udcff"])
def test_an_author_with_control_characters_is_refused(run, in_folder, author):
    code, output, error = run("new", "my-ops", "--author", author)
    assert (code, output) == (1, "")
    assert error == f"gograd: the author's name has a control character: {author!r}\n"
    assert files(in_folder) == []


@pytest.mark.parametrize("folder", ["file/my-ops", "x" * 300])
def test_where_nothing_can_be_written_it_fails_with_one_line(run, in_folder, folder):
    (in_folder / "file").write_text("mine")
    code, output, error = run("new", "my-ops", "--folder", folder)
    assert (code, output) == (1, "")
    assert error.startswith("gograd: cannot write ")
    assert len(error.splitlines()) == 1
    assert files(in_folder) == ["file"]


def test_an_overlong_name_fails_with_one_line(run, in_folder):
    code, output, error = run("new", "x" * 300)
    assert (code, output) == (1, "")
    assert error.startswith("gograd: cannot write ")
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("was_there", [False, True])
def test_nothing_stays_half_written_and_a_folder_that_was_there_stays(run, in_folder, monkeypatch, was_there):
    if was_there:
        (in_folder / "my-ops").mkdir()
    written = pathlib.Path.write_text

    def write_text(path, text, **options):
        if path.name == "pyproject.toml":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return written(path, text, **options)

    monkeypatch.setattr(pathlib.Path, "write_text", write_text)
    code, output, error = run("new", "my-ops")
    assert (code, output) == (1, "")
    assert error == "gograd: cannot write my-ops/pyproject.toml: No space left on device\n"
    assert (in_folder / "my-ops").exists() is was_there
    assert files(in_folder) == []


def test_a_folder_without_code_is_not_an_installed_module(run, in_folder, monkeypatch):
    """Python imports it, as a namespace; it hides nothing."""
    (in_folder / "elsewhere" / "my_ops").mkdir(parents=True)
    monkeypatch.syspath_prepend(in_folder / "elsewhere")
    assert run("new", "my-ops")[0] == 0
    (in_folder / "elsewhere" / "my_ops" / "__init__.py").touch()
    importlib.invalidate_caches()
    code, _, error = run("new", "my-ops", "--folder", "again")
    assert code == 1
    assert "a module 'my_ops' is already installed" in error


@pytest.mark.parametrize("there", ["my-ops", "my-ops/notes.txt"])
def test_what_is_there_is_never_overwritten(run, in_folder, there):
    (in_folder / there).parent.mkdir(exist_ok=True)
    (in_folder / there).write_text("mine")
    code, _, error = run("new", "my-ops")
    assert (code, error) == (1, "gograd: my-ops already exists and is not an empty folder\n")
    assert files(in_folder) == [there]
    assert (in_folder / there).read_text() == "mine"


@pytest.fixture
def generated(run, in_folder, environment):
    """A generated package, built without network, and an environment in which its wheel is installed."""
    run("new", "my-ops")
    environment.bring("gograd-core[testing]", "gograd-ops-basic", "gograd-ops-extra", "numpy", "pytest")
    pip = [sys.executable, "-m", "pip", "--isolated", "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", "wheels", "./my-ops"], capture_output=True, check=True)
    (wheel,) = (in_folder / "wheels").iterdir()
    environment.install(wheel)
    return in_folder / "my-ops", environment


def test_its_tests_pass_as_generated(generated):
    package, environment = generated
    done = environment.execute(environment.python, "-m", "pytest", "-q", cwd=package)
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout
    printed = environment.run("from gograd_core import ops; print(ops.gudermannian.provider, ops.gudermannian(0.0))")
    assert printed == "my-ops 0.1.0 0.0"


def test_an_operation_that_is_not_found_is_explained(generated):
    package, environment = generated
    environment.variables["GOGRAD_DISABLE_PLUGINS"] = "my-ops"
    done = environment.execute(environment.python, "-m", "pytest", "-q", cwd=package)
    assert done.returncode == 1
    assert "my-ops 0.1.0 (my-ops) blocked: by GOGRAD_DISABLE_PLUGINS" in done.stdout
