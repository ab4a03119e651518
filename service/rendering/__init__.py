"""Decisions in words, in Chinese and English: the answer to a request, and the explanation of a decision. Pure.

What is told comes from ``decision`` and ``decision.trace`` and from the policy's own texts; nothing is judged here, so
an explanation cannot differ from the decision.

    answer               a decision in words, as the bytes a caller receives
    explanation          one decision as a document
    explanation_subject  what an explanation is of
    offer_explanation    one offer of a decision
    unlocks              what would change a decision
    portrait             a customer\'s portrait in Chinese or English
    wording              every sentence of an explanation, in Chinese and English
"""

from service.rendering.explanation import Contributions, write_explanation
from service.rendering.explanation_subject import Subject

__all__ = ["Contributions", "Subject", "write_explanation"]
