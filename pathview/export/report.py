"""A one-page report of a run, as HTML that needs no other file but its pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from pathview.core.files import write_text
from pathview.export.run_folder import RunFolder
from pathview.export.truth import Agreement

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
 body {{ font: 15px/1.5 system-ui, sans-serif; color: #202124; max-width: 1100px; margin: 2rem auto }}
 h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }}
 table {{ border-collapse: collapse }}
 td, th {{ text-align: left; padding: .25rem 1rem .25rem 0; vertical-align: top }}
 th {{ font-weight: 600; color: #5f6368 }}
 img {{ max-width: 100%; border: 1px solid #dadce0; border-radius: 6px }}
 .note {{ background: #fff4d6; padding: .6rem 1rem; border-radius: 6px }}
</style></head><body>
<h1>{title}</h1>
<p class="note">Research use only. A model assists, people decide; nothing here is a diagnosis.</p>
{body}
</body></html>
"""


def write_report(
    place: RunFolder, record: Mapping[str, Any], agreement: Agreement | None, screenshot: Path | None
) -> Path:
    """Write ``report.html`` beside the run's other files and return its path.

    Parameters
    ----------
    place
        The run's folder; its preview is shown.
    record
        What `RunFolder.publish` returned.
    agreement
        How the heatmap compares with known outlines, where there are any.
    screenshot
        A picture of the window in the same folder, or None.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    parts = _facts_of(record)
    if agreement is not None and not math.isnan(agreement.auc):
        facts = {
            "AUC": f"{agreement.auc:.3f}",
            "Cells in the outlines": f"{agreement.positive} of {agreement.cells}",
        }
        parts.append(_table("Against the known outlines", facts))
    parts.append(f'<h2>Heatmap</h2><p><img src="{place.preview.name}" alt="Slide under its heatmap"></p>')
    if screenshot is not None:
        parts.append(
            f'<h2>In the window</h2><p><img src="{screenshot.name}" alt="The program\'s window"></p>'
        )
    title = escape(f"{record['slide']['name']}: {record['model']['id']}")
    target = place.folder / "report.html"
    write_text(target, _PAGE.format(title=title, body="\n".join(parts)))
    return target


def _facts_of(record: Mapping[str, Any]) -> list[str]:
    slide, model, cells = record["slide"], record["model"], record["cells"]
    about_slide = {
        "Name": slide["name"],
        "Size": " × ".join(map(str, slide["size"])) + " px",
        "Pixel size": _scale(slide),
        "Fingerprint": slide["fingerprint"],
    }
    about_model = {
        "Model": f"{model['id']} {model['version']}",
        "Weights": model["sha256"] or "none",
        "Sees": f"{model['patch']} px at {model['mpp']} µm/px",
        "Intended use": model["intended_use"] or "research only",
        "Licence": model["license"],
    }
    about_cells = {
        "Scored": cells["done"],
        "Without tissue": cells["skipped"],
        "Failed": cells["failed"],
        **_product(record),
        "Unlike the training tissue": _told(cells["unlike_training"]),
        "Device": f"{record.get('device', '?')} {record.get('engine') or ''}",
        "Tiles per second": record.get("tiles_per_second") or "all done before",
    }
    return [_table("Slide", about_slide), _table("Model", about_model), _table("Cells", about_cells)]


def _product(record: Mapping[str, Any]) -> dict[str, str]:
    product = record.get("product")
    if not product:
        return {}
    return {"Besides": "; ".join(filter(None, (product["words"], *product["files"], product["missing"])))}


def _told(count: int | None) -> str:
    return "the model cannot tell" if count is None else str(count)


def _scale(slide: Mapping[str, Any]) -> str:
    if slide["mpp"] is None:
        return f"unknown ({slide['mpp_source']})"
    return f"{slide['mpp'][0]:.4g} × {slide['mpp'][1]:.4g} µm ({slide['mpp_source']})"


def _table(title: str, facts: Mapping[str, object]) -> str:
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in facts.items()
    )
    return f"<h2>{escape(title)}</h2><table>{rows}</table>"
