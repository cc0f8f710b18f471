"""What is exchanged looks the same on every machine: its own fonts are left out."""

from __future__ import annotations

import pytest

from app.exchange.documents import rare_fonts


@pytest.fixture(autouse=True)
def no_fonts_of_this_machine(monkeypatch):
    """No rare characters but those of the fonts that come along."""
    monkeypatch.setattr(rare_fonts, "font_folders", tuple)
    rare_fonts.rare_faces.cache_clear()
    yield
    rare_fonts.rare_faces.cache_clear()
