"""Columns against a parameter or a ratio of two: sweeps (medians and ranges over draws), and shares of draws, or probabilities that
were decided, with exact intervals."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from plot_file import Refused, mathematical
from plot_style import BEHIND_TEXT, COLUMN, GUIDE, STYLES, logarithmic_ordinate, ticks_where_measured

SIDESTEP = 3.6  # points between neighbouring markers at one abscissa, so that neither they nor their bars cover each other


class Series:
    """One column, with its label and style."""

    def __init__(self, results, spec, used):
        self.name, _, label = spec.partition(":")
        self.values = results.column(self.name)
        kind = results.kind(self.name)
        kind = kind if kind in STYLES else ""
        styles = STYLES[kind]
        self.style = styles[used.setdefault(kind, 0) % len(styles)]
        used[kind] += 1
        self.what = label or self.name.replace("_", " ")
        self.label = self.what + (f" ({kind})" if kind and kind != self.what else "")

    def over_draws(self, x, points):
        """Abscissa, median, least and most over draws, where any draw has the value."""
        rows = [(x[p], v[np.isfinite(v)]) for p in points for v in [self.values[p].ravel()]]
        rows = sorted((a, np.median(v), v.min(), v.max()) for a, v in rows if v.size and np.isfinite(a))
        return np.array(rows).reshape(-1, 4).T



class Share(Series):
    """How often a column is yes; or, of what was decided at one epsilon, how often it is proved."""

    def __init__(self, results, spec, used, program, epsilon=None):
        self.name, _, label = spec.partition(":")
        at = np.full(len(results.state), True) if epsilon is None else np.array(results.parameters["decide"]) == epsilon
        self.values = results.shares(program, self.name)
        self.values[~at] = np.nan
        styles = STYLES[""]
        self.style = styles[used.setdefault("", 0) % len(styles)]
        used[""] += 1
        self.what = label or (self.name.replace("_", " ") if epsilon is None else r"P(constant $\leq\epsilon$)")
        self.label = self.what if epsilon is None else rf"$\epsilon = {epsilon:g}$"

    def over_draws(self, x, points):
        """Abscissa, share (half way between what is proved and what is not refuted), and the ends of its interval."""
        rows = [(x[p], (least + most) / 2, low, high) for p in points for least, most, low, high in [self.values[p]]
                if np.isfinite(least) and np.isfinite(x[p])]
        return np.array(sorted(rows)).reshape(-1, 4).T


def series_of(results, options, share):
    """Those that --y names; of what was decided one for each epsilon."""
    used, specs = {}, options.y.split(",")
    decided = [results.is_decided(spec.partition(":")[0]) for spec in specs]
    if any(decided) and len(specs) > 1:
        raise Refused("decided is a probability: it has no place beside other columns")
    if any(decided):
        return [Share(results, specs[0], used, options.program, epsilon) for epsilon in sorted(set(results.parameters["decide"]))]
    return [Share(results, spec, used, options.program) if share else Series(results, spec, used) for spec in specs]


class Question:
    """What is drawn against what, in which panels; of a network's layers, which follow no law in n/k, against the layer."""

    def __init__(self, results, options):
        layers = "layer" in results.parameters and results.varies("layer") and not options.asked_x
        self.guide = None if layers else options.guide
        self.x_name = "layer" if layers else options.x or default_abscissa(results)
        self.x = results.numbers(self.x_name)
        self.log_x = "x" in options.log and not layers and np.nanmin(self.x) > 0
        self.whole = layers
        self.abscissae = np.unique(self.x[np.isfinite(self.x)])
        first, _, second = self.x_name.partition("_over_")
        self.panels = options.panels.split(",") if options.panels else [] if layers else [
            s for s in results.sizes if s != first and (results.varies(s) or s == second)]

    def limits(self, sidestep):
        """Of the abscissa, with room for sidesteps of this part of it."""
        low, high = self.abscissae[0], self.abscissae[-1]
        beyond = min(sidestep, 0.3) / (1 - 2 * min(sidestep, 0.3))
        if self.log_x:
            room = 2 if low == high else (high / low) ** max(0.12, beyond)
            return low / room, high * room
        room = 0.5 if self.whole or low == high else max(0.08, beyond) * (high - low)
        return low - room, high + room


