"""Losses: attributes that become unknown by a file, and customers who are retired by it.

Counted before the load, under its lock, so that the question and the answer have the same figures.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileLosses:
    """``attributes`` became unknown for ``losers``; ``retired`` of ``absent`` of ``stored`` customers are retired by
    this.

    ``before`` were retired already; the other absent ones have newer facts than the file, and stay.
    """

    attributes: int = 0
    losers: int = 0
    absent: int = 0
    stored: int = 0
    retired: int = 0
    before: int = 0

    @property
    def anything(self) -> bool:
        """Whether somebody must agree to it."""
        return self.attributes > 0 or self.retired > 0

    @property
    def question(self) -> str:
        """The losses, before the load."""
        return self._sentence("would become unknown", "would get no outbound contact any more")

    @property
    def answer(self) -> str:
        """The losses, after the load."""
        return self._sentence("became unknown", "were retired: they get no outbound contact any more")

    def _sentence(self, unknown: str, retired: str) -> str:
        lost = f"{self.attributes:,} attributes {unknown} for {self.losers:,} customers: the file lacks them."
        parts = [f"{self.retired:,} {retired}"]
        parts += [f"{self.before:,} were retired before"] if self.before else []
        later = self.absent - self.retired - self.before
        parts += [f"{later:,} were told of later than the file, and stay"] if later else []
        gone = f"{self.absent:,} of {self.stored:,} customers are not in the file: {', '.join(parts)}."
        return " ".join([lost] * (self.attributes > 0) + [gone] * (self.retired > 0 or self.before > 0))
