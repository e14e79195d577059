"""Where a model comes from, and how it is made in whichever process needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pathview.core.errors import ModelError
from pathview.core.plugins.code import plugin_function
from pathview.inference.card import ModelCard
from pathview.inference.file_model import FileModel
from pathview.inference.foreign_model import ForeignModel
from pathview.inference.model import TileModel
from pathview.inference.parameter import Kind, Value, differing
from pathview.inference.recipe import Recipe
from pathview.inference.reference import Reference
from pathview.inference.weights_file import digest_of


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model comes from: enough to make it in any process, and nothing imported yet.

    Attributes
    ----------
    card
        From the plugin's manifest.
    folder
        The plugin's folder.
    factory
        "module:function" inside the folder; called as ``function(folder, card)``, with the card's parameters
        by their names where it has any. "" where there is a recipe.
    references
        Tiles that the model must get right before it runs.
    recipe
        How it is made without code of its own.
    allowed_code
        SHA-256 of the file of weights that the user lets run as a program; "" for none.
    values
        Of the card's parameters, those that the user has set to something else than the default.
    python
        The interpreter of another environment that the plugin's code runs in, or the folder of a virtual one;
        None for the one that PathView runs in.
    """

    card: ModelCard
    folder: Path
    factory: str = ""
    references: tuple[Reference, ...] = ()
    recipe: Recipe | None = None
    allowed_code: str = ""
    values: tuple[tuple[str, Value], ...] = ()
    python: Path | None = None

    @property
    def is_code(self) -> bool:
        """Whether its file of weights is a program, which runs only when the user allows it."""
        return self.recipe is not None and self.recipe.format.is_code

    @property
    def has_files(self) -> bool:
        """Whether there are files to be read before it is known which model it is."""
        return self.recipe is not None or any(one.kind is Kind.FILE for one in self.card.parameters)

    def with_values(self, values: Mapping[str, Value]) -> ModelSource:
        """Return the model with some of its parameters set, which its version then says: results go by it.

        Raises
        ------
        ModelError
            If one cannot be set so, or a file that is named cannot be read.
        """
        card = self.card
        changed = differing(card.parameters, values, card.name)
        if not changed:
            return self
        kinds = {one.name: one.kind for one in card.parameters}
        said = ", ".join(f"{name}={_told(kinds[name], value, card.name)}" for name, value in changed)
        return replace(self, card=replace(card, version=f"{card.version} [{said}]"), values=changed)

    def make(self) -> TileModel:
        """Make the model by its recipe, or by its plugin's factory; nothing is loaded to a device yet.

        Raises
        ------
        ModelError
            With the plugin's own error as its cause.
        """
        if self.recipe is not None:
            return FileModel(self.card, self.recipe, allowed_code=self.allowed_code)
        arguments = {one.name: one.default for one in self.card.parameters} | dict(self.values)
        if self.python is not None:
            return ForeignModel(self.card, self.folder, self.factory, arguments, self.python)
        try:
            model: TileModel = plugin_function(self.folder, self.factory)(self.folder, self.card, **arguments)
        except (Exception, SystemExit) as error:  # plugin code may raise anything, and may try to exit
            raise ModelError(self.card.name, f"cannot be made: {type(error).__name__}: {error}") from error
        return model


def _told(kind: Kind, value: Value, model: str) -> str:
    """Return a value as results tell it: a file by its name and its content, wherever it lies."""
    if kind is not Kind.FILE or not value:
        return str(value)
    file = Path(str(value)).expanduser()
    return f"{file.name} {digest_of(file, model)[:12]}"
