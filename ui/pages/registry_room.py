"""The pages of the registry, ledgers, import and settings, and how each is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ui.jobs import Jobs, Worker
from ui.page import Page

if TYPE_CHECKING:
    from app.services.office import Office

MakeWorker = Callable[[Sequence[str]], Worker]
Entry = tuple[str, Callable[[], Page], str]


def pages(
    office: Office,
    jobs: Jobs,
    worker: MakeWorker,
    *,
    imported: Callable[[Sequence[str]], object] = lambda _forms: None,
) -> list[Entry]:
    """(name, make, navigation entry) of each page; nothing of a page is imported before it is wanted.

    *imported* is told the forms whose records an import changed.
    """

    def registry() -> Page:
        from ui.pages.registry import RegistryPage

        return RegistryPage(office, jobs, worker)

    def person() -> Page:
        from ui.pages.person import PersonPage

        return PersonPage(office, jobs, worker)

    def record() -> Page:
        from ui.pages.registry_record import RecordPage

        return RecordPage(office, jobs)

    def people() -> Page:
        from ui.pages.people import PeoplePage

        return PeoplePage(office, jobs, worker)

    def leaving() -> Page:
        from ui.pages.leaving import LeavingPage

        return LeavingPage(office, jobs)

    def data_request() -> Page:
        from ui.pages.data_request import DataRequestPage

        return DataRequestPage(office, jobs, worker)

    def duplicates() -> Page:
        from ui.pages.duplicates import DuplicatesPage

        return DuplicatesPage(office, jobs, worker, lambda: imported(("resident",)))

    def life() -> Page:
        from ui.pages.life import LifePage

        return LifePage(office, jobs)

    def grids() -> Page:
        from ui.pages.grids import GridsPage

        return GridsPage(office, jobs)

    def organizations() -> Page:
        from ui.pages.ledger import LedgerPage

        return LedgerPage(office, jobs, worker, ["organization", "premises"], "单位与场所")

    def coverage() -> Page:
        from ui.pages.coverage import CoveragePage

        return CoveragePage(office, jobs)

    def household_entry() -> Page:
        from ui.pages.entry import EntryPage

        return EntryPage(office, jobs)

    def ledgers() -> Page:
        from ui.pages.ledger import LedgerPage

        return LedgerPage(office, jobs, worker, [form.name for form in office.forms.ledgers])

    def visits() -> Page:
        from ui.pages.visits import VisitsPage

        return VisitsPage(office, jobs, worker)

    def importing() -> Page:
        from ui.pages.import_page import ImportPage

        return ImportPage(office, jobs, worker, imported=imported)

    def map_page() -> Page:
        from ui.pages.map import MapPage

        return MapPage(office, jobs)

    def map_import() -> Page:
        from ui.pages.map_import import MapImportPage

        return MapImportPage(office, jobs)

    def map_underlay() -> Page:
        from ui.pages.map_underlay import MapUnderlayPage

        return MapUnderlayPage(office, jobs)

    def settings() -> Page:
        from ui.pages.settings import SettingsPage

        return SettingsPage(office, jobs)

    def rules() -> Page:
        from ui.pages.rules import RulesPage

        return RulesPage(office, jobs)

    def duty() -> Page:
        from ui.pages import later

        return later.duty()

    def meetings() -> Page:
        from ui.pages.meetings import MeetingsPage

        return MeetingsPage(office, jobs, worker)

    may_register = office.gate.decide("create", "household", None, own=True).allowed
    return [
        ("settings", settings, "settings"),
        ("rules", rules, "settings"),
        ("duty", duty, "duty"),
        ("meetings", meetings, "meetings"),
        ("import", importing, "registry"),
        ("ledgers", ledgers, "ledgers"),
        ("visits", visits, "visits"),
        ("registry", registry, "registry"),
        ("person", person, "registry"),
        ("record", record, "registry"),
        ("map", map_page, "registry"),
        ("map_import", map_import, "registry"),
        ("map_underlay", map_underlay, "registry"),
        ("duplicates", duplicates, "registry"),
        ("life", life, "registry"),
        ("grids", grids, "registry"),
        ("coverage", coverage, "registry"),
        ("organizations", organizations, "registry"),
        ("people", people, "registry"),
        ("leaving", leaving, "registry"),
        ("data_request", data_request, "ledgers"),
        *([("household_entry", household_entry, "registry")] if may_register else []),
    ]
