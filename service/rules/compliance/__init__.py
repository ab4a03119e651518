"""What a message may not say, and what it must: the bank's words checked against conduct rules.

Order: ``spelling`` brings a text to one form; ``promises`` searches two tables of wordings in it, and two of ``frames``
(who promises what of which figure); ``denial`` and ``contexts`` free what is denied or honest; ``demands`` names what
is missing; ``faults`` puts it together. A policy can add words of its own, and take none away.
chinese    what may not be promised in Chinese, by class; the version of the list
chinese_frames    who promises what of which figure in Chinese: concepts and frames
contexts   honest uses of words that otherwise promise: safety of an account, fees, shares, losses
demands    what a message must say
denial     whether a sentence denies, forbids or warns of a promise
english    what may not be promised in English, by class; the version of the list
english_frames    the same in English
faults     why a text may not reach a customer
frames     promises put together from several concepts, in any order
links      where a message may lead: the hosts that the policy lists, and nowhere further
promises   the promises in a text, and words in disguise
reasons    why a text may not be said, in the language of the person who wrote it
spelling   a text in one form, with only the marks that part sentences and clauses
table      concepts and rows of a language's list, compiled
"""

from service.rules.compliance.faults import message_faults, text_faults, wording_faults
from service.rules.compliance.promises import VERSION

__all__ = ["VERSION", "message_faults", "text_faults", "wording_faults"]
