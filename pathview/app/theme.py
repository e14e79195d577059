"""Light and dark: our own Fusion palettes, and icons that follow them."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QStyleFactory

from pathview.core.files import bundled_folder

_SIZES = (16, 20, 24, 32, 48)
TOOLBAR_SIZE = 24

_LIGHT = {
    "Window": "#f3f3f5", "WindowText": "#1f2023", "Base": "#ffffff", "AlternateBase": "#f7f7f9",
    "Text": "#1f2023", "Button": "#ececef", "ButtonText": "#1f2023", "BrightText": "#b3261e",
    "Highlight": "#5b4a93", "HighlightedText": "#ffffff", "ToolTipBase": "#ffffff", "ToolTipText": "#1f2023",
    "PlaceholderText": "#6d6f76", "Link": "#5b4a93", "Mid": "#c4c5cb", "Dark": "#a8a9b0", "Light": "#ffffff",
    "Midlight": "#e4e4e9", "Shadow": "#8a8b91",
}  # fmt: skip
_DARK = {
    "Window": "#26272b", "WindowText": "#e6e6ea", "Base": "#1c1d20", "AlternateBase": "#232427",
    "Text": "#e6e6ea", "Button": "#34353a", "ButtonText": "#e6e6ea", "BrightText": "#ff8a80",
    "Highlight": "#8f7fd0", "HighlightedText": "#131316", "ToolTipBase": "#34353a", "ToolTipText": "#e6e6ea",
    "PlaceholderText": "#9b9da5", "Link": "#b3a6ea", "Mid": "#4a4b52", "Dark": "#141517", "Light": "#44454b",
    "Midlight": "#3a3b41", "Shadow": "#0c0c0e",
}  # fmt: skip
_DISABLED = {False: "#8d8e96", True: "#7b7d85"}
_COLORS = {
    False: {
        "line": "#d5d6db", "hover": "#e2e2e8", "accent": "#d6cff0", "edge": "#8f83c4", "title": "#e9e9ed",
        "primary": "#5b4a93", "on_primary": "#ffffff", "muted": "#5f6168", "warning": "#8a4b00",
        "notice": "rgba(255, 244, 214, 240)", "on_notice": "#5c4300", "notice_edge": "#d9b65c",
        "card": "#ffffff", "on_hint": "#3d3f45", "faint": "#a8a9b0",
    },
    True: {
        "line": "#3a3b41", "hover": "#3d3e45", "accent": "#51467c", "edge": "#a99be0", "title": "#2e2f34",
        "primary": "#8f7fd0", "on_primary": "#131316", "muted": "#a9abb3", "warning": "#ffb868",
        "notice": "rgba(64, 50, 14, 240)", "on_notice": "#ffe3a3", "notice_edge": "#8a6d22",
        "card": "#1f2024", "on_hint": "#c9cad2", "faint": "#5b5d66",
    },
}  # fmt: skip
# The edges say in shape what the colours say: which tool is in hand, where the focus is.
_STYLE = """
QToolBar {{ border: 0; border-bottom: 1px solid {line}; spacing: 2px; padding: 3px 6px; }}
QToolButton {{ padding: 4px; border: 1px solid transparent; border-radius: 5px; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:checked {{ background: {accent}; border-color: {edge}; }}
QToolButton:focus {{ border: 2px solid {edge}; padding: 3px; }}
QStatusBar {{ border-top: 1px solid {line}; }}
QStatusBar::item {{ border: 0; }}
QDockWidget {{
    titlebar-close-icon: url("{icons}/panel-close.svg"); titlebar-normal-icon: url("{icons}/panel-float.svg");
}}
QDockWidget::title {{ padding: 5px 8px; background: {title}; text-align: left; }}
QMainWindow::separator {{ background: {line}; width: 1px; height: 1px; }}
QDialogButtonBox, QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QPushButton#primary {{
    background: {primary}; color: {on_primary}; border: 1px solid {edge}; border-radius: 5px;
    font-weight: 600;
}}
QPushButton#primary:focus {{ border: 2px solid {on_notice}; }}
QLabel#welcome-title {{ font-size: 22px; font-weight: 600; }}
QLabel#welcome-heading {{ font-weight: 600; }}
QLabel#muted {{ color: {muted}; }}
QPushButton#welcome-recent {{ text-align: left; padding: 5px 0; }}
QLabel#broken-plugins, QLabel#layer-misfit, QLabel#fact-doubt {{ color: {warning}; }}
QLabel#section {{ font-weight: 600; }}
QLabel#notice, QLabel#adjusted-badge {{
    background: {notice}; color: {on_notice}; border: 1px solid {notice_edge}; border-radius: 6px;
    padding: 6px 12px; font-weight: 600;
}}
QTabBar#slide-tabs::close-button {{ image: url("{icons}/panel-close.svg"); padding: 1px; }}
QTabBar#slide-tabs::close-button:hover {{ background: {hover}; border-radius: 3px; }}
QLabel#pane-label {{
    background: {card}; color: {muted}; border: 1px solid {line}; border-radius: 5px; padding: 3px 8px;
}}
QLabel#pane-label[active="true"] {{
    background: {primary}; color: {on_primary}; border-color: {primary}; font-weight: 600;
}}
QLabel#pane-hint {{ color: {on_hint}; font-size: 14px; }}
QFrame#problem {{
    background: {card}; border: 1px solid {notice_edge}; border-left: 4px solid {notice_edge};
    border-radius: 8px;
}}
QFrame#problem QLabel#problem-title {{ font-weight: 600; }}
QLabel#problem-more {{ background: {card}; border: 1px solid {line}; border-radius: 8px; padding: 3px 10px; }}
QFrame#palette {{ background: {card}; border: 1px solid {edge}; border-radius: 10px; }}
QFrame#palette QLineEdit {{
    border: 0; border-bottom: 1px solid {line}; padding: 6px 4px; background: transparent;
    font-size: 15px;
}}
QFrame#palette QListView {{ border: 0; background: transparent; }}
QFrame#palette QScrollBar:vertical {{ background: transparent; width: 8px; margin: 2px 0; }}
QFrame#palette QScrollBar::handle {{
    background: {faint}; border-radius: 3px; min-height: 24px; margin-left: 2px;
}}
QFrame#palette QScrollBar::add-line, QFrame#palette QScrollBar::sub-line {{ height: 0; }}
QFrame#palette QScrollBar::add-page, QFrame#palette QScrollBar::sub-page {{ background: transparent; }}
QFrame#palette QLabel {{ padding: 2px 6px; }}
"""


def apply_theme(application: QApplication, theme: str) -> bool:
    """Paint the program light or dark and tell whether it is dark now.

    Parameters
    ----------
    application
        The one application.
    theme
        "light", "dark", or "system" for what the desktop says (light where it says nothing).
    """
    system_dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark
    dark = theme == "dark" or (theme == "system" and system_dark)
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(_palette(dark))
    icons = (bundled_folder("resources") / "icons").as_posix()
    application.setStyleSheet(_STYLE.format(icons=icons, **_COLORS[dark]))
    icon.cache_clear()
    return dark


def canvas_color(dark: bool) -> tuple[float, float, float]:
    """Return the (r, g, b), 0-1, of what lies beside the slide; the slide itself never follows the theme."""
    return (0.086, 0.09, 0.1) if dark else (0.87, 0.875, 0.89)


@lru_cache(maxsize=128)
def icon(name: str, sizes: tuple[int, ...] = _SIZES) -> QIcon:
    """Return the bundled icon `name` in the theme's text colour, greyed when disabled.

    Parameters
    ----------
    name
        Of its file.
    sizes
        Edges in physical pixels, of the pictures that others are scaled from.

    Raises
    ------
    FileNotFoundError
        If there is no such icon.
    """
    text = (bundled_folder("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    palette = QApplication.palette()
    result = QIcon()
    for mode, group in (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    ):
        color = palette.color(group, QPalette.ColorRole.ButtonText).name()
        drawing = QSvgRenderer(QByteArray(text.replace("currentColor", color).encode()))
        for size in sizes:
            result.addPixmap(_rendered(drawing, size), mode)
    return result


def swatch(color: tuple[int, int, int], size: int = 14) -> QIcon:
    """Return a small filled square, for class lists."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*color))
    painter.setPen(QColor(*color).darker(140))
    painter.drawRoundedRect(QRectF(0.5, 0.5, size - 1, size - 1), 3, 3)
    painter.end()
    return QIcon(pixmap)


def application_icon(sizes: tuple[int, ...] = (16, 32, 64, 128, 256)) -> QIcon:
    """Return the program's own icon, in pictures of these edges in pixels."""
    drawing = QSvgRenderer(str(bundled_folder("resources") / "pathview.svg"))
    result = QIcon()
    for size in sizes:
        result.addPixmap(_rendered(drawing, size))
    return result


def _rendered(drawing: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    drawing.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def _palette(dark: bool) -> QPalette:
    palette = QPalette()
    for role, color in (_DARK if dark else _LIGHT).items():
        palette.setColor(QPalette.ColorRole[role], QColor(color))
    for role in ("WindowText", "Text", "ButtonText"):
        palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole[role], QColor(_DISABLED[dark]))
    return palette
