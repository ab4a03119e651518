"""Alembic's entry: runs the migrations on the connection that ``service.store.maintenance.migrate`` hands over."""

from alembic import context

from service.store.schema import METADATA


def run() -> None:
    """Within the transaction that is already open."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=METADATA,
        transaction_per_migration=False,
    )
    context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads this file; anybody else only looks at it
    run()
