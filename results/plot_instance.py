"""One instance with two latent dimensions: contours of its objective, every stationary point by kind, x0, -rho_d x0, cell walls.
With three, the sphere of directions (plot_sphere.py).

f is computed here from the matrices that `theoremeter export` writes, and must be what the file has at its stationary points.
"""

import math
import os
import subprocess
import tempfile

import h5py
import matplotlib.pyplot as plt
import numpy as np

import plot_sphere
from plot_file import Refused
from plot_points import KINDS, SOLUTION, SPURIOUS, WALL, handles_of
from plot_style import COLUMN

def exported(program, path, point, draw):
    """Of a draw the matrices in the order of application, W_1, W_2, ..., and A, where there is one; and the noise."""
    with tempfile.TemporaryDirectory(prefix="theoremeter-plot-") as folder:
        to = os.path.join(folder, "matrices.h5")
        done = subprocess.run([program, "export", path, "--point", str(point), "--draw", str(draw), "--output", to],
                              capture_output=True, text=True)
        if done.returncode:
            raise Refused(f"its matrices cannot be had: {done.stderr.strip()}")
        with h5py.File(to, "r") as file:
            layers = sorted((n for n in file if n.startswith("W_")), key=lambda n: int(n[2:]))
            return [file[n][:] for n in layers], file["A"][:] if "A" in file else None, file["e"][:] if "e" in file else 0


class Instance:
    """f(x) = 1/2 |F(x) - b|^2 of one draw, F(x) = A G(x) or its absolute values, b = F(x0) + e, and its stationary points."""

    def __init__(self, results, options):
        file = results.file
        self.key = (options.point, options.draw) if options.point >= 0 or options.draw >= 0 else results.only_draw() or (0, 0)
        point, draw = (max(i, 0) for i in self.key)
        if point >= results.state.shape[0] or draw >= results.state.shape[1] or results.state[point, draw] != 1:
            raise Refused(f"point {point}, draw {draw} is not there, or not measured")
        if "census" not in file or file["census"][point, draw] != 1:
            raise Refused(f"point {point}, draw {draw} has no census, the list of stationary points: it needs k = 2 or 3 and --census")
        self.x0 = file["solution_x"][point, draw]
        if len(self.x0) not in (2, 3):
            raise Refused(f"point {point}, draw {draw} is drawn in the plane or on the sphere: it needs k = 2 or 3, and k = {len(self.x0)} here")
        self.layers, self.A, noise = exported(options.program, results.path, point, draw)
        self.magnitudes = options.magnitudes
        self.b = self.measured(self.x0[:, None]) + noise
        mine = (file["census_point_point"][:] == point) & (file["census_point_draw"][:] == draw)
        k = len(self.x0)
        self.at = np.array([file[f"census_point_x_{i + 1}"][:][mine] for i in range(k)]).T.reshape(-1, k)
        words = [word.replace("_", " ") for word in str(file["census_point_kind"].attrs["flag_meanings"]).split()]
        self.kinds = np.array([words[i] for i in file["census_point_kind"][:][mine]])
        self.at_zero = words[file["census_zero"][point, draw]]
        self.spurious = spurious(self.x0, self.at, file["census_point_distance_minus_rho_x0"][:][mine])
        self.must_agree(file["census_point_objective"][:][mine])

    def measured(self, x):
        """F of the columns of x."""
        for W in self.layers:
            x = np.maximum(W @ x, 0)
        if self.A is not None:
            x = self.A @ x
        return np.abs(x) if self.magnitudes else x

    def objective(self, x):
        return 0.5 * ((self.measured(x) - self.b) ** 2).sum(axis=0)

    def must_agree(self, stored):
        scale = 0.5 * (self.b**2).sum()
        if stored.size and not np.abs(self.objective(self.at.T) - stored).max() < 1e-9 * scale:
            raise Refused("the matrices exported do not give the objective that is stored")

    def vanishing(self, x):
        """What is 0 on a wall, of the columns of x: the neurons' inputs and, where their signs are lost, what is measured."""
        for W in self.layers:
            yield from (x := W @ x)
            x = np.maximum(x, 0)
        if self.magnitudes and self.A is not None:
            yield from self.A @ x

    def walls(self):
        """The angles at which a neuron, or a measurement whose sign is lost, vanishes: between them f is one quadratic."""
        kinked = self.layers + ([self.A] if self.magnitudes and self.A is not None else [])
        edges = zeros(kinked[0])
        for depth in range(1, len(kinked)):
            more = [edges]
            for begin, end in zip(edges, np.append(edges[1:], edges[0] + 2 * math.pi)):
                middle = (begin + end) / 2
                linear, value = np.eye(2), np.array([math.cos(middle), math.sin(middle)])
                for W in kinked[:depth]:
                    value = W @ value
                    linear = (W @ linear) * (value > 0)[:, None]
                    value = np.maximum(value, 0)
                inner = zeros(kinked[depth] @ linear)
                inner = np.concatenate([inner, inner + 2 * math.pi])
                more.append(inner[(inner > begin) & (inner < end)])
            edges = np.unique(np.concatenate(more) % (2 * math.pi))
        return edges


