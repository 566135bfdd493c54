#!/usr/bin/env python3
"""Figures of a results file, made to go into a paper: PDF and PNG. What `theoremeter plot` runs.

    plot.py FILE.h5 --out PREFIX [--figure sweep|share|surface] [--x NAME] [--y COLUMN[:LABEL],...] [--panels NAME,...]
                    [--log x|y|xy] [--label TEXT] [--guide SLOPE]

sweep: columns against a parameter, or a ratio of two (n_over_k); markers at the median over draws, bars span the draws. Shapes
tell apart what is at least, at most, or neither. share: how often a yes/no column is yes, with 95 % Wilson intervals. surface:
a surface over the plane with its critical points, and its contours. All else comes from the attributes in the file.
"""

import argparse
import json
import math
import os
import sys

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator  # noqa: E402

# Okabe and Ito's colours, told apart by colour-blind readers; shapes and fills tell the same apart in grey.
STYLES = {
    "at least": [{"color": "#E69F00", "marker": "o", "markerfacecolor": "white", "markersize": 3.6},
                 {"color": "#0072B2", "marker": "^", "markersize": 4.0},
                 {"color": "#009E73", "marker": "<", "markersize": 4.0}],
    "at most": [{"color": "#A3371B", "marker": "v", "markersize": 4.0},
                {"color": "#CC79A7", "marker": ">", "markersize": 4.0}],
    "": [{"color": "#D55E00", "marker": "s", "markersize": 3.6},
         {"color": "#0072B2", "marker": "o", "markersize": 3.6, "markerfacecolor": "white"},
         {"color": "black", "marker": "D", "markersize": 3.2, "markerfacecolor": "white"}],
}
GUIDE = {"color": "0.55", "linewidth": 0.7, "dashes": (4, 3)}
SINGLE_COLUMN, DOUBLE_COLUMN = 3.4, 7.0  # inches
SIDESTEP = 1.07  # factor between neighbouring markers on a logarithmic abscissa, so that they do not cover each other

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


class Refused(Exception):
    """One line: what cannot be drawn, and what could."""


class Results:
    """The points of a results file, their parameters, and columns by point and draw."""

    def __init__(self, path):
        self.file = h5py.File(path, "r")
        if self.file.attrs.get("format") != "theoremeter":
            raise Refused("not a theoremeter results file")
        major = int(self.file.attrs["format_version"][0])
        if major != 2:
            raise Refused(f"format {major}.x; `theoremeter merge {path} --output NEW.h5` makes it 2.1")
        about = json.loads(np.ravel(self.file["about/description"].asstr()[()])[0])
        columns = {c["name"] for c in about["columns"]}
        self.title = self.file.attrs["title"]
        self.parameters, self.sizes = {}, []
        for p in about["parameters"]:
            name = p["name"]
            data = self.file["asked_" + name if name in columns else name]
            self.parameters[name] = list(data.asstr()[:]) if data.dtype == object else list(data[:])
            if p["scope"] != "option":
                self.sizes.append(name)
        self.state = self.file["state"][:]
        if not (self.state == 1).any():
            raise Refused("nothing has been measured yet")

    def kind(self, column):
        kind = self.file[column].attrs["kind"]
        return kind if kind in STYLES else ""

    def column(self, name):
        if name not in self.file or self.file[name].ndim < 2:
            raise Refused(f"there is no column {name}")
        if self.file[name].dtype == object or "flag_meanings" in self.file[name].attrs and len(
                str(self.file[name].attrs["flag_meanings"]).split()) > 2:
            raise Refused(f"{name} holds words, no numbers")
        values = self.file[name][:].astype(float)
        values[self.state != 1] = np.nan
        return values

    def numbers(self, name):
        """A parameter as numbers, of a list the first; or the ratio of two."""
        if name in self.parameters:
            try:
                return np.array([float(str(v).split(",")[0]) if str(v) else math.nan for v in self.parameters[name]])
            except ValueError:
                raise Refused(f"{name} is no number: it can tell panels apart, --panels {name}") from None
        if "_over_" in name:
            a, b = name.split("_over_", 1)
            return self.numbers(a) / self.numbers(b)
        raise Refused(f"there is no parameter {name}; there are {', '.join(self.parameters)}")

    def panels(self, names):
        """(title, indices of points) for every combination of these parameters."""
        keys = list(zip(*(self.parameters[n] for n in names))) if names else [()] * self.state.shape[0]
        for key in sorted(set(keys), key=lambda k: [(isinstance(v, str), tuple(map(float, v.split(",")))
                                                     if isinstance(v, str) and v and v[0].isdigit() else v) for v in k]):
            points = np.array([i for i, other in enumerate(keys) if other == key])
            yield ", ".join(v.replace(",", "–") if isinstance(v, str) else f"${n} = {v:g}$" for n, v in zip(names, key)), points


