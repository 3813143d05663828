"""Alembic's entry: it runs this file under the name `env_py`, on the connection that `migrate` opened."""

from alembic import context

from worker.store.schema import metadata


def run() -> None:
    """Run the migrations asked for, in the transaction that the connection is in."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":
    run()
