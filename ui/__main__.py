"""Composition root of the window: log in, open the office in the lane, put the window together, exchange by itself."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEventLoop, QLibraryInfo, QObject, QTimer, QTranslator
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from app.command.retiring import asked_again, refuse_wiped
from app.errors import KnownError
from app.paths import default_home
from app.services.office import office_with_key, unlock
from app.store.keys import KeySlots, Ring
from ui import looks, theme
from ui.autosync import AutoSync
from ui.frame import Frame, make_window
from ui.idle import Idle
from ui.jobs import Jobs, Worker, spoken
from ui.pages.first import FirstPage
from ui.pages.login import LoginPage
from ui.pages.sync_network import over_words
from ui.pages.sync_speed import Told
from ui.window import Window

if TYPE_CHECKING:
    from app.services.office import Office
    from app.services.traffic import Allowance

Opened = tuple[str, bytes, "Office"]


def main(home: Path | None = None, hint: str | None = None, *, sync: bool = True) -> int:
    """Open the window over *home* and stay until it is closed; *hint* stands on the login page (the demo's password)."""
    where = home or Path(os.environ.get("TOWNSHIP_HOME") or default_home())
    be_quick()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("xiangzhitong")
    app.setApplicationDisplayName("乡治通")
    _speak_chinese(app)
    try:
        theme.apply(app, *looks.read(where))
    except KnownError as error:
        return _fail(error)
    jobs = Jobs()
    picture = os.environ.get("TOWNSHIP_PICTURE")
    program = Program(app, where, jobs, hint=hint, sync=sync and not picture)
    try:
        if picture:
            return _picture(program, Path(picture))
        program.begin()
        return int(app.exec())
    finally:
        program.close()
        jobs.close()


def be_quick() -> None:
    """Set the interpreter up for a window: work in the lane gives way to it sooner, and the cycle collector seldom stops both."""
    sys.setswitchinterval(0.001)
    gc.set_threshold(5_000, 20, 20)


class Program(QObject):
    """One run of the window: the door (first page or login), and the rooms behind it while somebody is logged in."""

    def __init__(
        self, app: QApplication, home: Path, jobs: Jobs, *, hint: str | None = None, sync: bool = True
    ) -> None:
        super().__init__()
        self.jobs = jobs
        self.window: Window | None = None
        self.door: QMainWindow | None = None
        self._app, self._home, self._hint, self._sync = app, home, hint, sync
        self._office: Office | None = None
        self._frame: Frame | None = None
        self._auto: AutoSync | None = None
        self._idle: Idle | None = None
        self._locking = False

    @property
    def auto(self) -> AutoSync | None:
        """The exchange that goes by itself, while somebody is logged in."""
        return self._auto

    def begin(self) -> None:
        """Show the first page or the login page."""
        users = KeySlots(self._home).users()
        page: QWidget
        if users:
            login = LoginPage(users, self._hint)
            login.submitted.connect(lambda user, password: self.enter(user, password, login))
            page = login
        else:
            first = FirstPage(self._home, _emptied(self._home))
            first.checked.connect(lambda: self._look_again(first))
            page = first
        door = QMainWindow()
        door.setWindowTitle("乡治通")
        door.resize(1366, 768)
        door.setCentralWidget(page)
        if self.window is not None:
            door.setGeometry(self.window.geometry())
        self.door = door
        door.show()
        door.activateWindow()

    def enter(
        self, user: str, password: str, login: LoginPage | None = None, then: Callable[[], object] | None = None
    ) -> None:
        """Unlock and open the office in the lane: the key is made slowly on purpose."""

        def show(error: Exception) -> None:
            if login is None:
                self.jobs.failed.emit(error)
                return
            login.show_error(spoken(error))
            if isinstance(error, KnownError) and (seconds := int(str(error.params.get("seconds") or 0))):
                login.wait(seconds)

        def opened(found: Opened) -> None:
            self._open(*found)
            if then is not None:
                then()

        self.jobs.run(lambda: open_for(self._home, user, password), then=opened, failed=show)

    def lock(self) -> None:
        """Close the office and its key; the login page comes back."""
        if self.window is None:
            return
        self._locking = True
        window = self.window
        self._leave()
        self.begin()
        self.window = None
        window.close()
        window.deleteLater()
        self._locking = False
        QTimer.singleShot(0, self, gc.collect)

    def close(self) -> None:
        """Let everything go; what was saved is on the disk already."""
        self._leave()

    def _open(self, user: str, key: bytes, office: Office) -> None:
        self._office = office
        secret = (json.dumps({"user": user, "key": key.hex()}) + "\n").encode()

        def worker(tail: Sequence[str]) -> Worker:
            return Worker([*_myself(), "--home", str(self._home), "--worker", *tail], secret=secret)

        auto = AutoSync(worker)
        window, frame = make_window(
            self._app,
            office,
            self.jobs,
            worker,
            urgent=auto.soon,
            sync_now=self._ask_sync,
            allowed=auto.allow,
            next_in=auto.next_in,
        )
        self.window, self._frame, self._auto = window, frame, auto
        self._connect(window, frame, auto)
        actions = [("锁定", self.lock), ("退出登录", self.lock)]
        window.top.show_user(
            " · ".join(part for part in (office.session.name, office.session.unit) if part), actions[:1]
        )
        if self.door is not None:
            window.setGeometry(self.door.geometry())
        window.show()
        window.go("desk")
        if self.door is not None:
            self.door.close()
            self.door.deleteLater()
            self.door = None
        # Forms, pages and modules stay: the collector, which holds up window and lane alike, needn't look through them each time.
        gc.freeze()
        if (handle := window.windowHandle()) is not None:
            self._idle = Idle(handle)
            self._idle.passed.connect(self.lock)
        if self._sync:
            self.jobs.run(
                lambda: (
                    office.store.sync.state.url,
                    office.traffic.allowance(),
                    office.store.sync.waiting().urgent > 0,
                ),
                then=lambda found: self._begin_sync(auto, *found),
            )

    def _connect(self, window: Window, frame: Frame, auto: AutoSync) -> None:
        auto.began.connect(lambda: frame.syncing(True))
        auto.progressed.connect(lambda line: frame.syncing(True, Told.of(line)))
        auto.stopped.connect(lambda: frame.syncing(False))
        auto.ended.connect(self._on_synced)
        auto.failed.connect(self._on_sync_failed)
        auto.locked.connect(self._on_locked)
        window.refresh_asked.connect(self._ask_sync)
        window.help_asked.connect(lambda _page: window.go("help"))
        window.looked.connect(lambda name, large: looks.write(self._home, name, large))
        window.closing.connect(self._on_closing)

    def _begin_sync(self, auto: AutoSync, url: str, allowance: Allowance, urgent: bool) -> None:
        auto.allow(allowance)
        if url:
            auto.start(urgent=urgent)

    def _ask_sync(self) -> None:
        """A person asks for an exchange; where the day's budget is used up he is asked first."""
        if self._auto is None or self.window is None:
            return
        allowance = self._auto.allowance()
        if allowance.over:
            self.window.go("sync")
            self.window.say(f"{over_words(allowance)}。要继续，请点“今天接着收发”。")
            return
        self._auto.ask()

    def _reckon_traffic(self) -> None:
        if (office := self._office) is not None and (auto := self._auto) is not None:
            self.jobs.run(office.traffic.allowance, then=auto.allow, failed=lambda _error: None)

    def _on_synced(self, document: dict[str, Any]) -> None:
        if self._frame is None or self.window is None:
            return
        came = bool(document.get("down", {}).get("records") or document.get("up", {}).get("changes"))
        self._frame.syncing(False, offline=False, fresh=came)
        self._reckon_traffic()
        if (office := self._office) is not None:
            # Another process took them: this one follows, without a restart.
            self.jobs.run(office.renew_rules, then=self._on_rules)
        if came:
            self.window.refresh()

    def _on_rules(self, changed: object) -> None:
        if changed and self.window is not None:
            self.window.refresh()
            self.window.say("县中心改了办事规则，从现在起照新的办。已经定下的期限不变。")

    def _on_sync_failed(self, words: str, asked: bool) -> None:
        if self._frame is None or self.window is None:
            return
        self._frame.syncing(False, offline=True)
        self._reckon_traffic()
        # Being offline is normal: only who asked hears of it.
        if asked:
            self.window.say(words)

    def _on_locked(self, words: str) -> None:
        """The county has put this device out of use: the window locks itself and says so; drafts are kept."""
        self.lock()
        page = self.door.centralWidget() if self.door is not None else None
        if isinstance(page, LoginPage):
            page.show_error(words)

    def _on_closing(self) -> None:
        if not self._locking:
            self._leave()
            self._app.quit()

    def _look_again(self, first: FirstPage) -> None:
        if not KeySlots(self._home).users():
            first.still_nothing(self._home)
            return
        old = self.door
        self.begin()
        if old is not None:
            old.close()
            old.deleteLater()

    def _leave(self) -> None:
        """Stop what runs beside the window, keep drafts, close the office in the lane."""
        if self._auto is not None:
            self._auto.stop()
        if self.window is not None and (page := self.window.current_page()) is not None:
            page.leaving()
        if self._office is not None:
            self.jobs.run(self._office.close)
        self._office = self._auto = self._frame = self._idle = None
        # What was frozen with the office, its key above all, is let go with it.
        gc.unfreeze()


def open_for(home: Path, user: str, password: str, ring: Ring | None = None) -> Opened:
    """User, key and office; runs in the lane, whose thread the store then belongs to."""
    if ring is None and "keyring" in KeySlots(home).ways(user):
        import keyring

        ring = keyring
    name, key = unlock(home, user, password, ring=ring)
    try:
        return name, key, office_with_key(home, name, key)
    except KnownError as bad:
        if bad.code != "sync.locked":
            raise
        # The county may have taken it back; it may as well want it emptied.
        return name, key, asked_again(home, name, key, ring)


def _emptied(home: Path) -> str:
    """What is to be said where the county had this device emptied; nothing anywhere else."""
    try:
        refuse_wiped(home)
    except KnownError as said:
        return str(said)
    return ""


def _myself() -> list[str]:
    """How this program starts itself: inside a bundle the program, else the module."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "app"]


def _speak_chinese(app: QApplication) -> None:
    """Qt's own dialogs in Chinese, where its translation came along."""
    translator = QTranslator(app)
    if translator.load("qtbase_zh_CN", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)


def _picture(program: Program, path: Path) -> int:
    """Log in as the environment says, wait for the desk, grab the window to *path*."""
    user, password = os.environ.get("TOWNSHIP_USER", ""), os.environ.get("TOWNSHIP_PASSWORD", "")
    wrong: list[Exception] = []
    program.jobs.failed.connect(wrong.append)
    try:
        opened = _in_lane(program, lambda then: program.enter(user, password, then=then))
    except KnownError as error:
        return _fail(error)
    if not opened or program.window is None:
        return _fail(wrong[0] if wrong else KnownError("ui.job_failed"))
    _settle(program.jobs)
    path.parent.mkdir(parents=True, exist_ok=True)
    program.window.grab().save(str(path))
    if sys.stdout is not None:
        sys.stdout.write(f"{path}\n")
        sys.stdout.flush()
    return 0


def _in_lane(program: Program, begin: Callable[[Callable[[], object]], object], seconds: float = 60.0) -> bool:
    """Run the event loop until what *begin* started has ended; whether it came to its end."""
    loop = QEventLoop()
    done: list[bool] = []

    def end() -> None:
        done.append(True)
        loop.quit()

    QTimer.singleShot(int(seconds * 1000), loop.quit)
    begin(end)
    watch = QTimer(interval=50)
    watch.timeout.connect(lambda: None if program.jobs.busy() else loop.quit())
    watch.start()
    loop.exec()
    return bool(done)


def _settle(jobs: Jobs, seconds: float = 30.0) -> None:
    """Let the lane run dry and the window paint itself."""
    end, quiet = time.monotonic() + seconds, 0
    while quiet < 6 and time.monotonic() < end:
        QCoreApplication.processEvents()
        quiet = 0 if jobs.busy() else quiet + 1
        time.sleep(0.02)


def _fail(error: Exception) -> int:
    if sys.stderr is not None:
        sys.stderr.write(f"{error}\n")
    return error.exit_code if isinstance(error, KnownError) else 3


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m ui")
    parser.add_argument("--home", type=Path)
    sys.exit(main(parser.parse_args().home))
