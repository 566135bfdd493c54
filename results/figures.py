#!/usr/bin/env python3
"""The figure of a results file: the constant against n/k, one panel for each k, as PDF and PNG.

    figures.py FILE.h5 --out PREFIX        writes PREFIX.pdf and PREFIX.png

Sampled and searched values are attained, hence at least; certified values are at most. Markers stand at the median over
draws, bars span the draws. In general the abscissa is the first size over the second (of a list of widths, over the first,
k), and there is a panel for every value of the other sizes.
"""

import argparse
import math
import os
import sys

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator  # noqa: E402

# Okabe and Ito's colours, told apart by colour-blind readers; shapes and fills tell the same apart in grey.
SAMPLED = {"color": "#E69F00", "marker": "o", "markerfacecolor": "white", "markersize": 3.6}
SEARCHED = {"color": "#0072B2", "marker": "^", "markersize": 4.0}
CERTIFIED = {"color": "#A3371B", "marker": "v", "markersize": 4.0}
BRACKET = {"facecolor": "#A3371B33", "edgecolor": "#A3371B77", "linewidth": 0.7}  # a closed bracket still shows as a line
GUIDE = {"color": "0.55", "linewidth": 0.7, "dashes": (4, 3)}
SINGLE_COLUMN, DOUBLE_COLUMN = 3.4, 7.0  # inches
SIDESTEP = 1.07  # factor between neighbouring markers on the abscissa, so that they do not cover each other

CONSTANTS = {
    "wdc": r"WDC constant $\varepsilon$",
    "phaseless": "phaseless concentration",
    "joint-wdc": r"joint-WDC constant $\varepsilon$",
    "rrcp": r"RRCP constant, $31\varepsilon$",
    "rric": r"RRIC constant $\varepsilon$",
}

STYLE = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.markeredgewidth": 0.8,
    "pdf.fonttype": 42,
}


class Sweep:
    """The arrays of a results file, by point and draw, sorted into panels."""

    def __init__(self, path):
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != "theoremeter":
                raise ValueError("not a theoremeter results file")
            major = int(file.attrs["format_version"][0])
            if major > 1:
                raise ValueError(f"written by a newer theoremeter (format {major})")
            self.condition = file.attrs["condition"]
            self.names = file.attrs["coordinates"].split()
            self.sizes = [file[name].asstr()[:] if file[name].dtype == object else file[name][:] for name in self.names]
            self.values = {name: file[name][:] for name in ("sampled_max", "searched_max", "at_least", "at_most")}
        if len(self.names) < 2:
            raise ValueError("the figure needs two sizes, as n and k")
        if not np.isfinite(self.values["at_least"]).any():
            raise ValueError("nothing has been measured yet")
        below = [int(str(size).split(",")[0]) for size in self.sizes[1]]  # of widths the first, k
        self.ratio = self.sizes[0] / np.array(below)

    def panels(self):
        """(title, indices of points by ascending abscissa) for every value of the sizes but the first."""
        keys = list(zip(*self.sizes[1:]))
        for key in sorted(set(keys)):
            points = np.array([i for i, other in enumerate(keys) if other == key])
            title = ", ".join(size.replace(",", "–") if isinstance(size, str) else f"${name} = {size}$"
                              for name, size in zip(self.names[1:], key))
            yield title, points[np.argsort(self.ratio[points], kind="stable")]

    def summary(self, name, points):
        """Abscissa, median, least and most over draws, where any draw has the value."""
        rows = [(self.ratio[p], v[np.isfinite(v)]) for p in points for v in [self.values[name][p]]]
        rows = [(x, np.median(v), v.min(), v.max()) for x, v in rows if v.size]
        return np.array(rows).reshape(-1, 4).T


def draw_evidence(axes, evidence, style, step, unbounded=None):
    """Median markers with bars over draws. Where `unbounded`, an arrow upwards: nothing bounds the value from above."""
    x, median, least, most = evidence
    x = x * SIDESTEP**step
    axes.errorbar(x, median, yerr=[median - least, most - median], linestyle="none", elinewidth=0.8, **style)
    if unbounded is None:
        return
    arrow = {"arrowstyle": "<|-", "color": style["color"], "lw": 0.8, "mutation_scale": 5, "shrinkA": 0, "shrinkB": 0}
    for xi, top in zip(x[unbounded], most[unbounded]):
        axes.annotate("", (xi, top), (0, 11), textcoords="offset points", arrowprops=arrow)


def draw_panel(axes, sweep, title, points):
    certified = sweep.summary("at_most", points)
    floor = sweep.summary("at_least", [p for p in points if np.isfinite(sweep.values["at_most"][p]).any()])
    if certified.size:
        axes.fill_between(certified[0], floor[1], certified[1], **BRACKET)
    searched = sweep.summary("searched_max", points)
    draw_evidence(axes, sweep.summary("sampled_max", points), SAMPLED, -1)
    draw_evidence(axes, searched, SEARCHED, 0, ~np.isin(searched[0], certified[0]))
    draw_evidence(axes, certified, CERTIFIED, 1)
    axes.text(0.95, 0.93, title, transform=axes.transAxes, ha="right", va="top")


