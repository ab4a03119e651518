"""Why, why not, and what would change it, in words: a decision told to a customer, an adviser and an auditor. Pure.

    wording     every sentence in Chinese and English, figures and days as people write them
    subject     what is explained, and what its policy calls everything
    story       one decision as a document: funnel, gates, sensitivity
    offers      each offer: its fate, its words, its factors, its channels
    unlocking   what would open which offers

What is told comes from ``decision`` (``trace``, ``funnel``, ``sensitivity``, ``shortfall``) and from the policy's own
texts; nothing is judged here, so an explanation cannot differ from the decision.
"""

from service.rendering.explanation import Contributions, explanation
from service.rendering.explanation_subject import Subject

__all__ = ["Contributions", "Subject", "explanation"]
