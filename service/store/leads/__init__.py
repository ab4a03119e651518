"""Leads: made, judged again, claimed, worked and credited, each step in one transaction under the customer's lock.

    open -> claimed -> contacted -> accepted -> sold          rejected, withdrawn, expired, erased end a lead
      ^--------'  (released)             sold from any of them; a sale corrected away leads back

The customer's row is locked before the lead's, as by every writer of the customer's facts. So nothing about the
customer changes between the judgement of the gates and the commit, and of eight advisers who claim one lead one gets
it. A lead stores what its gates were last judged by: the customer's revision, the release, and the time until which
that holds. A lead whose judgement is outdated (``list_doubtful``) is judged again before anybody sees it, and by the
runner within a second.

    rows         leads and advisers as stored
    advisers     advisers' hours, leave, substitute and skill, and how many leads each has at work
    attestations  advisers' yearly confirmations of the rules of conduct
    locked_lead  one lead under its customer's lock: changed, judged, its events recorded
    credit       sales credited to adviser and strategies, and the report of both
    repository   leads as stored: built, listed, worked, credited
"""

from service.store.leads.attestations import Attestation, AttestationRepository
from service.store.leads.locked_lead import LockedLead
from service.store.leads.repository import LeadRepository
from service.store.leads.rows import (
    ACCEPTED,
    AT_WORK,
    CLAIMED,
    CONTACTED,
    CREDIT_MS,
    EXPIRED,
    IN_HAND,
    OPEN,
    REJECTED,
    SOLD,
    WAITING,
    WITHDRAWN,
    Actor,
    AdviserRow,
    Lead,
    LeadJudgement,
    LeadSearch,
    NewLead,
    PastContact,
)

__all__ = [
    "ACCEPTED",
    "AT_WORK",
    "CLAIMED",
    "CONTACTED",
    "CREDIT_MS",
    "EXPIRED",
    "IN_HAND",
    "OPEN",
    "REJECTED",
    "SOLD",
    "WAITING",
    "WITHDRAWN",
    "Actor",
    "AdviserRow",
    "Attestation",
    "AttestationRepository",
    "Lead",
    "LeadJudgement",
    "LeadRepository",
    "LeadSearch",
    "LockedLead",
    "NewLead",
    "PastContact",
]
