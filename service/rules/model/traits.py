"""Personal traits, and the grounds on which a rule may tell customers apart by one.

A trait is what a policy marks ``personal`` in ``attributes.yaml``, and besides that every attribute with one of
``TRAIT_WORDS`` in its name or in one of its values: a policy cannot unmark sex or age. Who the customer is may not
decide which terms they are offered (PIPL article 24), unless the law or the product's issuer says so: ``TRAIT_GROUNDS``
is the list.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from service.core.attributes import Attribute
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


ORDER = "NFRA order 2025 No. 7"
"""Suitability: to know the customer's age, means and needs is what it asks for."""
ADULT, ELDERLY, OLDEST = 18, 60, 120
"""Years of age: full capacity (Civil Code art. 17), the elderly (law of 1996, art. 2), and beyond any customer."""


def words_of(name: str) -> list[str]:
    """The words of an attribute's name."""
    return re.split(r"[_ ]", name)


@dataclass(frozen=True, slots=True)
class TraitGround:
    """One lawful ground: which traits may tell customers apart, by which rules, for offers of which kinds.

    ``traits`` are words of ``TRAIT_WORDS``. ``kinds`` None: of every kind. ``laws``: what a rule's own ground must
    name, where it names no rule. ``ages``: at no age from the first up to, not including, the second may a gate close
    anything by age; None: at any age. ``lifts``: a fit rule may raise, not lower.
    """

    id: str
    traits: frozenset[str]
    stages: frozenset[str]
    meaning: Text
    laws: tuple[str, ...]
    kinds: frozenset[str] | None = None
    ages: tuple[int, int] | None = None
    lifts: bool = False

    def covers(self, names: Iterable[str]) -> bool:
        """Whether each of these attributes is, by a word of its name, a trait that the ground speaks of."""
        return all(not self.traits.isdisjoint(words_of(name)) for name in names)

    def rests_on(self, ground: str, rules: Collection[str]) -> bool:
        """Whether a stated ground names one of the laws that this ground rests on, or a rule that exists, by its id.

        >>> TRAIT_GROUNDS["legal-capacity"].rests_on("Civil Code art. 17", ())
        True
        >>> TRAIT_GROUNDS["legal-capacity"].rests_on("we have always done so", ())
        False
        """
        named = set(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)+", ground))
        return any(law in ground for law in self.laws) or not named.isdisjoint(rules)


TRAIT_GROUNDS: Mapping[str, TraitGround] = {
    ground.id: ground
    for ground in (
        TraitGround(
            "legal-capacity",
            frozenset({"age", "birth"}),
            GATES,
            {"zh": "民事行为能力", "en": "Who may act in law: minors"},
            ("Civil Code", "民法典", ORDER),
            ages=(ADULT, OLDEST),
        ),
        TraitGround(
            "protection",
            frozenset({"age", "birth", "disability", "disabled", "health", "occupation"}),
            GATES,
            {"zh": "对未成年人、学生、老年人的保护", "en": "Minors, students or the elderly are protected by it"},
            (
                ORDER,
                "Law on the Protection of Minors",
                "Law on the Protection of the Elderly",
                "未成年人保护法",
                "老年人",
            ),
            ages=(ADULT, ELDERLY),
        ),
        TraitGround(
            "insurer-limits",
            frozenset({"age", "birth", "sex", "gender", "health"}),
            GATES,
            {"zh": "保险公司规定的投保条件", "en": "The insurer's terms say whom it insures"},
            ("Insurance Law", "Product terms of the insurer", "保险法", "保险条款"),
            kinds=frozenset({"insurance"}),
        ),
        TraitGround(
            "means",
            frozenset({"income"}),
            GATES | {FORMULA},
            {"zh": "客户的财务状况", "en": "The customer's financial situation (suitability)"},
            (ORDER, "Asset Management Guiding Opinions", "资管新规"),
        ),
        TraitGround(
            "licence-area",
            frozenset({"region", "province"}),
            GATES,
            {"zh": "许可的经营区域", "en": "Where the bank, or the product, is licensed"},
            ("Commercial Bank Law", "Banking Supervision Law", "商业银行法", "银行业监督管理法"),
        ),
        TraitGround(
            "stage-of-life",
            frozenset({"age", "birth", "children", "occupation", "education"}),
            frozenset({FIT}),
            {"zh": "人生阶段的需要；只影响排序", "en": "A need of that stage of life; it orders and closes nothing"},
            (ORDER,),
            lifts=True,
        ),
    )
}
"""The lawful grounds, by id. None lets sex, marital status, origin or belief decide on terms."""


def is_trait(name: str) -> bool:
    """Whether an attribute's name tells a trait, marked or not."""
    return not TRAIT_WORDS.isdisjoint(words_of(name))


def tells_trait(attribute: Attribute) -> bool:
    """Whether an attribute's name or one of its values tells a trait."""
    return any(map(is_trait, (attribute.name, *(attribute.values or ()))))
