"""Photos by a camera: real video frames through Qt's pipeline, with a source that we feed in place of a device."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtMultimedia import QCamera, QCameraFormat, QVideoFrame, QVideoFrameInput

from tests.ui.test_case_page import report, shown
from ui.camera import Cameras, best_format
from ui.pages.intake import IntakePage
from ui.pieces.camera import CameraButton


class Fed(Cameras):
    """A camera that is plugged in and out by the test, and shows what the test sends."""

    def __init__(self, names=("台式摄像头",)):
        super().__init__()
        self.there, self.on, self.off = list(names), [], 0

    def look(self):
        self.changed.emit()

    def plug_in(self, *names):
        self.there = list(names)
        self.changed.emit()

    def names(self):
        return self.there

    def plug(self, session, number):
        fed = self

        class Lens(QCamera):
            def start(self):
                fed.on.append(fed.there[number])

            def stop(self):
                fed.off += 1

        self.source = QVideoFrameInput(session)
        session.setVideoFrameInput(self.source)
        return Lens(session)

    def see(self, colour, qtbot):
        """Show a picture of one colour, and wait until it is on the screen."""
        image = QImage(2592, 1944, QImage.Format.Format_RGB32)
        image.fill(QColor(colour))
        qtbot.waitUntil(lambda: self.source.sendVideoFrame(QVideoFrame(image)))


def opened(qtbot, button, fed):
    """The dialog of *button*, whose cameras are *fed*."""
    button._cameras = fed
    fed.changed.connect(button._show)
    fed.look()
    button.open()
    qtbot.waitUntil(button.dialog.isVisible)
    return button.dialog


def press_space(qtbot, dialog):
    qtbot.waitUntil(dialog.shoot.isEnabled)
    dialog.activateWindow()
    qtbot.keyClick(dialog.shoot, Qt.Key.Key_Space)


def test_a_photo_goes_into_the_case_being_taken_scaled_and_sealed(qtbot, desk):
    page = IntakePage(desk.office, desk.jobs)
    qtbot.addWidget(page)
    page.show()
    page.opened({})
    desk.settle()
    fed = Fed()
    dialog = opened(qtbot, page.fields.files.camera, fed)
    assert not dialog.shoot.isEnabled()
    fed.see("red", qtbot)
    press_space(qtbot, dialog)
    fed.see("blue", qtbot)
    sink = dialog._session.videoSink()
    qtbot.waitUntil(lambda: sink.videoFrame().toImage().pixelColor(9, 9).blue() > 200, timeout=60_000)
    press_space(qtbot, dialog)
    assert (fed.on, fed.off) == (["台式摄像头"], 0)
    assert dialog.said.text() == "拍了 2 张"
    dialog.reject()
    assert fed.off == 1
    desk.settle()
    first, second = page.fields.files.staged()
    assert (first.name, second.name) == ("拍的照片1", "拍的照片2")
    page.fields.title.setText("护栏坏了")
    page.save()
    desk.settle()
    [event] = desk.office.store.select("event")
    found = desk.office.attachments.of("event", event.id)
    assert [one.name for one in found] == ["拍的照片1", "拍的照片2"]
    with desk.office.attachments.opening(found[0].id) as reader, Image.open(io.BytesIO(reader.read())) as photo:
        assert (photo.format, photo.size) == ("JPEG", (2048, 1536))
        assert not photo.getexif()
        red, green, blue = photo.convert("RGB").getpixel((9, 9))
        assert red > 240
        assert max(green, blue) < 15


def test_a_photo_is_added_to_a_case_that_stands(qtbot, desk):
    page = shown(qtbot, desk, report(desk))
    fed = Fed()
    dialog = opened(qtbot, page.files_card.camera, fed)
    fed.see("green", qtbot)
    press_space(qtbot, dialog)
    press_space(qtbot, dialog)
    dialog.accept()
    desk.settle()
    desk.settle()
    # The same picture twice is one content, but two photos that somebody took.
    assert {one.name for one in desk.office.attachments.of("event", page._id)} == {"拍的照片1", "拍的照片2"}


def test_the_button_is_there_while_a_camera_is(qtbot):
    fed = Fed(())
    button = CameraButton(lambda _photo: None, fed)
    qtbot.addWidget(button)
    fed.look()
    assert button.isHidden()
    fed.plug_in("高拍仪")
    assert not button.isHidden()
    fed.plug_in()
    assert button.isHidden()


def test_a_camera_that_is_pulled_out_goes_off_and_one_plugged_in_goes_on(qtbot, desk):
    page = shown(qtbot, desk, report(desk))
    fed = Fed(("台式摄像头", "高拍仪"))
    dialog = opened(qtbot, page.files_card.camera, fed)
    assert dialog.choice.isVisible()
    dialog.choice.setCurrentIndex(1)
    assert (fed.on, fed.off) == (["台式摄像头", "高拍仪"], 1)
    fed.plug_in()
    assert fed.off == 2
    assert "拔掉了" in dialog.said.text()
    assert not dialog.shoot.isEnabled()
    fed.plug_in("高拍仪")
    assert fed.on[-1] == "高拍仪"
    fed.see("white", qtbot)
    qtbot.waitUntil(dialog.shoot.isEnabled)
    dialog._camera.errorOccurred.emit(QCamera.Error.CameraError, "busy")
    assert fed.off == 3
    assert "别的程序" in dialog.said.text()
    dialog.reject()


def test_the_picture_is_as_large_as_a_photo_is_kept_and_fluent():
    class Format(QCameraFormat):
        def __init__(self, width, height, rate):
            super().__init__()
            self.size, self.rate = QSize(width, height), rate

        def resolution(self):
            return self.size

        def maxFrameRate(self):  # noqa: N802 - Qt's name
            return self.rate

    small, wide, fits, slow, huge = (
        Format(640, 480, 30), Format(1920, 1080, 30), Format(2592, 1944, 10), Format(2048, 1536, 2), Format(4208, 3120, 10)
    )  # fmt: skip
    assert best_format([small, wide, slow, huge, fits]) is fits
    assert best_format([small, slow, wide]) is wide
    assert best_format([slow]) is slow
    assert best_format([]) is None


@pytest.mark.parametrize("beyond", [False, True])
def test_the_pages_load_nothing_of_it_and_do_without_it(beyond, tmp_path):
    # In a process of its own: here it is loaded by now.
    code = f"""
import sys
if {beyond}:
    sys.modules["PySide6.QtMultimedia"] = None
from PySide6.QtWidgets import QApplication
app = QApplication([])
import ui.window, ui.pages.intake, ui.pages.case
from ui import theme
from ui.camera import Cameras
from ui.pieces.camera import CameraButton
theme.apply(app)
button = CameraButton(print)
assert {beyond} or "PySide6.QtMultimedia" not in sys.modules
sys.platform = "win32"
cameras = Cameras()
cameras.look()
cameras.look()
assert cameras.names() == [] and button.isHidden()
assert ("PySide6.QtMultimedia" in sys.modules) and (cameras._devices is None) == {beyond}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
