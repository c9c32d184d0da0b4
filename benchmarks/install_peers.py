"""Installs the engines that gograd is compared with, in an environment of their own: `install_peers.py FOLDER`.

They are the dependency group "peers" of the root's pyproject.toml. Each is tried separately; which
could not be installed, and why, is kept in FOLDER/failures.json and printed with the figures.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]


def reason(output: str) -> str:
    """The first error in pip's output that is not pip's own summary of a failed build."""
    errors = [line.strip(" │╰─>×") for line in output.splitlines() if "error: " in line.lower()]
    own = ("error: subprocess-exited-with-error", "error: metadata-generation-failed")
    return re.sub(r" \(/[^)]*\)", "", next((line for line in errors if line not in own), "no message"))


def main() -> None:
    folder = Path(sys.argv[1])
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        (folder / ".gitignore").write_text("*\n")
    peers = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["peers"]
    failures = {}
    for peer in peers:
        print(f"installing {peer}", flush=True)
        command = [python, "-m", "pip", "install", "--quiet", peer]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            failures[peer] = reason(done.stderr)
            print(f"{peer} cannot be installed here: {failures[peer]}", flush=True)
    (folder / "failures.json").write_text(json.dumps(failures))


if __name__ == "__main__":
    main()
