"""Compare what people see with the files beside; `--update-golden` rewrites them."""

from pathlib import Path

import pytest

FILES = Path(__file__).parent / "files"


@pytest.fixture
def golden(request):
    def same(name: str, text: str) -> None:
        file = FILES / name
        if request.config.getoption("--update-golden"):
            FILES.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"look at the difference, then --update-golden ({name})"

    return same
