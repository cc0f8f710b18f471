"""Which papers of the registry there are; light enough for the window, which has them made by a worker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paper:
    """One kind of paper: its name in the command, its title, the form of the record that it is about.

    ``bulk``: it shows many people, so it never shows whole numbers.
    """

    name: str
    title: str
    form: str
    bulk: bool = False


PAPERS = (
    Paper("person_card", "居民信息卡", "resident"),
    Paper("data_sheet", "个人信息查阅单", "resident"),
    Paper("household_book", "住户信息册", "household"),
    Paper("dwelling_card", "房屋信息卡", "dwelling"),
    Paper("grid_sheet", "网格住户一览表", "grid", bulk=True),
    Paper("meeting_list", "会议清单（会前）", "meeting", bulk=True),
    Paper("meeting_minutes", "会议记录（附签到页）", "meeting", bulk=True),
)


def papers_of(form: str) -> list[Paper]:
    """The papers that exist for records of *form*."""
    return [one for one in PAPERS if one.form == form]
