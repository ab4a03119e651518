"""The policy of a bank in its first days, and what its app asks for."""

import orjson

from service.engine.engine import OfferRequest
from service.rules.policy import DEFAULT, Policy, from_documents, load

ASKED = OfferRequest(channel="mobile_app", placement="home_banner", limit=4)


def exploring() -> Policy:
    """The shipped policy of a bank that explores a lot in its first days, with a larger holdout."""
    documents = orjson.loads(orjson.dumps(dict(load(DEFAULT).documents), default=dict))
    page = documents["experiments"]
    page["exploration"]["epsilon"], page["holdout"]["share"], page["tests"] = 0.5, 0.15, []
    return from_documents(documents)
