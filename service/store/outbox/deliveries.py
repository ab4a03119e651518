"""Webhook deliveries: queued, leased, retried, given up (a transactional outbox).

The feed is the outbox: the transaction that makes a change writes it there. ``fan_out`` turns new changes into
deliveries, exactly once, because its place on the feed moves in the same transaction. It reads the feed again while it
holds the customers whom the changes name, so that nothing is sent of a customer who is erased meanwhile. A change of
which no message can be made is left out and passed to ``failed``.

``list_waiting`` returns the webhooks with something to send. ``take_due`` takes deliveries of each under a short lease
(SKIP LOCKED), so several runners share the work. The deliveries of a killed runner come up again: a receiver may get a
message twice, with the same id. A delivery is given up after ``ATTEMPTS``. A webhook that has failed for
``PATIENCE_MS`` without a success is switched off, and the audit log and the feed say so.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import and_, insert, select, text, update

from service.core.errors import NotFound
from service.core.grid import DAY_MS
from service.store import feed, revisions
from service.store.connection.database import PATIENCE_S, Database
from service.store.feed import ALL, STANDS, Change, Place
from service.store.outbox.webhooks import SHOWN, Webhook, find_webhook, told_of, uuid_of, webhook_of
from service.store.schema import deliveries, webhooks
from service.store.security import audit
from service.store.security.sealing import Seal

ATTEMPTS = 12
LEASE_MS = 60_000
PATIENCE_MS = 3 * DAY_MS
BATCH = 500
KEEP_MS = 30 * DAY_MS
DISABLED = "webhook.disabled"


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery to be made now; ``sealed`` are the stored secrets that sign it."""

    id: str
    webhook_id: str
    url: str
    sealed: tuple[str, ...]
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class WaitingWebhook:
    """A webhook with something to send now, and whether its last message failed."""

    webhook_id: str
    url: str
    failing: bool


TOLD = [deliveries.c[name] for name in ("id", "type", "state", "attempts", "status", "error", "created_at",
                                        "delivered_at", "body")]  # fmt: skip
WAITING = text("""
    SELECT id::text, url, failing_since IS NOT NULL AS failing FROM (
        SELECT webhooks.*, (SELECT min(next_at) FROM deliveries WHERE webhook_id = webhooks.id AND state = 'waiting')
            AS since FROM webhooks WHERE enabled) AS listening
    WHERE since <= now_ms() ORDER BY since, id
""")
TAKE = text("""
    UPDATE deliveries SET attempts = attempts + 1, next_at = now_ms() + :lease
    FROM webhooks WHERE webhooks.id = webhook_id AND webhooks.enabled AND deliveries.id IN (
        SELECT taken.id FROM unnest(cast(:webhooks AS uuid[]), cast(:shares AS bigint[])) AS share (webhook, most),
            LATERAL (SELECT id FROM deliveries WHERE webhook_id = webhook AND state = 'waiting'
                AND next_at <= (SELECT now_ms()) ORDER BY next_at LIMIT most FOR UPDATE SKIP LOCKED) AS taken)
    RETURNING deliveries.id::text, webhook_id::text, url, body, attempts, secret,
        CASE WHEN old_until > now_ms() THEN old_secret END AS old
""")
DONE = text("UPDATE deliveries SET state = 'delivered', status = :status, error = NULL, delivered_at = now_ms() "
            "WHERE id = :id")  # fmt: skip
AGAIN = text("""
    UPDATE deliveries SET status = :status, error = :error, next_at = now_ms() + :pause,
        state = CASE WHEN attempts >= :most THEN 'failed' ELSE 'waiting' END
    WHERE id = :id
""")
FAILING = text("""
    UPDATE webhooks SET failing_since = coalesce(failing_since, now_ms()),
        enabled = NOT (:gone OR now_ms() - coalesce(failing_since, now_ms()) > :patience)
    WHERE id = :id AND enabled RETURNING enabled, url, branch
""")


