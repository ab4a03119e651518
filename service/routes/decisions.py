"""GET /v1/decisions/{decision_id}: one decision as it was recorded, with all it was made from."""

from flask import Response

from service.domain import Client
from service.errors import NotFound
from service.routes.access import engine, needs, word
from service.routes.contract import Resource, operation, shown
from service.routes.facts import facts
from service.routes.replies import NO_STORE, Ready
from service.routes.schemas import DecisionRecord

blueprint = Resource("decisions", __name__, description="What was decided, and from what.")


@blueprint.serve(
    "/v1/decisions/<string:decision_id>",
    **operation(
        "getDecision",
        "offers:explain",
        {"200": shown("The record, byte for byte as it was stored.", DecisionRecord)},
        NotFound,
    ),
)
@needs("offers:explain")
def decision(client: Client, decision_id: str) -> Response:
    """One decision with its snapshot, versions, factors and reasons

    To a customer's own key the decisions of others do not exist (404).
    """
    word(decision_id, "decision_id")
    facts().decision_id = decision_id
    return Ready(_record(client, decision_id), 200, [NO_STORE])


def _record(client: Client, decision_id: str) -> bytes:
    try:
        if client.customer_id in (None, engine().decided_for(decision_id)):
            return engine().decision(decision_id)
    except NotFound:
        pass  # the same words for a stranger's decision as for none
    raise NotFound("No such decision. Decisions are kept as long as the bank's retention says.")
