"""What `import gograd_core` does not do, and what the source of the core and of the compiler does not say."""

import ast
import builtins
import operator
import os
import pathlib
import subprocess
import sys
import textwrap
from importlib.util import find_spec

import pytest

import gograd_compile
import gograd_core
from gograd_core import Registry
from gograd_core.kernels.calls import CALLS
from gograd_core.namespaces import scalar
from gograd_core.namespaces.columns import REDUCTIONS

SOURCE = pathlib.Path(gograd_core.__file__).parent
ROOMS = sorted(SOURCE.rglob("*.py"))
FOR_C = ("kernels", "testing")  # rooms that know the functions of the C library, and of mpmath
MODULES = [path for path in ROOMS if path.relative_to(SOURCE).parts[0] not in FOR_C]
COMPILER = sorted(pathlib.Path(gograd_compile.__file__).parent.rglob("*.py"))
HEAVY = (
    "jax", "llvmlite", "matplotlib", "mpmath", "numba", "numpy", "rich", "scipy", "sklearn", "sympy", "typer",
)  # fmt: skip
NUMPYS_NAMES = {
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "deg2rad", "rad2deg", "rint",
}  # fmt: skip
"""Aliases of operations, which are functions of NumPy."""
PYTHONS_WORDS = {*dir(builtins), *dir(operator), *(name.strip("_") for name in dir(float))}
FLOATS = ("_math", "math", "scalar")  # modules with functions of floats
OTHERS = (
    "gograd", "gograd_compile", "gograd_draw", "gograd_nn", "gograd_ops_basic", "gograd_ops_extra",
    "gograd_ops_solve", "gograd_ops_special",
)  # fmt: skip


def modules_after(code):
    """The modules that a new process has after running `code`."""
    program = f"{code}\nimport sys\nprint(*sys.modules)"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GOGRAD_")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


UNNEEDED = {
    "gograd_core": {
        "hashlib", "pluggy", "gograd_core.derivatives", "gograd_core.extend", "gograd_core.kernels",
        "gograd_core.math", "gograd_core.plugins.hookspecs", "gograd_core.plugins.loading",
        "gograd_core.plugins.records", "gograd_core.programs", "gograd_core.testing",
    },
    "gograd_compile": {
        "concurrent.futures", "dataclasses", "fractions", "hashlib", "logging", "numpy.ma", "numpy.typing",
        "platformdirs", "pluggy", "tempfile", "zipfile", "gograd_compile.batch", "gograd_compile.explain",
        "gograd_compile.files.storage", "gograd_compile.kernels.cache", "gograd_compile.kernels.machine",
        "gograd_compile.nesting.structure_json", "gograd_compile.run.native_runner",
        "gograd_compile.run.records", "gograd_compile.trace.differences",
        "gograd_core.derivatives.gradient_check", "gograd_core.derivatives.jacobians",
        "gograd_core.derivatives.transforms", "gograd_core.kernels.jit",
        "gograd_core.math", "gograd_core.plugins.hookspecs", "gograd_core.plugins.loading",
        "gograd_core.plugins.records", "gograd_core.programs", "gograd_core.testing",
    },
    "gograd_nn": {"gograd_compile", "numba", "onnx", "safetensors", "scipy"},
}  # fmt: skip
"""What not every program needs, or none before the first look-up of an operation."""
IMPORTS = {
    "import": "import gograd_core",
    "every name": "from gograd_core import *",
    "leaf": "from gograd_core import Neuron; x = Neuron(1.0, label='x'); x.value = 2.0; x > 1.0; repr(x); x.backward()",
    "definition": "from gograd_core import Op; f = Op('f', forward=lambda xp, x: xp.exp(x), partials=(None,)); f(1.0)",
    "constants": "from gograd_core import ops; (ops.pi, ops.e, ops.inf, ops.nan)",
    "your own registry": "from gograd_core import Registry; 'f' in Registry(discover=False).ops",
}
FIRST_LOOK_UPS = {
    "attribute": "ops.exp",
    "item": "ops['exp']",
    "in": "'exp' in ops",
    "iteration": "[*ops]",
    "operator": "Neuron(1.0) + 1.0",
    "method": "Neuron(1.0).exp()",
    "method, after your own registry": "Registry(discover=False).register(stop_gradient); Neuron(1.0).exp()",
    "method, after another registry was in force": "with Registry(discover=False): 1\nNeuron(1.0).exp()",
    "report": "load_report()",
    "name in a rule": "Op('f', forward=lambda xp, x: xp.sigmoid(x), partials=(None,))(1.0)",
}


class TestBeforeTheFirstLookUp:
    @pytest.mark.parametrize("code", IMPORTS.values(), ids=IMPORTS)
    def test_nothing_is_discovered(self, code):
        loaded = modules_after(code)
        assert "gograd_core" in loaded
        assert loaded.isdisjoint({"importlib_metadata", *OTHERS})

    @pytest.mark.parametrize("code", IMPORTS.values(), ids=IMPORTS)
    def test_nothing_heavy_is_imported(self, code):
        assert modules_after(code).isdisjoint(HEAVY)