def set_axes(axes, sweep):
    """Both axes logarithmic, with plain numbers at the ratios measured and at 1, 2, 5 times powers of ten."""
    ratios = np.unique(sweep.ratio)
    finite = np.concatenate([v[np.isfinite(v) & (v > 0)] for v in sweep.values.values()])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(ratios[0] / 1.35, ratios[-1] * 1.35)
    axes.set_ylim(finite.min() / 1.25, finite.max() * 1.6)
    axes.xaxis.set_minor_locator(NullLocator())
    if len(ratios) <= 6:
        axes.xaxis.set_major_locator(FixedLocator(ratios))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(LogLocator(subs=range(1, 10)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.3g}")


def draw_guide(axes, sweep):
    """What eps ~ (k/n)^(1/2) looks like: the same line in all panels, through the middle of everything attained."""
    low, high = axes.get_xlim()
    level = np.nanmedian(sweep.values["at_least"] * np.sqrt(sweep.ratio)[:, None])
    axes.plot([low, high], [level / math.sqrt(low), level / math.sqrt(high)], zorder=0, **GUIDE)


def legend_handles(sweep):
    def marker(style, label):
        return Line2D([], [], linestyle="none", label=label, **style)

    has = {name: np.isfinite(values).any() for name, values in sweep.values.items()}
    handles = []
    if has["sampled_max"]:
        handles.append(marker(SAMPLED, "sampled (at least)"))
    if has["searched_max"]:
        handles.append(marker(SEARCHED, "searched (at least)"))
    if has["at_most"]:
        handles += [marker(CERTIFIED, "certified (at most)"), Patch(label="bracket", **BRACKET)]
    if not np.isfinite(sweep.values["at_most"]).any(axis=1).all():
        handles.append(marker({**SEARCHED, "marker": r"$\uparrow$", "markersize": 7}, "no upper bound known"))
    if len(np.unique(sweep.ratio)) > 1:
        handles.append(Line2D([], [], label="slope $-1/2$", **GUIDE))
    return handles


def figure(sweep):
    panels = list(sweep.panels())
    rows = math.ceil(len(panels) / 4)
    columns = math.ceil(len(panels) / rows)
    spare = rows * columns - len(panels)
    width = SINGLE_COLUMN if columns <= 2 else DOUBLE_COLUMN
    legend_height = 0 if spare else 0.55 if columns <= 2 else 0.25
    height = (2.4 if columns == 1 else 1.75 * rows + 0.3) + legend_height
    fig, grid = plt.subplots(rows, columns, figsize=(width, height), sharex=True, sharey=True, squeeze=False, layout="constrained")
    for axes, (title, points) in zip(grid.flat, panels):
        set_axes(axes, sweep)
        draw_panel(axes, sweep, title, points)
        if len(np.unique(sweep.ratio)) > 1:
            draw_guide(axes, sweep)
    handles = legend_handles(sweep)
    for axes in grid.flat[len(panels):]:
        axes.set_axis_off()
    if spare:
        grid.flat[-1].legend(handles=handles, loc="center", frameon=False, borderaxespad=0, handletextpad=0.4)
        for axes in grid[-2][columns - spare:] if rows > 1 else []:
            axes.tick_params(labelbottom=True)
    else:
        fig.legend(handles=handles, loc="upper center", ncols=2 if columns <= 2 else 6, frameon=False, handletextpad=0.4)
        fig.get_layout_engine().set(rect=(0, 0, 1, 1 - legend_height / height))
    below = "k" if isinstance(sweep.sizes[1][0], str) else sweep.names[1]
    label_axes(fig, grid, f"${sweep.names[0]}/{below}$", CONSTANTS.get(sweep.condition, f"{sweep.condition} constant"))
    return fig


def label_axes(fig, grid, abscissa, ordinate):
    if grid.size == 1:
        grid[0, 0].set(xlabel=abscissa, ylabel=ordinate)
    else:
        fig.supxlabel(abscissa, fontsize=9)
        fig.supylabel(ordinate, fontsize=9)


def save(fig, prefix):
    """Both files, each written beside and renamed."""
    for extension, options in (("pdf", {"metadata": {"CreationDate": None}}), ("png", {"dpi": 300})):
        final, part = f"{prefix}.{extension}", f"{prefix}.part.{extension}"
        try:
            fig.savefig(part, **options)
            os.replace(part, final)
        finally:
            if os.path.exists(part):
                os.remove(part)
        print(final)


def command(description, load, draw):
    """A figure script's command line: FILE.h5 --out PREFIX. What cannot be read or drawn is one line and exit code 2."""
    program = os.path.basename(sys.argv[0])
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("file", help="results file (HDF5)")
    parser.add_argument("--out", required=True, metavar="PREFIX", help="writes PREFIX.pdf and PREFIX.png")
    arguments = parser.parse_args()
    try:
        loaded = load(arguments.file)
    except OSError:
        reason = "not an HDF5 file, or damaged" if os.path.isfile(arguments.file) else "no such file"
        print(f"{program}: {arguments.file}: {reason}", file=sys.stderr)
        return 2
    except (KeyError, ValueError) as error:
        print(f"{program}: {arguments.file}: {error}", file=sys.stderr)
        return 2
    plt.rcParams.update(STYLE)
    try:
        save(draw(loaded), arguments.out)
    except OSError as error:
        print(f"{program}: {arguments.out}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(command(__doc__, Sweep, figure))
