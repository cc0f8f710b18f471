"""The cameras of this machine; Qt's part for them is loaded when a page with photos asks, never with the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QCamera, QCameraFormat, QMediaCaptureSession, QMediaDevices

_ENOUGH = 2048
"""Pixels: a photo is kept no longer than this on its longest side, so a larger picture only makes the preview slow."""
_FLUENT = 5
"""Pictures a second: below this nobody can hold a paper still under the lens."""


class Cameras(QObject):
    """Follows what is plugged in and out, from `look` on; signal ``changed``.

    Where Qt's part can't be loaded (a desktop without libpulse) there are no cameras, and nothing else suffers.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._devices: QMediaDevices | None = None
        self._watched: QFileSystemWatcher | None = None
        self._looked = self._beyond = False

    def look(self) -> None:
        """Begin to follow; some 20 ms where there is a camera, nothing on a Linux without one until one is plugged in."""
        if self._devices is not None or self._beyond:
            return
        if sys.platform == "linux" and not any(Path("/dev").glob("video*")):
            if self._watched is None:
                self._watched = QFileSystemWatcher(["/dev"], self)
                self._watched.directoryChanged.connect(self.look)
            return
        try:
            from PySide6.QtMultimedia import QMediaDevices
        except ImportError:
            self._beyond = True
            return
        self._devices = QMediaDevices(self)
        self._devices.videoInputsChanged.connect(self.changed)
        self.changed.emit()

    def names(self) -> list[str]:
        """What the cameras are called, the usual one first."""
        return [device.description() for device in self._inputs()]

    def plug(self, session: QMediaCaptureSession, number: int) -> QCamera | None:
        """Lead the picture of camera *number* into *session*; it is off until it is started. None where it is gone by now."""
        from PySide6.QtMultimedia import QCamera

        inputs = self._inputs()
        if number >= len(inputs):
            return None
        camera = QCamera(inputs[number], session)
        if wanted := best_format(inputs[number].videoFormats()):
            camera.setCameraFormat(wanted)
        session.setCamera(camera)
        return camera

    def _inputs(self) -> list:  # type: ignore[type-arg]
        if self._devices is None:
            return []
        usual = self._devices.defaultVideoInput()
        return sorted(self._devices.videoInputs(), key=lambda device: device != usual)


def best_format(formats: Sequence[QCameraFormat]) -> QCameraFormat | None:
    """The smallest picture that loses nothing when the photo is kept, else the largest; of equal ones the most fluent."""

    def rank(one: QCameraFormat) -> tuple[bool, int, float]:
        size = one.resolution()
        long = max(size.width(), size.height())
        return (
            one.maxFrameRate() >= _FLUENT,
            min(long, _ENOUGH),
            -size.width() * size.height() + one.maxFrameRate() / 1e3,
        )

    return max(formats, key=rank, default=None)