def sweep(results, options, share=False):
    asked = Question(results, options)
    series = series_of(results, options, share)
    share = isinstance(series[0], Share)
    series = [s for s in series if np.isfinite(s.values).any()]
    if not series:
        raise Refused("no draw has a value to show")
    panels = [(title, points) for title, points in results.panels(asked.panels)
              if any(np.isfinite(s.values[points]).any() for s in series)]
    finite = np.concatenate([s.values[np.isfinite(s.values) & (s.values > 0)] for s in series])
    level = None if share else guide_level(series[0], asked)
    handles = [Line2D([], [], linestyle="none", label=s.label, **s.style) for s in series]
    if level is not None:
        handles.append(Line2D([], [], label=f"slope ${asked.guide:g}$", **GUIDE))
    fig, grid = lay_out(len(panels), handles)
    drawn = []
    for axes, (title, points) in zip(grid.flat, panels):
        set_scales(axes, grid.shape[1], asked, "" if share else options.log, finite, len(series))
        if share:
            axes.set_ylim(-0.03, 1.03)
        drawn.append([s.over_draws(asked.x, points) for s in series])
        for step, (s, rows) in enumerate(zip(series, drawn[-1])):
            if rows.size:
                draw_series(axes, rows, s.style, (step - (len(series) - 1) / 2) * sidestep(axes, asked.abscissae, len(series)), share)
        if level is not None:
            ends = np.array(axes.get_xlim())
            axes.plot(ends, level * ends**asked.guide, zorder=0, scalex=False, scaley=False, **GUIDE)
    name_panels([Panel(axes, title, np.concatenate([r for r in rows if r.size], axis=1))
                 for axes, (title, _), rows in zip(grid.flat, panels, drawn)], low=share)
    abscissa = asked.x_name if asked.whole else mathematical(asked.x_name)
    label_axes(fig, grid, abscissa, options.label or ", ".join(dict.fromkeys(s.what for s in series)))
    return fig


def share(results, options):
    return sweep(results, options, share=True)


def default_abscissa(results):
    varying = [s for s in results.sizes if results.varies(s)]
    if not varying:
        raise Refused("nothing varies over the points; theoremeter show prints them, or give --x")
    return varying[0]


def guide_level(series, asked):
    """So that the line goes through the middle of everything shown; none where there is no slope to see."""
    if asked.guide is None or len(asked.abscissae) < 2:
        return None
    scaled = series.values / (asked.x[:, None] ** asked.guide)
    return np.nanmedian(scaled) if np.isfinite(scaled).any() else None


def sidestep(axes, abscissae, count):
    """In points, from one series to the next: all of an abscissa stay nearer to it than to its neighbours."""
    places = axes.transData.transform(np.column_stack([abscissae, np.ones_like(abscissae)]))[:, 0] * 72 / axes.figure.dpi
    return min([SIDESTEP, *(0.7 * np.diff(places) / count)])


def draw_series(axes, rows, style, step, joined):
    """Medians, or shares, as markers beside those of the other series; their ranges, or intervals, as bars."""
    x, middle, low, high = rows
    aside = axes.transData + ScaledTranslation(step / 72, 0, axes.figure.dpi_scale_trans)
    bars = [np.maximum(middle - low, 0), np.maximum(high - middle, 0)]
    axes.errorbar(x, middle, yerr=bars, transform=aside, linestyle=":" if joined else "none", linewidth=0.6, elinewidth=0.8,
                  **style)


