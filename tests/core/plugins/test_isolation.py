"""What a plugin does by a slip while it is loaded does not reach the program: warnings, output, context variables."""

from __future__ import annotations

import gc
import io
import json
import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

from gograd_core import Registry
from gograd_core.plugins.isolation import apart

HOOK = "\n@hookimpl\ndef gograd_ops():\n    {}\n    return [SPOILT]\n"
EMPTY_HOOK = "\n@hookimpl\ndef gograd_ops():\n    return []\n"

CHANGES = {
    "simplefilter('error')": "warnings.simplefilter('error')",
    "simplefilter('ignore')": "warnings.simplefilter('ignore')",
    "filterwarnings": "warnings.filterwarnings('ignore', message='mine', category=UserWarning)",
    "at the end": "warnings.simplefilter('module', append=True)",
    "resetwarnings": "warnings.resetwarnings()",
    "in place": "warnings.filters.reverse()",
}


STREAMS = {
    "closed": ("STREAM.close()", "closed"),
    "another": ("STREAM = io.StringIO()", "replaced"),
    "none": ("STREAM = None", "replaced"),
    "another that closes the first": (
        "STREAM = io.TextIOWrapper(STREAM.buffer, write_through=True)\nprint(1, file=STREAM)", "replaced"
    ),
    "taken apart": ("STREAM = io.TextIOWrapper(STREAM.detach())", "detached sys.NAME and it replaced"),
}  # fmt: skip
"""What a plugin does to a stream, and what is said of it."""


@pytest.fixture
def caught():
    """What is shown by filters of a user's own, which show everything."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("error", category=BytesWarning)
        yield caught


class TestFiltersOfWarnings:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    @pytest.mark.parametrize("where", ["import", "hook"])
    def test_are_those_of_the_user_afterwards(self, install, caught, change, where):
        before = f"import warnings\n{change}" if where == "import" else "import warnings"
        install("loud", source=before + HOOK.format("pass" if where == "import" else change))
        install("zeta", source="import warnings\nwarnings.warn('a warning of the next plugin')" + EMPTY_HOOK)
        filters = list(warnings.filters)
        assert Registry().ops["loud:spoilt"](4.0) == 2.0
        assert list(warnings.filters) == filters
        warnings.warn("mine", stacklevel=1)
        assert [str(warning.message) for warning in caught] == ["a warning of the next plugin", "mine"]

    def test_also_if_the_plugin_fails(self, install, caught):
        install("loud", source="import warnings\nwarnings.simplefilter('error')\n1 / 0")
        filters = list(warnings.filters)
        Registry().load()
        assert list(warnings.filters) == filters
        assert "ZeroDivisionError" in str(caught[0].message)

    def test_what_was_decided_by_the_filters_of_the_plugin_is_forgotten(self):
        def warn():
            warnings.warn("often", stacklevel=1)

        def load():
            warnings.simplefilter("default")  # each warning once
            warn()

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            apart(load)
            warn()
        assert [str(warning.message) for warning in caught] == ["often", "often"]

    def test_those_that_another_thread_puts_in_their_place_are_left_alone(self):
        blocks = [warnings.catch_warnings(), warnings.catch_warnings()]
        blocks[0].__enter__()
        warnings.simplefilter("always")
        apart(blocks[1].__enter__)  # as another thread may do at that moment
        warnings.simplefilter("ignore")
        inside = warnings.filters
        apart(lambda: None)
        assert warnings.filters is inside
        blocks[1].__exit__(None, None, None)
        assert warnings.filters[0][0] == "always"
        blocks[0].__exit__(None, None, None)


class TestOutput:
    def test_goes_to_the_standard_error(self, install, capsys):
        install(
            "loud", source="import sys\nprint('imported')\nsys.stdout.write('written ')" + HOOK.format("print('hook')")
        )
        before = sys.stdout
        Registry(strict=True).load()
        print("data")
        assert capsys.readouterr() == ("data\n", "imported\nwritten hook\n")
        assert sys.stdout is before

    def test_of_other_threads_is_left_alone(self, capsys):
        def load():
            other = threading.Thread(target=print, args=("other",))
            other.start()
            other.join()
            print("plugin")

        apart(load)
        assert capsys.readouterr() == ("other\n", "plugin\n")

    def test_a_stream_that_a_plugin_keeps_is_the_standard_output_later(self, capsys):
        kept = apart(lambda: sys.stdout)
        print("data", file=kept)
        assert capsys.readouterr() == ("data\n", "")

    @pytest.mark.parametrize("name", ["stdout", "stderr"])
    @pytest.mark.parametrize(("change", "what"), STREAMS.values(), ids=STREAMS)
    def test_streams_are_those_of_the_program_afterwards(self, install, monkeypatch, change, what, name):
        theirs = {each: io.TextIOWrapper(io.BytesIO(), write_through=True) for each in ("stdout", "stderr")}
        for each, stream in theirs.items():
            monkeypatch.setattr(sys, each, stream)
        change, what = change.replace("STREAM", f"sys.{name}"), what.replace("NAME", name)
        install("loud", source=f"import io, sys\n{change}\n" + HOOK.format("pass"))
        registry = Registry()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert registry.ops["loud:spoilt"](4.0) == 2.0
        gc.collect()
        assert [str(warning.message) for warning in caught] == [
            f"gograd plugin loud 1.0 (ops) loaded: it {what} sys.{name}, which was undone"
        ]
        for each, stream in theirs.items():
            assert getattr(sys, each) is stream
            print("data", file=getattr(sys, each))
            assert stream.buffer.getvalue().endswith(b"data\n")

    def test_a_stream_that_a_plugin_keeps_can_be_closed_later(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        kept = apart(lambda: sys.stderr)
        kept.close()
        assert sys.stderr.closed

    @pytest.mark.parametrize("missing", [("stdout", "stderr"), ("stderr",), ("stdout",)])
    def test_where_there_is_none(self, monkeypatch, missing):
        for name in missing:
            monkeypatch.setattr(sys, name, None)
        apart(lambda: print("nowhere"))
        assert (sys.stdout is None) == ("stdout" in missing)

    def test_of_the_calculator_is_the_result_alone(self, tmp_path):
        (tmp_path / "loud.py").write_text(
            "import warnings\nprint('loading')\nwarnings.simplefilter('error')\n"
            "from gograd_core import hookimpl\n@hookimpl\ndef gograd_ops():\n    print('hook')\n    return []\n"
        )
        info = tmp_path / "loud-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[gograd.ops]\nops = loud\n")
        command = [sys.executable, "-c", "from gograd.cli import app; app()", "eval", "x * x", "x=3"]
        outputs = {}
        for path in ("", str(tmp_path)):
            done = subprocess.run(
                command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            outputs[path] = done.stdout
        assert outputs[""] == outputs[str(tmp_path)]
        assert "loading\nhook\n" in done.stderr


def test_context_variables_are_as_before(install):
    install("loud", source="import numpy\nnumpy.seterr(all='raise')" + HOOK.format("numpy.seterr(all='ignore')"))
    before = json.dumps(np.geterr())
    Registry(strict=True).load()
    assert json.dumps(np.geterr()) == before
