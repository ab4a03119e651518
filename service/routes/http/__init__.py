"""What every resource shares, around and below Flask. A view declares its scope and its schema; the rest happens here.

Order of a request: ``middleware`` -> ``guard`` -> ``idempotency`` -> ``json_body`` and ``fields`` -> the view ->
``responses`` or ``problems``.

    crm_audit        what a branch's client did, appended to the audit log
    cursors          where a page ended, as text that callers hand back and do not read
    fields           strict marshmallow fields, and one way to check a value against a schema
    guard            each view declares its scope and its reach, or that it is public, and is not reachable without
    headers          request headers with a meaning of their own
    idempotency      a write sent again gets the first answer, byte for byte, and is not carried out again
    json_body        bytes from outside become plain values, or a sentence that says what is wrong and where
    links            what each parameter of a path or header means, and where an answer that gives one leads
    metrics          Prometheus counters and histograms of the requests
    middleware       around every request, below Flask
    openapi          flask-smorest reads it from the routes, this adds what every operation shares
    problems         one shape for every error
    request_context  what the log, the metrics and the error answers want to know of one request
    responses        bytes with their headers, handed to the server without Flask's usual copying
    translation      problems in the caller's language
"""
