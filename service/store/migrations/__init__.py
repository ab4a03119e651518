"""The way from one schema to the next, forward and back, as Alembic scripts in plain PostgreSQL."""
