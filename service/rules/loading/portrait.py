"""portrait.yaml: labels, holdings, stages, needs, tags, lifetime value and satisfaction of a customer.

Every expression is checked against the names of one customer on one day; offers and channels are no part of a portrait.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.core.attributes import AttributeTable
from service.core.context import DAY_NAMES
from service.core.expressions import Kind, Name
from service.rules.loading.documents.entry import Entry
from service.rules.model.market import PREFIX
from service.rules.model.portrait import (
    PORTRAIT_NAMES,
    Holding,
    LifetimeTerms,
    PortraitTerms,
    Question,
    SatisfactionTerms,
    ShownAttribute,
    StageOfLife,
    Tag,
)
from service.rules.model.rules import CONCERNS, Schema
from service.rules.vocabulary import FAMILIES

FILE = "portrait.yaml"
OF_THE_DAY = frozenset(row.name for row in DAY_NAMES)


def read_portrait(page: Entry, whole: Schema | None, table: AttributeTable | None) -> PortraitTerms:
    """The portrait's terms; ``whole`` is the schema of the rules, None while it cannot be known."""
    schema = None if whole is None else {n: e for n, e in portrait_schema(whole).items() if n not in PORTRAIT_NAMES}
    stages = tuple(_stage(entry, schema) for entry in page.children("stages", "stage"))
    drawn = None if schema is None else {**schema, **_drawn(stages)}
    terms = PortraitTerms(
        who=tuple(_shown(entry, table) for entry in page.children("who", "who", named_by="attribute")),
        holdings=tuple(_holding(entry, schema) for entry in page.children("holdings", "holding")),
        stages=stages,
        needs=tuple(_tag(entry, drawn) for entry in page.children("needs", "need", optional=True)),
        tags=tuple(_tag(entry, drawn) for entry in page.children("tags", "tag", optional=True)),
        lifetime=_lifetime(page.child("lifetime")),
        satisfaction=_satisfaction(page.child("satisfaction")),
    )
    _demand_free_names(page, {} if table is None else table.schema())
    page.close()
    return terms


def portrait_schema(whole: Schema) -> dict[str, Name]:
    """The names of a schema that describe one customer on one day; the market is the same for all."""
    return {
        name: entry
        for name, entry in whole.items()
        if name in OF_THE_DAY
        or name.startswith(PREFIX)
        or (name.startswith(("customer.", "history.")) and entry.axes == {"customer"})
    }


def segment_and_stage_names(document: object) -> dict[str, Name]:
    """The names of a customer's segment and stage, for rules; the document's stages are the words of
    ``customer.stage``.
    """
    stages = document.get("stages") if isinstance(document, Mapping) else None
    rows = [row for row in stages if isinstance(row, Mapping)] if isinstance(stages, list) else []
    known = tuple(str(row["id"]) for row in rows if "id" in row) or None
    names = ("customer.segment", "customer.stage")
    return {name: replace(PORTRAIT_NAMES[name], values=known if name.endswith("stage") else None) for name in names}


def _drawn(stages: Sequence[StageOfLife]) -> Mapping[str, Name]:
    """The further names of tags and needs; the stages are the words of ``customer.stage``."""
    known = tuple(stage.id for stage in stages) or None
    return {**PORTRAIT_NAMES, "customer.stage": replace(PORTRAIT_NAMES["customer.stage"], values=known)}


def _demand_free_names(page: Entry, whole: Schema) -> None:
    for name in PORTRAIT_NAMES:
        if name in whole:
            page.add_fault(
                "", f'works out {name} itself; attributes.yaml must name its "{name.partition(".")[2]}" otherwise'
            )


def _shown(entry: Entry, table: AttributeTable | None) -> ShownAttribute:
    """It names an attribute: a feature says what a customer does, not who they are."""
    known = [attribute.name for attribute in table.attributes] if table is not None else []
    attribute = entry.choice("attribute", known) if known else entry.text("attribute")
    shown = ShownAttribute(attribute, entry.bilingual("name"))
    entry.close()
    return shown


def _stage(entry: Entry, schema: Schema | None) -> StageOfLife:
    stage = StageOfLife(entry.name("id"), entry.bilingual("name"), entry.expression("when", schema, Kind.BOOLEAN))
    entry.close()
    return stage


def _tag(entry: Entry, schema: Schema | None) -> Tag:
    tag = Tag(entry.name("id"), entry.bilingual("text"), entry.expression("when", schema, Kind.BOOLEAN))
    entry.close()
    return tag


def _holding(entry: Entry, schema: Schema | None) -> Holding:
    holding = Holding(
        id=entry.name("id"),
        family=entry.choice("family", FAMILIES),
        name=entry.bilingual("name"),
        yuan=entry.expression("yuan", schema, Kind.MONEY),
        margin_yuan=entry.expression("margin_yuan", schema, Kind.MONEY),
    )
    entry.close()
    return holding


def _lifetime(entry: Entry) -> LifetimeTerms:
    terms = LifetimeTerms(
        years=entry.whole("years", 1, 50),
        discount_rate=entry.number("discount_rate", 0.0, 1.0, "per year"),
        lapse_per_year=entry.number("lapse_per_year", 0.0, 1.0, "a probability"),
        servicing_yuan=entry.number("servicing_yuan", 0.0, 100_000.0, "yuan per year"),
    )
    entry.close()
    return terms


def _satisfaction(entry: Entry) -> SatisfactionTerms:
    low, high = entry.number("low", -100.0, 100.0), entry.number("high", -100.0, 100.0)
    if low >= high:
        entry.add_fault("high", f"must be above low ({low:g}), got {high:g}")
    terms = SatisfactionTerms(
        low=low,
        high=high,
        window_days=entry.number("window_days", 1.0, 366.0, "days"),
        threshold=entry.number("threshold", 0.0, 100.0, "of an index from 0 to 100"),
        questions=tuple(_question(one) for one in entry.children("questions", "question")),
    )
    entry.close()
    return terms


def _question(entry: Entry) -> Question:
    question = Question(
        id=entry.name("id"),
        concern=entry.choice("concern", CONCERNS),
        importance=entry.number("importance", 1.0, 10.0),
        text=entry.bilingual("text"),
    )
    entry.close()
    return question
