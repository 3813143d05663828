"""Practice: messages become lines of JSON in a file, and nothing leaves this machine."""

import json
import os
from pathlib import Path

from worker.ends.notify import Delivered, Letter, plain
from worker.errors import Transient


class FileNotifier:
    """Appends each message to a file, one JSON object a line."""

    def __init__(self, channel: str, path: Path) -> None:
        self._channel, self._path = channel, path

    def send(self, letter: Letter) -> Delivered:
        """Append it and see it on the disk."""
        said = {
            "id": letter.nonce, "channel": self._channel, "subject": letter.subject, "text": plain(letter),
            "answers": letter.answers, "pictures": [picture.cid for picture in letter.pictures],
        }  # fmt: skip
        try:
            with self._path.open("ab") as file:
                file.write(json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Transient(
                f"{self._path} cannot be written ({error.strerror}); make room or give us the right"
            ) from error
        return Delivered(letter.nonce)
