"""Personal traits, and the grounds on which a rule may tell customers apart by one.

A trait is what a policy marks ``personal`` in ``attributes.yaml``, and besides that every attribute with one of
``TRAIT_WORDS`` in its name or in one of its values: a policy cannot unmark sex or age. Who the customer is may not
decide which terms they are offered (PIPL article 24), unless the law or the product's issuer says so: ``TRAIT_GROUNDS``
is the list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.core.domain import Text

FIT = "fit"
GATES = frozenset({"eligibility", "applicability", "suitability", "contact"})
FORMULA = "formula"
"""The stage of a ticket, value or response formula."""

TRAIT_WORDS = frozenset(
    {"sex", "gender", "female", "male", "woman", "women", "man", "men", "age", "birth", "birthday", "born", "marital"}
    | {"married", "ethnic", "ethnicity", "nation", "nationality", "race", "religion", "region", "province", "hukou"}
    | {"education", "occupation", "profession", "income", "disability", "disabled", "pregnant", "health", "children"}
    | {"salutation", "honorific", "lady", "ladies", "gentleman", "wife", "husband", "mother", "father", "maternity"}
    | {"pregnancy", "birthdate", "dob", "birthplace", "citizenship", "religious", "xingbie", "nianling", "minzu"}
)
"""Words of an attribute's name that tell a trait, whether or not it is marked."""


@dataclass(frozen=True, slots=True)
class TraitGround:
    """One lawful ground: which traits may tell customers apart, by which rules, for offers of which kinds.

    ``traits`` are words of ``TRAIT_WORDS``. ``kinds`` None: of every kind.
    """

    id: str
    traits: frozenset[str]
    stages: frozenset[str]
    meaning: Text
    kinds: frozenset[str] | None = None

    def covers(self, names: Iterable[str]) -> bool:
        """Whether each of these attributes is, by a word of its name, a trait that the ground speaks of."""
        return all(not self.traits.isdisjoint(name.split("_")) for name in names)


TRAIT_GROUNDS: Mapping[str, TraitGround] = {
    ground.id: ground
    for ground in (
        TraitGround(
            "legal-capacity",
            frozenset({"age", "birth"}),
            GATES,
            {"zh": "民事行为能力", "en": "Who may act in law: minors"},
        ),
        TraitGround(
            "protection",
            frozenset({"age", "birth", "disability", "disabled", "health", "occupation"}),
            GATES,
            {"zh": "对未成年人、学生、老年人的保护", "en": "Minors, students or the elderly are protected by it"},
        ),
        TraitGround(
            "insurer-limits",
            frozenset({"age", "birth", "sex", "gender", "health"}),
            GATES,
            {"zh": "保险公司规定的投保条件", "en": "The insurer's terms say whom it insures"},
            kinds=frozenset({"insurance"}),
        ),
        TraitGround(
            "means",
            frozenset({"income"}),
            GATES | {FORMULA},
            {"zh": "客户的财务状况", "en": "The customer's financial situation (suitability)"},
        ),
        TraitGround(
            "licence-area",
            frozenset({"region", "province"}),
            GATES,
            {"zh": "许可的经营区域", "en": "Where the bank, or the product, is licensed"},
        ),
        TraitGround(
            "stage-of-life",
            frozenset({"age", "birth", "children", "occupation", "education"}),
            frozenset({FIT}),
            {"zh": "人生阶段的需要；只影响排序", "en": "A need of that stage of life; it orders and closes nothing"},
        ),
    )
}
"""The lawful grounds, by id. None lets sex, marital status, origin or belief decide on terms."""
