"""Rules, calendars and code lists changed by the county: checked, sent once, followed without a restart, and never a brick."""

from __future__ import annotations

import datetime as dt

import pytest

from app.errors import KnownError
from app.rules.permissions import Permissions
from app.rules.ruling import shipped_text
from app.schema.loading import load_forms
from app.services.office import Office
from app.services.ruling import Ruling
from app.store.store import Store
from sync.county import office, ruled
from sync.county.backup import back_up, put_back
from sync.county.county import County
from tests.sync.conftest import Running
from tests.sync.offices import FileDesk, V

MORE = 'title = "事件类别"\nitems = [{ code = "flood", label = "汛情" }, { code = "hazard", label = "安全隐患" }]'
YEAR = "year = 2031\nconfirmed = true\nhours = ['09:00-12:00']\n"


@pytest.fixture
def database(tmp_path):
    """SQLite; one test asks for both."""
    return tmp_path / "county.db"


@pytest.fixture
def county(database):
    # Forms of its own: what a county puts changes their lists.
    with Running(database, load_forms()).serving() as running:
        yield running


class RuledDesk(FileDesk):
    """A device whose office follows its county."""

    def again(self):
        self.ruling = Ruling(load_forms())
        self.forms, self.rules = self.ruling.forms, self.ruling.rules
        self.store = Store.open(self.folder, self.key, self.forms, derive=self.ruling.derive)
        self.desk.store = self.store
        self.ruling.note(self.store)
        self._office()

    def _office(self):
        super()._office()
        if hasattr(self, "ruling"):
            self.office = Office(self.store, self.office.session, self.rules, Permissions.load(), self.ruling)

    def sync(self):
        done = self.desk.sync()
        if hasattr(self, "ruling"):
            self.ruling.note(self.store)
        return done


@pytest.fixture
def desk(county, tmp_path):
    names = iter(range(100))

    def make(user="张干事"):
        one = RuledDesk(tmp_path / f"desk{next(names)}", load_forms(), county, user)
        one.store.close()
        one.again()
        assert one.sync().ok
        return one

    return make


def label(desk, code):
    return desk.forms["event"].show("category", code)