def mathematical(name):
    """n_over_k as n/k, in italics."""
    parts = ["k" if p == "widths" else p for p in name.split("_over_")]
    return "$" + "/".join(p if len(p) == 1 else rf"\mathrm{{{p}}}".replace("_", r"\_") for p in parts) + "$"


def wilson(hits, draws, z=1.959964):
    """The score interval of a proportion."""
    p, n = hits / draws, draws
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


class Series:
    """One column, with its label and style."""

    def __init__(self, results, spec, used):
        self.name, _, label = spec.partition(":")
        self.values = results.column(self.name)
        kind = results.kind(self.name)
        styles = STYLES[kind]
        self.style = styles[used.setdefault(kind, 0) % len(styles)]
        used[kind] += 1
        self.label = (label or self.name.replace("_", " ")) + (f" ({kind})" if kind else "")

    def over_draws(self, x, points):
        """Abscissa, median, least and most over draws, where any draw has the value."""
        rows = [(x[p], v[np.isfinite(v)]) for p in points for v in [self.values[p].ravel()]]
        rows = sorted((a, np.median(v), v.min(), v.max()) for a, v in rows if v.size and np.isfinite(a))
        return np.array(rows).reshape(-1, 4).T

    def shares(self, x, points):
        rows = []
        for p in points:
            v = self.values[p][np.isfinite(self.values[p])]
            if v.size and np.isfinite(x[p]):
                rows.append((x[p], (v > 0).mean(), *wilson((v > 0).sum(), v.size)))
        return np.array(sorted(rows)).reshape(-1, 4).T


def draw_series(axes, rows, style, step, joined):
    x, middle, low, high = rows
    if axes.get_xscale() == "log":
        x = x * SIDESTEP**step
    bars = [np.maximum(middle - low, 0), np.maximum(high - middle, 0)]
    axes.errorbar(x, middle, yerr=bars, linestyle="-" if joined else "none", linewidth=0.8, elinewidth=0.8, **style)


def plain_ticks(axis):
    axis.set_major_formatter(lambda value, _: f"{value:.3g}")


