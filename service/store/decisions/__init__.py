"""Decisions as stored, and what came of them: read for measuring, drift and training.

arm_outcomes     what became of each arm's customers
customer_sample  a sample of the customer base for a simulation
decisions        decisions by their id, a UUIDv7
labelled         decisions with what came of them
learned          read for measuring, drift and training, never on a request's road
recent           the latest decision of each customer served lately, and what these customers took
training_data    what the service has lived through with its customers
"""
