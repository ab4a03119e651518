"""Who may ask, what was done, and what must not be read: clients, the audit log, answers kept for a key, secrets.

access_log    who of a branch looked at whom
audit         a chain in which each row's hash covers the row and the hash before it
audit_values  what the audit log says of one customer
bounds        how many of a kind one client has, counted so that whoever adds another just then waits
clients       clients and their keys
idempotency   requests that carry an Idempotency-Key
sealing       what the database holds of them is sealed with keys that it does not hold
signing_keys  the keys that offer tokens are signed with
"""
