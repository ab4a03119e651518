"""A guide as a program: its ``sh`` blocks run in one shell, in order; a ``text`` block beneath is what one must say."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE_S = 600
DEMO = "fourcast demo\n"
"""The block that starts the stack: the tests have started it already."""


@dataclass(frozen=True)
class Step:
    """A block of commands and the fragments its output must hold."""

    commands: str
    expected: tuple[str, ...]


def steps(page: Path) -> list[Step]:
    """The steps of a page in order."""
    blocks = BLOCK.findall(page.read_text())
    found = []
    for place, (kind, body) in enumerate(blocks):
        if kind == "sh" and body != DEMO:
            after = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
            found.append(Step(body, tuple(after[1].splitlines()) if after[0] == "text" else ()))
    return found


def run(page: Path, folder: Path, environ: Mapping[str, str]) -> list[str]:
    """Run a page in ``folder``; every fault in words: a command that failed, a fragment that was not said."""
    todo = steps(page)
    parts = [f"echo '<<{number}>>'\n{step.commands}" for number, step in enumerate(todo)]
    script = "\n".join(["set -eo pipefail", *parts, "echo '<<end>>'"])
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    said = re.split(r"<<(?:\d+|end)>>\n", ran.stdout)[1:]
    faults = [] if ran.returncode == 0 else [f"{page.name} stopped: {ran.stdout[-1500:]}"]
    for step, output in zip(todo, said, strict=False):
        lacking = [fragment for fragment in step.expected if fragment not in output]
        faults += [f"{page.name}: {step.commands.splitlines()[0]} ... did not say {lacking}: {output[:1500]}"] * bool(
            lacking
        )
    return faults
