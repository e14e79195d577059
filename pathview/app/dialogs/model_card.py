"""What a model is for, what it needs and what it gives."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QTextBrowser, QVBoxLayout, QWidget

from pathview.inference.card import ModelCard
from pathview.inference.source import ModelSource

_PAGE_LIMIT = 200_000


class ModelCardDialog(QDialog):
    """The facts of a model's manifest, and the author's own page where the plugin has one (CARD.md).

    Parameters
    ----------
    source
        The model.
    parent
        The window.
    """

    def __init__(self, source: ModelSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Model card: {source.card.title or source.card.name}")
        facts = QTextBrowser()
        facts.setHtml(card_html(source.card))
        column = QVBoxLayout(self)
        page = _author_page(source)
        self.resize(720, 620 if page else 420)
        if page:
            tabs = QTabWidget()
            tabs.addTab(facts, "&Facts")
            text = QTextBrowser()
            # Links are not followed: a card may name any address, and this is no browser.
            text.setOpenLinks(False)
            text.setMarkdown(page)
            tabs.addTab(text, "&Author's card")
            column.addWidget(tabs)
        else:
            column.addWidget(facts)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)


def card_html(card: ModelCard) -> str:
    """Return a card as a small table."""
    rows = {
        "Intended use": card.intended_use or "Research use only.",
        "What it does": card.description,
        "Gives": card.gives,
        "Shown first": f"{card.positive}, positive from {card.threshold:g}" if card.classes else "",
        "Looks at": f"{card.patch} × {card.patch} px at {card.mpp:g} µm/px, every {card.stride} px",
        "Knows its limits": _limits(card),
        **dict(card.facts),
        "Name and version": f"{card.name} {card.version}",
        "Weights (SHA-256)": card.sha256 or "none",
        "Licence": card.license,
        "To cite": card.citation,
    }
    cells = "".join(
        f"<tr><td style='padding: 3px 14px 3px 0;'><b>{name}</b></td>"
        f"<td style='padding: 3px 0;'>{escape(value)}</td></tr>"
        for name, value in rows.items()
        if value
    )
    return f"<h3>{escape(card.title or card.name)}</h3><table>{cells}</table>"


def _limits(card: ModelCard) -> str:
    if card.ood_threshold is None:
        return "no: it answers whatever it is shown, and says nothing of tissue that it was not trained on"
    return "yes: cells unlike its training tissue are pale and hatched; their probabilities mean little"


def _author_page(source: ModelSource) -> str:
    try:
        with (source.folder / "CARD.md").open(encoding="utf-8") as file:
            return file.read(_PAGE_LIMIT)
    except (OSError, ValueError):
        return ""
