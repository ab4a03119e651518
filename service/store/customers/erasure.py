"""Erasure of a customer: deleted tables, and rows kept under a pseudonym.

    deleted          attributes, consents, events, trails, contacts, surveys, acceptances, results of jobs, their rows
        of the
                     feed, of webhooks and beside the audit log, stored answers that name them
    under a          decisions (what was offered, when and why; figures to one significant digit), leads (whose and how
    pseudonym        they ended; no amount, no word of the customer's), objections (to which decision, how they ended;
                     no word of customer or bank), looks at the customer, their own keys (revoked)
    stored           a keyed digest of the id, and for 30 days on the feed that the id was erased

Locks: the customer, the audit log, what serves, then the stored answers, in the order of every transaction that takes
several.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy import text as text_of
from sqlalchemy.dialects.postgresql import insert

from service.core.errors import no_customer
from service.store import feed, revisions
from service.store.revisions import Forget
from service.store.schema import (
    AT_WORK,
    NOBODY,
    acceptances,
    clients,
    consents,
    contacts,
    decisions,
    deliveries,
    erasures,
    event_keys,
    events,
    job_items,
    leads,
    objections,
    pseudonyms,
    surveys,
    trails,
    views,
)
from service.store.schema import changes as change_rows
from service.store.schema import customers as rows
from service.store.security import audit, audit_values
from service.store.security.idempotency import forget_answers
from service.store.security.pseudonyms import digest_of
from service.store.security.sealing import Seal

ERASED = "erased-"
"""The beginning of a pseudonym."""
ROUGHLY = text_of("to_char(priority, '9EEEE')::double precision")
"""One significant digit: the exact priority would reveal the balances from which it was computed."""
Expect = Callable[[int], None]
"""Called with the customer's revision, under a lock; raises where the caller expected another."""
Redact = Callable[[bytes, str], bytes]
"""A decision record and a pseudonym -> the record without names."""


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """Who asks for an erasure, and the functions it needs beside the database."""

    redact: Redact
    forget: Forget
    actor: str
    detail: Mapping[str, object]
    expect: Expect


def erase(connection: Connection, seal: Seal, customer_id: str, asked: ErasureRequest) -> bool:
    """Erase a customer everywhere; False where they were erased before.

    Raises:
        NotFound: no such customer was ever stored.
    """
    salt = bytes(connection.execute(select(pseudonyms.c.salt)).scalar_one())
    digest, covering = digest_of(salt, customer_id), audit_values.covering(salt, customer_id)
    columns = rows.c.revision, rows.c.attributes["branch_id"].astext.label("branch"), rows.c.external_key
    found = connection.execute(select(*columns).where(rows.c.id == customer_id).with_for_update()).first()
    pseudonym = f"{ERASED}{uuid.uuid4()}"
    if found is None:
        _expect_erased(connection, digest, customer_id)
        left = _forget(connection, customer_id, pseudonym, asked.redact)
        if any(left.values()):
            _say(connection, pseudonym, asked, left, covering)
        forget_answers(connection, seal, customer_id)
        return False
    asked.expect(int(found.revision))
    left = _forget(connection, customer_id, pseudonym, asked.redact)
    _remember(connection, digest, customer_id, found)
    _forget_key(connection, found.external_key)
    asked.forget(customer_id, int(found.revision) + 1)
    _say(connection, pseudonym, asked, left, covering)
    connection.exec_driver_sql(revisions.RAISE_GENERATION.text.decode())
    forget_answers(connection, seal, customer_id, found.external_key)
    return True


def _say(
    connection: Connection,
    pseudonym: str,
    asked: ErasureRequest,
    left: Mapping[str, int],
    covering: Mapping[str, object],
) -> None:
    """Write the erasure to the audit log, with the number of the customer's decisions and keys."""
    counts = {name: left[name] for name in ("decisions", "keys") if name == "decisions" or left[name]}
    audit.append(connection, asked.actor, "customer.erase", pseudonym, {**asked.detail, **counts, **covering})


