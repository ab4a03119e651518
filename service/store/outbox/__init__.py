"""Work and messages for later: jobs, webhooks, deliveries, and how much of it waits.

jobs        a queue of jobs, taken under a lease, done in parts
webhooks    addresses that receive changes, and their secrets
deliveries  webhook deliveries: queued, leased, retried, given up
backlog     how much waits, by queue
"""
