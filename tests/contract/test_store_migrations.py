"""Migrations lead to exactly the schema that the code speaks, once, from however many processes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from worker.errors import UserFault
from worker.store.engine import open_engine
from worker.store.migrate import upgrade
from worker.store.schema import metadata
from worker.store.version import MIGRATIONS, pending, revisions


def spelled(index: dict) -> dict:
    """An index with its WHERE as text."""
    return index | {"dialect_options": {name: str(said) for name, said in index["dialect_options"].items()}}


def shape(engine: Engine) -> dict[str, object]:
    """Everything a database says of its tables."""
    seen = inspect(engine)
    names = sorted(set(seen.get_table_names()) - {"alembic_version"})
    return {
        name: {
            "columns": [column | {"type": repr(column["type"])} for column in seen.get_columns(name)],
            "key": seen.get_pk_constraint(name),
            "references": sorted(map(str, seen.get_foreign_keys(name))),
            "unique": sorted(map(str, seen.get_unique_constraints(name))),
            "checks": sorted(map(str, seen.get_check_constraints(name))),
            "indexes": sorted(str(spelled(index)) for index in seen.get_indexes(name)),
        }
        for name in names
    }


@pytest.fixture
def empty(empty_url):
    engine = open_engine(empty_url)
    yield engine
    engine.dispose()


def test_migrations_make_exactly_the_tables_of_the_code(empty):
    upgrade(empty)
    migrated = shape(empty)
    with empty.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    metadata.drop_all(empty)
    metadata.create_all(empty)
    assert migrated == shape(empty)
    assert set(migrated) == set(metadata.tables)


def test_an_empty_database_is_pending_until_it_is_upgraded(empty):
    assert pending(empty)
    upgrade(empty)
    assert not pending(empty)
    upgrade(empty)
    assert not pending(empty)


def test_many_may_upgrade_at_once(empty_url):
    def one(_: int) -> bool:
        engine = open_engine(empty_url)
        upgrade(engine)
        still = pending(engine)
        engine.dispose()
        return still

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(one, range(6))) == [False] * 6


def test_a_database_of_a_newer_version_is_refused(engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for ask in (upgrade, pending):
        with pytest.raises(UserFault, match="newer version"):
            ask(engine)


def test_a_migration_that_fails_leaves_nothing_behind(empty):
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE cursors (name integer)"))
    with pytest.raises(Exception, match=r"already exists"):
        upgrade(empty)
    assert set(inspect(empty).get_table_names()) == {"cursors"}
    assert pending(empty)


def test_the_template_writes_a_migration_that_python_can_read(tmp_path):
    (tmp_path / "versions").mkdir()
    (tmp_path / "script.py.mako").write_text((MIGRATIONS / "script.py.mako").read_text())
    config = Config()
    config.set_main_option("script_location", str(tmp_path))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config).generate_revision("0001", "A change", head="base")
    assert script is not None
    compile(Path(script.path).read_text(), script.path, "exec")


def test_the_file_of_a_migration_begins_with_its_revision():
    chain = [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert revisions() == chain[::-1], "what a process knows at its start is what Alembic makes of the files"
