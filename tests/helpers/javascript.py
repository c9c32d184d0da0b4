"""JavaScript in Node or in a browser: rules are called at many points at once, and numbers travel as their bits."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess

import pytest

__all__ = ["CALL", "called", "evaluated", "in_node", "in_page", "needs_node", "read", "written"]

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


def in_node(body):
    """What the body of an asynchronous function returns in Node, as JSON."""
    code = f"process.stdout.write(await (async () => {{\n{body}\n}})());\n"
    command = ["node", "--input-type=module", "-"]
    done = subprocess.run(command, input=code, capture_output=True, encoding="utf-8", check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_page(page):
    """A function that does in a page of a browser what `in_node` does in Node."""
    return lambda body: page.evaluate(f"async () => {{\n{body}\n}}")


def evaluated(script, expression, run=in_node):
    """What an expression is after a script has run, as JSON can say it."""
    return json.loads(run(f"{script}\nreturn JSON.stringify({expression});"))


def called(source, calls, run=in_node):
    """What rules return: for each call (key, partial or None, inputs) a number, or a list of numbers.

    The first input of a partial is the output.
    """
    as_bits = [(key, partial, [written(each) for each in inputs]) for key, partial, inputs in calls]
    return [read(each) for each in evaluated(source + CALL, f"{json.dumps(as_bits)}.map(call)", run)]


def written(number):
    """A number, or a list of numbers, as its bits."""
    return [written(each) for each in number] if isinstance(number, (list, tuple)) else struct.pack(">d", number).hex()


def read(bits):
    """What `written` wrote."""
    return [read(each) for each in bits] if isinstance(bits, list) else struct.unpack(">d", bytes.fromhex(bits))[0]
