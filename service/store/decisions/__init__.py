"""Decisions as stored, and what came of them: read for measuring, drift and training.

decisions  decisions by their id, a UUIDv7
outcomes   what came of decisions, by arm, by decision, by customer
"""
