"""The rows of the command palette: what they say and how they are painted."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPalette, QPen, QTextCharFormat, QTextLayout
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from pathview.app.palette_ranking import Hit, PaletteEntry

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_HIT = Qt.ItemDataRole.UserRole
_GUTTER = 24.0
_EDGE = 10.0
_GAP = 14.0


class PaletteModel(QAbstractListModel):
    """The hits of what is typed."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._hits: list[Hit] = []

    def show_hits(self, hits: list[Hit]) -> None:
        """List `hits`."""
        self.beginResetModel()
        self._hits = hits
        self.endResetModel()

    def entry(self, index: QModelIndex) -> PaletteEntry | None:
        """Return the entry of a row, or None where there is none."""
        return self._hits[index.row()].entry if index.isValid() else None

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return how many fit."""
        return 0 if parent.isValid() else len(self._hits)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a row, what a screen reader says of it, or the hit itself."""
        hit = self._hits[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return hit.entry.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            entry = hit.entry
            parts = (entry.text, "on" if entry.ticked else "", entry.path, entry.keys, entry.reason)
            return ", ".join(part for part in parts if part)
        return hit if role == _HIT else None


class PaletteRows(QStyledItemDelegate):
    """Paints a row: a tick, the name with the typed letters marked, the menu, the reason, the keys."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return a height that is easy to hit."""
        return QSize(200, option.fontMetrics.height() + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint the row."""
        hit: Hit = index.data(_HIT)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        greyed = bool(hit.entry.reason)
        ink = _Ink(option.palette, chosen and not greyed, greyed)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(option.rect)
        if chosen:
            # A row that cannot be run is framed only: it is chosen, and Enter does nothing.
            painter.setPen(option.palette.color(QPalette.ColorRole.Highlight))
            painter.setBrush(Qt.BrushStyle.NoBrush if greyed else option.palette.highlight())
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
        if hit.entry.ticked:
            painter.setPen(ink.text)
            painter.drawText(
                QRectF(area.left(), area.top(), _GUTTER, area.height()), Qt.AlignmentFlag.AlignCenter, "✓"
            )
        right = self._keys(painter, area, hit.entry.keys, ink)
        if hit.entry.reason:
            right = self._reason(painter, area, right, hit.entry.reason, ink)
        area.setLeft(area.left() + _GUTTER)
        name = _Writing(hit.entry.text, hit.text_marks, ink.text, ink.mark)
        area.setLeft(area.left() + _write(painter, option.font, area, right, name) + _GAP)
        path = _Writing(hit.entry.path, hit.path_marks, ink.aside, ink.mark)
        _write(painter, option.font, area, right, path)
        painter.restore()

    def _keys(self, painter: QPainter, area: QRectF, keys: str, ink: _Ink) -> float:
        right = area.right() - _EDGE
        if not keys:
            return right
        width = QFontMetricsF(painter.font()).horizontalAdvance(keys) + 12
        cap = QRectF(right - width, area.top() + 4.5, width, area.height() - 9)
        painter.setPen(QPen(ink.line, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(cap, 4, 4)
        painter.setPen(ink.muted)
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, keys)
        return cap.left() - _GAP

    def _reason(self, painter: QPainter, area: QRectF, right: float, reason: str, ink: _Ink) -> float:
        font = QFont(painter.font())
        font.setItalic(True)
        painter.setFont(font)
        width = QFontMetricsF(font).horizontalAdvance(reason) + 2
        painter.setPen(ink.muted)
        place = QRectF(right - width, area.top(), width, area.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, reason)
        return right - width - _GAP


class _Ink:
    def __init__(self, palette: QPalette, chosen: bool, greyed: bool) -> None:
        role, group = QPalette.ColorRole, QPalette.ColorGroup
        if chosen:
            self.text = palette.color(role.HighlightedText)
            self.muted = self.aside = self.mark = self.line = self.text
        else:
            greys = palette.color(group.Disabled, role.Text)
            self.text = greys if greyed else palette.color(role.Text)
            self.muted = palette.color(role.PlaceholderText)
            self.aside = greys if greyed else self.muted
            self.mark = palette.color(role.PlaceholderText) if greyed else palette.color(role.Link)
            self.line = palette.color(role.Mid)


class _Writing(NamedTuple):
    text: str
    marks: tuple[int, ...]
    color: QColor
    marked: QColor


def _write(painter: QPainter, font: QFont, area: QRectF, right: float, line: _Writing) -> float:
    """Write one line from the left of `area`, marked letters bold and underlined; return its width."""
    metrics = QFontMetricsF(font)
    space = right - area.left()
    if space < metrics.horizontalAdvance("mm…"):
        return 0.0
    # Bold letters are wider: a little is kept for them.
    shown = metrics.elidedText(line.text, Qt.TextElideMode.ElideRight, space - 2 * len(line.marks))
    layout = QTextLayout(shown, font)
    # What was cut off has no letters left to mark.
    layout.setFormats([_format(0, len(shown), line.color)])
    kept = len(shown) if shown == line.text else len(shown) - 1
    marked = [_format(mark, 1, line.marked, bold=True) for mark in line.marks if mark < kept]
    layout.setFormats([*layout.formats(), *marked])
    layout.beginLayout()
    row = layout.createLine()
    row.setLineWidth(space)
    layout.endLayout()
    layout.draw(painter, QPointF(area.left(), area.top() + (area.height() - row.height()) / 2))
    return row.naturalTextWidth()


def _format(start: int, length: int, color: QColor, *, bold: bool = False) -> QTextLayout.FormatRange:
    looks = QTextCharFormat()
    looks.setForeground(color)
    if bold:
        looks.setFontWeight(QFont.Weight.Bold)
        looks.setFontUnderline(True)
    letters = QTextLayout.FormatRange()
    letters.start, letters.length, letters.format = start, length, looks
    return letters
