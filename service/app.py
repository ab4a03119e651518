"""The Flask app of one engine: endpoints, error handlers, middleware.

``create_app`` only assembles. ``wsgi`` is called by gunicorn in each worker after the fork. It reads the settings and
opens store, cache and engine there, so that processes share no connection and no model.
"""

import logging
import os
from collections.abc import Callable
from typing import Any

import orjson
from flask import Flask, request
from flask.sessions import NullSession, SessionInterface

from service.cache import Cache
from service.engine.engine import Engine
from service.routes import docs, resources
from service.routes.http.guard import expect_scopes
from service.routes.http.headers.cors import Cors
from service.routes.http.metrics import note_worker
from service.routes.http.middleware import Middleware, to_stdout
from service.routes.http.openapi.document import document
from service.routes.http.problems import install_error_handlers
from service.routes.http.request_context import request_context
from service.runtime import tracing
from service.runtime.config import Settings
from service.runtime.logs import log_as_json
from service.store import Store

LOG = logging.getLogger("fourcast.app")


class _NoSessions(SessionInterface):
    """No sessions: the service sets no cookies."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Any) -> NullSession:
        return self._none

    def is_null_session(self, obj: object) -> bool:
        return True


class Service(Flask):
    """Flask without sessions. Its log of a failure names the trace and the route template, not the path."""

    session_interface = _NoSessions()

    def log_exception(self, exc_info: Any) -> None:
        """Log the traceback with the ``trace_id`` that the caller received."""
        route = request.url_rule.rule if request.url_rule else None
        LOG.error(
            "unexpected failure", exc_info=exc_info, extra={"trace_id": request_context().trace_id, "route": route}
        )


def create_app(settings: Settings, engine: Engine, log: Callable[[bytes], object] = to_stdout) -> Flask:
    """Return the app that serves ``engine``; ``log`` takes one line per request.

    Raises: InvalidInput: where an endpoint lacks a scope or other parts, naming its file.
    """
    app = Service("fourcast", static_folder=None)
    app.url_map.merge_slashes = False
    app.extensions["fourcast"] = engine
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    install_error_handlers(app)
    contract = document(app, resources())
    app.extensions[docs.CONTRACT] = orjson.dumps(contract, option=orjson.OPT_INDENT_2)
    app.register_blueprint(docs.blueprint)
    expect_scopes(app)
    served = Cors(app.wsgi_app, settings.cors_origins) if settings.cors_origins else app.wsgi_app
    app.wsgi_app = Middleware(served, log)  # type: ignore[method-assign]
    return app


def wsgi() -> Flask:
    """Return the app of one worker. The URLs of database and cache must be set (``fourcast serve`` sets them)."""
    settings = Settings.read(os.environ)
    log_as_json(settings.log_level)
    note_worker()
    tracing.start(settings.traces_url, settings.traces_share)
    store = Store(str(settings.database_url), settings.database_deadline_ms, settings.secret_keys)
    cache = Cache(str(settings.redis_url), settings.redis_deadline_ms / 1000)
    return create_app(settings, Engine(settings, store, cache))
