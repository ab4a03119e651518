"""A benchmark is told the same everywhere, with basis and method, and orders nothing. Pure.

An offer states its benchmark as the term ``benchmark`` (and ``benchmark_high``, where it is a range). Then every
message of the offer, in each channel, language and for each segment, tells that figure, its basis and method, and that
it is no expected yield, in the same words; and no message tells a figure that is not stated. No rule, value formula or
response reads it: offers of asset management are never ordered by their benchmark.

Ground: CBIRC order 2021 No. 4; measures on the disclosure of asset-management products, in force 1 September 2026;
measures on online marketing of financial products, in force 30 September 2026.
"""

from collections.abc import Iterator, Sequence

from service.core.domain import Family
from service.core.errors import Problem
from service.core.expressions import Expression
from service.rules.compliance.demands import BENCHMARK, missing_of_benchmark
from service.rules.compliance.promises import figures_in
from service.rules.compliance.spelling import normalise, read_text
from service.rules.messages import format_value
from service.rules.model.rules import LANGUAGES, Message, Offer
from service.rules.policy import Policy

TERMS = ("benchmark", "benchmark_high")
METHOD = {"zh": ("测算", "计算", "方法"), "en": ("method", "calculated", "computed", "worked out")}
INDEX = ("指数", "index")
"""A benchmark that is an index needs no figure of its own: its parts in per cent are no yield."""


def find_benchmark_faults(policy: Policy) -> list[Problem]:
    """Every message that tells a benchmark otherwise than it is stated, and every rule that reads one."""
    found = [*_read(policy)]
    for offer in policy.offers:
        for language in LANGUAGES:
            said = [
                message for (name, language_, message) in _messages(policy) if (name, language_) == (offer.id, language)
            ]
            found += _told(policy, offer, language, said)
    return list(dict.fromkeys(found))


def _messages(policy: Policy) -> Iterator[tuple[str, str, Message]]:
    for written in (policy.messages, *(variant.messages for variant in policy.variants.values())):
        for (offer, _, language), message in written.items():
            yield offer, language, message


def _told(policy: Policy, offer: Offer, language: str, said: Sequence[Message]) -> Iterator[Problem]:
    where = f'message of offer "{offer.id}"'
    stated = {
        format_value(value, policy.offer_terms[name])
        for name in TERMS
        if name in policy.offer_terms and (value := offer.terms.get(name)) is not None
    }
    if stated and offer.family != Family.WEALTH:
        yield Problem(f'catalogue.yaml: offer "{offer.id}"', "states a benchmark; only wealth offers have one")
    tellings = {_telling(message) for message in said}
    for telling in tellings:
        yield from (Problem(where, f"({language}) {fault}") for fault in _faults(telling, stated, language))
    yield from (Problem(where, f"({language}) {fault}") for fault in _unexplained(said, language))
    if len(tellings) > 1 and any(tellings):
        yield Problem(where, f"({language}) tells its benchmark in other words in one channel than in another")


def _telling(message: Message) -> tuple[str, ...]:
    """The sentences that name a benchmark, in one spelling."""
    sentences = read_text("\n".join((message.title, message.body, *message.disclosures))).sentences
    return tuple(sentence for sentence in sentences if any(word in sentence for word in BENCHMARK))


def _faults(telling: tuple[str, ...], stated: set[str], language: str) -> Iterator[str]:
    whole = "\n".join(telling)
    told = {figure for sentence in telling for figure in figures_in(sentence)}
    for figure in sorted(stated - told):
        yield f"must tell the benchmark {figure} that the offer states, as in every channel"
    if not any(word in whole for word in INDEX):
        for figure in sorted(told - stated):
            yield f"tells the benchmark {figure}, which the offer does not state (terms: {', '.join(TERMS)})"


def _unexplained(messages: Sequence[Message], language: str) -> Iterator[str]:
    """A benchmark whose basis, method or nature the message does not tell."""
    for message in messages:
        words = "\n".join((message.title, message.body, *message.disclosures))
        yield from missing_of_benchmark(words, language)
        if any(word in normalise(words) for word in BENCHMARK) and not any(
            word in normalise(words) for word in METHOD[language]
        ):
            yield f"a benchmark needs its method: expected {' or '.join(map(repr, METHOD[language]))}"


def _read(policy: Policy) -> Iterator[Problem]:
    """Every rule and formula that reads a benchmark."""
    for where, expression in _expressions(policy):
        for name in sorted(one for one in expression.names if one.removeprefix("offer.").startswith(TERMS[0])):
            yield Problem(where, f"reads {name}: offers are never ordered, weighed or closed by their benchmark")


def _expressions(policy: Policy) -> Iterator[tuple[str, Expression]]:
    for gate in policy.gates:
        for expression in (gate.require, *([] if gate.applies is None else [gate.applies])):
            yield f'{gate.concern}.yaml: rule "{gate.id}"', expression
    for fit in policy.fits:
        yield f'{fit.concern}.yaml: rule "{fit.id}"', fit.when
    for family in policy.families.values():
        yield f'catalogue.yaml: family "{family.id}"', family.ticket
        yield f'catalogue.yaml: family "{family.id}"', family.value
    for channel in policy.channels:
        yield f'channels.yaml: channel "{channel.id}"', channel.response
