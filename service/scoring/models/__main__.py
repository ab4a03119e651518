"""``python -m service.scoring.models --verify FOLDER --digest DIGEST``: the trial load, in a process that may die.

Exit code 0 where every golden row scores to the same bits, 1 with one sentence on the error stream where not.
"""

import argparse
import sys
from pathlib import Path

from service.core.errors import BundleError
from service.scoring.models.golden import prove_here
from service.scoring.models.manifest import read_manifest


def main() -> int:
    """Read the arguments, prove the bundle, say why not."""
    parser = argparse.ArgumentParser(prog="python -m service.scoring.models", description="Prove a bundle of models")
    parser.add_argument("--verify", metavar="FOLDER", type=Path, required=True, help="folder of the bundle")
    parser.add_argument("--digest", help="digest that the manifest must have; by default its own")
    arguments = parser.parse_args()
    try:
        prove_here(arguments.verify, arguments.digest or read_manifest(arguments.verify)["digest"])
    except BundleError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
