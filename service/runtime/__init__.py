"""What the process needs besides the product: settings, servers from wheels, gunicorn's configuration, logs, traces.

child_process  a process of its own, with bounds on its computing and its memory
config         every FOURCAST_* variable once, with its default, its range and its meaning
embedded       PostgreSQL and Valkey from their wheels, for whoever has no servers of their own
gunicorn       gunicorn --config python:service.runtime.gunicorn "service.app:wsgi()"
logs           everything else that is logged, in the same form as the request lines
tracing        traces by OpenTelemetry, where a collector's address is set
"""