class DeliveryQueue:
    """The deliveries of one database."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database, self._seal = database, seal

    def list_deliveries(
        self, webhook_id: str, branch: str | None, state: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """The newest deliveries of a webhook."""
        with self._database.begin() as connection:
            mine = deliveries.c.webhook_id == find_webhook(connection, webhook_id, branch).id
            wanted = mine if state is None else and_(mine, deliveries.c.state == state)
            rows = connection.execute(
                select(*TOLD).where(wanted).order_by(deliveries.c.created_at.desc(), deliveries.c.id).limit(limit)
            )
            return [{str(name): value for name, value in row.items()} for row in rows.mappings()]

    def replay(self, webhook_id: str, branch: str | None, client: str, delivery_id: str | None = None,
               since: int | None = None) -> int:  # fmt: skip
        """Send again, with the same ids: one delivery, or all made since then; without either, all that failed.

        Raises:
            NotFound: the webhook, or the delivery, does not exist or is another branch's.
        """
        with self._database.begin(PATIENCE_S) as connection:
            mine = deliveries.c.webhook_id == find_webhook(connection, webhook_id, branch).id
            failed = deliveries.c.state == "failed"
            which = failed if since is None else deliveries.c.created_at >= since
            which = which if delivery_id is None else deliveries.c.id == uuid_of(delivery_id, "delivery")
            again = update(deliveries).where(mine, which).values(state="waiting", attempts=0, next_at=0)
            count = int(connection.execute(again).rowcount)
            if delivery_id is not None and not count:
                raise NotFound(f'No delivery "{delivery_id[:40]}".')
            audit.append(connection, client, "webhook.replay", webhook_id, {"deliveries": count})
            return count

    def fan_out(self, failed: Callable[[str, Exception], None]) -> bool:
        """Make deliveries of new changes on the feed, once; returns True where there may be more.

        ``failed`` is called with each change of which no message could be made.
        """
        with self._database.begin(PATIENCE_S) as connection:
            connection.execute(text("SELECT 1 FROM feed FOR UPDATE"))
            feed.resettle(connection)
            stands = connection.execute(STANDS).one()
            after = Place(stands.told_xid, stands.told_seq)
            revisions.hold_customers(
                connection, _customers(feed.read(connection, after, None, BATCH, stands.safe, ALL))
            )
            found = feed.read(connection, after, None, BATCH, stands.safe, ALL)
            if not found:
                return False
            listening = [webhook_of(row) for row in connection.execute(select(*SHOWN).where(webhooks.c.enabled))]
            rows = _messages(found, listening, failed)
            if rows:
                connection.execute(insert(deliveries), rows)
            last = found[-1].place
            connection.execute(text("UPDATE feed SET told_xid = :xid, told_seq = :seq"),
                               {"xid": last.xid, "seq": last.seq})  # fmt: skip
            return len(found) == BATCH

    def list_waiting(self) -> list[WaitingWebhook]:
        """The webhooks with deliveries that are due, the longest wait first."""
        with self._database.begin(PATIENCE_S) as connection:
            return [WaitingWebhook(*row) for row in connection.execute(WAITING)]

    def take_due(self, shares: Mapping[str, int]) -> list[DueDelivery]:
        """Lease so many due deliveries of each webhook to this caller, for a minute."""
        if not shares:
            return []
        words = {"webhooks": list(shares), "shares": list(shares.values()), "lease": LEASE_MS}
        with self._database.begin(PATIENCE_S) as connection:
            rows = connection.execute(TAKE, words).all()
        sealed = [tuple(filter(None, (row.secret, row.old))) for row in rows]
        return [
            DueDelivery(row.id, row.webhook_id, row.url, secrets, row.body, row.attempts)
            for row, secrets in zip(rows, sealed, strict=True)
        ]

    def read_secrets(self, due: DueDelivery) -> list[str]:
        """The secrets that sign a delivery.

        Raises:
            Sealed: when no key opens one of them.
        """
        return [self._seal.open(one.encode()).decode() for one in due.sealed]

    def mark_delivered(self, due: DueDelivery, status: int) -> None:
        """Store that the receiver took the message."""
        with self._database.begin(PATIENCE_S) as connection:
            connection.execute(DONE, {"id": due.id, "status": status})
            connection.execute(update(webhooks).where(webhooks.c.id == due.webhook_id).values(failing_since=None))

    def mark_failed(
        self, due: DueDelivery, status: int | None, error: str, pause_ms: int, patience_ms: int = PATIENCE_MS
    ) -> None:
        """Store a failed attempt: retried after ``pause_ms``, or given up; a webhook that keeps failing is switched
        off.

        A receiver that answers 410 (gone) is switched off at once.
        """
        with self._database.begin(PATIENCE_S) as connection:
            words = {"id": due.id, "status": status, "error": error[:300], "pause": pause_ms, "most": ATTEMPTS}
            connection.execute(AGAIN, words)
            row = connection.execute(FAILING, {"id": due.webhook_id, "gone": status == 410, "patience": patience_ms})
            after = row.first()
            if after is not None and not after.enabled:
                told = {"webhook_id": due.webhook_id, **told_of(after.url), "error": error[:300]}
                audit.append(connection, "runner", DISABLED, due.webhook_id, told)
                feed.note(connection, DISABLED, due.webhook_id, told, branch=after.branch)

    def prune(self) -> int:
        """Delete deliveries of more than 30 days ago; returns how many."""
        with self._database.begin(PATIENCE_S) as connection:
            old = text("DELETE FROM deliveries WHERE created_at < now_ms() - :keep")
            return int(connection.execute(old, {"keep": KEEP_MS}).rowcount)


def _customers(found: Iterable[Change]) -> set[str]:
    """The ids of the customers whom the changes name."""
    return {str(one.body["customer_id"]) for one in found if one.body.get("customer_id")}


def _messages(
    found: Iterable[Change], listening: Sequence[Webhook], failed: Callable[[str, Exception], None]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for change in found:
        try:
            rows += [_delivery(each, change) for each in listening if each.hears(change)]
        except Exception as failure:  # noqa: BLE001 - one change of which no message can be made holds up no other
            failed(f"change {change.place.token}", failure)
    return rows


def _delivery(webhook: Webhook, change: Change) -> dict[str, object]:
    data = {"subject": change.subject, **change.told_to(webhook.branch)}
    body = {"type": change.type, "timestamp": _iso(change.at), "data": data}
    customer = None if change.type == "customer.erased" else change.body.get("customer_id")
    return {"webhook_id": webhook.id, "type": change.type, "customer_id": customer, "body": orjson.dumps(body).decode()}


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
