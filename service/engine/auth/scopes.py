"""The scopes: what a client may be allowed to do, each with its meaning. A new scope is one line here."""

from collections.abc import Mapping

SCOPES: Mapping[str, str] = {
    "offers:read": "Read the next best offers of a customer.",
    "offers:explain": "Read whole decision records and portraits, with the facts they were made from.",
    "events:write": "Report what happened between customer and bank; reserve contacts.",
    "customers:read": "Read what customers permit, and what is stored of them.",
    "customers:write": "Store and erase customers, but for their risk assessment; read and say what they permit.",
    "assessments:write": "Beside customers:write: change a customer's risk assessment and qualification.",
    "preferences:write": "Read and say what customers permit; object to decisions; and nothing else of them.",
    "tokens:write": "Mint short-lived tokens of single customers, with no more scopes than the key has.",
    "leads:read": "Read the leads of a branch and its advisers.",
    "leads:write": "Claim leads, report what became of them, propose other offers; store advisers.",
    "webhooks:write": "Have changes sent to an address.",
    "campaigns:write": "Start, follow and stop jobs over many customers.",
    "policies:write": "Propose policies, compare and simulate them.",
    "policies:approve": "Make somebody else's proposal serve; roll back; withdraw a policy.",
    "policies:comply": "Sign somebody else's proposal for compliance.",
    "models:promote": "Compare bundles of models; make one serve, roll back.",
}
