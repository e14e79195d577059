"""ROC curve and reliability diagram as SVG, without a plotting library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_EDGE = 360
_LEFT, _TOP, _BOTTOM = 64, 44, 60
_PAGE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
 width="{width}" height="{height}" font-family="sans-serif" font-size="13" fill="#202124">
<rect width="100%" height="100%" fill="white"/>
{body}
</svg>
"""


def write_roc(
    target: Path, labels: NDArray[np.int64], scores: NDArray[np.float64], threshold: float, title: str
) -> None:
    """Draw sensitivity over false alarms, with a mark at the threshold."""
    order = np.argsort(-scores, kind="stable")
    hits, alarms = labels[order], 1 - labels[order]
    y = np.concatenate([[0], np.cumsum(hits) / hits.sum()])
    x = np.concatenate([[0], np.cumsum(alarms) / alarms.sum()])
    step = max(1, len(x) // 600)
    line = " ".join(_at(a, b) for a, b in zip([*x[::step], 1.0], [*y[::step], 1.0], strict=True))
    called = scores >= threshold
    mark = _at(float(called[labels == 0].mean()), float(called[labels == 1].mean())).split(",")
    body = [
        f'<line {_ends(0, 0, 1, 1)} stroke="#9aa0a6" stroke-dasharray="4 4"/>',
        f'<polyline points="{line}" fill="none" stroke="#0b57d0" stroke-width="2"/>',
        f'<circle cx="{mark[0]}" cy="{mark[1]}" r="5" fill="#c5221f" stroke="white"/>',
        f'<text x="{float(mark[0]) + 10:.0f}" y="{float(mark[1]) + 18:.0f}">threshold {threshold:g}</text>',
    ]
    _write(target, body, title, "share of normal tiles called tumour", "share of tumour tiles found")


def write_reliability(
    target: Path,
    labels: NDArray[np.int64],
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    title: str,
    bins: int = 15,
) -> None:
    """Draw the observed rate of tumour over the stated one, as trained and calibrated, and how many tiles."""
    body = [f'<line {_ends(0, 0, 1, 1)} stroke="#9aa0a6" stroke-dasharray="4 4"/>']
    counts = np.histogram(after, bins, (0, 1))[0]
    for i, count in enumerate(counts):
        height = 0.25 * count / counts.max()
        left, top = _at(i / bins, height).split(",")
        body.append(
            f'<rect x="{left}" y="{top}" width="{_EDGE / bins - 1:.1f}" height="{height * _EDGE:.1f}"'
            ' fill="#e8eaed"/>'
        )
    for said, colour, dash in ((before, "#b06000", ' stroke-dasharray="6 3"'), (after, "#0b57d0", "")):
        points = [_at(said[i].mean(), labels[i].mean()) for i in _bins(said, bins)]
        body.append(
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
        )
        body += [
            f'<circle cx="{p.split(",")[0]}" cy="{p.split(",")[1]}" r="3" fill="{colour}"/>' for p in points
        ]
    for row, (words, colour) in enumerate((("as trained (dashed)", "#b06000"), ("calibrated", "#0b57d0"))):
        body.append(f'<text x="{_LEFT + 14}" y="{_TOP + 24 + 18 * row}" fill="{colour}">{words}</text>')
    _write(
        target, body, title, "stated probability of tumour (grey: how many tiles)", "observed rate of tumour"
    )


def _bins(said: NDArray[np.float64], bins: int) -> list[NDArray[np.intp]]:
    which = np.minimum((said * bins).astype(np.intp), bins - 1)
    found = [np.flatnonzero(which == k) for k in range(bins)]
    return [members for members in found if len(members) >= 5]


def _at(x: float, y: float) -> str:
    return f"{_LEFT + x * _EDGE:.1f},{_TOP + (1 - y) * _EDGE:.1f}"


def _ends(x0: float, y0: float, x1: float, y1: float) -> str:
    (a, b), (c, d) = _at(x0, y0).split(","), _at(x1, y1).split(",")
    return f'x1="{a}" y1="{b}" x2="{c}" y2="{d}"'


def _write(target: Path, body: list[str], title: str, across: str, up: str) -> None:
    frame = [f'<rect x="{_LEFT}" y="{_TOP}" width="{_EDGE}" height="{_EDGE}" fill="none" stroke="#5f6368"/>']
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _at(value, value).split(",")
        frame.append(f'<text x="{x}" y="{_TOP + _EDGE + 18}" text-anchor="middle">{value:g}</text>')
        frame.append(f'<text x="{_LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{value:g}</text>')
    middle = _LEFT + _EDGE / 2
    frame += [
        f'<text x="{middle}" y="24" text-anchor="middle" font-size="15">{title}</text>',
        f'<text x="{middle}" y="{_TOP + _EDGE + 42}" text-anchor="middle">{across}</text>',
        f'<text x="16" y="{_TOP + _EDGE / 2}" text-anchor="middle"'
        f' transform="rotate(-90 16 {_TOP + _EDGE / 2})">{up}</text>',
    ]
    page = _PAGE.format(
        width=_LEFT + _EDGE + 30, height=_TOP + _EDGE + _BOTTOM, body="\n".join([*body, *frame])
    )
    target.write_text(page, "utf-8")
