"""Saved errors from files: what `explain` takes and what the examples of a mapping name."""

import json
import sys
from pathlib import Path
from typing import Any

from worker.errors import UserFault


def load_saved(file: Path, *, stdin: bool = False) -> dict[str, Any]:
    """The JSON object in a file, or with `stdin` for `-` what comes in there. UserFault says what is wrong with it."""
    try:
        raw = sys.stdin.buffer.read() if stdin and str(file) == "-" else file.read_bytes()
        data = json.loads(raw.decode("utf-8", errors="replace"))
    except OSError as error:
        raise UserFault(f"{file} cannot be read: {error.strerror}. Name a JSON file of one event or issue.") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise UserFault(
            f"{file} is not JSON: {error}. Save the event from Sentry's JSON link and try again."
        ) from error
    if not isinstance(data, dict):
        raise UserFault(f"{file} holds a {type(data).__name__}; one event or issue is a JSON object.")
    return data
