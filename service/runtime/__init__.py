"""The process around the product: settings, servers from wheels, gunicorn's configuration, logs, traces.

anchors        places outside the database where the head of the audit log is written
child_process  a child process with bounds on its computing and its memory
config         every FOURCAST_* variable once, with its default, its range and its meaning
embedded       PostgreSQL and Valkey from their wheels, where the bank has given no servers
gunicorn       gunicorn --config python:service.runtime.gunicorn "service.app:wsgi()"
logs           log records as JSON lines, in the same form as the request lines
tracing        traces by OpenTelemetry, where a collector's address is set
"""
