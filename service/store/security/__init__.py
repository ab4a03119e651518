"""Security: clients, the audit log, stored answers of repeated requests, secrets.

clients       clients and their API keys
access_log    looks at customers by a branch's clients
idempotency   idempotency keys, and the stored answer of each request that carries one
audit         the audit log: a chain in which each row's hash covers the row and the hash before it
audit_values  values of one customer beside the chain, erased with the customer
pseudonyms    keyed digests of erased customers' ids
sealing       encryption of stored secrets, with keys that the database does not hold
signing_keys  keys that offer tokens and customer tokens are signed with
"""
