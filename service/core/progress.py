"""Progress of long work: a function that is called with how much is done, of how much."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
