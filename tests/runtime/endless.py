"""A process that computes for ever: what bounds on computing are tried with, however fast the machine is."""

from typing import Any, NoReturn

from service.runtime import child_process

PROCESS = "tests.runtime.endless"


def compute_for_ever(asked: Any) -> NoReturn:
    """Use up the seconds of computing, whatever was asked."""
    while True:
        pass


if __name__ == "__main__":
    child_process.serve(compute_for_ever)