class TestImport:
    @pytest.mark.parametrize("package", UNNEEDED)
    def test_what_not_every_program_needs_is_not_imported(self, package):
        loaded = modules_after(f"import {package}") - modules_after("import numpy")
        assert package in loaded
        assert loaded & UNNEEDED[package] == set()

    @pytest.mark.parametrize("package", UNNEEDED)
    def test_our_modules_have_these_names(self, package):
        """Otherwise the test above would say nothing about a module that was renamed."""
        ours = sorted(name for name in UNNEEDED[package] if name.startswith("gograd_"))
        assert [name for name in ours if find_spec(name) is None] == []

    @pytest.mark.parametrize("package", ["gograd_core", "gograd_compile"])
    def test_what_is_imported_later_is_listed_and_kept(self, package):
        code = f"""
            import {package} as module
            assert [name for name in module.__all__ if name not in dir(module)] == []
            assert [name for name in module.__all__ if getattr(module, name) is not vars(module)[name]] == []
        """
        modules_after(textwrap.dedent(code))


class TestTheFirstLookUp:
    @pytest.mark.parametrize("code", FIRST_LOOK_UPS.values(), ids=FIRST_LOOK_UPS)
    def test_discovers(self, code):
        loaded = modules_after(f"from gograd_core import *\n{code}")
        assert {"importlib_metadata", "gograd_ops_basic", "gograd_ops_extra", "gograd_ops_special"} <= loaded
        assert loaded.isdisjoint(HEAVY)
        assert loaded.isdisjoint({"gograd", "gograd_draw", "gograd_nn"})


def nodes(*kinds, modules=MODULES):
    """Every node of these kinds in the core's modules (or others), with where it stands."""
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, kinds):
                yield f"{path.name}:{node.lineno}", node


def operations_of_plugins():
    """Names and aliases of gograd's operations, without those of the core itself."""
    installed = Registry(only=["gograd-ops-basic", "gograd-ops-extra", "gograd-ops-special"]).operations()
    return {name for op in installed if op.provider.distribution != "gograd-core" for name in (op.name, *op.aliases)}


def foreign_imports(modules):
    """What modules import that is not of Python."""
    imported = [alias.name for _, node in nodes(ast.Import, modules=modules) for alias in node.names]
    imported += [node.module for _, node in nodes(ast.ImportFrom, modules=modules)]
    assert len(imported) > 50
    return {name.partition(".")[0] for name in imported} - sys.stdlib_module_names


class TestSource:
    def test_imports_no_other_distribution(self):
        assert foreign_imports(MODULES) == {"attrs", "cffi", "gograd_core", "importlib_metadata", "numpy", "pluggy"}

    def test_the_compiler_imports_the_core_and_what_it_declares(self):
        """Numba's parts that are imported by name only where Numba is are not seen here."""
        assert foreign_imports(COMPILER) - {"gograd_compile"} == {
            "attrs", "gograd_core", "llvmlite", "numba", "numpy", "platformdirs",
        }  # fmt: skip

    def test_the_compiler_knows_no_operation_by_name(self):
        """It knows functions of the array API and of the C library, in which rules are written out."""
        texts = {node.value for _, node in nodes(ast.Constant, modules=COMPILER) if isinstance(node.value, str)}
        known = {*scalar.__all__, *PYTHONS_WORDS, *NUMPYS_NAMES, *CALLS.values()}
        assert texts & operations_of_plugins() - known == set()

    def test_takes_nothing_out_of_a_namespace_of_operations(self):
        """Neither ``ops.add`` nor ``xp.add`` nor ``registry["add"]``."""
        names = operations_of_plugins()
        taken = [(where, node.value, node.attr) for where, node in nodes(ast.Attribute)]
        taken += [(where, node.value, ast.unparse(node.slice).strip("'")) for where, node in nodes(ast.Subscript)]
        assert {"add", "partials", "0"} <= {name for _, _, name in taken}
        namespaces = ("ops", "xp", "active", "registry", "self")
        found = [(where, ast.unparse(value), name) for where, value, name in taken if name in names]
        # The engine's own operations have rules, which take functions of the array API from `xp` as all rules do.
        found = [place for place in found if not (place[0].startswith("engine_ops.py") and place[2] in scalar.__all__)]
        assert [place for place in found if place[1].rpartition(".")[2] in namespaces] == []

    def test_names_no_operation(self):
        """Python's own words aside (``re.sub``, "abs", ``__floor__``, its `math`), and the array API's, in rules."""
        forbidden = operations_of_plugins() - {*PYTHONS_WORDS, *REDUCTIONS}
        assert {"div", "exp", "tanh", "where"} <= forbidden
        texts = [(where, node.value) for where, node in nodes(ast.Constant)]
        texts += [(where, node.attr) for where, node in nodes(ast.Attribute) if ast.unparse(node.value) not in FLOATS]
        found = [(where, text) for where, text in texts if isinstance(text, str) and text in forbidden]
        assert [
            (where, text)
            for where, text in found
            if not where.startswith(("scalar.py", "engine_ops.py", "python_operators.py", "math.py"))
        ] == []
        assert {text for where, text in found if not where.startswith("math.py")} <= {*scalar.__all__}
