"""Settings: every ``FOURCAST_*`` variable once, with its default, its range and its meaning.

``Settings.read(os.environ)`` is the only place that reads the environment. It collects every problem and raises once; a
variable whose name is almost one of ours is reported as a misspelling. An empty value counts as unset.
``settings_table`` is the README's table, which a test holds to it.

    parsing  how a variable's text becomes a value
"""

# ruff: noqa: RUF009 - a field of Settings is declared by calling ``setting``

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from service.core.errors import InvalidInput, Problem
from service.runtime.config.parsing import (
    PREFIX,
    Setting,
    Unfit,
    address,
    decimal,
    fernet_keys,
    file,
    folder,
    folder_or_url,
    one_of,
    origins,
    setting,
    some_of,
    url,
    whole,
)

DEFAULT_POLICY = Path(__file__).parents[2] / "rules" / "default"
ALMOST = 0.85
"""From which likeness on an unknown variable is taken for a misspelt one."""


@dataclass(frozen=True)
class Settings:
    """The settings of one process, read from its environment."""

    database_url: str | None = setting(
        "DATABASE_URL", url("postgresql", "postgres", "postgresql+psycopg"), None,
        "The bank's own PostgreSQL; without it an embedded one is started in the state folder.", "",
    )  # fmt: skip
    secret_keys: tuple[str, ...] = setting(
        "SECRET_KEYS", fernet_keys(), (),
        "What seals secrets in the database, the newest key first; an embedded one has a key in its state folder.", "",
    )  # fmt: skip
    redis_url: str | None = setting(
        "REDIS_URL", url("redis", "rediss", "unix"), None,
        "The bank's own Redis or Valkey; without it an embedded one is started.", "",
    )  # fmt: skip
    state_dir: Path = setting(
        "STATE_DIR", folder(), Path(".fourcast"), "Where the embedded servers keep their files; survives a restart."
    )
    artifacts: Path = setting(
        "ARTIFACTS", folder_or_url(), Path("model_artifacts"),
        "Where bundles of trained models are kept; by URL, the state folder holds a checked copy.",
    )  # fmt: skip
    policy: Path = setting(
        "POLICY", folder(), DEFAULT_POLICY, "The policy that serves until a release is active.", "the shipped policy"
    )
    filing: Path | None = setting(
        "FILING", file(), None,
        "The bank's own statement of what the algorithm is for, with its filing number (YAML); `docs/auditor.md`.",
    )  # fmt: skip
    objection_days: int = setting(
        "OBJECTION_DAYS", whole(1, 90), 15, "Days in which a customer's objection to a decision is answered."
    )
    objection_days_counted: str = setting(
        "OBJECTION_DAYS_COUNTED", one_of("calendar", "working"), "calendar",
        "Which days count: all, or those that the bank works by the policy's calendar.",
    )  # fmt: skip
    host: str = setting("HOST", address(), "127.0.0.1", "The address the service listens on.")
    port: int = setting("PORT", whole(1, 65535), 8000, "The port the service listens on.")
    workers: int = setting("WORKERS", whole(1, 256), 2, "Worker processes: about one per processor core.")
    log_level: str = setting(
        "LOG_LEVEL", one_of("debug", "info", "warning", "error"), "info", "The least grave message that is logged."
    )
    database_deadline_ms: int = setting(
        "DATABASE_DEADLINE_MS", whole(10, 60_000), 500, "How long a request waits for PostgreSQL, milliseconds."
    )
    redis_deadline_ms: int = setting(
        "REDIS_DEADLINE_MS", whole(1, 10_000), 50, "How long a request waits for Redis, milliseconds."
    )
    cache_seconds: int = setting(
        "CACHE_SECONDS", whole(1, 86_400), 3_600, "How long an answer may stay in the cache at most, seconds."
    )
    quota: int = setting(
        "QUOTA",
        whole(1, 2_147_483_647),
        600_000,
        "Requests a minute that a client may make, unless its key says else; each event of a batch counts as one.",
    )
    customer_quota: int = setting(
        "CUSTOMER_QUOTA", whole(1, 2_147_483_647), 600, "Requests a minute that a customer's own key or token may make."
    )
    offer_token_hours: int = setting(
        "OFFER_TOKEN_HOURS", whole(1, 2_160), 24, "How long after it was shown an offer may be accepted, hours."
    )
    jwt_issuer: str | None = setting(
        "JWT_ISSUER", address("a URL"), None, "The issuer whose access tokens (JWT) are taken beside API keys.", ""
    )
    jwt_jwks: str | None = setting(
        "JWT_JWKS", address("a URL or a file"), None, "Where that issuer's public keys (JWKS) are read.", ""
    )
    jwt_audience: str = setting("JWT_AUDIENCE", address("a word"), "fourcast", "The audience its tokens must name.")
    jwt_algorithms: tuple[str, ...] = setting(
        "JWT_ALGORITHMS", some_of("RS256", "ES256"), ("RS256", "ES256"), "The signatures taken.", "RS256, ES256"
    )
    jwt_customer_claim: str = setting(
        "JWT_CUSTOMER_CLAIM", address("a word"), "customer_id", "The claim that binds a token to a customer."
    )
    jwt_branch_claim: str = setting(
        "JWT_BRANCH_CLAIM", address("a word"), "branch", "The claim that binds a token to a branch."
    )
    jwt_programs: tuple[str, ...] = setting(
        "JWT_PROGRAMS", some_of(), (), "The `client_id`s whose tokens may be bound to nobody and reach all.", ""
    )
    token: str | None = setting(
        "TOKEN", address("an access token (JWT)"), None,
        "For the command line: an access token of that issuer; its subject acts, within its scopes.", "",
    )  # fmt: skip
    audit_anchors: tuple[str, ...] = setting(
        "AUDIT_ANCHORS",
        some_of(),
        (),
        "Files on other mounts, or URLs, to which the audit log's head is written daily.",
        "",
    )
    audit_anchor_key: str | None = setting(
        "AUDIT_ANCHOR_KEY", address("whsec_ and base64"), None, "Signs what those URLs get (Standard Webhooks).", ""
    )
    model_inventory: Path | None = setting(
        "MODEL_INVENTORY", file(), None, "The bank's statements on its models (YAML), for `fourcast inventory`.", "",
    )  # fmt: skip
    max_body_bytes: int = setting(
        "MAX_BODY_BYTES", whole(1_024, 67_108_864), 1_048_576, "The largest request body that is read, bytes."
    )
    cors_origins: tuple[str, ...] = setting(
        "CORS_ORIGINS", origins(), (), "The pages that may call from a browser (CORS); none by default.", ""
    )
    release_poll_seconds: float = setting(
        "RELEASE_POLL_SECONDS", decimal(0.1, 60), 0.5, "How often each worker looks for a new release, seconds."
    )
    traces_url: str | None = setting(
        "TRACES_URL", url("http", "https"), None,
        "Where traces go, OTLP over HTTP (http://collector:4318/v1/traces); without it nothing is traced.", "",
    )  # fmt: skip
    traces_share: float = setting(
        "TRACES_SHARE", decimal(0, 1), 0.1, "The share of the requests that is traced; what a caller traces always is."
    )
    tracking_uri: str | None = setting(
        "TRACKING_URI", url("http", "https", "sqlite", "postgresql", "databricks"), None,
        "The MLflow server or database that keeps runs and the names champion and challenger; none by default.", "",
    )  # fmt: skip
    artifacts_url: str | None = dataclasses.field(default=None, repr=False)
    """The artefact store behind ``artifacts``, where ARTIFACTS is a URL."""
    given: frozenset[str] = dataclasses.field(default=frozenset(), repr=False, compare=False)
    """Which of these fields the environment set."""

    runner: str = setting(
        "RUNNER",
        one_of("on", "off"),
        "on",
        "Whether `fourcast serve` starts a runner of jobs beside it.",
    )
    runner_metrics_port: int = setting(
        "RUNNER_METRICS_PORT",
        whole(0, 65535),
        0,
        "The port on which a runner shows its metrics (what waits, drift) to Prometheus; 0 is none.",
    )
    import_assessments: str = setting(
        "IMPORT_ASSESSMENTS",
        one_of("on", "off"),
        "on",
        "Whether files may say risk_tolerance, risk_assessed_on and qualified_investor.",
    )
    webhook_loopback: str = setting(
        "WEBHOOK_LOOPBACK",
        one_of("on", "off"),
        "off",
        "Whether webhooks may lead to this machine, by http too.",
    )
    job_lease_seconds: int = setting(
        "JOB_LEASE_SECONDS",
        whole(1, 3_600),
        30,
        "When another runner takes up a silent one's job, seconds.",
    )

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings of an environment.

        Raises: InvalidInput: with every problem.
        """
        values: dict[str, object] = {}
        problems = _misspelt(environ)
        for name, kept in _settings():
            text = environ.get(kept.variable, "").strip()
            try:
                values |= {name: kept.parse(text)} if text else {}
            except Unfit as unfit:
                problems.append(Problem(kept.variable, str(unfit)))
        if ("jwt_issuer" in values) != ("jwt_jwks" in values):
            problems.append(Problem("FOURCAST_JWT_ISSUER", "goes together with FOURCAST_JWT_JWKS: set both or neither"))
        if problems:
            raise InvalidInput("The environment does not fit.", problems)
        return cls(**_placed(values), given=frozenset(values))


def settings_table() -> str:
    """The Markdown table of all settings, for the README."""
    rows = [
        f"| `{s.variable}` | {f'`{s.shown}`' if s.shown else ''} | {s.expects} | {s.meaning} |" for _, s in _settings()
    ]
    return "\n".join(["| variable | default | takes | meaning |", "| --- | --- | --- | --- |", *rows])


def _placed(values: dict[str, Any]) -> dict[str, Any]:
    """ARTIFACTS by URL: the URL, and beside it the folder of the local copies, one for each artefact store."""
    store = values.get("artifacts")
    if not isinstance(store, str):
        return values
    state = values.get("state_dir", Settings.state_dir)
    copies = state / f"artifacts-{sha256(store.encode()).hexdigest()[:12]}"
    return {**values, "artifacts": copies, "artifacts_url": store}


def _settings() -> list[tuple[str, Setting]]:
    return [(field.name, field.metadata["setting"]) for field in dataclasses.fields(Settings) if field.metadata]


def _misspelt(environ: Mapping[str, str]) -> list[Problem]:
    known = [kept.variable for _, kept in _settings()]
    found = []
    for variable in sorted(set(environ) - set(known)):
        near = difflib.get_close_matches(variable, known, 1, ALMOST) if variable.startswith(PREFIX) else []
        found += [Problem(variable, f"is no setting; did you mean {name}?") for name in near]
    return found
