"""The statutory gates: what the law demands of every offer, whatever a policy says; one row a law. Pure.

A policy may be stricter, never laxer. ``STATUTORY`` is read twice: serving compiles the rows and asks them after the
policy's own gates, and the check of a policy proves that its gates imply them. A row is written in the rule language,
over names that no author can redefine: raw attributes (``LAW_COLUMNS``), terms of the catalogue and the channels
(``LAW_TERMS``), the day, and the customer's answers (``ANSWERS``). As any gate, it passes where ``require`` is true or
``applies`` is false, so what is unknown closes unless the row says otherwise.

A stop by one of these is always a fault of the policy: its own gates had let the offer through. Only the rows with
``everybody`` also speak of customers who withdrew personalisation, whom a policy may not read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from service.core.context import DAY_NAMES
from service.core.domain import Text
from service.core.expressions import Expression, Kind, Name, parse
from service.rules.model.rules import GateRule
from service.rules.vocabulary import CHANNEL, HISTORY, OFFER

LAW = "law-"
"""The beginning of every statutory gate's id; no rule of a policy may have it."""

LAW_COLUMNS: Mapping[str, Kind] = {
    "customer.deceased": Kind.BOOLEAN,
    "customer.frozen": Kind.BOOLEAN,
    "customer.age": Kind.NUMBER,
    "customer.risk_tolerance": Kind.NUMBER,
    "customer.risk_assessed_on": Kind.DATE,
    "customer.qualified_investor": Kind.BOOLEAN,
    "customer.demand_yuan": Kind.MONEY,
    "customer.time_deposit_yuan": Kind.MONEY,
    "customer.structured_deposit_yuan": Kind.MONEY,
    "customer.large_cd_yuan": Kind.MONEY,
    "customer.wealth_product_yuan": Kind.MONEY,
    "customer.fund_yuan": Kind.MONEY,
    "customer.plan_yuan": Kind.MONEY,
}
"""What the law reads of a customer: a policy must hold each as a raw attribute of this kind, never as a feature."""

BALANCES = tuple(name for name, kind in LAW_COLUMNS.items() if kind is Kind.MONEY)
"""The balances whose known ones add up to a customer's known assets."""

LAW_BOUNDS: Mapping[str, tuple[float, float]] = {"customer.age": (0.0, 150.0), "customer.risk_tolerance": (1.0, 5.0)}
"""What the law reads as unknown when it lies outside."""

LAW_TERMS: Mapping[str, Kind] = {
    "offer.risk": Kind.NUMBER,
    "offer.qualified_only": Kind.BOOLEAN,
    "offer.in_person": Kind.BOOLEAN,
    "offer.minimum_yuan": Kind.MONEY,
    "channel.face_to_face": Kind.BOOLEAN,
    "channel.recording": Kind.BOOLEAN,
    "channel.qualified_staff": Kind.BOOLEAN,
}
"""What the law reads of the catalogue's and the channels' own terms; one that is not stated is unknown."""

KIND_TERMS: Mapping[str, Kind] = {"kind.recording": Kind.BOOLEAN, "kind.qualified_staff": Kind.BOOLEAN}
"""What the law reads of an offer's kind (``decision.law.kind_columns``); no author states it of an offer."""

ANSWERS: Mapping[str, Name] = {
    "history.consent": HISTORY["history.consent"],
    "consent.contact": Name(Kind.BOOLEAN, frozenset({"customer"})),
    "consent.personal": Name(Kind.BOOLEAN, frozenset({"customer"})),
}
"""What the customer answered: marketing in the channel; contact as such; whether they are served personally.

``consent.personal`` is never unknown: false where personalisation was withdrawn or nothing is known of the customer.
"""

LAW_SCHEMA: Mapping[str, Name] = {
    **{name: Name(kind, frozenset({"customer"})) for name, kind in LAW_COLUMNS.items()},
    **{name: Name(kind, frozenset({name.partition(".")[0]}), static=True) for name, kind in LAW_TERMS.items()},
    **{name: Name(kind, frozenset({"offer"}), static=True) for name, kind in KIND_TERMS.items()},
    "offer.family": OFFER["offer.family"],
    "channel.direction": CHANNEL["channel.direction"],
    **ANSWERS,
    **{day.name: Name(day.kind) for day in DAY_NAMES},
}
"""Every name that a statutory gate may read."""

