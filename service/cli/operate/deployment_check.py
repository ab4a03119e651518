"""The check of a deployment before traffic: every fault at once, each with where to mend it.

In order: settings, machine (OpenMP, folders), the policy on disk, the algorithm's filing, PostgreSQL (reachable,
durable, migrated, rights, clock), Redis (reachable, eviction, rights, clock), the active release (its policy's hash and
calendar, its bundle's hashes and golden rows), the audit log's anchors, the advisers' attestations. It only reads:
nothing is migrated or stored. A ``fault`` must be mended before traffic; a ``note`` is worth knowing. The checks are
independent: a server that is down hides no fault of others.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.analysis.policy_checks.calendar_horizon import find_horizon
from service.analysis.policy_checks.market_age import MEND, read_rates
from service.analysis.policy_checks.proposal import assert_proposable
from service.cache.inspection import RedisState
from service.cache.inspection import inspect as inspect_redis
from service.core.clock import now_ms
from service.core.errors import FourcastError
from service.core.grid import DAY_MS, day_at
from service.engine.auth.audit_anchors import OLD_MS, AuditAnchors
from service.engine.crm.leads.attestation import advisers_lacking
from service.engine.releases.artifacts import Artifacts
from service.engine.releases.loader import ReleaseLoader
from service.engine.releases.models.model_catalogue import ModelCatalogue
from service.engine.releases.models.model_inventory import ModelInventory
from service.engine.rights.filing import read_filing
from service.rules.policy import Policy, load
from service.runtime.config import Settings
from service.store import Store
from service.store.maintenance.inspection import DatabaseState
from service.store.maintenance.inspection import inspect as inspect_database

SKEW_MS = 1000.0
"""How far a server's clock may be from ours: tokens, quiet hours and the order of events read both."""
POSTGRES_LEAST = 140_000
PATIENCE_MS = 5_000
"""For the questions asked here, which no customer waits for."""


@dataclass(frozen=True)
class Finding:
    """What one check found: ``ok``, a ``note`` or a ``fault``, in words, and for a fault where to mend it."""

    name: str
    verdict: Literal["ok", "note", "fault"]
    words: str


Check = Callable[[Settings], Iterable[Finding]]


def examine(settings: Settings, deployed: bool) -> list[Finding]:
    """All findings; those about servers and release only for a deployment."""
    rows: tuple[tuple[str, Check], ...] = (("folders", folders), ("policy", policy))
    if deployed:
        rows = (*rows, ("filing", filing), ("postgresql", postgresql), ("redis", redis), ("release", release))
        rows = (*rows, ("audit", audit), ("advisers", advisers), ("model inventory", inventory))
    return [finding for name, check in rows for finding in _safely(name, check, settings)]


def _safely(name: str, check: Check, settings: Settings) -> list[Finding]:
    found: list[Finding] = []
    try:
        for finding in check(settings):
            found.append(finding)
    except FourcastError as error:
        found.append(Finding(name, "fault", str(error)))
    return found


def folders(settings: Settings) -> Iterator[Finding]:
    """The findings on folders: bundles can be read and are not writable by everybody; requests can be counted."""
    bundles = settings.artifacts
    if settings.artifacts_url is not None:  # the copies' folder is made at the first fetch
        bundles.mkdir(parents=True, exist_ok=True)
    if not os.access(bundles, os.R_OK | os.X_OK):
        yield Finding("bundles", "fault", f"{bundles} is no folder this user can read: set FOURCAST_ARTIFACTS")
    elif bundles.stat().st_mode & 0o002:
        yield Finding("bundles", "fault", f"{bundles} can be written by everybody: chmod o-w {bundles}")
    else:
        yield Finding("bundles", "ok", f"{bundles} can be read")
    place = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())  # noqa: S108
    try:
        with tempfile.TemporaryDirectory(dir=place):
            yield Finding("temporary files", "ok", f"{place} can be written")
    except OSError as error:
        mend = "mount a tmpfs there, or set TMPDIR"
        yield Finding("temporary files", "fault", f"{place} cannot be written ({error.strerror}): {mend}")


def policy(settings: Settings) -> Iterator[Finding]:
    """The findings on the policy on disk: it loads, passes the rules of conduct, and knows its days ahead."""
    found = load(settings.policy)
    assert_proposable(found)
    zone = found.contact.timezone
    yield Finding("policy on disk", "ok", f"{found.hash[:12]}, {len(found.rules)} rules, time zone {zone}")
    yield _calendar("calendar on disk", found)
    yield _market("market on disk", found)


