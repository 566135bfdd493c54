#!/usr/bin/env python3
"""The figure of a census: how often instances have a spurious minimum near -rho x0, and elsewhere, as PDF and PNG.

    census_figure.py FILE.h5 --out PREFIX        writes PREFIX.pdf and PREFIX.png, prints the table

Spurious minima are counted as docs/landscape_format.md has it (spurious_near, spurious_elsewhere). Bars are 95 % Wilson intervals over the draws.
"""

import math
import os
import sys

import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from figures import DOUBLE_COLUMN, command  # noqa: E402

SPURIOUS = {"color": "#D55E00", "marker": "s", "markersize": 4.0}
ELSEWHERE = {"color": "#0072B2", "marker": "o", "markersize": 4.0, "markerfacecolor": "white"}


def wilson(hits, draws, z=1.959964):
    """The score interval of a proportion."""
    p, n = hits / draws, draws
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


class Census:
    def __init__(self, path):
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != "theoremeter" or "problem" not in file.attrs or "spurious_near" not in file:
                raise ValueError("not a theoremeter landscape file with a census")
            self.problem = file.attrs["problem"]
            self.m = file["m"][:]
            self.widths = file["widths"].asstr()[:]
            counted = file["census"][:] == 1
            self.draws = counted.sum(axis=1)
            self.near = ((file["spurious_near"][:] > 0) & counted).sum(axis=1)
            self.elsewhere = ((file["spurious_elsewhere"][:] > 0) & counted).sum(axis=1)
        if not self.draws.any():
            raise ValueError("no draw with a census yet")

    def panels(self):
        for widths in dict.fromkeys(self.widths):
            points = np.flatnonzero((self.widths == widths) & (self.draws > 0))
            yield widths, points[np.argsort(self.m[points], kind="stable")]

    def table(self):
        lines = [f"{'widths':>14} {'m':>6} {'draws':>6}  minimum near -rho x0  minimum elsewhere"]
        for widths, points in self.panels():
            for p in points:
                near, other = self.near[p] / self.draws[p], self.elsewhere[p] / self.draws[p]
                lines.append(f"{widths:>14} {self.m[p]:>6} {self.draws[p]:>6} {100 * near:>19.1f} % {100 * other:>15.1f} %")
        return "\n".join(lines)


def draw_fractions(axes, m, hits, draws, style):
    fraction = hits / draws
    low, high = np.array([wilson(h, n) for h, n in zip(hits, draws)]).T
    axes.errorbar(m, fraction, yerr=[np.maximum(fraction - low, 0), np.maximum(high - fraction, 0)], linewidth=0.8, elinewidth=0.8,
                  **style)


def figure(census):
    panels = list(census.panels())
    fig, grid = plt.subplots(1, len(panels), figsize=(DOUBLE_COLUMN, 2.3), sharey=True, squeeze=False, layout="constrained")
    for axes, (widths, points) in zip(grid.flat, panels):
        draw_fractions(axes, census.m[points], census.near[points], census.draws[points],
                       {**SPURIOUS, "label": r"near $-\rho\,x_0$"})
        draw_fractions(axes, census.m[points], census.elsewhere[points], census.draws[points], {**ELSEWHERE, "label": "elsewhere"})
        axes.set_xscale("log")
        axes.set_xticks(census.m[points], [str(m) for m in census.m[points]])
        axes.minorticks_off()
        axes.set(xlabel="$m$", ylim=(-0.03, 1.03))
        axes.text(0.95, 0.07, widths.replace(",", "–"), transform=axes.transAxes, ha="right", va="bottom")
    grid[0, 0].set_ylabel("draws with a spurious minimum")
    grid[0, -1].legend(frameon=False, loc="center right")
    return fig


def tell_and_draw(census):
    print(census.table())
    return figure(census)


if __name__ == "__main__":
    sys.exit(command(__doc__, Census, tell_and_draw))
