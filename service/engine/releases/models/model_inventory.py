"""The model inventory: every model of every bundle, with what the bank states of it, its review, and its stop switch.

What a model is stands in its bundle; what it is for, who answers for it and when it is looked at again, the bank states
in a YAML file that the setting FOURCAST_MODEL_INVENTORY names. Every member may be left out, and is then told as not
stated. Source: NFRA notice 金发〔2026〕8号 on AI in banking and insurance.

    models:
      - model: deposit              a name of `fourcast inventory`; a * at its end stands for all that begin so
        purpose: ...                what the bank uses it for
        owner: ...                  who answers for it
        risk: medium                high, medium or low
        reviewer: ...               who reviews it, not its owner
        next_review: "2027-03-31"
        retirement: "2028-12-31"    the day on which it is taken out of use, or none
        suppliers: ...              outsourcing and supply chain: who else has a part in it
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from service.core.clock import Clock
from service.core.domain import Release
from service.core.errors import InvalidInput, NotFound, Problem
from service.engine.metrics import note_reviews
from service.engine.releases.models.model_catalogue import ModelCatalogue
from service.rendering.answer import iso
from service.rules.loading.documents.entry import Entry
from service.rules.loading.documents.strict_yaml import RefusedError, parse
from service.scoring.models.manifest import names_of
from service.store import ModelStop

NOT_STATED = "not stated"
GRADES = ("high", "medium", "low")
NEVER = "none"
MOST_BYTES = 1_000_000
ALL = "*"
KINDS: Mapping[str, str] = {
    "segments": "the customer's segment: nearest centre of k-means",
    "lapse": "the chance that a customer's deposits lapse: logistic regression on balances",
    "evidence": "how often an offer was taken of those who were shown it, smoothed",
    "response": "a channel's power to reach a customer, from contacts and answers",
    "offer:": "the chance that a customer takes the offer: LightGBM, calibrated",
    "ticket:": "the yuan that a customer brings: LightGBM, calibrated",
    "uplift:": "what offering adds to the chance that a customer takes the family: LightGBM, calibrated",
    "kind:": "the chance that a customer buys the kind of product: LightGBM, calibrated",
    "": "the chance that a customer takes an offer of the family: LightGBM, calibrated",
}
"""What a model of a name, or of a name that begins so, is; the first that fits."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What the bank states of a model; None where it states nothing."""

    purpose: str | None = None
    owner: str | None = None
    risk: str | None = None
    reviewer: str | None = None
    next_review: str | None = None
    retirement: str | None = None
    suppliers: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The members that the bank does not state."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is None)


@dataclass(frozen=True, slots=True)
class InventoryRow:
    """One model: what it is, in which bundles (version -> champion, challenger or registered), and its statement.

    ``review`` is ``ahead``, ``overdue`` or ``not stated``; ``stopped`` is None while it scores.
    """

    model: str
    kind: str
    bundles: Mapping[str, str]
    statement: Statement
    review: str
    stopped: ModelStop | None = None

    def document(self) -> dict[str, Any]:
        """It as plain JSON values, with what is missing by name."""
        told = {name: NOT_STATED if one is None else one for name, one in asdict(self.statement).items()}
        stop = self.stopped
        gone = None if stop is None else {"actor": stop.actor, "reason": stop.reason, "stopped_at": iso(stop.at, UTC)}
        return {
            "model": self.model,
            "kind": self.kind,
            "bundles": dict(self.bundles),
            **told,
            "not_stated": list(self.statement.missing),
            "review": self.review,
            "stopped": gone,
        }


