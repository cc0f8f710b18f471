"""The page that takes a case as it stands while one types, for the pictures: a hazard phoned in by a member, with people and photos."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from app.services.case_sheet import Person

if TYPE_CHECKING:
    from app.services.office import Office


def new(_office: Office) -> dict[str, Any]:
    """A new case, whatever the picture before left."""
    return {"new": True}


def half(page: Any) -> None:
    """Nearly everything typed."""
    fields = page.fields
    fields.title.setText("上寨村上寨三组排洪沟边坡滑落，压住院墙")
    fields.category.set_value("hazard_geology_slide")
    fields.category.changed.emit()
    if members := page.where.members:
        fields.member.set_value(next(iter(members)))
        fields.member.changed.emit()
    fields.urgency.set_value("urgent")
    fields.detail.set_value("昨夜大雨，院墙后土坡滑下约十五立方米，墙体外鼓，屋里住着两位老人，暂时没有人受伤。")
    fields.people.put(Person("victim", "李长顺", "0" * 32))
    fields.people.put(Person("witness", "罗建国", phone="13900000035"))
    for number in range(2):
        fields.files.take_photo(partial(_hill, number))
    fields.solved.setFocus(Qt.FocusReason.TabFocusReason)


def solved(page: Any) -> None:
    """Something small that was settled on the spot; what the check says of a wrong number."""
    fields = page.fields
    fields.title.setText("菜市场门口井盖移位")
    fields.category.set_value("facility_light")
    fields.category.changed.emit()
    fields.phone.setText("1390000")
    fields.solved.setChecked(True)
    page.save()


def forget(page: Any, _office: Office) -> None:
    """Nothing of the picture stays as a draft."""
    page.discard()


def _hill(number: int) -> QImage:
    image = QImage(640, 420, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    ground = QLinearGradient(0, 0, 640, 420)
    ground.setColorAt(0, QColor(150, 175, 190))
    ground.setColorAt(1, QColor(120 + 20 * number, 95, 60))
    painter.fillRect(image.rect(), ground)
    painter.setBrush(QColor(90, 70, 45))
    painter.drawEllipse(60 + 120 * number, 180, 420, 320)
    painter.end()
    return image
