from __future__ import annotations

import argparse
import re

import pytest

from app.command.doctor_command import NOT_BUILT
from app.command.parse import SUBCOMMANDS, parser
from app.paths import root

COMMON = {"--home", "--user", "--password-file", "--json", "--help", "--version", "-h"}
COUNTY = {"--data", "--database", "--county"}


def sections():
    page = (root() / "docs" / "command-line.md").read_text(encoding="utf-8")
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def subparsers(held):
    return [action for action in held._actions if isinstance(action, argparse._SubParsersAction)]


def commands(held, name="township"):
    """Every command that does something by itself."""
    below = subparsers(held)
    if not below or name in {"township", "township conflicts", "township county"}:
        yield name, held
    for action in below:
        for word, part in action.choices.items():
            yield from commands(part, f"{name} {word}")


def options(held):
    shown = [action for action in held._actions if action.help != argparse.SUPPRESS]
    return {option for action in shown for option in action.option_strings} - COMMON


COMMANDS = dict(commands(parser()))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_has_a_section_with_each_of_its_options(name):
    section = sections()[name]
    extra = COUNTY if name.startswith("township county ") else set()
    missing = {option for option in options(COMMANDS[name]) - extra if f"{option}" not in section}
    assert not missing


def test_no_section_is_about_a_subcommand_or_an_option_that_is_not_there():
    for name, section in sections().items():
        if name.startswith("township"):
            told = set(re.findall(r"(?<![\w-])--[a-z-]+", section)) - COMMON - COUNTY
            assert told <= options(COMMANDS[name]), name


def test_common_options_and_exit_codes_are_told_once():
    text = sections()["What holds for every subcommand"]
    assert all(f"`{option}" in text for option in COMMON - {"-h"})
    assert all(f"| {code} |" in text for code in (0, 1, 2, 3, 4))


def test_every_subcommand_stands_in_the_grammar():
    assert set(SUBCOMMANDS) == set(subparsers(parser())[0].choices)


def test_what_is_not_built_is_told_by_the_page_as_by_the_doctor():
    page = sections()
    for name in NOT_BUILT:
        words = re.sub(r"（.*", "", name).split()
        held = [
            text for title, text in page.items() if title.split()[1 : 1 + len(words)] == words[: len(title.split()) - 1]
        ]
        near = [text for title, text in page.items() if title.split()[1:] and title.split()[1] == words[0]]
        assert any("还没有做" in text for text in held or near), name
