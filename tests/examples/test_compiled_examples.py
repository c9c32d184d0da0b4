"""The examples of gograd_compile, run as scripts: they find what is known, and print what their docstrings show."""

import ast
import re
import runpy
import subprocess
import sys
import textwrap

import pytest

EXAMPLES = {
    "implied_volatility": ["matplotlib", "scipy"],
    "monte_carlo_option": ["matplotlib", "scipy"],
    "logistic_regression": ["scipy", "sklearn"],
    "least_squares_fit": ["scipy", "sklearn"],
}


@pytest.fixture
def run(request, tmp_path):
    """A function that runs an example in an empty folder and gives what it printed."""

    def run(name):
        for package in EXAMPLES[name]:
            pytest.importorskip(package)
        script = request.config.rootpath / "examples" / f"{name}.py"
        done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def without_numbers(text):
    return re.sub(r"-?\d[\d.]*(e[+-]\d+)?", "#", " ".join(text.split()))


@pytest.mark.parametrize("name", EXAMPLES)
def test_docstrings_show_what_is_printed(run, name, request):
    script = request.config.rootpath / "examples" / f"{name}.py"
    shown = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))).split("::\n")[-1]
    _, _, expected = textwrap.dedent(shown).partition(f"$ python examples/{name}.py")[2].partition("\n")
    assert without_numbers(expected) == without_numbers(run(name))


def test_logistic_regression_finds_the_coefficients_of_scikit_learn(run):
    difference = run("logistic_regression").split("largest difference of a coefficient: ")[1]
    assert float(difference) < 1e-5


def test_a_fit_with_the_compiled_jacobian_needs_fewer_evaluations_than_one_with_differences(request):
    for package in EXAMPLES["least_squares_fit"]:
        pytest.importorskip(package)
    example = runpy.run_path(str(request.config.rootpath / "examples" / "least_squares_fit.py"))
    differences, evaluations_with_differences = example["fit"]("2-point")
    found, evaluations = example["fit"](example["Counted"](example["residuals"].jacobian))
    assert found.success, found.message
    # Differences are right to half of the digits, and the optimum found with them is at least as accurate.
    assert found.x == pytest.approx(differences.x, rel=1e-6)
    assert found.cost <= differences.cost * (1.0 + 1e-12)
    assert evaluations < evaluations_with_differences
    assert found.x[0] == pytest.approx(1.0 / 3.0, abs=0.02)


def test_simulated_prices_and_sensitivities_come_near_the_closed_form(run, tmp_path):
    _, *rows = [line.split() for line in run("monte_carlo_option").splitlines()][:7]
    assert [row[0] for row in rows] == ["price", "spot", "strike", "rate", "volatility", "maturity"]
    for name, simulated, error, exact in rows:  # the generator is seeded; the numbers are printed with four decimals
        assert abs(float(simulated) - float(exact)) < 3.0 * float(error) + 1e-4, name
    assert (tmp_path / "monte_carlo_option.png").read_bytes().startswith(b"\x89PNG")


def test_implied_volatilities_are_as_exact_as_the_rounding_of_prices_allows(run, tmp_path):
    lines = run("implied_volatility").splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["0.1", "0.5", "2.0"]
    assert all("100%" in line for line in lines[1:4])
    assert (tmp_path / "implied_volatility.png").read_bytes().startswith(b"\x89PNG")
