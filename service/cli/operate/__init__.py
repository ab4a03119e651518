"""Verbs of the operator: start, serve, check before traffic, keys, secrets, audit.

audit             `fourcast audit`: the audit log and its chain of hashes
check             `fourcast check`: the check before traffic, every fault at once
demo              `fourcast demo`: a whole Fourcast from nothing
deployment_check  the faults a deployment can have, each with where to mend it
feed              `fourcast feed`: whether the feed of changes has decisions, beside customers, leads and jobs
keys              `fourcast keys`: who may call the service
mandates          `fourcast mandates`: who signs for compliance, and who may act for whom
migrate           `fourcast migrate`: the database brought to the schema of this version
openapi           `fourcast openapi`: the contract as a document, for generators and linters, without a server
secrets           `fourcast secrets`: a new key, every secret in the database sealed with the newest one
serve             `fourcast serve`: gunicorn with the service's own configuration
work              `fourcast work`: the runner of jobs and deliveries, a process of its own
"""
