"""Verbs of the operator: start, serve, look before traffic, keys, secrets, audit.

audit             `fourcast audit`: does the log's chain of hashes hold, and what does it say
check             `fourcast check`: before traffic, see that everything is in place
demo              `fourcast demo`: a whole Fourcast from nothing
deployment_check  everything a deployment can have wrong, looked at at once, each with where to mend it
feed              `fourcast feed`: what the feed of changes tells beside customers, leads and jobs
keys              `fourcast keys`: who may call the service
migrate           `fourcast migrate`: the database brought to the schema of this version
openapi           `fourcast openapi`: the contract as a document, for generators and linters, without a server
secrets           `fourcast secrets`: a new key, every secret in the database sealed with the newest one
serve             `fourcast serve`: gunicorn with the service's own configuration
work              `fourcast work`: the runner of jobs and deliveries, a process of its own
"""