def set_scales(axes, log, abscissae, finite):
    if "x" in log and abscissae.min() > 0:
        axes.set_xscale("log")
        axes.set_xlim(abscissae[0] / 1.35, abscissae[-1] * 1.35)
        axes.xaxis.set_minor_locator(NullLocator())
        far_apart = abscissae[1:] / abscissae[:-1] > 1.3
        if len(abscissae) <= 6 and far_apart.all():
            axes.xaxis.set_major_locator(FixedLocator(abscissae))
        plain_ticks(axes.xaxis)
    if "y" in log and finite.size and finite.min() > 0:
        axes.set_yscale("log")
        axes.set_ylim(finite.min() / 1.25, finite.max() * 1.6)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(LogLocator(subs=range(1, 10)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        plain_ticks(axes.yaxis)


def sweep(results, options, share=False):
    x_name = options.x or default_abscissa(results)
    x = results.numbers(x_name)
    first = x_name.split("_over_")[0]
    names = options.panels.split(",") if options.panels else [
        s for s in results.sizes if s != first and len(set(map(str, results.parameters[s]))) > 1 or
        ("_over_" in x_name and s == x_name.split("_over_")[1])]
    if options.panels:
        for name in names:
            results.numbers(name) if "_over_" in name else results.parameters.get(name) or results.numbers(name)
    used = {}
    series = [Series(results, spec, used) for spec in options.y.split(",")]
    series = [s for s in series if np.isfinite(s.values).any()]
    if not series:
        raise Refused("no draw has a value to show")
    panels = [(title, points) for title, points in results.panels(names)
              if any(np.isfinite(s.values[points]).any() for s in series)]
    fig, grid, handles_at = lay_out(len(panels))
    abscissae = np.unique(x[np.isfinite(x)])
    finite = np.concatenate([s.values[np.isfinite(s.values) & (s.values > 0)] for s in series])
    level = guide_level(series[0], x, options.guide)
    for axes, (title, points) in zip(grid.flat, panels):
        set_scales(axes, options.log, abscissae, finite)
        if share:
            axes.set_ylim(-0.03, 1.03)
        for step, s in enumerate(series):
            rows = s.shares(x, points) if share else s.over_draws(x, points)
            if rows.size:
                draw_series(axes, rows, s.style, step - (len(series) - 1) / 2, share)
        if level is not None and len(abscissae) > 1:
            ends = np.array(axes.get_xlim())
            axes.plot(ends, level * ends**options.guide, zorder=0, scalex=False, scaley=False, **GUIDE)
        axes.text(0.95, 0.07 if share else 0.93, title, transform=axes.transAxes, ha="right", va="bottom" if share else "top",
                  bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6})
    handles = [Line2D([], [], linestyle="none", label=s.label, **s.style) for s in series]
    if level is not None and len(abscissae) > 1:
        handles.append(Line2D([], [], label=f"slope ${options.guide:g}$", **GUIDE))
    handles_at(handles)
    label_axes(fig, grid, mathematical(x_name), options.label or series[0].label)
    return fig


def default_abscissa(results):
    varying = [s for s in results.sizes if len(set(map(str, results.parameters[s]))) > 1]
    if not varying:
        raise Refused("nothing varies over the points; theoremeter show prints them, or give --x")
    return varying[0]


def guide_level(series, x, slope):
    """So that the line goes through the middle of everything shown."""
    if slope is None:
        return None
    scaled = series.values / (x[:, None] ** slope)
    return np.nanmedian(scaled) if np.isfinite(scaled).any() else None


def lay_out(count):
    """A grid of panels, and where the legend goes: an empty panel, or above."""
    rows = math.ceil(count / 4)
    columns = math.ceil(count / rows)
    spare = rows * columns - count
    width = SINGLE_COLUMN if columns <= 2 else DOUBLE_COLUMN
    legend_height = 0 if spare else 0.55 if columns <= 2 else 0.25
    height = (2.4 if columns == 1 else 1.75 * rows + 0.3) + legend_height
    fig, grid = plt.subplots(rows, columns, figsize=(width, height), sharex=True, sharey=True, squeeze=False, layout="constrained")
    for axes in grid.flat[count:]:
        axes.set_axis_off()

    def place(handles):
        if spare:
            grid.flat[-1].legend(handles=handles, loc="center", frameon=False, borderaxespad=0, handletextpad=0.4)
            for axes in grid[-2][columns - spare:] if rows > 1 else []:
                axes.tick_params(labelbottom=True)
        else:
            fig.legend(handles=handles, loc="upper center", ncols=2 if columns <= 2 else 6, frameon=False, handletextpad=0.4)
            fig.get_layout_engine().set(rect=(0, 0, 1, 1 - legend_height / height))

    return fig, grid, place


def label_axes(fig, grid, abscissa, ordinate):
    if grid.size == 1:
        grid[0, 0].set(xlabel=abscissa, ylabel=ordinate)
    else:
        fig.supxlabel(abscissa, fontsize=9)
        fig.supylabel(ordinate, fontsize=9)


# --- A surface over the plane ------------------------------------------------------------------------------------------

# Told apart by shape as well as by colour.
KINDS = {
    "global minimum": {"marker": "*", "color": "#0072B2", "markersize": 9},
    "local minimum": {"marker": "^", "color": "#009E73", "markersize": 5},
    "critical, no minimum": {"marker": "s", "color": "#D55E00", "markersize": 5},
    "local maximum": {"marker": "o", "color": "black", "markersize": 5},
}


class Surface:
    """The first surface of a file: its grid, and its critical points by name."""

    def __init__(self, results):
        file = results.file
        if "objective" not in file or file["objective"].ndim != 4:
            raise Refused("holds no surface")
        point, draw = np.argwhere(results.state == 1)[0]
        self.x, self.y = (file[n][point, draw] for n in ("x", "y"))
        self.objective = file["objective"][point, draw]
        self.axes = [file[n].attrs["long_name"] for n in ("x", "y")]
        mine = (file["critical_point"][:] == point) & (file["critical_draw"][:] == draw)
        place = np.array([file[f"critical_{n}"][:][mine] for n in ("x", "y", "objective")]).T
        names, kinds = (file[f"critical_{n}"].asstr()[:][mine] for n in ("name", "kind"))
        self.groups = [(n, kinds[names == n][0], place[names == n]) for n in dict.fromkeys(names)]


def symbol(name):
    return {"x0": "$x_0$", "-rho x0": r"$-\rho\,x_0$", "0": "$0$"}.get(name) or "$" + name.replace("rho", r"\rho\,").replace(
        "h0", "h_0").replace("m0", "m_0") + "$"


def axis_name(meaning):
    return {"first coordinate of x": "$x_1$", "second coordinate of x": "$x_2$"}.get(meaning, f"${meaning[0]}$")


def draw_surface(axes, surface, names):
    top = np.quantile(surface.objective, 0.97)
    x, y = np.meshgrid(surface.x, surface.y)
    axes.plot_surface(x, y, np.minimum(surface.objective, top), cmap="viridis", linewidth=0, antialiased=True, rcount=80,
                      ccount=80, alpha=0.85)
    for _, kind, points in surface.groups:
        shown = points[points[:, 2] <= top]
        if len(points) == 1:
            axes.plot(shown[:, 0], shown[:, 1], shown[:, 2], linestyle="none", zorder=10, **KINDS[kind])
        else:
            axes.plot(shown[:, 0], shown[:, 1], shown[:, 2], color=KINDS[kind]["color"], linewidth=1.2, zorder=10)
    axes.set(xlabel=names[0], ylabel=names[1], zlabel="$f$")
    axes.view_init(elev=32, azim=-60)


def draw_contours(axes, surface, names):
    low, top = surface.objective.min(), np.quantile(surface.objective, 0.92)
    levels = low + (top - low) * np.linspace(0.02, 1, 26) ** 2.2
    lines = axes.contour(surface.x, surface.y, surface.objective, levels=levels, cmap="viridis", linewidths=0.6)
    axes.clabel(lines, levels[5::5], fontsize=6, fmt="%.2g")
    labelled = set()
    for name, kind, points in surface.groups:
        style = KINDS[kind]
        label = None if kind in labelled else kind
        labelled.add(kind)
        if len(points) > 1:
            axes.plot(points[:, 0], points[:, 1], color=style["color"], linewidth=1.4,
                      linestyle="-" if kind == "global minimum" else "--", label=label)
            at = points[len(points) // 2]
        else:
            axes.plot(points[0, 0], points[0, 1], linestyle="none", label=label, **style)
            at = points[0]
        right, up = (1 if value >= 0 else -1 for value in at[:2])
        axes.annotate(symbol(name), at[:2], (7 * right, 6 * up), textcoords="offset points", fontsize=8,
                      ha="left" if right > 0 else "right", va="bottom" if up > 0 else "top",
                      bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8})
    axes.set(xlabel=names[0], ylabel=names[1], aspect="equal", xlim=(surface.x[0], surface.x[-1]), ylim=(surface.y[0], surface.y[-1]))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=2, frameon=False, fontsize=7, handletextpad=0.4)


