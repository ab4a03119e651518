"""Resources for the branch's CRM and its jobs.

advisers     /v1/advisers: who works leads, how long, what they may sell, and who stands in for them on leave
changes      GET /v1/changes: what changed since a token, in order, nothing missed and nothing told twice
jobs         /v1/jobs: the offers of more customers than one call takes, decided beside the requests
lead_builds  /v1/lead-builds and /v1/leads/report: make a branch's list, and see what became of it
leads        /v1/leads: the branch's list, and what an adviser or a manager does with a lead
webhooks     /v1/webhooks: have changes sent to an address, signed by the Standard Webhooks specification
"""