def _remember(connection: Connection, digest: bytes, customer_id: str, found: Any) -> None:
    """Store the digest of the id and its revision, and write the erasure to the feed."""
    revision = int(found.revision) + 1
    known = insert(erasures).values(digest=digest, revision=revision)
    connection.execute(known.on_conflict_do_update(index_elements=["digest"], set_={"revision": revision}))
    told = {"customer_id": customer_id, "external_key": found.external_key}
    feed.note(connection, "customer.erased", customer_id, told, branch=found.branch)


def _forget(connection: Connection, customer_id: str, pseudonym: str, redact: Redact) -> dict[str, int]:
    """Delete everything that names the customer; returns the counts that the audit log needs."""
    _forget_facts(connection, customer_id)
    _forget_leads(connection, customer_id, pseudonym)
    _forget_objections(connection, customer_id, pseudonym)
    return {
        "decisions": _redact_decisions(connection, customer_id, pseudonym, redact),
        "keys": _revoke_keys(connection, customer_id),
        "values": audit_values.erase(connection, customer_id),
    }


def _forget_facts(connection: Connection, customer_id: str) -> None:
    keys = select(events.c.id).where(events.c.customer_id == customer_id)
    connection.execute(delete(event_keys).where(event_keys.c.id.in_(keys)))
    cancelled = select(contacts.c.id).where(contacts.c.customer_id == customer_id)
    connection.execute(delete(event_keys).where(event_keys.c.id.in_(cancelled)))
    for table in (contacts, events, trails, surveys, acceptances, consents, job_items, change_rows, deliveries):
        connection.execute(delete(table).where(table.c.customer_id == customer_id))
    connection.execute(delete(rows).where(rows.c.id == customer_id))


def _forget_key(connection: Connection, external_key: str | None) -> None:
    """Delete results of jobs that asked for the customer by a key that was nobody's then."""
    if external_key is not None:
        asked = job_items.c.rows.contains([{"external_key": external_key}])
        connection.execute(delete(job_items).where(job_items.c.customer_id == NOBODY, asked))


def _forget_leads(connection: Connection, customer_id: str, pseudonym: str) -> None:
    """End leads at work; leads and looks keep what credit and audit need, and nothing of the customer."""
    mine = update(leads).where(leads.c.customer_id == customer_id)
    connection.execute(mine.where(text_of(AT_WORK)).values(status="erased"))
    words = dict.fromkeys(("reason", "note", "said", "sold_yuan"))
    connection.execute(mine.values(customer_id=pseudonym, priority=ROUGHLY, **words))
    connection.execute(update(views).where(views.c.customer_id == customer_id).values(customer_id=pseudonym))


def _forget_objections(connection: Connection, customer_id: str, pseudonym: str) -> None:
    """End open cases; every case keeps to which decision it was and how it ended, and nothing of the customer."""
    mine = update(objections).where(objections.c.customer_id == customer_id)
    connection.execute(mine.where(objections.c.state == "open").values(state="erased"))
    connection.execute(mine.values(customer_id=pseudonym, objection=None, answer=None))


def _redact_decisions(connection: Connection, customer_id: str, pseudonym: str, redact: Redact) -> int:
    """Rewrite every record of a customer; returns how many."""
    kept = connection.execute(select(decisions.c.id, decisions.c.record).where(decisions.c.customer_id == customer_id))
    changed = [{"one": row.id, "told": redact(bytes(row.record), pseudonym)} for row in kept]
    if changed:
        rewrite = update(decisions).where(decisions.c.id == bindparam("one"))
        connection.execute(rewrite.values(customer_id=pseudonym, record=bindparam("told")), changed)
    return len(changed)


def _revoke_keys(connection: Connection, customer_id: str) -> int:
    """End the customer's own keys under another name; returns how many."""
    mine = update(clients).where(clients.c.customer_id == customer_id)
    ended = func.coalesce(clients.c.revoked_at, func.now())
    return int(connection.execute(mine.values(customer_id=f"{ERASED}{uuid.uuid4()}", revoked_at=ended)).rowcount)


def _expect_erased(connection: Connection, digest: bytes, customer_id: str) -> None:
    known = select(erasures.c.digest).where(erasures.c.digest == digest).with_for_update()
    if connection.execute(known).first() is None:
        raise no_customer(customer_id)
