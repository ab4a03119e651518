"""The decision: what to offer one customer, or many, through which channel, and why. Pure.

    decide       one customer at one moment                      ``one``
    decide_many  the same for a population, as arrays             ``many``
    encode       a decision with all it was made from, as bytes  ``record``
    replay       those bytes, made again from the policy          ``record``
    trace        every gate, rule and factor of every treatment   ``explain``
    unlocks      which fact would open what                       ``explain``
    prepared     a policy made ready; worth calling at load       ``program``

Nothing here reads a clock, a file or chance: ``now`` comes with the context, and chance is a hash of the customer, the
day and the policy. So the same inputs give the same bytes, today and in an audit.
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
