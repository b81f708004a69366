"""Plots as shapes: where lines, boxes, ticks and words stand in a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sdtm_mapper.model.run import Box, Plot

WIDTH, HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 14, 44
_WIDE_RATIO = 50.0  # values that differ more are drawn on a logarithmic scale


@dataclass(frozen=True)
class Shape:
    """One element: `kind` is path, dot, word or rule; `style` its class in the page."""

    kind: str
    style: str
    x: float = 0.0
    y: float = 0.0
    text: str = ""
    path: str = ""
    anchor: str = "start"


@dataclass(frozen=True)
class Drawing:
    """A plot with its shapes, and the same numbers as a table."""

    plot: Plot
    shapes: tuple[Shape, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    width: int = WIDTH
    height: int = HEIGHT


def draw(plot: Plot) -> Drawing:
    """Place a plot's data in a picture of fixed size."""
    return _boxes(plot) if plot.boxes else _lines(plot)


def _lines(plot: Plot) -> Drawing:
    points = [p for line in plot.lines for p in line.points]
    xs, ys = [x for x, _ in points], [y for _, y in points] + [y for _, y in plot.guides]
    across = _Scale(min(xs, default=0), max(xs, default=1), _LEFT, WIDTH - _RIGHT)
    up = _Scale(0.0, max([*ys, 1.0]), HEIGHT - _BOTTOM, _TOP)
    shapes = [*_frame(plot, up)]
    shapes += [
        Shape("word", "tick", across(x), HEIGHT - _BOTTOM + 16, _number(x), anchor="middle")
        for x in across.ticks()
    ]
    shapes += [_level("guide", up(y)) for _, y in plot.guides]
    names = [("tick", name, up(y)) for name, y in plot.guides]
    rows = []
    for line in plot.lines:
        style = "main" if line.main else "part"
        steps = [f"{across(x):.1f},{up(y):.1f}" for x, y in line.points]
        shapes.append(Shape("path", style, text=line.name, path="M" + "L".join(steps)))
        for x, y in line.points:
            words = f"{line.name}: {_number(y)} at {_number(x)}"
            shapes.append(Shape("dot", style, across(x), up(y), words))
            rows.append((line.name, _number(x), _number(y)))
        if line.points and line.main:
            names.append(("name", line.name, up(line.points[-1][1])))
    return Drawing(plot, (*shapes, *_beside(names)), ("series", plot.x, plot.y), tuple(rows))


def _beside(names: list[tuple[str, str, float]]) -> list[Shape]:
    """Names right of the plot, at their heights but never one over the other."""
    out: list[Shape] = []
    for style, name, y in sorted(names, key=lambda n: (n[2], n[1])):
        free = max(y + 4, out[-1].y + 13) if out else y + 4
        out.append(Shape("word", style, WIDTH - _RIGHT + 8, free, name))
    return out


def _boxes(plot: Plot) -> Drawing:
    values = [v for b in plot.boxes for v in (*b.quartiles, *b.marked)]
    low, high = min(values), max(values)
    up = _Scale(low, high, HEIGHT - _BOTTOM, _TOP, low > 0 and high / low > _WIDE_RATIO)
    step = (WIDTH - _LEFT - 20) / len(plot.boxes)
    shapes = [*_frame(plot, up)]
    for i, box in enumerate(plot.boxes):
        middle, half = _LEFT + step * (i + 0.5), min(step * 0.3, 22)
        shapes += _box(box, middle, half, up)
        shapes.append(Shape("word", "tick", middle, HEIGHT - _BOTTOM + 16, box.name, anchor="middle"))
    rows = [
        (b.name, str(b.n), *map(_number, b.quartiles), ", ".join(map(_number, b.marked))) for b in plot.boxes
    ]
    header = (plot.x, "n", "least", "first quartile", "median", "third quartile", "greatest", "in findings")
    return Drawing(plot, tuple(shapes), header, tuple(rows))


def _box(box: Box, middle: float, half: float, up: _Scale) -> list[Shape]:
    least, first, median, third, greatest = (up(v) for v in box.quartiles)
    a, b = f"{middle - half:.1f}", f"{middle + half:.1f}"
    words = f"{box.name}: {box.n} values, median {_number(box.quartiles[2])}"
    path = (
        f"M{middle:.1f},{least:.1f}V{first:.1f}M{middle:.1f},{third:.1f}V{greatest:.1f}"
        f"M{a},{first:.1f}H{b}V{third:.1f}H{a}ZM{a},{median:.1f}H{b}"
    )
    marked = [Shape("dot", "marked", middle, up(v), f"{box.name}: {_number(v)}") for v in box.marked]
    return [Shape("path", "box", text=words, path=path), *marked]


def _frame(plot: Plot, up: _Scale) -> list[Shape]:
    out = []
    for y in up.ticks():
        out.append(_level("grid", up(y)))
        out.append(Shape("word", "tick", _LEFT - 6, up(y) + 4, _number(y), anchor="end"))
    out.append(Shape("word", "axis", (_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 8, plot.x, anchor="middle"))
    out.append(Shape("word", "axis up", 12, HEIGHT / 2, plot.y, anchor="middle"))
    return out


def _level(style: str, y: float) -> Shape:
    return Shape("path", style, path=f"M{_LEFT},{y:.1f}H{WIDTH - _RIGHT if style == 'guide' else WIDTH - 10}")


class _Scale:
    """Data to picture, straight or logarithmic."""

    def __init__(self, low: float, high: float, start: float, end: float, log: bool = False) -> None:
        self.log = log
        self._low, self._high = self._of(low), self._of(high)
        if self._low == self._high:
            self._low, self._high = self._low - 0.5, self._high + 0.5
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        share = (self._of(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[float]:
        """About five round numbers within the data; powers of ten on a logarithmic scale."""
        if self.log:
            return [10.0**e for e in range(math.ceil(self._low), math.floor(self._high) + 1)]
        rough = (self._high - self._low) / 5
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * m for m in (1, 2, 5, 10) if size * m >= rough)
        first, last = math.ceil(self._low / step), math.floor(self._high / step)
        return [i * step for i in range(first, last + 1)]

    def _of(self, value: float) -> float:
        return math.log10(value) if self.log else value


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