def set_scales(axes, columns, asked, log, finite, series):
    inches = (COLUMN - 0.6) / columns
    low, high = asked.limits(((series - 1) / 2 * SIDESTEP + 4) / (72 * inches))
    if asked.log_x:
        axes.set_xscale("log")
    axes.set_xlim(low, high)
    if asked.log_x or asked.whole:
        ticks_where_measured(axes.xaxis, asked.abscissae, low, high, inches, asked.log_x)
    if "y" in log and finite.size:
        logarithmic_ordinate(axes, finite)


class Panel:
    """Its title, and what is drawn: (abscissa, middle, low, high)."""

    def __init__(self, axes, title, rows):
        self.axes, self.title = axes, title
        self.size = plt.rcParams["font.size"] * min(1, 16 / max(1, len(title)))
        inches = axes.figure.dpi_scale_trans.inverted().transform(axes.bbox.size)
        self.width, self.height = np.array([0.55 * len(title) + 1, 1.8]) * self.size / 72 / inches
        place = axes.transData + axes.transAxes.inverted()
        (self.x, self.bottom), (_, self.top) = (place.transform(np.column_stack([rows[0], end])).T for end in rows[2:])

    def covered(self, corner):
        """How many bars the title would cover there."""
        right, up = corner
        beside = self.x > 0.95 - self.width if right else self.x < 0.05 + self.width
        return np.sum(beside & (self.top > 0.94 - self.height if up else self.bottom < 0.07 + self.height))

    def name(self, corner):
        right, up = corner
        self.axes.text(0.95 if right else 0.05, 0.94 if up else 0.07, self.title, transform=self.axes.transAxes, fontsize=self.size,
                       ha="right" if right else "left", va="top" if up else "bottom", bbox=BEHIND_TEXT)


def name_panels(panels, low):
    """All in one corner where nothing is drawn, if there is one, else each where it covers least; on the right, and at the
    top (`low`: at the bottom), rather than elsewhere. To be called when nothing moves limits any more."""
    corners = [(right, up) for right in (True, False) for up in (not low, low)]
    common = min(corners, key=lambda corner: sum(panel.covered(corner) for panel in panels))
    free = not any(panel.covered(common) for panel in panels)
    for panel in panels:
        panel.name(common if free else min(corners, key=panel.covered))


def lay_out(count, handles):
    """A grid of panels, with the legend in the place of panels that are lacking, or above."""
    columns = {1: 1, 2: 2, 4: 2}.get(count, 3)
    rows = math.ceil(count / columns)
    spare = rows * columns - count
    inside = spare * columns >= 2 or spare == 1 and columns == 2
    lines = 0 if inside else math.ceil(len(handles) / 2)
    height = {1: 2.1, 2: 1.45, 3: 1.5 if rows == 1 else 1.15}[columns] * rows + 0.3 + 0.15 * lines
    fig, grid = plt.subplots(rows, columns, figsize=(COLUMN, height), sharex=True, sharey=True, squeeze=False, layout="constrained")
    fig.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.01, hspace=0.01)
    for axes in grid.flat[count:]:
        axes.set_axis_off()
    if spare and rows > 1:
        for axes in grid[-2][columns - spare:]:
            axes.tick_params(labelbottom=True)
    if inside:
        grid.flat[-1].legend(handles=handles, loc="lower right", frameon=False, borderaxespad=0, handletextpad=0.2)
    else:
        fig.legend(handles=handles, loc="upper center", ncols=2, frameon=False, handletextpad=0.2, borderaxespad=0.2)
        fig.get_layout_engine().set(rect=(0, 0, 1, 1 - (0.15 * lines + 0.05) / height))
    return fig, grid


def label_axes(fig, grid, abscissa, ordinate):
    if grid.size == 1:
        grid[0, 0].set(xlabel=abscissa, ylabel=ordinate)
    else:
        fig.supxlabel(abscissa, fontsize=8)
        fig.supylabel(ordinate, fontsize=8)
