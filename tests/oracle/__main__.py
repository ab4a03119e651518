"""``python -m tests.oracle --pairs 1000000``: the long run, seeded; prints the first disagreement and its row."""

import argparse
import sys
import time

from tests.oracle.courts import DuckDBAsWritten, DuckDBExported
from tests.oracle.judging import DisagreementError, judge


def main() -> int:
    """Judge the pairs, half by exported SQL and half by the text itself; 1 if any disagrees."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pairs", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    for court in (DuckDBExported(), DuckDBAsWritten()):
        started = time.monotonic()
        try:
            for done in judge(court, chosen.seed, chosen.pairs // 2):
                passed = time.monotonic() - started
                print(f"\r{court.name}: {done:,} pairs, {passed:.0f} s", end="", file=sys.stderr)
        except DisagreementError as found:
            print(f"\nseed {chosen.seed}: {found}")
            return 1
        print(file=sys.stderr)
    print(f"{chosen.pairs:,} pairs, seed {chosen.seed}: DuckDB agrees on every one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
