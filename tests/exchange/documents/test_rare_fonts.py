"""Rare characters: drawn by a font of this machine where there is one, else shown by their code point and named."""

from __future__ import annotations

import subprocess

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from app.exchange.documents import rare_fonts
from app.exchange.documents.fonts import cut, face_for, missing_glyphs
from app.exchange.documents.ledger import print_ledger

RARE = ["𪚥", "𫝀", "𫠠", "𫠡", "\U0002ceb0", "\U0002ebe0"]  # of extensions B to F


def make_font(path, characters, *, closed=False):
    """A font file that draws a square for each of *characters*."""
    pen = TTGlyphPen(None)
    for at in ((0, 0), (0, 800), (800, 800)):
        (pen.moveTo if at == (0, 0) else pen.lineTo)(at)
    pen.closePath()
    square = pen.glyph()
    names = [f"u{ord(char):X}" for char in characters]
    build = FontBuilder(1000, isTTF=True)
    build.setupGlyphOrder([".notdef", *names])
    build.setupCharacterMap(dict(zip(map(ord, characters), names, strict=True)))
    build.setupGlyf(dict.fromkeys([".notdef", *names], square))
    build.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (1000, 0)))
    build.setupHorizontalHeader(ascent=880, descent=-120)
    build.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    build.setupOS2(fsType=2 if closed else 0)
    build.setupPost()
    build.save(str(path))


@pytest.fixture
def fonts(tmp_path, monkeypatch):
    """A folder of fonts in the place of the system's."""
    folder = tmp_path / "fonts" / "truetype"
    folder.mkdir(parents=True)
    monkeypatch.setattr(rare_fonts, "font_folders", lambda: (folder.parent,))
    rare_fonts.rare_faces.cache_clear()
    cut.cache_clear()
    yield folder
    rare_fonts.rare_faces.cache_clear()
    cut.cache_clear()


def test_a_font_of_this_machine_draws_what_the_carried_ones_lack(fonts, tmp_path):
    make_font(fonts / "HanaMinB.ttf", RARE)
    assert {char: face_for(char, "serif") for char in RARE} == dict.fromkeys(RARE, "rare-hanaminb")
    assert face_for("李", "serif") == "serif"
    out = tmp_path / "it.pdf"
    assert print_ledger("名册", ["姓名"], [[f"李{char}"] for char in RARE], out) == ()
    text = subprocess.run(["pdftotext", str(out), "-"], capture_output=True, text=True, check=True).stdout
    assert all(f"李{char}" in text for char in RARE)


def test_what_no_font_has_is_named_and_shown_by_its_code_point(fonts, tmp_path):
    make_font(fonts / "HanaMinB.ttf", RARE[:1])
    out = tmp_path / "it.pdf"
    assert print_ledger("名册", ["姓名"], [["李𪚥"], ["李𫠡"]], out) == ("𫠡",)
    text = subprocess.run(["pdftotext", str(out), "-"], capture_output=True, text=True, check=True).stdout
    assert "李𫠡" in text.replace("\n", "")


def test_a_font_that_may_not_be_embedded_or_read_is_left_alone(fonts):
    make_font(fonts / "simsunb.ttf", RARE, closed=True)
    (fonts / "jigmo2.ttf").write_bytes(b"no font")
    make_font(fonts / "Party.ttf", RARE)
    assert missing_glyphs("李𪚥") == ("𪚥",)


def test_private_characters_are_never_drawn_by_chance(fonts):
    make_font(fonts / "HanaMinB.ttf", ["\ue863"])
    assert missing_glyphs("张\ue863") == ("\ue863",)
