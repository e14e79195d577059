"""`pathview plugins`: what plugins there are, a new one to begin from, and whether one keeps the contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pathview.cli.messages import as_json_text, say
from pathview.core.errors import ManifestError, ModelError

if TYPE_CHECKING:
    from pathview.inference.source import ModelSource

app = typer.Typer(help="List, begin and check plugins.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_plugins(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the plugins with their models and folders; broken ones with all their defects, on stderr."""
    from pathview.startup.discover import plugin_files
    from pathview.startup.manifest import read_manifest

    found = []
    for file in plugin_files():
        try:
            manifest = read_manifest(file)
        except ManifestError as error:
            say(f"{file} cannot be used: {'; '.join(error.defects)}")
            continue
        models = [source.card.name for source in manifest.models]
        found.append({"id": manifest.id, "folder": str(manifest.folder), "models": models})
    if as_json:
        print(as_json_text(found))
        return
    for plugin in found:
        print(f"{plugin['id']}\n  {', '.join(plugin['models'])}\n  {plugin['folder']}")


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Of the plugin and its model.")],
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
    folder = write_skeleton(name, data_folder() / "plugins" if output is None else output, wanted)
    print(folder)
    say(f"change model.py, then try it: pathview plugins check {folder if output else name}")


@app.command("check")
def check(
    name: Annotated[str, typer.Argument(help="A plugin or a model by its name, or the folder of one.")],
    device: Annotated[str, typer.Option(help="Where models are loaded: cpu, cuda:N or mps.")] = "cpu",
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Run weights that are a program (TorchScript, .pt2).")
    ] = False,
) -> None:
    """Try everything that a model must do and print what came of it; exit code 1 if anything is wrong."""
    from pathview.inference.contract_tests import try_contract
    from pathview.inference.device import prepare_process
    from pathview.startup.find_model import allowed

    prepare_process()
    wrong = 0
    for source in _sources(name):
        print(f"{source.card.name}, version {source.card.version}")
        for demand, fault, notes in try_contract(allowed(source, (), now=allow_code), device):
            print(f"  {'WRONG' if fault else 'ok':<6}{demand}{f': {fault}' if fault else ''}")
            for note in notes:
                print(f"        note: {note}")
            wrong += bool(fault)
    if wrong:
        raise typer.Exit(1)


def _sources(name: str) -> tuple[ModelSource, ...]:
    """Return the models of a plugin or a model folder by its name or its place."""
    from pathview.startup.discover import plugin_files
    from pathview.startup.find_model import find_model
    from pathview.startup.manifest import read_manifest
    from pathview.startup.registry import load_registry
    from pathview.startup.settings import load_settings

    file = Path(name) / "plugin.toml"
    if file.is_file():
        return _some(name, read_manifest(file).models)
    for file in plugin_files():
        if file.parent.name == name:
            return _some(name, read_manifest(file).models)
        try:
            manifest = read_manifest(file)
        except ManifestError:
            continue
        if manifest.id == name:
            return _some(name, manifest.models)
    return (find_model(name, load_registry(folders=map(Path, load_settings().models))),)


def _some(name: str, models: tuple[ModelSource, ...]) -> tuple[ModelSource, ...]:
    if not models:
        raise ModelError(name, "the plugin offers no model")
    return models