def surface(results, _):
    s = Surface(results)
    names = [axis_name(meaning) for meaning in s.axes]
    fig = plt.figure(figsize=(DOUBLE_COLUMN, 3.2), layout="constrained")
    draw_surface(fig.add_subplot(1, 2, 1, projection="3d"), s, names)
    draw_contours(fig.add_subplot(1, 2, 2), s, names)
    return fig


FIGURES = {"sweep": sweep, "share": lambda results, options: sweep(results, options, share=True), "surface": surface}


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


def main():
    parser = argparse.ArgumentParser(prog="theoremeter plot", description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--out", metavar="PREFIX")
    parser.add_argument("--figure", choices=FIGURES, default="sweep")
    for name in ("x", "panels", "label"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--y", default="at_least")
    parser.add_argument("--log", choices=("", "x", "y", "xy"), default="")
    parser.add_argument("--guide", type=float)
    options = parser.parse_args()
    try:
        plt.rcParams.update(STYLE)
        save(FIGURES[options.figure](Results(options.file), options), options.out or os.path.splitext(options.file)[0])
    except Refused as refused:
        print(f"theoremeter: {options.file}: {refused}", file=sys.stderr)
        return 2
    except OSError as error:
        reason = error.strerror or ("not an HDF5 file, or damaged" if os.path.isfile(options.file) else "no such file")
        print(f"theoremeter: {error.filename or options.file}: {reason}", file=sys.stderr)
        return 2
    except KeyError as error:
        print(f"theoremeter: {options.file}: not as format 2.1 has it: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
