"""What is on the slide, as annotations: the outlines that it was painted from."""

from __future__ import annotations

import json
from uuid import NAMESPACE_URL, uuid5

from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from pathview.slides.demo.layout import Layout, polygons
from pathview.slides.demo.recipe import MPP, Recipe

CLASSES = {"Tumor": [200, 0, 0], "Tissue": [0, 150, 60]}


def truth_geojson(recipe: Recipe, layout: Layout) -> str:
    """GeoJSON in QuPath's manner, level-0 pixels: every island, and the outline of the tissue.

    The painted borders wander a few micrometres about these smooth ones, as real ones do about a drawn one.
    """
    slide = box(0, 0, *recipe.size_um)
    named: list[tuple[str, Polygon]] = [("Tumor", island) for island in layout.islands]
    named += [("Tissue", part) for part in polygons(layout.tissue.intersection(slide).buffer(0))]
    features = [_feature(recipe, number, name, shape) for number, (name, shape) in enumerate(named)]
    return json.dumps({"type": "FeatureCollection", "features": features}, indent=1) + "\n"


def _feature(recipe: Recipe, number: int, name: str, shape: BaseGeometry) -> dict[str, object]:
    smooth = shape.simplify(1.0)
    assert isinstance(smooth, Polygon)
    rings = [
        [[round(x / MPP, 1), round(y / MPP, 1)] for x, y in ring.coords]
        for ring in (smooth.exterior, *smooth.interiors)
    ]
    return {
        "type": "Feature",
        "id": str(uuid5(NAMESPACE_URL, f"pathview demo slide {recipe.text} {number}")),
        "geometry": {"type": "Polygon", "coordinates": rings},
        "properties": {"objectType": "annotation", "classification": {"name": name, "color": CLASSES[name]}},
    }
