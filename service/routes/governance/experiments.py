"""GET /v1/experiments: the lift of each standing test, strategy and challenger, with intervals."""

import orjson
from flask import Response, request

from service.core.domain import Client
from service.engine.outcomes.experiments import DAYS, WINDOW_DAYS
from service.routes.http.fields import Open, QueryInteger, Strict, check
from service.routes.http.guard import engine
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse

api = Resource("experiments", __name__, description="What the parts of the method bring.")


class ExperimentsQuery(Strict):
    """The time span."""

    days = QueryInteger(1, 3660, load_default=DAYS, metadata={"description": "How far back.", "example": DAYS})
    window_days = QueryInteger(
        1, 366, load_default=WINDOW_DAYS, metadata={"description": "Days in which a take counts.", "example": 30}
    )


class ExperimentsAnswer(Open):
    """Customers, takes and value of every arm, and the lift of each test with its intervals and verdict."""


_QUERY = ExperimentsQuery()


@api.get(
    "/v1/experiments",
    scope="offers:explain",
    query=ExperimentsQuery,
    answers={"200": response_doc("The lift of every test.", ExperimentsAnswer)},
)
def list_experiments(client: Client) -> Response:
    """What each standing test, strategy and challenger brings

    Customers served by the whole method beside those served without one part of it, with 95 % intervals, and a plain
    verdict that also says when it cannot tell yet. Not for a customer's own key.
    """
    asked = check(_QUERY, request.args.to_dict(), "The query does not fit.")
    return RawResponse(orjson.dumps(engine().experiments.report(**asked)), 200, [NO_STORE])
