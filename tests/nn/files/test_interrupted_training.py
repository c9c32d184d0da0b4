"""Trainings that are killed go on from their checkpoint, and end with the same bits as if they had not been."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gograd_nn.files.sealed import read_sealed

PROGRAM = Path(__file__).with_name("interrupted_training.py")
STEPS = 7  # an epoch: 48 examples are learned from, 7 at a time

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")


def start(path, engine, epochs, dies=0):
    command = [sys.executable, PROGRAM, str(path), engine, str(epochs), str(dies)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def result(process):
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    return printed.split()


def steps_in(path):
    return read_sealed(path, "gograd checkpoint")[1]["training"]["optimiser"]["steps"]


@pytest.mark.parametrize("engine", ["eager", "switch"])
def test_a_training_that_is_killed_while_it_writes(engine, tmp_path):
    path, expected = tmp_path / "run", result(start("-", engine, 5))
    # halfway through the fourth file; then right after the 25th one, between the last step of an epoch and its end
    for dies, steps in ((10, 3), (75, 4 * STEPS)):
        process = start(path, engine, 5, dies)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert steps_in(path) == steps
    assert result(start(path, engine, 5)) == expected
    assert len(set(expected)) > 40


@pytest.mark.slow
def test_twenty_trainings_that_are_killed_at_random_moments(tmp_path):
    rng, epochs, hits = random.Random(17), 40, 0
    expected, seconds = {}, {}
    for engine in ("eager", "compiled", "switch"):
        expected[engine] = result(start("-", engine, epochs))
        begin = time.monotonic()
        assert result(start(tmp_path / engine, engine, epochs)) == expected[engine]
        seconds[engine] = time.monotonic() - begin
    for number in range(20):
        engine = ("eager", "compiled", "switch")[number % 3]
        path = tmp_path / f"run{number}"
        for _ in range(3):
            process = start(path, engine, epochs)
            time.sleep(rng.uniform(0.2, 1.0) * seconds[engine])
            process.kill()
            process.communicate()
            hits += path.exists() and 0 < steps_in(path) < epochs * STEPS
        assert result(start(path, engine, epochs)) == expected[engine]
    assert hits >= 10, "too few of the sixty kills came while it was training"
