"""The REST API, one file per resource. What a view does not say stands in the files it shares.

    offers, events, decisions, health, docs    the resources
    access       who may do what: scopes, a customer's own key
    bodies       JSON from outside, hardened
    fields       strict fields; all problems of an input at once
    schemas      inputs and answers
    contract     the OpenAPI document
    problems     one shape for every error; ``translation`` tells it in Chinese, by the rows of ``chinese``
    languages    which language the caller likes
    replies      bytes and headers, sent as they are
    envelope     request and trace ids, log line, metrics; ``facts`` and ``metrics`` belong to it

A new resource is one file with a ``blueprint``, and its row in ``app.BLUEPRINTS``.
"""
