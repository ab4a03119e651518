"""Decisions as words and bytes, in Chinese and English: an answer, an explanation, a portrait. Pure.

The texts come from ``decision``, from ``decision.trace`` and from the policy. Nothing is judged here, so an explanation
cannot differ from the decision.

    answer               the answer to a request, as JSON bytes
    explanation          the analyst's explanation of one decision, as a document: everything
    explanation_subject  what is explained: a decision with everything it was made from
    offer_explanation    one offer of the explanation: its outcome, factors and channels
    unlocks              what would unlock further offers
    portrait             a customer's portrait in Chinese or English
    labels               the labels that decide for a customer, and what each does
    readers              the explanation for the customer, and for the adviser who speaks with them
    copy_page            the copy of everything about a customer, as one page to read
    copy_names           what the codes of that copy are called
    wording              every sentence of an explanation, in Chinese and English
"""

from service.rendering.explanation import Contributions, write_explanation
from service.rendering.explanation_subject import Subject

__all__ = ["Contributions", "Subject", "write_explanation"]
