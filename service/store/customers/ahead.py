"""Words dated ahead: nobody can have said them yet, so they hold against nothing that is said now.

A word of more than a day ahead comes of a file whose bank's day was wrong, never of a clock that runs fast. Any later
file or call corrects it.
"""

AHEAD = "((extract(epoch FROM now()) * 1000)::bigint + 86400000)"
"""The last instant (ms UTC) at which a word may be dated."""

AT = "split_part(value, ' ', 1)::bigint"
"""When one of ``jsonb_each_text(told)`` was said."""

TOLD_AT = f"""
    CASE WHEN customers.told_at <= {AHEAD} THEN customers.told_at ELSE coalesce((
        SELECT max({AT}) FROM jsonb_each_text(customers.told) WHERE {AT} <= {AHEAD}), 0) END
"""  # noqa: S608 - our own words
"""The newest word on a customer, those that are dated ahead passed over."""
