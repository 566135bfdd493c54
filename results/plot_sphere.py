"""One instance with three latent dimensions: every direction on an equal-area map (Hammer), of each the least value of the
objective along it, every stationary point by kind, x0 and -rho_d x0, cell walls.
"""

import matplotlib.pyplot as plt
import numpy as np

from plot_points import KINDS, SOLUTION, SPURIOUS, WALL, handles_of
from plot_style import COLUMN

ZERO_LEVEL = {"linestyles": "solid", "colors": WALL["color"]}


def frame(x0):
    """A rotation, by rows: x0 is seen a quarter to the left of the middle, -x0 a quarter to the right."""
    towards = -x0 / np.linalg.norm(x0)
    aside = np.eye(3)[np.abs(towards).argmin()]
    up = aside - (aside @ towards) * towards
    up /= np.linalg.norm(up)
    return np.array([np.cross(towards, up), towards, up])


def hammer(u):
    """Of directions, the columns of u in the frame: places in an ellipse of half axes 2 and 1, areas in proportion."""
    longitude, latitude = np.arctan2(u[1], u[0]), np.arcsin(np.clip(u[2] / np.linalg.norm(u, axis=0), -1, 1))
    scale = np.sqrt(1 + np.cos(latitude) * np.cos(longitude / 2))
    return 2 * np.cos(latitude) * np.sin(longitude / 2) / scale, np.sin(latitude) / scale


def directions(wide):
    """A grid of them in the frame, 3 x high x wide; its edge is just short of the seam."""
    longitude = np.linspace(-np.pi, np.pi, wide) * (1 - 1e-9)
    latitude = np.linspace(-np.pi / 2, np.pi / 2, wide // 2 + 1)[:, None]
    return np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude),
                     np.sin(latitude) + 0 * longitude])


def least_along(instance, u):
    """min over r >= 0 of f(r u), of the columns of u: r u has F = r F(u)."""
    F = instance.measured(u)
    along, square = np.maximum(instance.b[:, 0] @ F, 0), (F**2).sum(axis=0)
    return 0.5 * ((instance.b**2).sum() - along**2 / np.where(square > 0, square, 1))


def draw_objective(axes, instance, to_frame, wide):
    u = directions(wide)
    x, y = hammer(u)
    at = to_frame.T @ u.reshape(3, -1)
    f = np.round(least_along(instance, at) / (instance.b**2).sum(), 9).reshape(x.shape)  # no contours where cells have it constant
    weight = np.linalg.norm(u[:2], axis=0).ravel()  # of the area
    order = np.argsort(f.ravel())
    share = np.cumsum(weight[order]) / weight.sum()
    levels = np.unique(f.ravel()[order][np.searchsorted(share, np.linspace(0.01, 0.95, 14))])
    shades = plt.get_cmap("Greys")(np.linspace(0.42, 0, len(levels) + 1))
    bands = axes.contourf(x, y, f, levels=[-1, *levels, 1], colors=shades, zorder=0)
    for band in bands.collections:
        band.set_rasterized(True)
    walls = list(instance.vanishing(at))
    for value in walls:
        if value.min() < 0 < value.max():
            axes.contour(x, y, value.reshape(x.shape), levels=[0], zorder=0.9, linewidths=max(0.15, min(0.3, 20 / len(walls))), **ZERO_LEVEL)
    axes.contour(x, y, f, levels=levels[::2], colors="0.25", linewidths=0.4, zorder=1)


def draw_points(axes, instance, to_frame):
    def mark(points, **style):
        axes.plot(*hammer(to_frame @ np.reshape(points, (-1, 3)).T), linestyle="none", clip_on=False, **style)

    for kind, style in reversed(KINDS.items()):  # minima in front
        mark(instance.at[instance.kinds == kind], zorder=7, **{**style, "markersize": 0.8 * style["markersize"]})
    if instance.spurious is not None:
        mark(instance.spurious, zorder=6, **SPURIOUS)
    mark(instance.x0, zorder=6.5, **SOLUTION)


def on_sphere(instance, wide=901):
    high = 2.02
    fig = plt.figure(figsize=(COLUMN, high))
    axes = fig.add_axes((0.01, 0.01, 0.98, 0.49 * COLUMN / high))
    to_frame = frame(instance.x0)
    draw_objective(axes, instance, to_frame, wide)
    draw_points(axes, instance, to_frame)
    turn = np.linspace(0, 2 * np.pi, 400)
    axes.plot(2 * np.cos(turn), np.sin(turn), color="black", linewidth=0.5, zorder=5)
    axes.set(aspect="equal", xlim=(-2.02, 2.02), ylim=(-1.01, 1.01))
    axes.axis("off")
    fig.text(0.99, 0.01, f"0: {instance.at_zero}", ha="right", va="bottom", fontsize=7)
    fig.legend(handles=handles_of(instance, set(instance.kinds)), loc="upper center", bbox_to_anchor=(0.5, 1.0), ncols=4, frameon=False, handletextpad=0.3,
               handlelength=1.4, columnspacing=1, borderaxespad=0.1, labelspacing=0.2)
    return fig
