"""The way from one schema to the next, forward and back, as Alembic scripts in plain PostgreSQL.

env       runs the migrations on the connection that service.store.maintenance.migrate hands over
versions  one file per step, numbered in order
"""
