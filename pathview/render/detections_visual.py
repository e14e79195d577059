"""Detections on the screen: dots far out, outlines close in; a buffer a square, a few of them each frame."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from vispy import gloo

from pathview.annotations.detections import BIN, BinKey, Detections
from pathview.annotations.objects import Objects
from pathview.render import detection_vertices
from pathview.render.detection_vertices import LEVELS, Dots, Edges
from pathview.render.offscreen import in_software
from pathview.render.programs import program
from pathview.view.compose import DetectionsPass, Frame
from pathview.view.viewport import Viewport

# Dots of so many by so many squares go into one buffer, close in and far out: dots that lie outside the view
# cost time, and so does each draw call.
_TOGETHER = (4, 16)
_FAR = 16.0
# Outlines show where the mean object is so large on the screen, physical pixels.
_LARGE = 8.0
_MOST_OUTLINED = 48
# Dots that are no farther apart than this, physical pixels, are drawn as one.
_MERGED = 1.5
# So many dots and segments of outlines are drawn at most, with and without a graphics card: beyond it one dot
# stands for more of its neighbours, and dots for outlines.
_MOST_DOTS = (600_000, 30_000)
_MOST_SEGMENTS = (1_000_000, 100_000)
# Logical pixels.
_DOT = (2.5, 6.0)
_DOT_SPAN = 12.0


class DetectionsVisual:
    """Draws the detections of frames; vertices are made in a thread and uploaded within a budget."""

    def __init__(self) -> None:
        self._dots = program("detections", "detections")
        self._edges = program("detection_edges", "detection_edges")
        self._known: WeakKeyDictionary[Detections, _Resident] = WeakKeyDictionary()
        self._maker: ThreadPoolExecutor | None = None
        self._colors: dict[tuple[tuple[int, int, int], ...], Any] = {}

    def close(self) -> None:
        """End the thread."""
        if self._maker is not None:
            self._maker.shutdown(wait=False, cancel_futures=True)
            self._maker = None

    def upload(self, frames: list[Frame], deadline: float) -> tuple[bool, bool]:
        """Bring what `frames` show to the GPU until the deadline, but at least one square.

        Returns
        -------
        tuple of bool
            Whether anything came, and whether something is still to come.
        """
        came = left = False
        for frame in frames:
            for shown in frame.detections:
                new, more = self._upload(shown, frame.viewport, deadline)
                came, left = came or new, left or more
        if not left:
            # No thread waits for work that may never come.
            self.close()
        return came, left

    def draw(self, frame: Frame, pixel_scale: float) -> None:
        """Draw the detections of `frame`; `pixel_scale` is physical per logical pixels."""
        for shown in frame.detections:
            detections, viewport = shown.detections, frame.viewport
            resident = self._resident(detections)
            edges = [resident.edges.get(key) for key in _outlined(detections, viewport)]
            there = [one for one in edges if one is not None]
            if edges and len(there) == len(edges):
                self._draw_edges(shown, there, viewport, pixel_scale)
            else:
                groups = (resident.dots.get(group) for group in _groups(detections, viewport))
                self._draw_dots(shown, [one for one in groups if one is not None], viewport, pixel_scale)

    def _resident(self, detections: Detections) -> _Resident:
        known = self._known.get(detections)
        if known is None:
            known = self._known[detections] = _Resident()
        return known

    def _upload(self, shown: DetectionsPass, viewport: Viewport, deadline: float) -> tuple[bool, bool]:
        detections, resident = shown.detections, self._resident(shown.detections)
        due = list(self._due(detections, resident, viewport))
        resident.call_off({job.key for job in due})
        # Asked for all at once, so that the thread goes on while frames are drawn.
        for job in due:
            if job.key not in resident.making:
                resident.making[job.key] = job, self._make(job)
        came = left = False
        for job in due:
            asked, future = resident.making[job.key]
            late = came and time.perf_counter() >= deadline
            if late or not (future.done() or deadline == math.inf):
                left = True
                continue
            asked.take(resident, future.result())
            del resident.making[job.key]
            came = True
        resident.trim(set(_outlined(detections, viewport)))
        return came, left

    def _make(self, job: _Job) -> Future[Any]:
        if self._maker is None:
            self._maker = ThreadPoolExecutor(1, thread_name_prefix="detection-vertices")
        return self._maker.submit(job.work)

    def _due(self, detections: Detections, resident: _Resident, viewport: Viewport) -> Iterator[_Job]:
        # Dots first: they stand in for outlines that are still to come.
        for group in _groups(detections, viewport):
            have = resident.dots.get(group)
            if have is not None and have.version == detections.version:
                continue
            bins = _bins_of(group)
            revision = max(detections.revision(one) for one in bins)
            if have is not None and have.revision == revision:
                have.version = detections.version
                continue
            parts = [detections.objects(one) for one in bins]
            corner = (group.col * group.bins * BIN, group.row * group.bins * BIN)
            take = partial(_take_dots, group, revision, corner)
            yield _Job(group, partial(_all_dots, parts, corner), take)
        for key in _outlined(detections, viewport):
            revision = detections.revision(key)
            have_edges = resident.edges.get(key)
            if have_edges is None or have_edges.revision != revision:
                corner = (key[0] * BIN, key[1] * BIN)
                work = partial(detection_vertices.edges, detections.objects(key), corner)
                yield _Job(_Group(0, *key), work, partial(_take_edges, key, revision, corner))

    def _draw_dots(
        self, shown: DetectionsPass, groups: list[_DotBuffers], viewport: Viewport, pixel_scale: float
    ) -> None:
        smallest, largest = _DOT
        level = min(max(0, math.floor(math.log2(_MERGED * viewport.downsample))), LEVELS - 1)
        most = _MOST_DOTS[in_software()]
        while level < LEVELS - 1 and sum(int(group.enough[level]) for group in groups) > most:
            level += 1
        diameter = min(max(_DOT_SPAN / viewport.downsample, smallest), largest) * pixel_scale
        # A dot covers the square that it stands for, so that dense stays dense.
        self._dots["u_diameter"] = max(diameter, 2**level / viewport.downsample)
        for group in groups:
            if group.enough[level]:
                self._place(self._dots, shown, viewport, group.corner)
                self._dots.bind(group.vertices)
                self._dots.draw("points", group.indices(level))

    def _draw_edges(
        self, shown: DetectionsPass, bins: list[_EdgeBuffers], viewport: Viewport, pixel_scale: float
    ) -> None:
        self._edges["u_radius"] = shown.layer.outline_width * pixel_scale / 2
        for one in bins:
            if one.count:
                self._place(self._edges, shown, viewport, one.corner)
                self._edges.bind(one.vertices)
                self._edges.draw("triangles", one.triangles)

    def _place(
        self, shader: Any, shown: DetectionsPass, viewport: Viewport, corner: tuple[float, float]
    ) -> None:
        x, y = viewport.center
        shader["u_corner"] = corner[0] - x, corner[1] - y
        shader["u_zoom"] = 1 / viewport.downsample
        shader["u_size"] = viewport.size
        shader["u_matrix"] = viewport.matrix
        shader["u_least"] = shown.layer.threshold
        shader["u_opacity"] = shown.layer.opacity
        shader["u_colors"] = self._texture(shown.colors)

    def _texture(self, colors: tuple[tuple[int, int, int], ...]) -> Any:
        if colors not in self._colors:
            texels = np.zeros((1, 256, 4), np.uint8)
            texels[0, : len(colors), :3] = np.array(colors, np.uint8).reshape(-1, 3)[:256]
            texels[0, : len(colors), 3] = 255
            self._colors[colors] = gloo.Texture2D(texels, interpolation="nearest")
        return self._colors[colors]


def outlined(detections: Detections, viewport: Viewport) -> bool:
    """Tell whether a view is close enough for outlines."""
    return detections.typical_size >= _LARGE * viewport.downsample


def _outlined(detections: Detections, viewport: Viewport) -> list[BinKey]:
    """Return the squares whose outlines are drawn; none where it is too far, or there are too many."""
    if not outlined(detections, viewport):
        return []
    seen = list(detections.bins(viewport.box().expand(detections.reach)))
    segments = sum(len(detections.objects(key).ring) for key in seen)
    return seen if segments <= _MOST_SEGMENTS[in_software()] else []


class _Group(NamedTuple):
    """So many by so many squares: their dots lie in one buffer."""

    bins: int
    col: int
    row: int


def _groups(detections: Detections, viewport: Viewport) -> list[_Group]:
    together = _TOGETHER[viewport.downsample >= _FAR]
    bins = detections.bins(viewport.box().expand(_DOT[1] * viewport.downsample))
    return sorted({_Group(together, col // together, row // together) for col, row in bins})


def _bins_of(group: _Group) -> list[BinKey]:
    col, row = group.col * group.bins, group.row * group.bins
    return [(col + x, row + y) for y in range(group.bins) for x in range(group.bins)]


def _all_dots(parts: list[Objects], corner: tuple[float, float]) -> Dots:
    return detection_vertices.dots(Objects.joined(parts), corner)


@dataclass(slots=True)
class _DotBuffers:
    """The dots of one group on the GPU."""

    revision: int
    corner: tuple[float, float]
    vertices: Any
    enough: Any
    version: int = 0
    _indices: dict[int, Any] = field(default_factory=dict)

    def indices(self, level: int) -> Any:
        count = int(self.enough[level])
        if count not in self._indices:
            self._indices[count] = gloo.IndexBuffer(np.arange(count, dtype=np.uint32))
        return self._indices[count]


@dataclass(slots=True)
class _EdgeBuffers:
    """The outlines of one square on the GPU."""

    revision: int
    corner: tuple[float, float]
    vertices: Any
    triangles: Any
    count: int


@dataclass(slots=True)
class _Resident:
    """What of some detections is on the GPU, and what is being made for it."""

    dots: dict[_Group, _DotBuffers] = field(default_factory=dict)
    edges: OrderedDict[BinKey, _EdgeBuffers] = field(default_factory=OrderedDict)
    making: dict[_Group, tuple[_Job, Future[Any]]] = field(default_factory=dict)

    def call_off(self, wanted: set[_Group]) -> None:
        """Forget what is being made for places that are not looked at any more, unless it is under way."""
        for key in self.making.keys() - wanted:
            future = self.making[key][1]
            if future.cancel() or future.done():
                del self.making[key]

    def trim(self, seen: set[BinKey]) -> None:
        for key in seen & self.edges.keys():
            self.edges.move_to_end(key)
        while len(self.edges) > max(_MOST_OUTLINED, len(seen)):
            self.edges.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Job:
    """Vertices to be made in the thread, and how they get to the GPU; outlines are groups of 0 squares."""

    key: _Group
    work: Callable[[], Any]
    take: Callable[[_Resident, Any], None]


def _take_dots(
    key: _Group, revision: int, corner: tuple[float, float], resident: _Resident, made: Dots
) -> None:
    resident.dots[key] = _DotBuffers(revision, corner, gloo.VertexBuffer(made.vertices), made.enough)


def _take_edges(
    key: BinKey, revision: int, corner: tuple[float, float], resident: _Resident, made: Edges
) -> None:
    count = len(made.vertices)
    vertices = gloo.VertexBuffer(made.vertices) if count else None
    triangles = gloo.IndexBuffer(made.triangles) if count else None
    resident.edges[key] = _EdgeBuffers(revision, corner, vertices, triangles, count)
