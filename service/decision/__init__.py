"""The decision: what to offer one customer, or many, through which channel, and why. Pure.

``decide`` for one customer (``single``), ``decide_many`` for a population (``batch``), ``permit`` before a contact
(``contact_permission``); ``encode`` and ``replay`` (``record``) store and repeat them. In order: a policy is
``compiled`` once -> the customer's arm (``arms``) -> what may be read (``columns``, ``privacy``) -> every cell is
judged -> best channel, order. Nothing here reads a clock, a file or chance: ``now`` comes with the context, and chance
is a hash of the customer, the day and the policy. So the same inputs give the same bytes, today and in an audit.

    compiled            a policy compiled to decide
    arms                the arms of experiments: who is in which, and what each does differently
    privacy             who is personalised, and what stays unread of those who are not
    columns             the columns that a rule or formula may read
    law                 the statutory gates, asked of every cell after the policy's own
    segment_and_stage   the trained segment and the stage of life, as columns of rules
    segment_membership  the declared segments of strategies.yaml that a customer is in
    single              one customer at one moment
    population          what decide_many reads, and what it answers
    batch               many customers at one moment
    positioning         message variants: the segment's words for each offer of a decision
    record              the record of a decision
    contact_permission  the permission for one contact, asked at the moment of contact
    portrait            the portrait of one customer at one moment
    trace               why, why not, and what would change it
"""

from service.decision.batch import decide_many, judge_many, population_of
from service.decision.compiled import compile_policy
from service.decision.population import Decisions, Population
from service.decision.record import decode, encode, redact_record, replay
from service.decision.single import decide, decide_with_stops
from service.decision.trace.cells import TracedTreatment, Unlock, find_unlocks, trace_cells
from service.scoring.propensity import Scores

__all__ = [
    "Decisions",
    "Population",
    "Scores",
    "TracedTreatment",
    "Unlock",
    "compile_policy",
    "decide",
    "decide_many",
    "decide_with_stops",
    "decode",
    "encode",
    "find_unlocks",
    "judge_many",
    "population_of",
    "redact_record",
    "replay",
    "trace_cells",
]
