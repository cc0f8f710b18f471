"""Settings beside the store."""

from __future__ import annotations

import pytest

from app import settings
from app.errors import KnownError
from app.settings import Settings


def test_what_was_set_is_read_again(tmp_path):
    settings.write(tmp_path, Settings(daily_megabytes=50))
    assert settings.read(tmp_path) == Settings(daily_megabytes=50)


def test_a_missing_a_torn_and_a_foreign_file_mean_what_is_usual(tmp_path):
    assert settings.read(tmp_path) == Settings()
    path = tmp_path / "settings.toml"
    for text in ("daily_megabytes = ", 'daily_megabytes = "50"', "daily_megabytes = -1", "unknown = 3"):
        path.write_text(text, encoding="utf-8")
        assert settings.read(tmp_path) == Settings()


def test_a_disk_that_takes_nothing_is_said(tmp_path):
    with pytest.raises(KnownError, match="设置没有存下"):
        settings.write(tmp_path / "missing", Settings())
