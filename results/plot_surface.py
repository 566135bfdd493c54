"""A population objective over the plane: in perspective, and its contours; with its critical points and curves in both."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import BoundaryNorm
from matplotlib.lines import Line2D

from plot_file import Refused
from plot_style import BEHIND_TEXT, BLUE, COLUMN, GREEN, VERMILION

# Told apart by shape, or stroke, as well as by colour.
KINDS = {
    "global minimum": {"marker": "*", "color": BLUE, "markersize": 8},
    "local minimum": {"marker": "^", "color": GREEN, "markersize": 4.5},
    "critical, no minimum": {"marker": "s", "color": VERMILION, "markersize": 4.5},
    "local maximum": {"marker": "o", "color": "black", "markersize": 4.5},
}
STROKES = {"global minimum": "-", "local minimum": (0, (3.5, 1.5))}


class Surface:
    """The first surface of a file: its grid, and its critical points by name."""

    def __init__(self, results):
        file = results.file
        if "objective" not in file or file["objective"].ndim != 4:
            raise Refused("holds no surface")
        point, draw = np.argwhere(results.state == 1)[0]
        self.x, self.y = (file[n][point, draw] for n in ("x", "y"))
        self.objective = file["objective"][point, draw]
        self.axes = [axis_name(file[n].attrs["long_name"]) for n in ("x", "y")]
        mine = (file["critical_point"][:] == point) & (file["critical_draw"][:] == draw)
        place = np.array([file[f"critical_{n}"][:][mine] for n in ("x", "y", "objective")]).T
        names, kinds = (file[f"critical_{n}"].asstr()[:][mine] for n in ("name", "kind"))
        self.groups = [(n, kinds[names == n][0], place[names == n]) for n in dict.fromkeys(names)]
        self.origin = float(self.objective[np.abs(self.y).argmin(), np.abs(self.x).argmin()])

    def critical_values(self):
        """f at each critical point or curve, without those that are as good as equal."""
        return np.unique(np.round([points[0, 2] for _, _, points in self.groups], 6))

    def middle(self):
        """The largest square around 0 with no value above three times f(0), or as far as the farthest single critical point."""
        farthest = max((np.abs(p[0, :2]).max() for _, _, p in self.groups if len(p) == 1), default=0)
        for half in range(len(self.x) // 2, 0, -1):
            inside = slice(len(self.x) // 2 - half, len(self.x) // 2 + half + 1)
            if self.objective[inside, inside].max() <= 3 * self.origin or self.x[inside][-1] < 1.1 * farthest:
                break
        return inside


def symbol(name):
    return {"x0": "$x_0$", "-rho x0": r"$-\rho\,x_0$", "0": "$0$"}.get(name) or "$" + name.replace("rho", r"\rho\,").replace(
        "h0", "h_0").replace("m0", "m_0") + "$"


def axis_name(meaning):
    return {"first coordinate of x": "$x_1$", "second coordinate of x": "$x_2$"}.get(meaning, f"${meaning[0]}$")


def levels_of(surface):
    """Below f(0) few, but close above each critical value, so that every valley shows; above f(0), in steps that grow."""
    low, *others = surface.critical_values()
    top = surface.origin
    valleys = [value for value in others if value < top]
    floor = min(valleys, default=top) - 0.1 * (top - low)
    levels = [low + (top - low) * part for part in (0.02, 0.1, 0.25, 0.45, 0.65, 0.82)]
    levels = [level for level in levels if level < floor]
    levels += [value + (top - value) * part for value in valleys for part in (0.25, 0.7)]
    levels += [factor * top for factor in (1, 1.2, 1.5, 2, 3, 5, 8, 13, 21, 34, 55)]
    levels = sorted({float(f"{level:.3g}" if level < 0.98 * top else f"{level:.4g}") for level in levels})
    return [level for level in levels if level < surface.objective.max()]


def told_apart(levels):
    """The levels that a label of their own tells from the others; those closer than that run beside a labelled one. (The lowest
    of all has none: it is a small ring around a minimum.)"""
    chosen = []
    for level in sorted(levels, key=lambda v: len(f"{v:.4g}")):  # round ones first
        if all(abs(level - other) > 0.03 * max(level, other) for other in chosen):
            chosen.append(level)
    return sorted(chosen)


def draw_surface(axes, surface):
    """The middle, in perspective and uncut; what is critical lies in front of it."""
    inside = surface.middle()
    x, y, f = surface.x[inside], surface.y[inside], surface.objective[inside, inside]
    axes.computed_zorder = False
    axes.plot_surface(*np.meshgrid(x, y), f, cmap="viridis", linewidth=0, antialiased=False, rcount=70, ccount=70, alpha=0.8,
                      zorder=1, rasterized=True)
    for name, kind, points in surface.groups:
        shown = points[(np.abs(points[:, 0]) <= x[-1]) & (np.abs(points[:, 1]) <= y[-1])]
        if len(points) == 1:
            axes.plot(*shown.T, linestyle="none", zorder=10, markeredgecolor="white", **KINDS[kind])
            axes.text(*shown[0] + [0, 0, 0.09 * f.max()], symbol(name), zorder=11, ha="center", bbox=BEHIND_TEXT)
        else:
            axes.plot(*shown.T, color=KINDS[kind]["color"], linestyle=STROKES[kind], linewidth=1.4, zorder=10)
    axes.set(xlabel=surface.axes[0], ylabel=surface.axes[1], zlabel="$f$", zlim=(0, None))
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.labelpad = -8
        axis.pane.set(facecolor="white", edgecolor="0.8")
        axis._axinfo["grid"].update(linewidth=0.3, color="0.85")
    axes.tick_params(pad=-3)
    axes.view_init(elev=40, azim=-40)
    axes.set_box_aspect((1, 1, 0.62), zoom=1.05)


def draw_contours(axes, surface):
    levels = levels_of(surface)
    shades = BoundaryNorm([surface.objective.min() - 1, *levels, surface.objective.max() + 1], 256)
    axes.pcolormesh(surface.x, surface.y, shades(surface.objective), cmap="Greys", vmin=0, vmax=700, shading="nearest",
                    rasterized=True)
    lines = axes.contour(surface.x, surface.y, surface.objective, levels=levels, colors="0.35", linewidths=0.45)
    axes.clabel(lines, told_apart(levels[1:]), fontsize=5.5, fmt=lambda level: f"{level:.4g}", inline_spacing=1, colors="black")
    for name, kind, points in surface.groups:
        style = KINDS[kind]
        if len(points) > 1:
            axes.plot(points[:, 0], points[:, 1], color=style["color"], linewidth=1.4, linestyle=STROKES[kind])
            at = points[np.argmin(np.abs(np.abs(points[:, 0]) - np.abs(points[:, 1])))]
        else:
            axes.plot(points[0, 0], points[0, 1], linestyle="none", markeredgecolor="white", **style)
            at = points[0]
        right, up = (1 if value >= 0 else -1 for value in at[:2])
        axes.annotate(symbol(name), at[:2], (8 * right, 6 * up), textcoords="offset points", ha="left" if right > 0 else "right",
                      va="bottom" if up > 0 else "top", bbox=BEHIND_TEXT, zorder=10)
    axes.set(xlabel=surface.axes[0], ylabel=surface.axes[1], aspect="equal", xlim=(surface.x[0], surface.x[-1]),
             ylim=(surface.y[0], surface.y[-1]))


def handles_of(surface):
    handles = {}
    for _, kind, points in surface.groups:
        curve = {"color": KINDS[kind]["color"], "linewidth": 1.4, "linestyle": STROKES.get(kind, "-")}
        handles.setdefault(kind, Line2D([], [], label=kind, **(
            curve if len(points) > 1 else {"linestyle": "none", "markeredgecolor": "white", **KINDS[kind]})))
    return list(handles.values())


def surface(results, _):
    s = Surface(results)
    fig = plt.figure(figsize=(COLUMN, 5.9))
    draw_surface(fig.add_axes((0.02, 0.6, 0.94, 0.4), projection="3d"), s)
    draw_contours(fig.add_axes((0.14, 0.06, 0.83, 0.83 * COLUMN / 5.9)), s)
    fig.legend(handles=handles_of(s), loc="upper center", bbox_to_anchor=(0.5, 0.58), ncols=3, frameon=False, handletextpad=0.3,
               handlelength=1.6, columnspacing=0.8)
    return fig
