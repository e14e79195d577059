"""`pathview models`: what models there are."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from pathview.cli.messages import as_json_text, say

app = typer.Typer(help="List the models that plugins offer.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keep `list` a word of its own, since more will join it."""


@app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print the model cards as JSON.")] = False,
) -> None:
    """Print the models by name; broken plugins are named on stderr."""
    from pathview.inference.card import Task
    from pathview.startup.registry import known_registry
    from pathview.startup.settings import load_settings

    registry = known_registry(load_settings())
    for file, reason in registry.broken:
        say(f"{file} cannot be used: {reason}")
    cards = [source.card for source in registry.models.values()]
    if as_json:
        print(as_json_text([dataclasses.asdict(card) for card in cards]))
        return
    for card in cards:
        gives = f"classes {', '.join(card.classes)}" if card.task is Task.CLASSIFY else card.gives
        print(
            f"{card.name}\n  {card.title or card.name}, version {card.version}\n"
            f"  {gives}; {card.patch} px at {card.mpp:g} um/px"
            f"\n  {card.intended_use or 'Research use only.'}"
        )
        for one in card.parameters:
            words = ". ".join(part for part in (one.title, one.help.rstrip(".")) if part)
            print(f"  --set {one.name}={one.default}: {one.range_words()}{f'. {words}' if words else ''}")
