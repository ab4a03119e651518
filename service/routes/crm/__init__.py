"""Resources for the branch's CRM and its jobs.

advisers  /v1/advisers: who works leads, how long, what they may sell, and who replaces them on leave
attestations  /v1/advisers/{adviser_id}/attestations: the yearly confirmation of the rules of conduct
leads     /v1/lead-builds and /v1/leads: the branch's list, made, worked and reported
jobs      /v1/jobs: the offers of more customers than one call takes, decided beside the requests
changes   GET /v1/changes: what changed since a token, in order, each change once
webhooks  /v1/webhooks: changes sent to an address, signed by the Standard Webhooks specification
"""
