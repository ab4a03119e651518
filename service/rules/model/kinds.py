"""Product kinds: what the law says of a kind of product, whatever the catalogue says of an offer of that kind.

``STATUTORY_KINDS`` is the floor: one row a kind. A policy states its kinds in ``kinds.yaml``; a row there may be
stricter than the floor and never laxer (``laxer_than``). A kind that the floor does not know states everything, and is
held to what its family demands (``floor_of``). ``analysis.policy_checks.product_kinds`` holds the offers to their
kinds.

Grounds: PBOC announcement 2016 No. 13 (large CDs from 200,000 yuan); CBIRC 2019 No. 204 (structured deposits from
10,000 yuan, 24 hours to withdraw); Asset Management Guiding Opinions 2018 art. 5, 6 (private products: qualified
investors, from 300,000 yuan, 24 hours); Deposit Insurance Regulations 2015; AMAC guide to suitability 2017 (least risk
of each kind of fund); CBRC notice 2017 No. 110 (insurance face to face, recorded) and the 15 days to return it. Funds
and insurance have other issuers by the Law on Securities Investment Funds and the Insurance Law.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from service.core.domain import Family

BANK_KINDS = ("structured", "term", "large_cd", "wealth_product", "fund", "plan")
"""The kinds in which a bank counts what was bought: a product kind belongs to one of them, or to none (demand money,
insurance)."""
ANYWHERE, FACE_TO_FACE = "anywhere", "face_to_face"
SOLD = (ANYWHERE, FACE_TO_FACE)
"""Where a kind may be sold: in every channel, or only where a person of the bank speaks with the customer."""
PRIVATE_HOURS = 24.0
"""Hours in which a private product or a risk-rated deposit can be withdrawn from."""
ALWAYS_SAID = ("not-a-deposit", "no-guarantee")
"""Disclosures of every wealth product."""


@dataclass(frozen=True, slots=True)
class ProductKind:
    """One kind of product: what every offer of the kind must state.

    Attributes
    ----------
    id
        The value of the term ``product`` of its offers.
    bank_kind
        Of ``BANK_KINDS``; None for none of them.
    family
        Of its offers.
    insured
        Whether an offer may say that it is covered by deposit insurance.
    least_risk, most_risk
        Bounds of an offer's risk level, 1 to 5; both None where the kind is not risk-rated.
    cooling_off_hours, minimum_yuan
        An offer states at least so much.
    sold
        Of ``SOLD``.
    recording, qualified_staff
        A sale is recorded; whoever explains it has the qualification for it.
    qualified_only
        For qualified investors only.
    agency_only
        Other companies issue it by law: a bank sells it as their agent.
    disclosures
        Of ``DISCLOSURES``: what every message about an offer says.
    most_share
        How much of what a customer keeps with the bank may go into the kind, 0 to 1; None: no bound.
    """

    id: str
    bank_kind: str | None
    family: str
    insured: bool = False
    least_risk: int | None = None
    most_risk: int | None = None
    cooling_off_hours: float = 0.0
    minimum_yuan: float = 0.0
    sold: str = ANYWHERE
    recording: bool = False
    qualified_staff: bool = False
    qualified_only: bool = False
    agency_only: bool = False
    disclosures: tuple[str, ...] = ()
    most_share: float | None = None

    @property
    def rated(self) -> bool:
        """Whether its offers state a risk level."""
        return self.least_risk is not None


def _deposit(kind: str, bank_kind: str | None, minimum_yuan: float = 0.0, *more: str) -> ProductKind:
    said = ("deposit-insurance", *more)
    return ProductKind(kind, bank_kind, Family.DEPOSIT, insured=True, minimum_yuan=minimum_yuan, disclosures=said)


def _wealth(kind: str, bank_kind: str | None, least: int, most: int, *more: str) -> ProductKind:
    said = (*ALWAYS_SAID, *more)
    staff = least > 1
    return ProductKind(
        kind, bank_kind, Family.WEALTH, least_risk=least, most_risk=most, qualified_staff=staff, disclosures=said
    )


STATUTORY_KINDS: Mapping[str, ProductKind] = {
    kind.id: kind
    for kind in (
        _deposit("demand", None),
        _deposit("notice", "term", 50_000),
        _deposit("instalment", "term", 0, "early-withdrawal"),
        _deposit("term", "term", 0, "early-withdrawal"),
        _deposit("large_cd", "large_cd", 200_000, "early-withdrawal"),
        ProductKind(
            "structured",
            "structured",
            Family.DEPOSIT,
            least_risk=1,
            most_risk=5,
            cooling_off_hours=PRIVATE_HOURS,
            minimum_yuan=10_000,
            disclosures=("no-guarantee", "cooling-off"),
        ),
        _wealth("cash", "wealth_product", 1, 2),
        _wealth("fixed_income", "wealth_product", 1, 3),
        _wealth("fixed_income_plus", "wealth_product", 2, 4),
        _wealth("mixed", "wealth_product", 3, 5),
        _wealth("equity", "wealth_product", 4, 5),
        replace(_wealth("bond_fund", "fund", 2, 3), agency_only=True),
        replace(_wealth("index_fund", "fund", 3, 5), agency_only=True),
        replace(_wealth("equity_fund", "fund", 3, 5), agency_only=True),
        replace(
            _wealth("insurance", None, 1, 5, "cooling-off", "surrender-loss"),
            cooling_off_hours=360.0,
            sold=FACE_TO_FACE,
            recording=True,
            qualified_staff=True,
            agency_only=True,
        ),
        replace(
            _wealth("plan", "plan", 2, 5, "cooling-off", "qualified-only"),
            cooling_off_hours=PRIVATE_HOURS,
            minimum_yuan=300_000,
            qualified_only=True,
        ),
    )
}
"""The floor, by id."""

NAME_WORDS: Mapping[str, tuple[str, ...]] = {
    "structured": ("结构性存款", "structured deposit"),
    "large_cd": ("大额存单", "large denomination"),
    "notice": ("通知存款", "notice deposit"),
    "fixed_income": ("固定收益", "固收", "fixed income"),
    "mixed": ("混合", "mixed", "balanced"),
    "equity": ("权益", "股票", "equity", "stock"),
    "bond_fund": ("债券", "基金", "bond", "fund"),
    "index_fund": ("指数", "index", "基金", "fund"),
    "equity_fund": ("权益", "股票", "equity", "stock", "基金", "fund"),
    "cash": ("现金管理", "理财", "cash management", "wealth management"),
    "insurance": ("保险", "年金", "insurance", "annuity"),
    "plan": ("资产管理计划", "资管计划", "asset management plan"),
}
"""Words by which a name tells its kind; an offer named so is of that kind, or of one at least as strict."""

ISSUER_WORDS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("基金管理", "fund management"): ("bond_fund", "index_fund", "equity_fund", "plan"),
    ("保险", "人寿", "insurance"): ("insurance", "plan"),
    ("证券", "期货", "信托", "securities", "futures", "trust"): ("bond_fund", "index_fund", "equity_fund", "plan"),
}
"""Words by which an issuer's name tells what it issues; an offer of that issuer is of one of the kinds, or of one at
least as strict. A product of a fund manager is no cash management of a bank, whatever it is called."""

LEAST_OF_BANK_KIND: Mapping[str, str] = {
    "structured": "structured",
    "large_cd": "large_cd",
    "fund": "bond_fund",
    "plan": "plan",
}
"""The mildest kind of the law by the bank's kind: a new kind of that bank's kind is held to it."""

DISCLOSURES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "deposit-insurance": {"zh": ("存款保险",), "en": ("deposit insurance",)},
    "early-withdrawal": {"zh": ("提前支取",), "en": ("withdrawn early", "early withdrawal")},
    "not-a-deposit": {"zh": ("非存款", "不是存款", "并非存款"), "en": ("not a bank deposit", "not a deposit")},
    "no-guarantee": {"zh": ("不保证", "非保本", "不保本"), "en": ("not guaranteed", "no guarantee")},
    "cooling-off": {"zh": ("冷静期", "犹豫期"), "en": ("withdraw within", "cooling off", "hesitation period")},
    "surrender-loss": {"zh": ("退保",), "en": ("surrender", "surrendering")},
    "qualified-only": {"zh": ("合格投资者",), "en": ("qualified investors",)},
}
"""What a disclosure of a kind must contain, by language: one of these phrases."""


FLAGS = ("recording", "qualified_staff", "qualified_only", "agency_only")
"""What a kind may ask for, and a stricter one does."""


def laxer_than(kind: ProductKind, floor: ProductKind) -> Iterator[tuple[str, str]]:
    """The keys in which a kind is laxer than another, each with what was expected."""
    if kind.family != floor.family:
        yield "family", floor.family
    if kind.insured and not floor.insured:
        yield "insured", "false"
    if (kind.least_risk or 0) < (floor.least_risk or 0):
        yield "least_risk", f"at least {floor.least_risk}"
    if floor.most_risk is not None and not (kind.most_risk or 6) <= floor.most_risk:
        yield "most_risk", f"at most {floor.most_risk}"
    for key in ("cooling_off_hours", "minimum_yuan"):
        if getattr(kind, key) < getattr(floor, key):
            yield key, f"at least {getattr(floor, key):,.0f}"
    if floor.sold == FACE_TO_FACE and kind.sold != FACE_TO_FACE:
        yield "sold", FACE_TO_FACE
    for key in FLAGS:
        if getattr(floor, key) and not getattr(kind, key):
            yield key, "true"
    if missing := [said for said in floor.disclosures if said not in kind.disclosures]:
        yield "disclosures", f"also {', '.join(missing)}"
    if floor.most_share is not None and (kind.most_share is None or kind.most_share > floor.most_share):
        yield "most_share", f"at most {floor.most_share:g}"


def floor_of(kind: ProductKind) -> ProductKind:
    """What the law demands of a kind: its row of ``STATUTORY_KINDS``; else that of the mildest kind of its bank kind;
    else what its family and its buyers demand.
    """
    known = STATUTORY_KINDS.get(kind.id)
    if known is not None:
        return known
    mildest = LEAST_OF_BANK_KIND.get(kind.bank_kind or "")
    if mildest is not None:
        return replace(STATUTORY_KINDS[mildest], id=kind.id, most_risk=None)
    rated = kind.family == Family.WEALTH or kind.rated
    rests = PRIVATE_HOURS if kind.qualified_only or (rated and kind.family == Family.DEPOSIT) else 0.0
    said = ALWAYS_SAID if kind.family == Family.WEALTH else ("no-guarantee",) if rated else ()
    return ProductKind(
        id=kind.id,
        bank_kind=kind.bank_kind,
        family=kind.family,
        insured=not rated,
        least_risk=1 if rated else None,
        cooling_off_hours=rests,
        disclosures=(*said, *(("cooling-off",) if rests else ())),
    )
