"""Charts as inline SVG, by hand: lines, points with intervals, bars and strips; the same figures give the same bytes.

A plotting library would bring its fonts, its version and its clock into every file; these few shapes do not.
Coordinates are rounded to a tenth of a pixel. Colours come from the page's style sheet, by class.
"""

from collections.abc import Callable, Sequence
from html import escape

Points = Sequence[Sequence[float]]
Range = tuple[float, float]
Ratio = tuple[str, float | None, float | None, float | None, bool]
"""Group, ratio, its interval, and whether it is an alert."""

WIDTH, HEIGHT = 340, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 10, 40
ROW = 24
LABELS = 190


class Frame:
    """Axes of one chart: from figures to pixels, with ticks, grid and names."""

    def __init__(
        self, x: tuple[float, float], y: tuple[float, float], names: tuple[str, str], percent: bool = True
    ) -> None:
        self.x, self.y, self.names, self.percent = x, y, names, percent

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point."""
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def drawn(self, title: str, *shapes: str) -> str:
        """The whole chart."""
        axes = "".join([*self._ticks(0), *self._ticks(1)])
        names = (
            f'<text class="name" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}">{escape(self.names[0])}</text>'
            f'<text class="name" transform="translate(11 {(HEIGHT - BOTTOM + TOP) / 2}) rotate(-90)">'
            f"{escape(self.names[1])}</text>"
        )
        return canvas(WIDTH, HEIGHT, title, axes + names + "".join(shapes))

    def line(self, points: Points, style: str) -> str:
        """A line through the points."""
        return f'<polyline class="{style}" points="{" ".join(_xy(*self.at(*point[:2])) for point in points)}"/>'

    def interval(self, x: float, y: float, low: float, high: float) -> str:
        """A point with its interval."""
        (across, up), (_, least), (_, most) = self.at(x, y), self.at(x, low), self.at(x, high)
        bar = f'<path class="interval" d="M{_xy(across, least)} L{_xy(across, most)}"/>'
        return f'{bar}<circle class="point" cx="{across:.1f}" cy="{up:.1f}" r="3.5"/>'

    def bar(self, left: float, right: float, value: float) -> str:
        """An upright bar from the axis up to ``value``."""
        (x, top), (end, foot) = self.at(left, value), self.at(right, self.y[0])
        return f'<rect class="bar" x="{x + 1:.1f}" y="{top:.1f}" width="{end - x - 2:.1f}" height="{foot - top:.1f}"/>'

    def _ticks(self, axis: int) -> list[str]:
        low, high = (self.x, self.y)[axis]
        return [self._tick(axis, low + (high - low) * step / 4) for step in range(5)]

    def _tick(self, axis: int, value: float) -> str:
        words = _said(value, self.percent or (axis == 0), max(abs(edge) for edge in (self.x, self.y)[axis]))
        if axis:
            _, y = self.at(self.x[0], value)
            return (
                f'<path class="grid" d="M{LEFT} {y:.1f} H{WIDTH - RIGHT}"/>'
                f'<text class="tick end" x="{LEFT - 6}" y="{y + 3.5:.1f}">{words}</text>'
            )
        x, _ = self.at(value, self.y[0])
        return f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}">{words}</text>'


def rows(title: str, names: Sequence[str], shapes: Callable[[int, float], str], width: int = 640) -> str:
    """A chart of one row per name: ``shapes(row, y)`` draws at the middle of the row, from ``LABELS`` to the right."""
    height = ROW * len(names) + 8
    drawn = [
        f'<text class="label" x="{LABELS - 10}" y="{ROW * row + 20}">{escape(name)}</text>{shapes(row, ROW * row + 16)}'
        for row, name in enumerate(names)
    ]
    return canvas(width, height, title, "".join(drawn))


def bars(title: str, values: Sequence[tuple[str, float]], said: Callable[[float], str]) -> str:
    """Lying bars, the value beside each."""
    most = max((value for _, value in values), default=0.0) or 1.0

    def shape(row: int, y: float) -> str:
        value = values[row][1]
        width = 360 * value / most
        return (
            f'<rect class="bar" x="{LABELS}" y="{y - 8}" width="{width:.1f}" height="15"/>'
            f'<text class="value" x="{LABELS + width + 6:.1f}" y="{y + 4}">{said(value)}</text>'
        )

    return rows(title, [name for name, _ in values], shape)


def strip(title: str, features: Sequence[tuple[str, Points]]) -> str:
    """One dot per tenth of a feature's values, from the lowest (light) to the highest (dark), at its contribution."""
    reach = max((abs(point[1]) for _, points in features for point in points), default=0.0) or 1.0
    middle, half = LABELS + 215, 205

    def shape(row: int, y: float) -> str:
        points = features[row][1]
        axis = f'<path class="grid" d="M{middle} {y - 12} V{y + 12}"/>'
        dots = [
            f'<circle class="tenth t{round(place * 9 / max(len(points) - 1, 1))}" '
            f'cx="{middle + half * point[1] / reach:.1f}" cy="{y}" r="5"/>'
            for place, point in enumerate(points)
        ]
        return axis + "".join(dots)

    return rows(title, [name for name, _ in features], shape)


def ratios(title: str, groups: Sequence[Ratio], bound: float) -> str:
    """A ratio with its interval per group, on a scale from 0 to 1.4, and the bound as a line."""
    scale = 410 / 1.4

    def shape(row: int, y: float) -> str:
        _, ratio, low, high, alert = groups[row]
        edge = f'<path class="bound" d="M{LABELS + bound * scale:.1f} {y - 12} V{y + 12}"/>'
        one = f'<path class="grid" d="M{LABELS + scale:.1f} {y - 12} V{y + 12}"/>'
        if ratio is None or low is None or high is None:
            said = "highest" if ratio == 1.0 else "none"
            return f'{edge}{one}<text class="value" x="{LABELS + 418}" y="{y + 4}">{said}</text>'
        start, end = LABELS + min(low, 1.4) * scale, LABELS + min(high, 1.4) * scale
        style = " alert" if alert else ""
        return (
            f'{edge}{one}<path class="interval{style}" d="M{start:.1f} {y} H{end:.1f}"/>'
            f'<circle class="point{style}" cx="{LABELS + min(ratio, 1.4) * scale:.1f}" cy="{y}" r="4"/>'
            f'<text class="value" x="{LABELS + 418}" y="{y + 4}">{ratio:.2f}</text>'
        )

    return rows(title, [group[0] for group in groups], shape, 660)


def canvas(width: int, height: int, title: str, content: str) -> str:
    """The SVG element; its title is read out."""
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title, quote=True)}" '
        f'style="max-width:{width * 1.35:.0f}px">{content}</svg>'
    )


def _xy(x: float, y: float) -> str:
    return f"{x:.1f},{y:.1f}"


def _said(value: float, percent: bool, largest: float) -> str:
    if not percent:
        return f"{value:.1f}"
    return f"{100 * value:.0f} %" if largest >= 0.2 else f"{100 * value:.1f} %"