def filing(settings: Settings) -> Iterator[Finding]:
    """The finding on the filing of the algorithm: whether the bank states all of it."""
    missing = read_filing(settings.filing).missing
    if not missing:
        yield Finding("filing", "ok", f"{settings.filing}: purpose, principle, contact and filing number are stated")
    else:
        yield Finding("filing", "note", f"not stated: {', '.join(missing)}; set FOURCAST_FILING to a file that says it")


def postgresql(settings: Settings) -> Iterator[Finding]:
    """The findings on the database: migrated, durable, its clock right, its rights sufficient."""
    if settings.database_url is None:
        yield Finding("postgresql", "fault", "FOURCAST_DATABASE_URL is not set; the embedded server is for trying out")
        return
    state = inspect_database(settings.database_url, PATIENCE_MS)
    yield Finding("postgresql", "ok", f"version {state.version // 10_000}, {state.connections} connections at most")
    yield from _clock("clock of postgresql", state.skew_ms)
    if state.revision != state.newest:
        words = f"at {state.revision}, this version needs {state.newest}: fourcast migrate"
        yield Finding("migrations", "fault", words)
    else:
        yield Finding("migrations", "ok", f"at {state.revision}, the newest")
    yield from _unsafe(state, settings.workers)
    yield from _secrets(settings)


def _unsafe(state: DatabaseState, workers: int) -> Iterator[Finding]:
    wrong = {
        f"version {state.version // 10_000} is older than 14": state.version < POSTGRES_LEAST,
        "it is a read-only replica: name the primary": state.recovering,
        "fsync is off: what was acknowledged can be lost": state.settings["fsync"] != "on",
        "full_page_writes is off: a crash can damage it": state.settings["full_pages"] != "on",
        "synchronous_commit is off: what was acknowledged can be lost": state.settings["synchronous_commit"] == "off",
        f"its encoding is {state.settings['encoding']}, not UTF8": state.settings["encoding"] != "UTF8",
        f"{state.connections} connections are too few for {workers} workers": state.connections < 3 * workers + 5,
    }
    yield from (Finding("postgresql", "fault", words) for words, is_so in wrong.items() if is_so)
    yield from (Finding("rights in postgresql", "fault", f"lacks {right}: GRANT it") for right in state.lacking)
    if not state.lacking:
        yield Finding("rights in postgresql", "ok", "every table can be read and written as needed")


def _secrets(settings: Settings) -> Iterator[Finding]:
    """Secrets in the database are sealed with a key that is given here."""
    store = Store(str(settings.database_url), PATIENCE_MS, settings.secret_keys)
    try:
        store.secrets.expect_open()
    finally:
        store.close()
    if settings.secret_keys:
        yield Finding("secrets", "ok", "every secret in the database opens with the keys given")
    else:
        yield Finding("secrets", "note", "FOURCAST_SECRET_KEYS is not set: secrets lie in the database as they are")


def redis(settings: Settings) -> Iterator[Finding]:
    """The findings on the cache: it evicts when full, its clock is right, its rights are sufficient."""
    if settings.redis_url is None:
        yield Finding("redis", "fault", "FOURCAST_REDIS_URL is not set; the embedded server is for trying out")
        return
    state = inspect_redis(settings.redis_url, PATIENCE_MS / 1000)
    yield Finding("redis", "ok", f"version {state.version}, {state.role}")
    yield from _clock("clock of redis", state.skew_ms)
    yield from _fullness(state)
    yield from (
        Finding("rights in redis", "fault", f"may not use {what}: allow it in the ACL") for what in state.refused
    )
    if state.role not in {"master", "primary"}:
        yield Finding("redis", "fault", f"it is a {state.role}, which cannot be written: name the primary")


def _fullness(state: RedisState) -> Iterator[Finding]:
    if state.maxmemory == 0:
        yield Finding("redis when full", "note", "no maxmemory: set one, with maxmemory-policy allkeys-lru")
    elif not state.policy.startswith(("allkeys", "volatile")):
        words = f"maxmemory-policy is {state.policy}: once full it keeps no answer any more; set allkeys-lru"
        yield Finding("redis when full", "fault", words)
    else:
        yield Finding("redis when full", "ok", f"{state.policy} at {state.maxmemory // 2**20} MiB")


def release(settings: Settings) -> Iterator[Finding]:
    """The findings on the active release: its policy as it was approved, its bundle complete."""
    if settings.database_url is None:
        return
    store = Store(settings.database_url, PATIENCE_MS)
    try:
        active = store.releases.active()
        if active is None:
            yield Finding("release", "note", "none is active: the policy on disk serves by priors; fourcast promote")
            return
        loader = ReleaseLoader(store, Artifacts.of(settings))
        serving = loader.compiled(active.policy)
        yield Finding("release", "ok", f"{active.id}: policy {serving.hash[:12]} as approved")
        yield _calendar("calendar", serving)
        yield _market("market", serving)
        if active.bundle is None:
            yield Finding("bundle", "note", "the release has none: priors decide")
        else:
            loader.bundle(active.bundle)
            yield Finding("bundle", "ok", f"{active.bundle}: every file as its manifest says, golden rows score alike")
    finally:
        store.close()


