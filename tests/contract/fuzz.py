"""Schemathesis against the running service: ``python -m tests.contract.fuzz --cases 50000``.

All its checks, all its phases (examples, coverage, fuzzing, stateful by the contract's links), a new seed each round
until so many cases are done. The first seed is fresh at every run and printed, so that each run looks where none has
looked before; ``--seed`` goes there again, and the landing check keeps one, so that no landing hangs on chance. Exit
code 1 with any failure, or with any unexpected failure in the service's own log. ``schemathesis.toml`` beside this file
says which answers to well-formed input are no failures, and why.
"""

import argparse
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

from tests.contract.stack import running
from tests.served import Served

CONFIG = Path(__file__).with_name("schemathesis.toml")


def main() -> int:
    """Run rounds until enough; 0 when nothing was found."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=2_000, help="At least so many requests.")
    asked.add_argument("--seed", type=int, help="The first round's seed; a fresh one by default.")
    asked.add_argument("--examples", type=int, default=25, help="Cases of an operation and a phase in a round.")
    words = asked.parse_args()
    done, failed, seed = 0, 0, secrets.randbelow(10**9) if words.seed is None else words.seed
    print(f"the first seed is {seed}", flush=True)
    with running() as served:
        while done < words.cases and not failed:
            failed, cases = round_of(served, seed, words.examples)
            done, seed = done + cases, seed + 1
            print(f"{done} cases, {'a failure' if failed else '0 failures'} (seed {seed - 1})", flush=True)
        broken = [row for row in served.lines() if row.get("message") == "unexpected failure"]
    for row in broken:
        print(row)
    return 1 if failed or broken or not done else 0


def round_of(served: Served, seed: int, examples: int) -> tuple[int, int]:
    """One run of schemathesis: its exit code and how many cases it made; what it says is shown where it failed."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", f"http://127.0.0.1:{served.port}/openapi.json"),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(examples)),
        *("--seed", str(seed), "--workers", "1", "--no-color", "--continue-on-failure"),
    ]
    environ = os.environ | {"FOURCAST_KEY": served.key}
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    told = re.search(r"(\d+) generated", ran.stdout)
    if ran.returncode or told is None:
        print(ran.stdout[:60_000], ran.stderr[-4_000:], sep="\n")
    return ran.returncode, int(told[1]) if told else 0


if __name__ == "__main__":
    sys.exit(main())
