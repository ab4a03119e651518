"""What the service does or sends later: the feed of changes, webhooks, deliveries, jobs, and how much of it waits.

backlog     what waits to be worked off, by queue
deliveries  nothing that changed is forgotten, nothing is sent for what did not happen
feed        nothing missed and nothing told twice, however many write at once
jobs        jobs as a queue in PostgreSQL
webhooks    who listens to what, and with which secret
"""
