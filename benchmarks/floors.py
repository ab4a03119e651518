"""The least a Flask service can do: (a) a bare view, (b) a view that reads one Redis key and returns its bytes."""

import os

import flask
import redis

BODY = b'{"offers": []}' + b" " * 2500
KEY = "floor"


def bare() -> flask.Flask:
    """Floor (a): the framework alone."""
    app = flask.Flask(__name__)

    @app.get("/v1/customers/<customer_id>/offers")
    def offers(customer_id: str) -> flask.Response:
        return flask.Response(BODY, mimetype="application/json")

    return app


def redis_get() -> flask.Flask:
    """Floor (b): the framework and one GET by redis-py with its C parser."""
    app = flask.Flask(__name__)
    server = redis.Redis.from_url(os.environ["FOURCAST_REDIS_URL"])
    server.set(KEY, BODY)

    @app.get("/v1/customers/<customer_id>/offers")
    def offers(customer_id: str) -> flask.Response:
        return flask.Response(server.get(KEY), mimetype="application/json")

    return app
