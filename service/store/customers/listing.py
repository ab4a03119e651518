"""The list of customers, page by page in the order of their ids, to reconcile another system with."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

PAGE = text("""
    SELECT id, external_key, attributes ->> 'branch_id' AS branch, revision,
        (extract(epoch FROM updated_at) * 1000)::bigint AS updated_at
    FROM customers
    WHERE id > :after AND (cast(:branch AS text) IS NULL OR attributes ->> 'branch_id' = :branch)
    ORDER BY id LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class ListedCustomer:
    """One row of the list; ``updated_at`` in ms UTC."""

    id: str
    external_key: str | None
    branch: str | None
    revision: int
    updated_at: int


def page(connection: Connection, after: str, branch: str | None, limit: int) -> list[ListedCustomer]:
    """At most ``limit`` customers whose ids come after that one, of one branch or (None) of all."""
    rows = connection.execute(PAGE, {"after": after, "branch": branch, "limit": limit})
    return [ListedCustomer(*row) for row in rows]
