"""What every resource shares, around and below Flask. An endpoint is one decorator of ``resource``; the rest is here.

In the order of a request:

    middleware       WSGI wrapper of every request: names, log line, metrics, trace
    request_context  names and outcome of one request, for log, metrics and error answers
    metrics          Prometheus counters and histograms of the requests
    resource         endpoints: one decorator guards a view, serves it and documents it
    guard            scopes and bound clients: who may call an endpoint, and for which customers
    idempotency      a write with an Idempotency-Key: repeated, it gets the first answer
    headers          request headers with a meaning of their own
    query            query strings against a schema; cursors of lists, and the link to the next page
    json_body        JSON bodies: bytes become plain values, or an error that says what is wrong and where
    fields           strict marshmallow fields, and the check of a value against a schema
    responses        finished answers: bytes with their headers, without Flask's copying
    problems         errors as problem+json, one shape for all
    translation      problems in the caller's language
    openapi          the OpenAPI document, made from the endpoints
"""
