"""Rows of whole numbers as arrays: hundreds of thousands of them, in little memory and without an object for each."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, Select, cast, select
from sqlalchemy.exc import OperationalError

Numbers = NDArray[np.int64]

PAGE = 50_000
"""So many rows are read at once: all of them as Python objects would take ten times the memory."""

_HEADER = 19
"""Bytes before the first row of a binary COPY (PostgreSQL manual, COPY, "Binary Format")."""


def pages(connection: Connection, query: Select[*tuple[int, ...]]) -> Iterator[Numbers]:
    """The rows of a query of whole numbers, page by page. None of them may be null."""
    return _copied(connection, query) if connection.dialect.name == "postgresql" else _plain(connection, query)


def _plain(connection: Connection, query: Select[*tuple[int, ...]]) -> Iterator[Numbers]:
    wide = len(query.selected_columns)
    for rows in connection.execution_options(yield_per=PAGE).execute(query).partitions():
        yield np.fromiter(chain.from_iterable(rows), np.int64, len(rows) * wide).reshape(-1, wide)


def _copied(connection: Connection, query: Select[*tuple[int, ...]]) -> Iterator[Numbers]:
    """By COPY: rows that the driver makes objects of cost four times as much. Its errors are those of every query."""
    columns = [cast(one, BigInteger) for one in query.subquery().c]
    statement = select(*columns).compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    row = np.dtype([("columns", ">i2"), ("of", [("size", ">i4"), ("value", ">i8")], (len(columns),))])
    driver = connection.connection.driver_connection
    if driver is None:
        raise ValueError("a connection that was given back is read from")
    asked = f"COPY ({statement}) TO STDOUT (FORMAT BINARY)"
    try:
        with driver.cursor() as cursor, cursor.copy(asked) as copy:
            held, start = bytearray(), _HEADER
            for block in copy:
                # Blocks that are kept to be joined later cost more than all else here.
                held += block
                if len(held) > PAGE * row.itemsize:
                    numbers, held = _read(held, start, row)
                    start = 0
                    yield numbers
            yield _read(held, start, row)[0]
    except psycopg.OperationalError as error:
        raise OperationalError(asked, None, error) from error


def _read(held: bytearray, start: int, row: np.dtype[np.void]) -> tuple[Numbers, bytearray]:
    """The whole rows from there on, and what is left."""
    whole = (len(held) - start) // row.itemsize
    end = start + whole * row.itemsize
    return np.frombuffer(bytes(held[start:end]), row)["of"]["value"], held[end:]