MEANS = 10
"""A minimum above so many times all that a customer is known to own is clearly out of proportion to their means."""
SMALL_YUAN = 10_000
"""A minimum up to this amount is out of proportion to nobody's means: newcomers bring money the bank cannot see."""


@dataclass(frozen=True, slots=True)
class StatutoryGate:
    """One law. ``stage`` is that of the policy's gates beside it, ``ground`` the article.

    ``everybody``: it reads its attributes also of customers who withdrew personalisation.
    """

    id: str
    stage: str
    reason: Text
    ground: str
    require: str
    applies: str | None = None
    everybody: bool = False


RISK_RATED = "offer.family = 'wealth' or offer.risk is not null"
"""Every offer with a risk rating, and every wealth product, whether it states one or not."""
OUTBOUND = "channel.direction = 'outbound'"
ASSETS = " + ".join(f"coalesce({name}, 0)" for name in BALANCES)
"""The sum of the balances that are known."""

STATUTORY: tuple[StatutoryGate, ...] = (
    StatutoryGate(
        id="law-not-deceased",
        stage="eligibility",
        reason={"zh": "客户已故，不得推荐任何产品", "en": "Nothing is offered in the name of the deceased"},
        ground="Civil Code art. 13",
        require="not coalesce(customer.deceased, false)",
        everybody=True,
    ),
    StatutoryGate(
        id="law-not-frozen",
        stage="eligibility",
        reason={"zh": "账户处于冻结状态，不得推荐任何产品", "en": "Nothing is offered while the accounts are frozen"},
        ground="PBOC, RMB Bank Settlement Account Measures",
        require="not coalesce(customer.frozen, false)",
        everybody=True,
    ),
    StatutoryGate(
        id="law-adults",
        stage="eligibility",
        reason={"zh": "风险产品仅面向成年人", "en": "Risk-rated products are for adults only"},
        ground="Civil Code art. 17 to 19; NFRA order 2025 No. 7 art. 19",
        applies=RISK_RATED,
        require="coalesce(customer.age, 18) >= 18",
    ),
    StatutoryGate(
        id="law-qualified",
        stage="eligibility",
        reason={"zh": "私募产品仅面向合格投资者", "en": "Private products are for qualified investors only"},
        ground="Asset Management Guiding Opinions 2018 art. 5; NFRA order 2025 No. 7 art. 30",
        applies="coalesce(offer.qualified_only, false)",
        require="customer.qualified_investor",
    ),
    StatutoryGate(
        id="law-in-person",
        stage="eligibility",
        reason={"zh": "该产品须当面销售并录音录像", "en": "This product is sold face to face only, with recording"},
        ground="CBRC notice 2017 No. 110 (recording of sales)",
        applies="coalesce(offer.in_person, false)",
        require="channel.face_to_face",
    ),
    StatutoryGate(
        id="law-tolerance",
        stage="suitability",
        reason={
            "zh": "产品风险等级高于客户风险承受能力，或尚未测评",
            "en": "The product's risk is above the customer's tolerance, or one of the two is unknown",
        },
        ground="NFRA order 2025 No. 7 art. 12 (suitability)",
        applies=RISK_RATED,
        require="customer.risk_tolerance >= offer.risk",
    ),
    StatutoryGate(
        id="law-assessment",
        stage="suitability",
        reason={
            "zh": "风险测评已超过12个月或尚未测评",
            "en": "The risk assessment is older than 12 months or was never taken",
        },
        ground="NFRA order 2025 No. 7 art. 29 (valid 12 months)",
        applies=RISK_RATED,
        require="customer.risk_assessed_on between context.year_ago and context.today",
    ),
    StatutoryGate(
        id="law-care-from-65",
        stage="suitability",
        reason={
            "zh": "65岁及以上客户购买高风险产品须当面办理并二次确认",
            "en": "From 65, high-risk products are offered face to face only, with a second confirmation",
        },
        ground="NFRA order 2025 No. 7 (care for customers from 65)",
        applies="coalesce(offer.risk, 0) >= 4",
        require="customer.age < 65 or channel.face_to_face",
    ),
    StatutoryGate(
        id="law-means",
        stage="suitability",
        reason={
            "zh": "起点金额与客户的财务状况明显不相称",
            "en": "The minimum amount is clearly out of proportion to the customer's means",
        },
        ground="NFRA order 2025 No. 7 art. 12 (financial situation)",
        applies=f"({RISK_RATED}) and coalesce(offer.minimum_yuan, 0) > {SMALL_YUAN}",
        require=f"coalesce({', '.join(BALANCES)}) is null or offer.minimum_yuan <= {MEANS} * ({ASSETS})",
    ),
    StatutoryGate(
        id="law-recording",
        stage="contact",
        reason={"zh": "该产品的销售须全程留痕记录", "en": "The sale of this product is recorded"},
        ground="金规〔2025〕6号 (agency sales); CBRC notice 2017 No. 110 (recording of sales)",
        applies="coalesce(kind.recording, false)",
        require="channel.recording",
    ),
    StatutoryGate(
        id="law-qualified-staff",
        stage="contact",
        reason={"zh": "须由具备相应资格的人员介绍该产品", "en": "Only staff qualified for this product may explain it"},
        ground="金规〔2025〕6号 (agency sales); NFRA order 2025 No. 7 (qualification of sales staff)",
        applies="coalesce(kind.qualified_staff, false)",
        require="channel.qualified_staff",
    ),
    StatutoryGate(
        id="law-consent",
        stage="contact",
        reason={
            "zh": "客户未同意该渠道的营销联系",
            "en": "The customer has not agreed to marketing in this channel",
        },
        ground="PIPL art. 14, 15; Advertising Law art. 43",
        applies=OUTBOUND,
        require="history.consent",
    ),
    StatutoryGate(
        id="law-no-contact",
        stage="contact",
        reason={"zh": "客户已拒绝营销联系", "en": "The customer refused to be contacted"},
        ground="PIPL art. 15, 24; Advertising Law art. 43",
        applies=OUTBOUND,
        require="coalesce(consent.contact, true)",
    ),
    StatutoryGate(
        id="law-personalisation",
        stage="contact",
        reason={
            "zh": "客户已关闭个性化推荐，不主动联系",
            "en": "No outbound contact with customers without personalisation",
        },
        ground="PIPL art. 24; algorithm provisions art. 17",
        applies=OUTBOUND,
        require="consent.personal",
    ),
)
"""The laws, in the order in which a reason is named."""

