"""The examples as strangers' packages: installed from their wheels into clean environments, tested and used there."""

import doctest
import json
import shutil
import tomllib

import mpmath
import pytest
from sybil import Document
from sybil.parsers.markdown import CodeBlockParser

EXAMPLES = {
    "gograd-ops-finance": ["black_scholes_call", "norm_cdf", "norm_pdf"],
    "gograd-ops-kepler": ["kepler"],
}
CALLS = [
    (100.0, 95.0, 0.5, 0.03, 0.2),
    (100.0, 100.0, 1.0, 0.0, 0.3),
    (42.0, 40.0, 2.5, -0.01, 0.15),
    (50.0, 80.0, 0.25, 0.1, 0.4),
    (7.0, 3.0, 10.0, 0.05, 0.9),
]
ORBITS = [(0.0, 0.3), (0.5, 0.1), (3.0, 0.9), (-2.0, 0.6), (40.0, 0.0167), (0.01, 0.99)]


@pytest.fixture(scope="module")
def installed(request, make_environment, tmp_path_factory):
    """A function that gives an environment with an example, and with what the tests of it need."""
    known = {}

    def installed(name):
        if name not in known:
            with (request.config.rootpath / "examples" / name / "pyproject.toml").open("rb") as file:
                needed = tomllib.load(file)["dependency-groups"]["test"]
            known[name] = make_environment(tmp_path_factory.mktemp("example") / "environment")
            known[name].bring(name, *needed)
        return known[name]

    return installed


def values_and_derivatives(environment, operation, points):
    """What an operation gives at each point: its value, and the derivatives by its inputs."""
    code = f"""
from gograd_core import ops, value_and_grad
import json
f = value_and_grad(lambda inputs: ops.{operation}(*inputs))
print(json.dumps([f(point) for point in {[[*point] for point in points]}]))
"""
    return json.loads(environment.run(code))


@pytest.mark.parametrize("name", EXAMPLES)
class TestEveryExample:
    def test_its_operations_are_there_once_it_is_installed(self, installed, name):
        code = f"""
from gograd_core import load_report
for record in load_report():
    if record.distribution == {name!r}:
        print(record, *(op.name for op in record.operations))
"""
        plugin = name.removeprefix("gograd-ops-")
        expected = f"{name} 0.1.0 ({plugin}) loaded {' '.join(sorted(EXAMPLES[name]))}"
        assert sorted(installed(name).run(code).split()) == sorted(expected.split())

    @pytest.mark.slow
    def test_its_own_tests_pass(self, installed, name, request, tmp_path):
        shutil.copytree(request.config.rootpath / "examples" / name / "tests", tmp_path / "tests")
        environment = installed(name)
        done = environment.execute(environment.python, "-m", "pytest", "-q", "tests", cwd=tmp_path)
        assert done.returncode == 0, done.stdout
        assert "passed" in done.stdout

    def test_its_readme_is_true(self, installed, name, request):
        page = (request.config.rootpath / "examples" / name / "README.md").read_text(encoding="utf-8")
        blocks = [region.parsed for region in CodeBlockParser("python", print)(Document(page, "README.md"))]
        assert blocks
        if all(block.startswith(">>>") for block in blocks):
            session = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, name, "README.md", 0)
            assert len(session.examples) >= len(blocks)
            code = f"import doctest; doctest.run_docstring_examples({chr(10).join(blocks)!r}, {{}})"
        else:
            code = "\n".join(blocks)
        assert installed(name).run(code) == ""


def closed_form(spot, strike, time, rate, volatility):
    """The price and its Greeks: delta, by strike, by time, rho, vega."""
    width = volatility * mpmath.sqrt(time)
    d1 = (mpmath.log(spot / strike) + rate * time) / width + width / 2
    d2 = d1 - width
    paid = mpmath.exp(-rate * time) * mpmath.ncdf(d2)
    vega = spot * mpmath.npdf(d1) * mpmath.sqrt(time)
    greeks = [mpmath.ncdf(d1), -paid, vega * volatility / (2 * time) + rate * strike * paid, strike * time * paid, vega]
    return spot * mpmath.ncdf(d1) - strike * paid, greeks


@mpmath.workdps(30)
def test_black_scholes_call_has_the_closed_form_s_value_and_greeks(installed):
    for point, (price, greeks) in zip(
        CALLS, values_and_derivatives(installed("gograd-ops-finance"), "black_scholes_call", CALLS), strict=True
    ):
        exact_price, exact_greeks = closed_form(*map(mpmath.mpf, point))
        # A dozen roundings, each worth up to 20 times as much here (d1 is 2.5 at most).
        assert [price, *greeks] == pytest.approx([*map(float, [exact_price, *exact_greeks])], rel=3e-14), point


@mpmath.workdps(30)
def test_a_fused_operation_is_one_neuron(installed):
    code = (
        "from gograd_core import Neuron, ops; print(len(ops.black_scholes_call(Neuron(1.0), 1, 1, 0, 1).constituents))"
    )
    assert installed("gograd-ops-finance").run(code) == "5"


def anomaly(mean_anomaly, eccentricity):
    return mpmath.findroot(lambda e: e - eccentricity * mpmath.sin(e) - mean_anomaly, mean_anomaly)


@mpmath.workdps(40)
def test_kepler_solves_the_equation_and_has_the_derivatives_of_the_solution(installed):
    found = values_and_derivatives(installed("gograd-ops-kepler"), "kepler", ORBITS)
    for point, (value, derivatives) in zip(ORBITS, found, strict=True):
        exact = map(mpmath.mpf, point)
        differences = [mpmath.diff(anomaly, point, orders) for orders in ((1, 0), (0, 1))]
        # Where the eccentricity is 0.99 a rounding of it is worth up to 1 / (1 - 0.99) times as much.
        assert value == pytest.approx(float(anomaly(*exact)), rel=2e-14), point
        assert derivatives == pytest.approx([*map(float, differences)], rel=2e-14), point


@pytest.mark.parametrize("eccentricity", [-0.5, 1.0, 2.0, "nan"])
def test_kepler_has_no_value_where_there_is_no_ellipse(installed, eccentricity):
    code = f"from gograd_core import *\nwith errstate(domain='ignore'): print(ops.kepler(3.0, float('{eccentricity}')))"
    assert installed("gograd-ops-kepler").run(code) == "nan"


@mpmath.workdps(60)
def test_kepler_has_second_derivatives_though_its_value_comes_from_a_solver(installed):
    code = """
from gograd_core import hessian, ops
import json
print(json.dumps([hessian(lambda inputs: ops.kepler(*inputs))(point) for point in POINTS]))
"""
    found = json.loads(installed("gograd-ops-kepler").run(code.replace("POINTS", repr([[*point] for point in ORBITS]))))
    for point, matrix in zip(ORBITS, found, strict=True):
        orders = [[(2, 0), (1, 1)], [(1, 1), (0, 2)]]
        exact = [[float(mpmath.diff(anomaly, point, order)) for order in row] for row in orders]
        # A rounding of the eccentricity 0.99 is worth up to (1 / (1 - 0.99))**2 times as much here.
        for row, expected in zip(matrix, exact, strict=True):
            assert row == pytest.approx(expected, rel=1e-11, abs=1e-14), point


def test_kepler_takes_arrays_point_by_point(installed):
    code = """
import numpy as np
from gograd_core import ops
anomalies = ops.kepler(np.array([0.5, 3.0]), 0.9)
print((anomalies - 0.9 * np.sin(anomalies)).round(12))
"""
    assert installed("gograd-ops-kepler").run(code) == "[0.5 3. ]"