class TestBothDatabases:
    """On SQLite and on PostgreSQL."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def database(self, request, tmp_path):
        return tmp_path / "county.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")

    def test_a_list_that_is_put_comes_with_the_next_exchange_is_followed_at_once_and_goes_back(self, county, desk):
        a = desk()
        assert label(a, "flood") == "flood"
        assert ruled.put(county.county, "event_class", MORE) == 1
        assert a.sync().ok
        assert label(a, "flood") == "汛情"
        # Taken at the county as well, which knew no such class.
        made = a.office.cases.report(
            {"title": "水来了", "detail": "村口", "urgency": "normal", "category": "flood"}, area=V
        )
        assert made.ok, made.faults
        done = a.sync()
        assert (done.refused, done.in_agreement) == (0, True)
        # What was saved with a class that isn't offered any more keeps its words.
        assert label(a, "dispute_land") == "山林土地纠纷"
        assert "dispute_land" not in {item.code for item in a.forms.codes["event_class"].items}
        a.store.close()
        a.again()
        assert label(a, "flood") == "汛情"
        ruled.back(county.county, "event_class")
        assert a.sync().ok
        assert "dispute_land" in {item.code for item in a.forms.codes["event_class"].items}


def test_a_calendar_moves_later_due_times_and_none_that_stand(county, desk):
    a = desk()
    first = a.office.cases.report({"title": "甲", "detail": "村口", "urgency": "normal"}, area=V).record.id
    before = a.store.get("event", first).values["due_at"]
    today = a.office.cases.now().date()
    days = "\n".join(
        f'"放假{n}" = ["{today + dt.timedelta(n)}"]'
        for n in range(1, 20)
        if (today + dt.timedelta(n)).year == today.year
    )
    text = f"year = {today.year}\nconfirmed = true\nhours = ['08:30-12:00', '14:00-17:30']\n[holidays]\n{days}\n"
    ruled.put(county.county, f"calendar_{today.year}", text)
    assert a.sync().ok
    second = a.office.cases.report({"title": "乙", "detail": "村口", "urgency": "normal"}, area=V).record.id
    assert a.store.get("event", second).values["due_at"] > before
    assert a.store.get("event", first).values["due_at"] == before
    assert a.office.cases.rules.limits.calendar.confirmed(today.year)


def test_nothing_is_sent_where_nothing_changed_and_only_what_changed_where_something_did(county, desk):
    a = desk()
    for number in range(6):
        ruled.put(county.county, f"calendar_{2031 + number}", YEAR.replace("2031", str(2031 + number)))
    ruled.put(county.county, "cases", shipped_text("cases").replace("六步闭环", "六步办理"))
    large = a.sync().down.bytes
    quiet = a.sync().down.bytes
    ruled.put(county.county, "calendar_2031", YEAR.replace("09:00", "08:00"))
    small = a.sync().down.bytes
    assert large > quiet + 3000
    assert quiet < small < quiet + 400
    # Ids and times of an answer pack a few bytes better or worse.
    assert abs(a.sync().down.bytes - quiet) < 20
    assert a.rules.profiles["six_step"].label == "六步办理"
    assert len(a.store.ruled.rows()) == 8


def test_a_fault_is_told_by_file_place_and_key_and_nothing_is_changed(county):
    put = ruled.put
    faults = {
        "cases": ("states = 3", "states"),
        "limits": (shipped_text("limits").replace("1 working_day", "1 fortnight", 1), "normal"),
        "calendar_2031": (YEAR + '[holidays]\n"元旦" = ["2030-01-01"]', "2030-01-01"),
        "calendar_2030": (YEAR, "calendar_"),
        "numbers": ('format = "{row}{serial}"\nwidth = 5\n[block]\ndays = 1\nleast = 1\nmost = 2', "format"),
        "event_class": ('title = "x"\nitems = [{ code = "a", label = "甲", parent = "b" }]', "parent"),
        "sex": ('title = "性别"\nitems = [{ code = "3", label = "无" }]', "sex"),
        "permissions": ("x = 1", "permissions"),
        "urgency": ("x", "urgency"),
    }
    for name, (text, told) in faults.items():
        with pytest.raises(KnownError) as bad:
            put(county.county, name, text)
        assert told in str(bad.value), name
    text = shipped_text("cases")
    start = text.index("[actions.remind]")
    with pytest.raises(KnownError, match="remind"):
        put(county.county, "cases", text[:start] + text[text.index("[", start + 1) :].partition("\n\n")[2])
    assert ruled.listing(county.county) == []


def test_what_a_program_cant_read_stands_aside_and_the_former_stands(county, desk, monkeypatch):
    a = desk()
    ruled.put(county.county, "event_class", MORE)
    assert a.sync().ok
    with monkeypatch.context() as newer:
        # As a newer program's county would take it.
        newer.setattr(ruled, "check_text", lambda *_: None)
        ruled.put(county.county, "event_class", MORE.replace("title", "headline", 1))
        ruled.put(county.county, "limits", "[timers]\n")
        ruled.put(county.county, "weather", "rain = true")
    done = a.sync()
    assert done.ok
    assert label(a, "flood") == "汛情"
    assert set(a.store.ruled.unread()) == {"event_class", "limits"}
    a.store.close()
    a.again()
    assert label(a, "flood") == "汛情"
    assert a.sync().ok
    lines = {line["name"]: line for line in ruled.listing(county.county) if line.get("in_force")}
    device = a.store.sync.state.device
    assert lines["event_class"]["unread_by"] == lines["limits"]["unread_by"] == [device]
    assert "headline" in lines["event_class"]["unread"]
    assert office.devices(county.county)[0]["unread"] == ["event_class", "limits"]
    ruled.back(county.county, "limits")
    ruled.back(county.county, "event_class")
    for _ in range(2):
        assert a.sync().ok
    assert a.store.ruled.unread() == {}
    assert office.devices(county.county)[0]["unread"] == []


def test_steps_of_before_are_judged_by_the_rules_of_before_on_every_device(county, desk):
    a, b = desk(), desk("李干事")
    case = a.office.cases.report({"title": "甲", "detail": "村口", "urgency": "normal"}, area=V).record.id
    assert a.office.cases.act(case, "accept", {}).ok
    assert a.sync().ok
    # From now on nothing is accepted from where this case was: that was allowed then.
    text = shipped_text("cases")
    start = text.index("[actions.accept]")
    cut = text[:start] + text[start:].replace('from = ["reported", "screening"]', 'from = ["screening"]', 1)
    assert cut != text
    ruled.put(county.county, "cases", cut)
    for one in (a, b):
        assert one.sync().ok
        state = one.office.cases.case(case).state
        assert (state.state, state.contested) == ("accepted", ())
        assert "reported" not in one.rules.actions["accept"].sources
    c = desk("王干事")
    assert c.office.cases.case(case).state.state == "accepted"


def put_in(county, name, *changes):
    text = shipped_text(name)
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return ruled.put(county.county, name, text)


def closed(desk, title):
    cases = desk.office.cases
    made = cases.report({"title": title, "detail": "村口", "urgency": "normal", "category": "appeal"}, area=V)
    assert made.ok, made.faults
    for action, values in (
        ("accept", {}), ("assign", {"lead_unit": "供电所"}), ("acknowledge", {}), ("feed_back", {"result": "好了"}),
        ("close_direct", {"reason": "小事"}),
    ):  # fmt: skip
        done = cases.act(made.record.id, action, values)
        assert done.ok, done.faults
    return made.record.id


def why(desk, event):
    return desk.store.get("event", event).values["visit_why"]


def test_who_is_visited_follows_the_rules_at_the_closing_whoever_reckons_when(county, desk):
    a, b = desk(), desk("李干事")
    before = closed(a, "先办结的")
    assert a.sync().ok
    put_in(county, "visits", ("sample_percent = 20", "sample_percent = 0"), ('"unclassified", "appeal", ', ""))
    apart = closed(a, "断网时办结的")  # by the rules that it knew
    assert (why(a, before), why(a, apart)) == ("rule", "rule")
    assert a.sync().ok
    assert b.sync().ok
    late = desk("王干事")
    for one in (a, b, late):
        assert (why(one, before), why(one, apart)) == ("rule", None), one.user
        # One that nobody has to visit isn't counted as such either.
        figures = one.office.statistics.day(one.office.cases.now().date())["indicators"]
        assert figures["r_visit"]["denominator"] == 1, one.user
    ruled.back(county.county, "visits")
    again = closed(b, "又改回来")
    assert b.sync().ok
    assert a.sync().ok
    for one in (a, b, desk("赵干事")):
        assert (why(one, before), why(one, apart), why(one, again)) == ("rule", None, "rule"), one.user


def test_a_state_in_which_cases_stand_doesnt_vanish_when_the_county_goes_back(county, desk, monkeypatch):
    a, b = desk(), desk("李干事")
    text = shipped_text("cases").replace("[states]\n", '[states]\nwaits = { label = "移出", counts = "excluded" }\n', 1)
    start = text.index("[actions.reject]")
    text = text[:start] + text[start:].replace('to = "not_accepted"', 'to = "waits"', 1)
    ruled.put(county.county, "cases", text)
    assert a.sync().ok
    case = a.office.cases.report({"title": "甲", "detail": "村口", "urgency": "normal"}, area=V).record.id
    done = a.office.cases.act(case, "reject", {"reason": "重复", "approved_by": "主任"})
    assert done.ok, done.faults
    assert a.sync().ok
    with pytest.raises(KnownError, match="waits"):
        ruled.back(county.county, "cases")
    with monkeypatch.context() as before:
        # A program of before let it happen: nobody's exchange may stop for it.
        before.setattr(ruled, "check_text", lambda *_: None)
        ruled.back(county.county, "cases")
    for one in (a, b):
        assert one.sync().in_agreement
        assert one.store.get("event", case).values["state"] == "waits"
    assert county.county.watching.look() == 0
    # It refuses nothing that is put afterwards, of whatever name.
    put_in(county, "visits", ("sample_percent = 20", "sample_percent = 0"))
    ruled.put(county.county, "cases", shipped_text("cases").replace("六步闭环", "六步办理"))


def test_what_counts_as_a_repetition_is_asked_by_the_rules_of_now(county, desk):
    a = desk()
    for number, category in enumerate(("dispute_neighbour_noise", "dispute_family", "dispute_neighbour")):
        values = {"title": f"第{number}件", "detail": "吵", "urgency": "normal", "category": category, "place": "村口"}
        assert a.office.cases.report(values, area=V).ok
    assert a.office.repeats.all() == []
    put_in(county, "repeats", ("class_depth = 2", "class_depth = 1"))
    assert a.sync().ok
    [found] = a.office.repeats.all()
    assert len(found.events) == 3
    put_in(county, "repeats", ("count = 3", "count = 2"))
    assert a.sync().ok
    [found] = a.office.repeats.all()
    assert len(found.events) == 2


def test_how_a_ledger_row_begins_a_case_is_the_countys_to_say(county, desk):
    a = desk()
    put_in(county, "case_sources", ('title = "{problems}"', 'title = "走访发现：{problems}"'))
    assert a.sync().ok
    assert a.office.sources.sources["visit"].title == "走访发现：{problems}"
    with pytest.raises(KnownError, match="no_such"):
        put_in(county, "case_sources", ('detail = ["problems"]', 'detail = ["no_such"]'))
    with pytest.raises(KnownError, match="visits"):
        put_in(county, "visits", ('urgencies = ["urgent", "critical"]', 'urgencies = ["soon"]'))
    ruled.back(county.county, "case_sources")
    assert a.sync().ok
    assert a.office.sources.sources["visit"].title == "{problems}"


def test_a_restored_county_takes_its_devices_back_to_its_rules(county, database, desk, tmp_path, forms):
    a = desk()
    ruled.put(county.county, "event_class", MORE)
    assert back_up(database, tmp_path / "copy.db")
    ruled.put(county.county, "event_class", MORE.replace("汛情", "水情"))
    assert a.sync().ok
    assert label(a, "flood") == "水情"
    put_back(database, tmp_path / "copy.db", forms)
    for _ in range(2):
        assert a.sync().ok
    assert label(a, "flood") == "汛情"
    # The number that was lost is given again, to another text.
    put_back(database, tmp_path / "copy.db", forms)
    assert ruled.put(county.county, "event_class", MORE.replace("汛情", "洪水")) == 2
    for _ in range(2):
        assert a.sync().ok
    assert (label(a, "flood"), county.forms.codes["event_class"].label("flood")) == ("洪水", "洪水")


def test_a_server_that_runs_follows_what_another_process_puts(county, database, desk):
    a = desk()
    other = County.open(database, load_forms())
    ruled.put(other, "event_class", MORE)
    other.close()
    assert a.sync().ok
    assert county.forms.codes["event_class"].label("flood") == "汛情"


def test_an_old_answer_on_a_stick_sets_nothing_back(desk):
    a = desk()
    a.store.ruled.take(5, 0, [(5, "event_class", 0, MORE)])
    a.store.ruled.take(4, 0, [(4, "event_class", 0, MORE.replace("汛情", "水情"))], late=True)
    assert [row[0] for row in a.store.ruled.rows()] == [5]


def test_going_back_twice_goes_back_two_versions_and_then_there_is_none(county):
    texts = [MORE.replace("汛情", word) for word in ("一", "二", "三")]
    for text in texts:
        ruled.put(county.county, "event_class", text)
    for due in (texts[1], texts[0]):
        ruled.back(county.county, "event_class")
        assert ruled.text_of(county.county, "event_class") == due
    ruled.back(county.county, "event_class")
    assert ruled.text_of(county.county, "event_class") == shipped_text("event_class")
    with pytest.raises(KnownError):
        ruled.back(county.county, "event_class")


def test_more_versions_than_go_into_one_answer_come_one_portion_after_the_other_in_one_exchange(
    county, desk, monkeypatch
):
    put = ruled.put
    early = desk()
    text = shipped_text("cases")
    monkeypatch.setattr(ruled, "_PORTION", len(text.encode()) + 10)
    # The calendar of the first portion is another by the time of the last.
    put(county.county, "calendar_2031", YEAR)
    for number in range(4):
        put(county.county, "cases", text.replace("六步闭环", f"六步办理{number}"))
    put(county.county, "calendar_2031", YEAR.replace("09:00", "08:00"))
    for one in (early, desk()):
        done = one.sync()
        assert (done.ok, done.in_agreement) == (True, True)
        held = one.store.ruled.rows()
        assert [row[0] for row in held if row[1] == "cases"] == [2, 3, 4, 5]
        assert held[-1][0] == 6
        assert one.rules.profiles["six_step"].label == "六步办理3"
        quiet = one.sync().down.bytes
        assert quiet < 2_000
