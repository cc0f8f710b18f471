import datetime as dt

import pytest

from app.rules.calendar import parse
from app.rules.indicators import CaseFacts, by_area, indicators, percent, rounded, shares, tally_shares

START, END = parse("2026-09-01"), parse("2026-10-01")
TOWNSHIP = "990101101000"


def case(number, accepted, closed=None, *, due=None, state=None, village="201", **more):
    state = state or ("closed" if closed else "handling")
    return CaseFacts(
        f"{number:032x}",
        f"990101101{village}",
        state,
        reported_at=parse(accepted),
        accepted_at=parse(accepted),
        closed_at=parse(closed) if closed else None,
        due=parse(due) if due else None,
        **more,
    )


CASES = [
    case(1, "2026-08-20T09:00", "2026-08-25T09:00", due="2026-08-26T17:30"),  # over before the period
    case(2, "2026-08-28T09:00", "2026-09-02T09:00", due="2026-09-01T17:30"),  # carried, closed late
    case(3, "2026-08-29T09:00", due="2026-09-05T17:30"),  # carried, open, overdue
    case(
        4, "2026-09-01T00:00", "2026-09-03T00:00", due="2026-09-03T00:00", self_handled=True
    ),  # first second; on the due second
    case(5, "2026-09-10T09:00", "2026-09-11T09:00", due="2026-09-20T17:30", village="202"),
    case(
        6, "2026-09-29T09:00", "2026-10-01T00:00", due="2026-10-09T17:30", village="202"
    ),  # closed as the next period begins
    case(7, "2026-09-30T23:59", due="2026-10-12T17:30", village="202"),
    case(8, "2026-10-01T00:00", village="202"),  # the next period's
    case(9, "2026-09-05T09:00", state="void"),
    case(10, "2026-09-05T09:00", state="merged"),
    CaseFacts("b" * 32, "990101101201", "not_accepted", reported_at=parse("2026-09-06T09:00")),
    CaseFacts("c" * 32, "990101101201", "draft"),
]


def test_a_month_counted_by_hand():
    found = {code: indicator.value for code, indicator in indicators(CASES, START, END).items()}
    assert {code: found[code] for code in ("n_rep", "n_acc", "n_carry", "n_cls", "n_cls_coh", "n_open")} == {
        "n_rep": 6,  # 4 to 7, the merged and the rejected one
        "n_acc": 4,
        "n_carry": 2,
        "n_cls": 3,
        "n_cls_coh": 2,
        "n_open": 3,
    }
    assert (found["n_over_open"], found["n_over_cls"]) == (1, 1)
    assert found["r_close"] == 50.00
    assert found["r_close_period"] == 50.00
    assert found["r_ontime"] == 66.67
    assert found["r_over"] == 33.33
    assert found["r_self"] == 33.33
    assert found["t_avg"] == 64.0  # 120, 48 and 24 hours
    assert found["t_median"] == 48.0


def test_what_is_carried_and_comes_in_is_closed_or_open():
    for day in range(1, 31):
        start = START + dt.timedelta(days=day - 1)
        found = indicators(CASES, start, start + dt.timedelta(days=1))
        numbers = {code: found[code].value for code in ("n_carry", "n_acc", "n_cls", "n_open")}
        assert numbers["n_open"] == numbers["n_carry"] + numbers["n_acc"] - numbers["n_cls"]


def test_a_share_of_nothing_is_a_dash_and_neither_0_nor_100():
    found = indicators([], START, END)
    assert found["n_acc"].value == 0
    for code in ("r_close", "r_ontime", "r_over", "t_avg", "t_median", "t_p90"):
        assert found[code].value is None
        assert found[code].show() == "—"
    assert indicators(CASES, START, END)["r_close"].show() == "50.00%"


def test_every_figure_says_in_chinese_what_it_counts():
    for indicator in indicators(CASES, START, END).values():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in indicator.basis), indicator.code
        assert set(indicator.plain()) == {"value", "unit", "basis", "numerator", "denominator"}


def test_villages_add_up_to_their_township():
    areas = [TOWNSHIP, "990101101201", "990101101202", "990101101203"]
    found = by_area(CASES, areas, START, END)
    assert list(found) == areas
    for code in ("n_rep", "n_acc", "n_cls", "n_open", "n_over_open"):
        assert found[TOWNSHIP][code].value == sum(found[area][code].value for area in areas[1:])
    assert found["990101101202"]["n_acc"].value == 3
    assert found["990101101203"]["r_close"].value is None


# Published figures (domain §3.4, §6.2), recomputed.
@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        (10_312, 11_029, 93.50),
        (13_837, 13_873, 99.74),
        (2_424, 2_480, 97.74),
        (842, 869, 96.89),
        (376, 386, 97.41),
        (6_217, 6_368, 97.63),
        (564, 11_029, 5.11),
        (1, 8, 12.5),
        (0, 5, 0.0),
        (0, 0, None),
    ],
)
def test_published_rates_come_out(part, whole, share):
    assert percent(part, whole) == share


def test_halves_go_up_as_clerks_round_them():
    assert rounded(0.125) == 0.13
    assert rounded(2.675) == 2.68
    assert percent(1, 800) == 0.13


def test_what_nobody_classified_is_shown_and_not_dropped():
    parts = tally_shares({"综治维稳": 1_669, "城市管理": 7_753, "便民服务": 1_043}, 11_029)
    rest = parts["unclassified"]
    assert (rest.numerator, rest.value, rest.label) == (564, 5.11, "其他/未分类")
    assert sum(part.numerator for part in parts.values()) == 11_029


def test_shares_of_the_accepted_cases_add_up():
    facts = [
        case(1, "2026-09-02", category="hazard"),
        case(2, "2026-09-03", category="hazard"),
        case(3, "2026-09-04"),
        case(4, "2026-09-04", category="gone"),
        case(5, "2026-10-04", category="hazard"),
    ]
    parts = shares(facts, START, END, known=["hazard", "appeal"])
    assert {code: part.numerator for code, part in parts.items()} == {"hazard": 2, "appeal": 0, "unclassified": 2}
    assert parts["hazard"].value == 50.0
