"""The shape of a mapping file as JSON Schema, for editors that complete and underline."""

from typing import Any

from worker.mapping.schema import MappingFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The JSON Schema (hence Any) of one mapping file: every key with its description, short spellings included.

    It knows shapes only: names of trackers, conditions, templates and status words are for `check`.
    """
    return {"$schema": DIALECT, **MappingFile.model_json_schema(), "title": "Bugferry mapping"}