class ModelInventory:
    """The models of one installation; stops them by name (``store.model_stops`` starts them again)."""

    def __init__(self, catalogue: ModelCatalogue, clock: Clock) -> None:
        self._catalogue, self._store, self._clock = catalogue, catalogue.store, clock

    def list_rows(self) -> list[InventoryRow]:
        """Every model of every bundle that serves, is stored or lies in the artefacts, by name.

        Raises:
            InvalidInput: the bank's document does not fit.
        """
        statements = read_statements(self._catalogue.settings.model_inventory)
        today, stops = datetime.fromtimestamp(self._clock() / 1000, UTC).date(), self._store.model_stops.list_stops()
        rows = []
        for model, bundles in sorted(self._models().items()):
            stated = statement_of(statements, model)
            rows.append(InventoryRow(model, _kind(model), bundles, stated, _review(stated, today), stops.get(model)))
        return rows

    def stop(self, model: str, actor: str, reason: str) -> Release:
        """Let a model score nobody, in whichever bundle, until it is started again; rules and priors go on.

        Raises:
            NotFound: no bundle has a model of this name.
            Conflict: it is stopped already, or nothing serves.
            InvalidInput: the reason is missing.
        """
        if model not in self._models():
            raise NotFound(f'No bundle has a model "{model[:64]}": `fourcast inventory` lists them.')
        return self._store.model_stops.stop(model, actor, reason)

    def watch(self) -> bool:
        """Count reviews for Prometheus; returns False: no more work at once."""
        states = dict.fromkeys(("ahead", "overdue", NOT_STATED), 0)
        for row in self.list_rows():
            states[row.review] += 1
        note_reviews(states)
        return False

    def _models(self) -> dict[str, dict[str, str]]:
        """Each model's name -> the versions of its bundles -> what they serve as."""
        found: dict[str, dict[str, str]] = {}
        roles = self._catalogue.list_roles()
        for version, manifest in self._manifests().items():
            for name in names_of(manifest):
                found.setdefault(name, {})[version] = roles.get(version, "registered")
        return found

    def _manifests(self) -> dict[str, Mapping[str, Any]]:
        """The manifests of all bundles, by version; a damaged one in the artefacts is left out."""
        return {**self._catalogue.list_manifests(), **self._store.releases.list_bundles()}


def read_statements(path: Path | None) -> dict[str, Statement]:
    """The bank's statements by a model's name; none where no file is named.

    Raises:
        InvalidInput: the file cannot be read, or does not fit.
    """
    if path is None:
        return {}
    problems: list[Problem] = []
    try:
        document = parse(path.name, _text(path), problems)
    except RefusedError:
        document = {}
    found = dict(_statements(document, path.name, problems))
    if problems:
        raise InvalidInput(f"The model inventory {path} does not fit.", problems)
    return found


def statement_of(statements: Mapping[str, Statement], model: str) -> Statement:
    """What is stated of a model: by its name, else by the longest beginning of it."""
    if model in statements:
        return statements[model]
    fits = [name for name in statements if name.endswith(ALL) and model.startswith(name[:-1])]
    return statements[max(fits, key=len)] if fits else Statement()


def _statements(document: object, file: str, problems: list[Problem]) -> Iterator[tuple[str, Statement]]:
    whole = Entry(document, file, problems)
    rows = whole.values.get("models", [])
    whole.read.add("models")
    whole.close()
    if not isinstance(rows, list):
        whole.add_wrong_kind("models", "a list of models")
        return
    names = set[str]()
    for number, row in enumerate(rows, 1):
        entry = Entry(row, file, problems, f"models[{number}]")
        name = entry.text("model")
        if name in names:
            entry.add_fault("model", f'is stated twice: "{name}"')
        names.add(name)
        yield name, _statement(entry)


def _statement(entry: Entry) -> Statement:
    words = {field.name: entry.text(field.name) for field in fields(Statement) if entry.has(field.name)}
    stated = Statement(**words)
    if stated.risk is not None and stated.risk not in GRADES:
        entry.add_fault("risk", f'must be one of {", ".join(GRADES)}, got "{stated.risk}"')
    for name in ("next_review", "retirement"):
        _expect_day(entry, name, words.get(name))
    if stated.owner is not None and stated.owner == stated.reviewer:
        entry.add_fault("reviewer", "must be another than its owner")
    entry.close()
    return stated


def _expect_day(entry: Entry, name: str, said: str | None) -> None:
    if said is None or (name == "retirement" and said == NEVER):
        return
    try:
        date.fromisoformat(said)
    except ValueError:
        entry.add_fault(name, f'must be a day in quotes, as "2027-03-31", got "{said}"')


def _review(stated: Statement, today: date) -> str:
    if stated.next_review is None:
        return NOT_STATED
    return "overdue" if date.fromisoformat(stated.next_review) < today else "ahead"


def _kind(model: str) -> str:
    return next(words for start, words in KINDS.items() if model.startswith(start))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"The model inventory {path} is longer than {MOST_BYTES:,} bytes.")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        words = f"The model inventory {path} cannot be read: set FOURCAST_MODEL_INVENTORY to a UTF-8 file."
        raise InvalidInput(words) from error
