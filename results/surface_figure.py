#!/usr/bin/env python3
"""The figure of a population surface: the surface, and its contours with the critical points, as PDF and PNG.

    surface_figure.py FILE.h5 --out PREFIX        writes PREFIX.pdf and PREFIX.png
"""

import os
import sys

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from figures import DOUBLE_COLUMN, command  # noqa: E402

# Told apart by shape as well as by colour.
KINDS = {
    "global minimum": {"marker": "*", "color": "#0072B2", "markersize": 9},
    "local minimum": {"marker": "^", "color": "#009E73", "markersize": 5},
    "critical, no minimum": {"marker": "s", "color": "#D55E00", "markersize": 5},
    "local maximum": {"marker": "o", "color": "black", "markersize": 5},
}
AXES = {False: ("$x_1$", "$x_2$"), True: ("$h$", "$m$")}


class Surface:
    def __init__(self, path):
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != "theoremeter" or "surface" not in file.attrs:
                raise ValueError("not a theoremeter surface file")
            self.blind = file.attrs["surface"] == "blind-demodulation"
            self.x, self.y, self.objective = file["x"][:], file["y"][:], file["objective"][:]
            self.critical = [file[f"critical_{name}"] for name in ("x", "y", "objective", "name", "kind")]
            self.critical = list(zip(*(d.asstr()[:] if d.dtype == object else d[:] for d in self.critical)))

    def groups(self):
        """(name, kind, points) of each critical point, or curve of them."""
        for name in dict.fromkeys(c[3] for c in self.critical):
            points = np.array([c[:3] for c in self.critical if c[3] == name])
            yield name, next(c[4] for c in self.critical if c[3] == name), points


def mathematical(name):
    return {"x0": "$x_0$", "-rho x0": r"$-\rho\,x_0$", "0": "$0$"}.get(name) or "$" + name.replace("rho", r"\rho\,").replace(
        "h0", "h_0").replace("m0", "m_0") + "$"


def draw_surface(axes, surface):
    top = np.quantile(surface.objective, 0.97)
    z = np.where(surface.objective > top, np.nan, surface.objective)
    x, y = np.meshgrid(surface.x, surface.y)
    axes.plot_surface(x, y, z, cmap="viridis", rcount=120, ccount=120, linewidth=0, antialiased=False, vmax=top, rasterized=True)
    axes.set(xlabel=AXES[surface.blind][0], ylabel=AXES[surface.blind][1])
    axes.set_zlabel("$f$, scaled", labelpad=2)
    axes.tick_params(pad=0)
    axes.view_init(elev=32, azim=-60)


def draw_contours(axes, surface):
    low, top = surface.objective.min(), np.quantile(surface.objective, 0.9)
    levels = low + (top - low) * np.linspace(0.05, 1, 28) ** (3 if surface.blind else 1.6)
    axes.contour(surface.x, surface.y, surface.objective, levels=levels, cmap="viridis", linewidths=0.6)
    labelled = set()
    for name, kind, points in surface.groups():
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
        axes.annotate(mathematical(name), at[:2], (7 * right, 6 * up), textcoords="offset points", fontsize=8,
                      ha="left" if right > 0 else "right", va="bottom" if up > 0 else "top",
                      bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8})
    axes.set(xlabel=AXES[surface.blind][0], ylabel=AXES[surface.blind][1], aspect="equal")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.16), ncols=2, frameon=False, fontsize=7, handletextpad=0.4)


def figure(surface):
    fig = plt.figure(figsize=(DOUBLE_COLUMN, 3.2), layout="constrained")
    draw_surface(fig.add_subplot(1, 2, 1, projection="3d"), surface)
    draw_contours(fig.add_subplot(1, 2, 2), surface)
    return fig


if __name__ == "__main__":
    sys.exit(command(__doc__, Surface, figure))
