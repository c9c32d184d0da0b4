"""Rules in JavaScript, called in Node at many points at once, where numbers travel as their bits."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess

import pytest

__all__ = ["CALL", "called", "evaluated", "needs_node", "read", "written"]

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no 'node' here to run JavaScript")

CALL = """
const bytes = new DataView(new ArrayBuffer(8));
const read = (it) => Array.isArray(it) ? it.map(read) : (bytes.setBigUint64(0, BigInt("0x" + it)), bytes.getFloat64(0));
const write = (it) => Array.isArray(it) ? it.map(write)
    : typeof it !== "number" ? [typeof it]
    : (bytes.setFloat64(0, it), bytes.getBigUint64(0).toString(16).padStart(16, "0"));
const call = ([key, partial, inputs]) => {
    const rule = partial === null ? rules[key].forward : rules[key].partials[partial];
    return write(rule(...inputs.map(read)));
};
"""


def evaluated(script, expression):
    """What an expression is after a script has run, as JSON can say it."""
    code = f"{script}\nprocess.stdout.write(JSON.stringify({expression}));\n"
    done = subprocess.run(["node", "-"], input=code, capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def called(source, calls):
    """What rules return: for each call (key, partial or None, inputs) a number, or a list of numbers.

    The first input of a partial is the output.
    """
    as_bits = [(key, partial, [written(each) for each in inputs]) for key, partial, inputs in calls]
    return [read(each) for each in evaluated(source + CALL, f"{json.dumps(as_bits)}.map(call)")]


def written(number):
    """A number, or a list of numbers, as its bits."""
    return [written(each) for each in number] if isinstance(number, (list, tuple)) else struct.pack(">d", number).hex()


def read(bits):
    """What `written` wrote."""
    return [read(each) for each in bits] if isinstance(bits, list) else struct.unpack(">d", bytes.fromhex(bits))[0]