FOR_EVERYBODY = frozenset(gate.id for gate in STATUTORY if gate.everybody)
"""The gates that also read attributes of customers without personalisation."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the bank must have confirmed before it sells an offer that every gate opens, where ``when`` is true."""

    id: str
    text: Text
    ground: str
    when: str


CONFIRMATIONS: tuple[Confirmation, ...] = (
    Confirmation(
        id="second-confirmation",
        text={
            "zh": "客户年满65岁且产品为R4或R5：销售前须二次确认",
            "en": "From 65 with R4 or R5: have the customer confirm a second time before the sale",
        },
        ground="NFRA order 2025 No. 7 (care for customers from 65)",
        when="coalesce(offer.risk, 0) >= 4 and coalesce(customer.age, 65) >= 65",
    ),
)
"""A customer of unknown age is taken as 65."""


def read_expressions(gate: StatutoryGate) -> tuple[Expression | None, Expression]:
    """``applies`` (None: always) and ``require`` of a gate, checked against ``LAW_SCHEMA``."""
    return None if gate.applies is None else read_text(gate.applies), read_text(gate.require)


@cache
def read_text(text: str) -> Expression:
    """A condition over ``LAW_SCHEMA``.

    Raises: ExpressionError: when it is none.
    """
    return parse(text, LAW_SCHEMA, Kind.BOOLEAN)


@cache
def statutory_rules() -> tuple[GateRule, ...]:
    """The statutory gates as rules, in their order: of no strategy, so that nothing switches them off."""
    return tuple(_rule(gate, *read_expressions(gate)) for gate in STATUTORY)


def _rule(gate: StatutoryGate, applies: Expression | None, require: Expression) -> GateRule:
    return GateRule(
        id=gate.id,
        concern="consumer",
        stage=gate.stage,
        strategy="",
        reason=gate.reason,
        ground=gate.ground,
        applies=applies,
        require=require,
    )
