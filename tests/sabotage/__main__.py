"""``python -m tests.sabotage --policies 1000``: the long run, seeded; 1 if a lax policy passed, or was served lax."""

import argparse
import sys
import time

from tests.sabotage.templates import generate
from tests.sabotage.trial import CLEAN, REFUSED, STATED, UNDECIDED, Trials

OUTCOMES = (REFUSED, STATED, UNDECIDED, CLEAN, "seen open")


def main() -> int:
    """Try every case; print what came of each template."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--policies", type=int, default=1_000)
    options.add_argument("--customers", type=int, default=60)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    trials, started = Trials(), time.monotonic()
    for number, case in enumerate(generate(chosen.policies, chosen.seed)):
        trials.judge(case, number, chosen.customers)
        print(f"\r{number + 1:,} policies, {time.monotonic() - started:.0f} s", end="", file=sys.stderr)
    print(file=sys.stderr)
    print(table(trials))
    return 1 if trials.faults else 0


def table(trials: Trials) -> str:
    """Counts per template, the roads travelled, and every fault."""
    rows = [f"{'template':<12}" + "".join(f"{outcome:>12}" for outcome in OUTCOMES)]
    rows += [
        f"{template:<12}" + "".join(f"{counts[outcome]:>12,}" for outcome in OUTCOMES)
        for template, counts in sorted(trials.outcomes.items())
    ]
    rows += [f"{road:<16} {count:>12,} treatments judged" for road, count in sorted(trials.met.items())]
    return "\n".join([*rows, *(f"FAULT {fault}" for fault in trials.faults[:40]), f"{len(trials.faults)} faults"])


if __name__ == "__main__":
    sys.exit(main())
