"""When the computer's network comes back, where the system tells it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QNetworkInformation


class Network(QObject):
    """Signal ``came_back``. Systems that say nothing never emit it: who waits tries by itself now and then, too."""

    came_back = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._away = False
        if QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Reachability):
            told = QNetworkInformation.instance()
            if told is not None:
                self.say(online=told.reachability() == QNetworkInformation.Reachability.Online)
                told.reachabilityChanged.connect(
                    lambda now: self.say(online=now == QNetworkInformation.Reachability.Online)
                )

    def say(self, *, online: bool) -> None:
        """The network is there, or gone."""
        if online and self._away:
            self.came_back.emit()
        self._away = not online