def spurious(x0, points, distances):
    """-rho x0: the place on that line which is as far from each point as is said, over |x0|; None where there is no point."""
    places = [-rho * x0 for x, distance in zip(points, distances)
              for rho in np.roots([x0 @ x0, 2 * x @ x0, x @ x - distance**2 * (x0 @ x0)]).real]
    return min(places, key=lambda place: np.abs(np.linalg.norm(points - place, axis=1) / np.linalg.norm(x0) - distances).max(), default=None)


def zeros(rows):
    """The angles at which w'u vanishes, u a unit vector of the plane, for rows w other than 0."""
    rows = rows[np.abs(rows).max(axis=1) > 0]
    angles = np.arctan2(rows[:, 1], rows[:, 0]) + math.pi / 2
    return np.unique(np.concatenate([angles, angles + math.pi]) % (2 * math.pi))


def on_rays(instance, reach):
    """f on a polar grid with a ray on every wall: r u has F = r F(u), so f is a quadratic in r."""
    angles = np.unique(np.concatenate([np.linspace(0, 2 * math.pi, 1201), instance.walls()]))
    radii = np.linspace(0, reach, 181)
    u = np.array([np.cos(angles), np.sin(angles)])
    F = instance.measured(u)
    f = 0.5 * (np.outer(radii**2, (F**2).sum(axis=0)) - 2 * np.outer(radii, instance.b[:, 0] @ F) + (instance.b**2).sum())
    return np.outer(radii, u[0]), np.outer(radii, u[1]), np.maximum(f, 0)


def draw_objective(axes, instance, half):
    x, y, f = on_rays(instance, half * math.sqrt(2))
    seen = f[(np.abs(x) <= half) & (np.abs(y) <= half)]
    levels = sorted({float(f"{v:.2g}") for v in np.quantile(seen, np.linspace(0.004, 0.93, 18) ** 1.15)})
    shades = plt.get_cmap("Greys")(np.linspace(0, 0.42, len(levels) + 1))
    bands = axes.contourf(x, y, f, levels=[-1, *levels, f.max() + 1], colors=shades, zorder=0)
    for band in bands.collections:
        band.set_rasterized(True)
    lines = axes.contour(x, y, f, levels=levels, colors="0.3", linewidths=0.4)
    walls = instance.walls()
    ends = np.array([0.1 if len(walls) > 40 else 0, 2]) * half  # many would blacken the middle
    for angle in walls:
        axes.plot(ends * math.cos(angle), ends * math.sin(angle), zorder=0.9, **{**WALL, "linewidth": min(0.3, 45 / len(walls))})
    axes.clabel(lines, levels[1::2], fontsize=5, fmt=lambda v: f"{v:.2g}", inline_spacing=1, colors="black")


def draw_points(axes, instance):
    axes.plot(*instance.x0, zorder=9, linestyle="none", **SOLUTION)
    if instance.spurious is not None:
        axes.plot(*instance.spurious, zorder=6, linestyle="none", **SPURIOUS)
    for kind, style in reversed(KINDS.items()):  # minima in front
        axes.plot(*instance.at[instance.kinds == kind].T, linestyle="none", zorder=7, **style)
    axes.plot(0, 0, linestyle="none", zorder=7, **KINDS[instance.at_zero])


def instance(results, options):
    one = Instance(results, options)
    return plot_sphere.on_sphere(one) if len(one.x0) == 3 else in_plane(one)


def in_plane(one):
    far = np.abs(np.concatenate([one.at.ravel(), one.x0, one.x0 if one.spurious is None else one.spurious])).max()
    fig = plt.figure(figsize=(COLUMN, 3.6))
    axes = fig.add_axes((0.12, 0.1, 0.85, 0.85 * COLUMN / 3.6))
    draw_objective(axes, one, 1.12 * far)
    draw_points(axes, one)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal", xlim=(-1.12 * far, 1.12 * far), ylim=(-1.12 * far, 1.12 * far))
    fig.legend(handles=handles_of(one, {*one.kinds, one.at_zero}), loc="upper center", bbox_to_anchor=(0.55, 1.0), ncols=4, frameon=False, handletextpad=0.1,
               handlelength=1.4, columnspacing=1, borderaxespad=0.1, labelspacing=0.2)
    return fig
