"""Customers: stored, merged with a bank's files, read in one round trip, erased; and their consents.

repository         customers by id or external key: read, stored, sampled, loaded, erased
snapshots          all that a decision reads of a customer, in one statement
attribute_sources  the source of each attribute, and as of when
consents           the ledger of consents: each purpose's words, the newest holds
copy               everything about one customer, table by table, or the ground on which it is left out
listing            customers page by page in the order of their ids, to reconcile another system with
file_import        a bank's files, merged with what is stored
objections         customers' objections to decisions: opened, answered by a person, withdrawn
erasure            erasing a customer: deleted tables, and rows kept under a pseudonym
"""
