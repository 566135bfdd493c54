"""What all figures share: a column wide, serif, told apart by shape as well as by colour."""

import numpy as np
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator

COLUMN, TWO_COLUMNS = 3.4, 7.0  # inches: one column of a paper, and both

STYLE = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.linewidth": 0.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7.5,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.markeredgewidth": 0.7,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "theoremeter",
}

# Okabe and Ito's colours (and a brick red), told apart by colour-blind readers; shapes and fills tell the same apart in grey.
BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
YELLOW = "#F0E442"
BRICK = "#A3371B"
STYLES = {
    "at least": [{"color": ORANGE, "marker": "o", "markerfacecolor": "white", "markersize": 3.2},
                 {"color": BLUE, "marker": "^", "markersize": 3.6},
                 {"color": GREEN, "marker": "<", "markersize": 3.6}],
    "at most": [{"color": BRICK, "marker": "v", "markersize": 3.6},
                {"color": PURPLE, "marker": ">", "markersize": 3.6}],
    "": [{"color": VERMILION, "marker": "s", "markersize": 3.2},
         {"color": BLUE, "marker": "o", "markersize": 3.2, "markerfacecolor": "white"},
         {"color": "black", "marker": "D", "markersize": 2.9, "markerfacecolor": "white"},
         {"color": GREEN, "marker": "x", "markersize": 3.6, "markeredgewidth": 1.0}],
}
# Of as many curves as a figure of recoveries has.
LOOKS = [(BLUE, "o"), (VERMILION, "s"), (GREEN, "^"), (PURPLE, "v"), (ORANGE, "D"), ("black", "<"), (SKY, ">")]
GUIDE = {"color": "0.55", "linewidth": 0.7, "dashes": (4, 3)}
BEHIND_TEXT = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}


def plain(value):
    """1000 and not 1e+03."""
    return f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"


def plain_ticks(axis):
    axis.set_major_formatter(lambda value, _: plain(value))


def legible(values, low, high, inches, log):
    """Those of the values whose labels, 7 points high, stand clear of each other on an axis `inches` long; all, or round ones."""
    place = np.log if log else np.asarray
    scale = 72 * inches / (place(high) - place(low))
    widths = np.array([4.5 * len(plain(v)) for v in values])
    gaps = np.diff(place(values)) * scale
    return (gaps > (widths[1:] + widths[:-1]) / 2).all()


def ticks_where_measured(axis, values, low, high, inches, log):
    """A tick at each value where there is room for its label, else at round numbers."""
    axis.set_minor_locator(NullLocator())
    if legible(values, low, high, inches, log):
        axis.set_major_locator(FixedLocator(values))
    elif log:
        round_ones = np.unique([float(f"{m}e{e}") for e in range(-6, 12) for m in (1, 2, 5)])
        for step in (1, 3, 6):  # 1, 2, 5, 10, ...; powers of ten; of a hundred
            chosen = round_ones[::step]
            chosen = chosen[(chosen >= low) & (chosen <= high)]
            if legible(chosen, low, high, inches, log):
                break
        axis.set_major_locator(FixedLocator(chosen))
    plain_ticks(axis)


def logarithmic_ordinate(axes, finite):
    axes.set_yscale("log")
    axes.set_ylim(finite.min() / 1.25, finite.max() * max(1.6, (finite.max() / finite.min()) ** 0.15))  # a panel's name is above
    decades = np.log10(finite.max() / finite.min())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2.5 else (1,)))
    axes.yaxis.set_minor_locator(LogLocator(subs=range(1, 10)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    if decades < 4:
        plain_ticks(axes.yaxis)
