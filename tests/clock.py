"""A clock that a test sets: handed to an engine or a store in place of the wall clock."""

from service.core.clock import now_ms
from service.core.grid import DAY_MS, moment
from service.rules.policy import DEFAULT, load

NOON_MS = 4 * 3_600_000
"""Noon in Shanghai after midnight UTC."""
WEDNESDAY = 3


class Clock:
    """Shows the wall clock's time, shifted; or one instant that stays."""

    def __init__(self) -> None:
        self._shift_ms = 0
        self._fixed_at: int | None = None

    def __call__(self) -> int:
        return now_ms() + self._shift_ms if self._fixed_at is None else self._fixed_at

    def start_at(self, instant: int) -> None:
        """Show ``instant`` (ms UTC) now; time goes on from there."""
        self._shift_ms, self._fixed_at = instant - now_ms(), None

    def stop_at(self, instant: int) -> None:
        """Show ``instant`` (ms UTC) until further notice."""
        self._fixed_at = instant

    def reset(self) -> None:
        """Show the wall clock's time again."""
        self._shift_ms, self._fixed_at = 0, None


def noon_today() -> int:
    """Noon in Shanghai of the present UTC day, ms UTC."""
    return now_ms() // DAY_MS * DAY_MS + NOON_MS


def noon_of_a_working_day() -> int:
    """The last noon in Shanghai that has passed on a day on which the shipped policy has people work, ms UTC."""
    contact, now = load(DEFAULT).contact, now_ms()
    days = (noon_today() - day * DAY_MS for day in range(30))
    return next(at for at in days if at <= now and contact.days.is_working(moment(at, contact.timezone)))


def noon_of_next_wednesday() -> int:
    """Noon in Shanghai of the first Wednesday from today on that is a working day, ms UTC."""
    contact = load(DEFAULT).contact
    walls = ((at, moment(at, contact.timezone)) for at in (noon_today() + day * DAY_MS for day in range(30)))
    return next(at for at, wall in walls if wall.weekday == WEDNESDAY and contact.days.is_working(wall))
