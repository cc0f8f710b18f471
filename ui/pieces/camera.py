"""Taking photos with a camera: a button that is there while there is one, and the dialog in which it is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.camera import Cameras
from ui.pieces.buttons import Button
from ui.pieces.text import retone, words

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QCamera, QVideoFrame

Photo = Callable[[], QImage]
"""Gives the photo; it is made out of the camera's picture only when called, in the lane."""

_AFTER_OPENING = 400
"""Milliseconds after the page was made: loading Qt's part for cameras never holds up its opening."""


class CameraButton(Button):
    """``CameraButton(take)``: *take* gets each photo as a `Photo`. Hidden where there is no camera; *small*: an icon without a key."""

    def __init__(self, take: Callable[[Photo], object], cameras: Cameras | None = None, *, small: bool = False) -> None:
        tip = "用摄像头拍材料或现场"
        super().__init__(
            "" if small else "拍照", self.open, kind="quiet", icon="camera", keys="" if small else "F7", small=True,
            tip=f"拍照：{tip}" if small else tip,
        )  # fmt: skip
        self._take = take
        self._cameras = cameras or Cameras(self)
        self._cameras.changed.connect(self._show)
        self.dialog: CameraDialog | None = None
        self.hide()
        QTimer.singleShot(_AFTER_OPENING, self, self._cameras.look)

    def open(self) -> None:
        """Open the dialog; the camera goes on with it."""
        self.dialog = CameraDialog(self.window(), self._cameras)
        self.dialog.taken.connect(self._take)
        self.dialog.finished.connect(self._on_finished)
        self.dialog.open()

    def _show(self) -> None:
        self.setVisible(bool(self._cameras.names()))

    def _on_finished(self) -> None:
        self.dialog = None


class CameraDialog(QDialog):
    """Signal ``taken(Photo)`` for each. The camera is on from opening to closing; several may be taken."""

    taken = Signal(object)

    def __init__(self, parent: QWidget, cameras: Cameras) -> None:
        from PySide6.QtMultimedia import QMediaCaptureSession
        from PySide6.QtMultimediaWidgets import QVideoWidget

        super().__init__(parent)
        self._cameras, self._camera = cameras, None
        self._number = 0
        self._count = 0
        look = theme.current()
        self.setWindowTitle("拍照")
        body = QVBoxLayout(self)
        body.setContentsMargins(20, 16, 20, 16)
        body.setSpacing(10)
        body.addWidget(
            words("对准材料或现场，按空格拍一张，可以连着拍。照片缩小后加密存在本机。", tone="text-2", wrap=True)
        )
        self.preview = QVideoWidget(self)
        self.preview.setMinimumSize(look.grown(640), look.grown(400))
        self.preview.setAccessibleName("摄像头的画面")
        body.addWidget(self.preview, 1)
        foot = QHBoxLayout()
        self.choice = QComboBox()
        self.choice.setAccessibleName("用哪个摄像头")
        foot.addWidget(self.choice)
        self.said = words("", tone="text-2", wrap=True)
        foot.addWidget(self.said, 1)
        foot.addWidget(Button("完成", self.accept, tip="关掉摄像头（Esc）"))
        self.shoot = Button("拍一张", self.take, kind="primary", icon="camera", keys="Space")
        foot.addWidget(self.shoot)
        body.addLayout(foot)
        self._session = QMediaCaptureSession(self)
        self._session.setVideoOutput(self.preview)
        self._session.videoSink().videoFrameChanged.connect(self._on_frame)
        self.choice.currentIndexChanged.connect(self._on_chosen)
        cameras.changed.connect(self._on_changed)
        self.finished.connect(self._end)
        self._on_changed()
        self.shoot.setFocus()

    def take(self) -> None:
        """Take what is seen now."""
        frame = self._session.videoSink().videoFrame()
        if not self.shoot.isEnabled() or not frame.isValid():
            return
        self._count += 1
        self._say(f"拍了 {self._count} 张")
        self.taken.emit(frame.toImage)

    def _on_changed(self) -> None:
        """What is plugged in changed: the one in use goes on, if it is still there."""
        names = self._cameras.names()
        if names == [self.choice.itemText(number) for number in range(self.choice.count())]:
            return
        before = self.choice.currentText()
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(names)
        self.choice.setCurrentIndex(max(self.choice.findText(before), 0) if names else -1)
        self.choice.blockSignals(False)
        self.choice.setVisible(len(names) > 1)
        if not names:
            self._stop()
            self._say("摄像头拔掉了。插上后接着拍；拍好的照片都在。", "orange")
        elif self._camera is None or self.choice.currentText() != before:
            self._start(self.choice.currentIndex())

    def _on_chosen(self, number: int) -> None:
        if number >= 0:
            self._start(number)

    def _start(self, number: int) -> None:
        self._stop()
        self._camera = self._cameras.plug(self._session, number)
        if self._camera is not None:
            self._say("正在打开摄像头…")
            self._camera.errorOccurred.connect(self._on_error)
            self._camera.start()

    def _stop(self) -> None:
        """The camera goes off, its light with it."""
        camera: QCamera | None = self._camera
        self._camera = None
        self.shoot.refuse("画面出来才能拍")
        if camera is not None:
            camera.stop()
            self._session.setCamera(None)
            camera.deleteLater()

    def _end(self) -> None:
        self._stop()
        self.deleteLater()

    def _on_frame(self, frame: QVideoFrame) -> None:
        if not self.shoot.isEnabled() and self._camera is not None and frame.isValid():
            self.shoot.refuse("")
            self.shoot.setFocus()
            self._say(f"拍了 {self._count} 张" if self._count else "")

    def _on_error(self) -> None:
        self._stop()
        self._say("摄像头打不开，可能别的程序正在用。关掉那个程序再试，或用“添加照片”选文件。", "orange")

    def _say(self, text: str, tone: str = "text-2") -> None:
        retone(self.said, tone)
        self.said.setText(text)


def as_png(image: QImage) -> bytes:
    """*image* as a file would hold it; never written to the disk in clear."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # It is packed anew as a JPEG at once: half the time is worth a fifth more bytes in between.
    image.save(buffer, "PNG", 80)  # type: ignore[call-overload]
    return bytes(buffer.data().data())
