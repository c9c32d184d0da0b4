"""The examples of gograd_compile, run as scripts; each ends with assertions about what it found."""

import subprocess
import sys

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


def test_logistic_regression_finds_the_coefficients_of_scikit_learn(run):
    assert "largest difference of a coefficient" in run("logistic_regression")


def test_a_fit_by_the_compiled_jacobian_needs_fewer_evaluations_than_one_by_differences(run):
    words = run("least_squares_fit").split("residuals evaluated ")[1].split()
    assert int(words[0]) < int(words[-2])


def test_simulated_prices_and_sensitivities_come_near_the_closed_form(run, tmp_path):
    assert "million paths per second" in run("monte_carlo_option")
    assert (tmp_path / "monte_carlo_option.png").read_bytes().startswith(b"\x89PNG")


def test_implied_volatilities_are_as_exact_as_the_rounding_of_prices_allows(run, tmp_path):
    lines = run("implied_volatility").splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["0.1", "0.5", "2.0"]
    assert all("100%" in line for line in lines[1:4])
    assert (tmp_path / "implied_volatility.png").read_bytes().startswith(b"\x89PNG")
