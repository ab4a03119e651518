"""The decision: what to offer one customer, or many, through which channel, and why. Pure.

``decide`` for one customer (``single``), ``decide_many`` for a population (``batch``), ``permit`` before a contact
(``contact_permission``); ``encode`` and ``replay`` (``record``) keep and repeat them. In order: a policy is
``compiled`` once -> the customer's arm (``subject``, ``arms``) -> what may be read (``columns``, ``privacy``) -> every
cell is judged -> best channel, order. Nothing here reads a clock, a file or chance: ``now`` comes with the context, and
chance is a hash of the customer, the day and the policy. So the same inputs give the same bytes, today and in an audit.

    arms                what each does differently from the whole method
    batch               many customers at one moment
    batch_arms          many customers of many small arms, judged together
    columns             the columns that a rule or formula may read
    compiled            a policy made ready to decide
    contact_permission  may this contact be made now
    lifecycle           the segment that the models found them in, and their stage of life, as columns
    membership          conditions over one customer, worked out apart from any decision
    population          what decide_many reads, and what it answers
    positioning         which segment's words each offer of a decision is told in
    privacy             what may not be read of a customer who is not personalised
    record              the record of a decision
    single              decide
    subject             whom a decision is about, and how much of them it may read
    trace               why, why not, and what would change it
"""

from service.decision.batch import decide_many, population
from service.decision.compiled import prepared
from service.decision.population import Decisions, Population
from service.decision.record import decode, encode, redacted, replay
from service.decision.single import decide
from service.decision.trace.trace import TracedTreatment, Unlock, trace, unlocks
from service.scoring.propensity import Scores

__all__ = [
    "Decisions",
    "Population",
    "Scores",
    "TracedTreatment",
    "Unlock",
    "decide",
    "decide_many",
    "decode",
    "encode",
    "population",
    "prepared",
    "redacted",
    "replay",
    "trace",
    "unlocks",
]
