"""`pathview plugins`: what plugins there are, a new one to begin from, and whether one keeps the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pathview.cli.messages import as_json_text, say
from pathview.core.errors import ManifestError
from pathview.core.plugins.kind import Kind

app = typer.Typer(help="List, begin and check plugins.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_plugins(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the plugins, what they offer and their folders; broken ones with all their defects, on stderr."""
    from pathview.startup.discover import plugin_files
    from pathview.startup.manifest import read_manifest
    from pathview.startup.settings import load_settings

    interpreters = load_settings().interpreters
    found = []
    for file in plugin_files():
        try:
            manifest = read_manifest(file, interpreters)
        except ManifestError as error:
            say(f"{file} cannot be used: {'; '.join(error.defects)}")
            continue
        found.append(
            {
                "id": manifest.id,
                "folder": str(manifest.folder),
                "models": [source.card.name for source in manifest.models],
                "readers": [source.name for source in manifest.readers],
                "exporters": [source.name for source in manifest.exporters],
            }
        )
    if as_json:
        print(as_json_text(found))
        return
    for plugin in found:
        print(plugin["id"])
        for kind in ("models", "readers", "exporters"):
            if plugin[kind]:
                print(f"  {kind}: {', '.join(plugin[kind])}")
        print(f"  {plugin['folder']}")


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Of the plugin and what it offers.")],
    kind: Annotated[Kind, typer.Option(help="What it offers.")] = Kind.MODEL,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Into this folder; default: where plugins are found.", metavar="DIR"
        ),
    ] = None,
    task: Annotated[
        str, typer.Option(help="What its model does: classify, segment or embed.", metavar="TASK")
    ] = "classify",
) -> None:
    """Write a plugin that works, with a test, to be changed into your own; print its folder."""
    from pathview.core.files import data_folder
    from pathview.startup.skeleton import write_skeleton
    from pathview.startup.skeleton_models import BEGINNINGS

    wanted = next((one for one in BEGINNINGS if one == task), None)
    if wanted is None:
        raise typer.BadParameter(f"must be one of {', '.join(BEGINNINGS)}", param_hint="--task")
    folder = write_skeleton(name, data_folder() / "plugins" if output is None else output, wanted, kind=kind)
    print(folder)
    say(f"change {kind}.py, then try it: pathview plugins check {folder if output else name}")


@app.command("check")
def check(
    name: Annotated[
        str, typer.Argument(help="A plugin, or something of one, by its name; or the folder of one.")
    ],
    device: Annotated[str, typer.Option(help="Where models are loaded: cpu, cuda:N or mps.")] = "cpu",
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Run weights that are a program (TorchScript, .pt2).")
    ] = False,
) -> None:
    """Try everything that it must do and print what came of it; exit code 1 if anything is wrong."""
    from pathview.cli.plugin_tries import find_offers, tries_of

    wrong = 0
    for title, tries in tries_of(find_offers(name), device, allow_code):
        print(title)
        for demand, fault, notes in tries:
            print(f"  {'WRONG' if fault else 'ok':<6}{demand}{f': {fault}' if fault else ''}")
            for note in notes:
                print(f"        note: {note}")
            wrong += bool(fault)
    if wrong:
        raise typer.Exit(1)
