"""What a file takes away from what is stored: attributes that become unknown, customers who are retired.

Counted before it is done, under the lock of loads, so that the question, and the answer of who had agreed already, say
the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileLosses:
    """``attributes`` became unknown for ``losers``; of ``absent`` of ``stored`` customers ``retired`` are so by this.

    ``before`` were retired already; the other absent ones were told of later than the file, and stay.
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
        """What would be taken away."""
        return self._sentence("would become unknown", "would get no outbound contact any more")

    @property
    def answer(self) -> str:
        """What was taken away."""
        return self._sentence("became unknown", "were retired: they get no outbound contact any more")

    def _sentence(self, unknown: str, retired: str) -> str:
        lost = f"{self.attributes:,} attributes {unknown} for {self.losers:,} customers: the file lacks them."
        parts = [f"{self.retired:,} {retired}"]
        parts += [f"{self.before:,} were retired before"] if self.before else []
        later = self.absent - self.retired - self.before
        parts += [f"{later:,} were told of later than the file, and stay"] if later else []
        gone = f"{self.absent:,} of {self.stored:,} customers are not in the file: {', '.join(parts)}."
        return " ".join([lost] * (self.attributes > 0) + [gone] * (self.retired > 0 or self.before > 0))
