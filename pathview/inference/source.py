"""Where a model comes from, and how it is made in whichever process needs it."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard
from pathview.inference.file_model import FileModel
from pathview.inference.model import TileModel
from pathview.inference.recipe import Recipe
from pathview.inference.reference import Reference


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
        "module:function" inside the folder; called as ``function(folder, card)``. "" where there is a recipe.
    references
        Tiles that the model must get right before it runs.
    recipe
        How it is made without code of its own.
    allowed_code
        SHA-256 of the file of weights that the user lets run as a program; "" for none.
    """

    card: ModelCard
    folder: Path
    factory: str = ""
    references: tuple[Reference, ...] = ()
    recipe: Recipe | None = None
    allowed_code: str = ""

    @property
    def is_code(self) -> bool:
        """Whether its file of weights is a program, which runs only when the user allows it."""
        return self.recipe is not None and self.recipe.format.is_code

    def make(self) -> TileModel:
        """Make the model by its recipe, or by its plugin's factory; nothing is loaded to a device yet.

        Raises
        ------
        ModelError
            With the plugin's own error as its cause.
        """
        if self.recipe is not None:
            return FileModel(self.card, self.recipe, allowed_code=self.allowed_code)
        module_name, _, function = self.factory.partition(":")
        file = self.folder / f"{module_name}.py"
        qualified = f"pathview_plugin_{self.folder.name}_{module_name}"
        try:
            spec = importlib.util.spec_from_file_location(qualified, file)
            if spec is None or spec.loader is None:
                raise ImportError(f"{file} is not a Python module")
            module = importlib.util.module_from_spec(spec)
            sys.modules[qualified] = module
            spec.loader.exec_module(module)
            model: TileModel = getattr(module, function)(self.folder, self.card)
        except (Exception, SystemExit) as error:  # plugin code may raise anything, and may try to exit
            sys.modules.pop(qualified, None)
            raise ModelError(self.card.name, f"cannot be made: {type(error).__name__}: {error}") from error
        return model