def advisers(settings: Settings) -> Iterator[Finding]:
    """How many advisers lack the yearly attestation, without which they get no leads for risk-rated products."""
    if settings.database_url is None:
        return
    state = inspect_database(settings.database_url, PATIENCE_MS)
    if state.revision != state.newest or state.lacking:
        return  # the table is not there, or cannot be read: told above
    store, zone = Store(settings.database_url, PATIENCE_MS), load(settings.policy).contact.timezone
    try:
        lacking, active = advisers_lacking(store, day_at(now_ms(), zone))
    finally:
        store.close()
    if not lacking:
        yield Finding("advisers", "ok", f"all {active} have confirmed the rules of conduct within 12 months")
        return
    some = ", ".join(lacking[:5]) + (" ..." if len(lacking) > 5 else "")
    words = f"{len(lacking)} of {active} have not confirmed the rules of conduct within 12 months ({some}): they get no"
    yield Finding("advisers", "note", f"{words} leads for risk-rated products; fourcast advisers attest")


def _calendar(name: str, policy: Policy) -> Finding:
    """Whether holidays and working days are known long enough for the rules that read them."""
    found = find_horizon(policy, day_at(now_ms(), policy.contact.timezone))
    if not found.short:
        return Finding(name, "ok", str(found))
    mend = "fourcast calendar import FILE FOLDER, then publish and approve the policy"
    return Finding(name, "fault" if found.ended else "note", f"{found}: {mend}")


def _market(name: str, policy: Policy) -> Finding:
    """Whether every rate of the market that an expression reads still holds."""
    read = read_rates(policy, day_at(now_ms(), policy.contact.timezone))
    silent = [one for one in read if one.silent]
    if not silent:
        return Finding(name, "ok", f"{len(read)} rates are read, each holds" if read else "no expression reads a rate")
    words = "; ".join(map(str, silent[:3])) + (f" and {len(silent) - 3} more" if len(silent) > 3 else "")
    return Finding(name, "note", f"{words}: {MEND}, then publish and approve the policy")


def audit(settings: Settings) -> Iterator[Finding]:
    """The findings on the anchors of the audit log: some are configured, and the last one is young."""
    if not settings.audit_anchors:
        words = "FOURCAST_AUDIT_ANCHORS is not set: who may write the database could make the audit log anew unseen"
        yield Finding("audit anchors", "note", words)
    if not settings.audit_anchors or settings.database_url is None:
        return
    store = Store(settings.database_url, PATIENCE_MS)
    try:
        last = AuditAnchors(settings, store, now_ms).last_at()
    finally:
        store.close()
    age_ms = None if last is None else now_ms() - last
    if age_ms is None or age_ms > OLD_MS:
        when = "never" if age_ms is None else f"{age_ms // DAY_MS} days ago"
        yield Finding("audit anchors", "note", f"last written {when}: does `fourcast work` run? fourcast audit anchor")
    else:
        yield Finding("audit anchors", "ok", f"written to {len(settings.audit_anchors)} places within two days")


def inventory(settings: Settings) -> Iterator[Finding]:
    """The findings on the model inventory: every model that serves is stated, and no review is overdue."""
    if settings.database_url is None:
        return
    store = Store(settings.database_url, PATIENCE_MS)
    try:
        rows = ModelInventory(ModelCatalogue(settings, store), now_ms).list_rows()
    finally:
        store.close()
    rows = [row for row in rows if set(row.bundles.values()) - {"registered"}]
    faults = {
        "not stated (FOURCAST_MODEL_INVENTORY)": [row.model for row in rows if row.statement.missing],
        "review overdue": [row.model for row in rows if row.review == "overdue"],
        "stopped": [row.model for row in rows if row.stopped is not None],
    }
    for words, models in faults.items():
        if models:
            yield Finding("model inventory", "note", f"{words}: {', '.join(models)}")
    if not any(faults.values()):
        yield Finding("model inventory", "ok", f"{len(rows)} models stated, none overdue or stopped")


def _clock(name: str, skew_ms: float) -> Iterator[Finding]:
    away = skew_ms > SKEW_MS
    words = f"{skew_ms / 1000:.1f} s from ours" + (": synchronise both by NTP" if away else "")
    yield Finding(name, "fault" if away else "ok", words)
