"""The figure of a recovery, as its file says which: success against m/n (or l), with exact intervals; where noise varies, error
against it, with the theorem's floor; where conditions were measured on the same matrices, success against their constants."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from plot_style import COLUMN, LOOKS, TWO_COLUMNS

NAMES = {"dpr": "DPR", "sparta": "SPARTA", "copram": "CoPRAM", "thwf": "ThWF", "taf": "TAF", "raf": "RAF", "twf": "TWF",
         "amplitude-flow": "amplitude flow", "alternating": "alternating descent"}
SHARE = "draws recovered"


def exact_interval(hits, draws, level=0.95):
    """Of a proportion (Clopper, Pearson): both ends leave (1 - level)/2 to the binomial's tail, found by bisection."""
    def above(p, least):
        return sum(math.comb(draws, i) * p**i * (1 - p) ** (draws - i) for i in range(least, draws + 1))

    def root(least, tail):
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if above(middle, least) < tail else (low, middle)
        return low

    tail = (1 - level) / 2
    return (root(hits, tail) if hits else 0.0), (root(hits + 1, 1 - tail) if hits < draws else 1.0)


def share_bars(axes, x, counts, color, marker, **more):
    """Proportions at x, from (hits, draws), with their intervals."""
    share = np.array([h / n for h, n in counts])
    ends = np.array([exact_interval(h, n) for h, n in counts])
    axes.errorbar(x, share, yerr=[share - ends[:, 0], ends[:, 1] - share], color=color, marker=marker, markersize=4, linewidth=0.9,
                  elinewidth=0.6, **more)


class Curves:
    """The points of a file as curves: what is alike but for the abscissa."""

    def __init__(self, results):
        self.results, parameters = results, results.parameters
        self.algorithm = parameters["algorithm"]
        widths = [[int(w) for w in str(v).split(",")] if v else [] for v in parameters["widths"]]
        self.k = [w[0] if w else None for w in widths]
        self.n = np.array([w[-1] if w else n for w, n in zip(widths, parameters["n"])], dtype=float)
        self.m = np.array(parameters["m"], dtype=float)
        self.sparsity = [s if s > 0 else None for s in parameters["sparsity"]]
        self.noise = np.array(parameters["noise"])
        self.demodulates = (self.m < 0).all()
        names = list(dict.fromkeys(zip(self.algorithm, self.k, self.sparsity)))
        self.of_several = len(names) > 1

    def points(self):
        return range(len(self.algorithm))

    def varies(self, name):
        """Within an algorithm: what differs from one to the next is no coordinate."""
        values = self.results.parameters[name]
        return any(len({str(values[p]) for p in self.points() if self.algorithm[p] == a}) > 1 for a in set(self.algorithm))

    def label(self, p, with_m=False, with_sizes=True):
        parts = [NAMES.get(self.algorithm[p], self.algorithm[p])]
        if self.of_several and with_sizes:
            parts += [f"${name} = {value}$" for name, value in (("k", self.k[p]), ("s", self.sparsity[p])) if value]
        if with_m and self.varies("m"):
            parts.append(f"$m = {self.m[p]:g}$")
        if self.varies("restarts"):
            count = self.results.parameters["restarts"][p]
            parts.append(f"{count} start" + "s" * (count > 1))
        if self.varies("no_negation"):
            parts.append("no sign test" if self.results.parameters["no_negation"][p] else "sign test")
        return ", ".join(parts if len(set(self.algorithm)) > 1 or len(parts) == 1 else parts[1:])

    def groups(self, points, **how):
        """label: its points."""
        found = {}
        for p in points:
            found.setdefault(self.label(p, **how), []).append(p)
        return found


def over_points(values, points):
    return np.concatenate([values[p].ravel() for p in points])


def counts_of(values, points):
    """(hits, draws) at each point that has any."""
    finite = [values[p][np.isfinite(values[p])] for p in points]
    return [(int((v > 0).sum()), v.size) for v in finite]


def legend_above(fig, height, handles, columns):
    """Rows of the legend over the panels, which give way."""
    rows = math.ceil(len(handles) / columns)
    fig.legend(handles=handles, loc="upper center", ncols=columns, frameon=False, handletextpad=0.4, columnspacing=1.2)
    fig.get_layout_engine().set(rect=(0, 0, 1, 1 - (0.19 * rows + 0.04) / height))


def success(results, curves):
    """Panels by sparsity where there are many curves; what has none is in each."""
    everything = list(curves.points())
    sparsities = sorted({s for s in curves.sparsity if s})
    many = len(curves.groups(everything)) > 6 and len(sparsities) > 1
    panels = [[p for p in everything if curves.sparsity[p] in (None, s)] for s in sparsities] if many else [everything]
    x, name = (curves.n, r"$\ell$") if curves.demodulates else (curves.m / curves.n, "$m/n$")
    if len(set(curves.n)) > 1 and not curves.demodulates:
        x, name = curves.m, "$m$"
    rows = math.ceil(max(len(curves.groups(p)) for p in panels) / 2) if not many else 1
    height = 2.2 + 0.19 * rows
    fig, grid = plt.subplots(1, len(panels), figsize=(TWO_COLUMNS if many else COLUMN, height), sharey=True, squeeze=False,
                             layout="constrained")
    values = results.column("success")
    spread = np.ptp(x) / 160  # so that bars side by side do not cover each other
    for axes, points, s in zip(grid.flat, panels, sparsities if many else [None]):
        handles = []
        groups = curves.groups(points)
        for i, ((label, group), (color, marker)) in enumerate(zip(groups.items(), LOOKS)):
            group = sorted((p for p in group if np.isfinite(values[p]).any()), key=lambda p: x[p])
            if not group:
                continue
            share_bars(axes, x[group] + spread * (i - (len(groups) - 1) / 2), counts_of(values, group), color, marker)
            handles.append(Line2D([], [], color=color, marker=marker, markersize=4, linewidth=0.9,
                                  label=label.replace(f", $s = {s}$", "") if s else label))
        axes.set(ylim=(-0.03, 1.03), xlabel=name)
        if s:
            axes.set_title(f"$s = {s}$", fontsize=9)
    grid[0, 0].set_ylabel(SHARE)
    legend_above(fig, height, handles, len(handles) if many else 2)
    return fig


def noise(results, curves):
    """A panel for each algorithm: medians, bars over the draws, and the floor of the theory where there is one."""
    algorithms = list(dict.fromkeys(curves.algorithm))
    fig, grid = plt.subplots(1, len(algorithms), figsize=(TWO_COLUMNS if len(algorithms) > 1 else COLUMN, 2.3), sharey=True,
                             squeeze=False, layout="constrained")
    error, floor = results.column("error"), results.column("theory_floor")
    for axes, algorithm in zip(grid.flat, algorithms):
        handles, floors = [], None
        groups = curves.groups([p for p in curves.points() if curves.algorithm[p] == algorithm], with_m=True)
        for i, ((label, group), (color, marker)) in enumerate(zip(groups.items(), LOOKS)):
            group = sorted(group, key=lambda p: curves.noise[p])
            x = curves.noise[group] * 1.08 ** (2 * i - len(groups) + 1)
            middle, low, high = (np.array([f(error[p]) for p in group]) for f in (np.nanmedian, np.nanmin, np.nanmax))
            axes.errorbar(x, middle, yerr=[middle - low, high - middle], color=color, marker=marker, markersize=4, linewidth=0.9,
                          elinewidth=0.6)
            if np.isfinite(floor[group]).all():
                axes.plot(curves.noise[group], np.median(floor[group], axis=1), color=color, dashes=(4, 2), linewidth=0.9)
                floors = Line2D([], [], color="0.3", dashes=(4, 2), linewidth=0.9, label=r"$4|\eta|/|x_0|$ [AF, Thm 2]")
            handles.append(Line2D([], [], color=color, marker=marker, markersize=4, linewidth=0.9, label=label.rsplit(", ", 1)[-1]))
        k = next((curves.k[p] for p in curves.points() if curves.algorithm[p] == algorithm), None)
        axes.set_title(NAMES.get(algorithm, algorithm) + (f", $k = {k}$" if k else ""), fontsize=9)
        axes.set(xscale="log", yscale="log", xlabel="noise $|e|/|b|$")
        axes.legend(handles=[floors, *handles] if floors else handles, loc="lower right", frameon=False, handletextpad=0.4)
    grid[0, 0].set_ylabel("error $|x-x_0|/|x_0|$")
    return fig


def fifths(constant, hits):
    """Middles of the fifths of the draws by this constant, and (hits, draws) in each."""
    order = np.argsort(constant, kind="stable")
    parts = np.array_split(order, 5)
    return np.array([np.median(constant[p]) for p in parts]), [(int((hits[p] > 0).sum()), p.size) for p in parts]


def foretells(constant, hits, group):
    """Of two draws of a point, one recovered and one not, how often the one recovered has the smaller constant: 1/2 says nothing."""
    smaller = pairs = 0
    for p in group:
        won, lost = constant[p][hits[p] == 1], constant[p][hits[p] == 0]
        smaller += (won[:, None] < lost).sum() + (won[:, None] == lost).sum() / 2
        pairs += won.size * lost.size
    return smaller / pairs if pairs else math.nan


def constants(results, curves):
    """Success in fifths of the draws by each constant; and the ends near -rho_d x0, of k = 2."""
    names = [c for c in ("epsilon_wdc", "epsilon_rrcp") if c in results.file and np.isfinite(results.column(c)).any()]
    height = 2.5
    fig, grid = plt.subplots(1, len(names) + 1, figsize=(TWO_COLUMNS, height), sharey=True, squeeze=False, layout="constrained")
    hits = results.column("success")
    handles = []
    for axes, name in zip(grid.flat, names):
        values = results.column(name)
        for (label, group), (color, marker) in zip(curves.groups(curves.points(), with_sizes=False).items(), LOOKS):
            constant, hit = over_points(values, group), over_points(hits, group)
            known = np.isfinite(constant) & np.isfinite(hit)
            share_bars(axes, *fifths(constant[known], hit[known]), color, marker)
            if axes is grid[0, 0]:
                handles.append(Line2D([], [], color=color, marker=marker, markersize=4, linewidth=0.9, label=label))
        foretold = [foretells(values, hits, group) for group in curves.groups(curves.points(), with_sizes=False).values()]
        axes.text(0.04, 0.04, "AUC at equal sizes: " + ", ".join(f"{a:.2f}" for a in foretold), transform=axes.transAxes)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set(xlabel={"epsilon_wdc": r"$\epsilon$ of the WDC, largest layer",
                                       "epsilon_rrcp": r"$\epsilon$ of the RRCP"}[name], title=SHARE)
    ends_near_the_spurious(results, curves, grid[0, -1])
    for axes in grid.flat:
        axes.title.set_fontsize(9)
    grid[0, 0].set(ylim=(-0.03, 1.03), ylabel="share of draws")
    legend_above(fig, height, handles, len(handles))
    return fig


def ends_near_the_spurious(results, curves, axes):
    """Against m, the least k alone: there a census finds minima."""
    k = min(k for k in curves.k if k)
    basin = results.file["basin"]
    spurious = dict(zip(str(basin.attrs["flag_meanings"]).split(), basin.attrs["flag_values"]))["near_-rho_x0"]
    ends = np.where(results.state == 1, basin[:] == spurious, np.nan)
    for (_, group), (color, marker) in zip(curves.groups(curves.points(), with_sizes=False).items(), LOOKS):
        ms = sorted({curves.m[p] for p in group if curves.k[p] == k})
        counts = [counts_of(over_points(ends, [p for p in group if curves.k[p] == k and curves.m[p] == m])[None], [0])[0] for m in ms]
        share_bars(axes, ms, counts, color, marker)
    axes.set(xscale="log", xlabel="$m$", title=rf"ended near $-\rho_d x_0$, $k = {k}$", xticks=ms)
    axes.set_xticks([], minor=True)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def best_sparsities(results, curves):
    """Of each algorithm, image and m the point with the least median error of the image: the truth chooses, in favour of those who
    must be told a sparsity."""
    error, best = results.column("signal_error"), {}
    for p in curves.points():
        if np.isfinite(error[p]).any():
            key = curves.algorithm[p], results.parameters["image"][p], curves.m[p]
            best[key] = min(best.get(key, p), p, key=lambda q: np.nanmedian(error[q]))
    return sorted(best.values())


def reconstructions(results, curves):
    """Error and similarity of images against m: medians over all images and draws, bars their quartiles; and the images."""
    best = best_sparsities(results, curves)
    algorithms, images = list(dict.fromkeys(curves.algorithm)), sorted(set(results.parameters["image"]))
    shown_m = sorted(set(curves.m))[:2]
    rows = [("truth", None, None)] + [(f"{NAMES.get(a, a)}, {m:g}", a, m) for m in shown_m for a in algorithms]
    fig = plt.figure(figsize=(TWO_COLUMNS, 2.3 + 0.5 * len(rows)), layout="constrained")
    above, below = fig.subfigures(2, 1, height_ratios=[2.3, 0.5 * len(rows)])
    panels = above.subplots(1, 2)
    for axes, column, name in zip(panels, ("signal_error", "ssim"), ("error of the image", "structural similarity")):
        values = results.column(column)
        for algorithm, (color, marker) in zip(algorithms, LOOKS):
            ms = sorted({m for m, a in zip(curves.m, curves.algorithm) if a == algorithm})
            groups = [over_points(values, [p for p in best if (curves.algorithm[p], curves.m[p]) == (algorithm, m)]) for m in ms]
            low, middle, high = np.array([np.nanpercentile(g, (25, 50, 75)) for g in groups]).T
            axes.errorbar(ms, middle, yerr=[middle - low, high - middle], color=color, marker=marker, markersize=4, linewidth=0.9,
                          elinewidth=0.6, label=NAMES.get(algorithm, algorithm))
        axes.set(xlabel="$m$", ylabel=name)
    panels[0].set_yscale("log")
    panels[0].set_ylim(top=min(panels[0].get_ylim()[1], 30))  # beyond, nothing was found
    panels[0].legend(loc="lower left", frameon=False)
    grid = below.subplots(len(rows), len(images), squeeze=False, gridspec_kw={"wspace": 0.02, "hspace": 0.02})
    for line, (label, algorithm, m) in zip(grid, rows):
        for axes, image in zip(line, images):
            axes.set(xticks=[], yticks=[])
            found = [p for p in best if results.parameters["image"][p] == image and results.state[p, 0] == 1
                     and (algorithm is None or (curves.algorithm[p], curves.m[p]) == (algorithm, m))]
            if found:
                pixels = np.asarray(results.file["true_pixels" if algorithm is None else "pixels"][found[0], 0], dtype=float)
                axes.imshow(pixels.reshape(math.isqrt(pixels.size), -1), cmap="gray_r", vmin=0, vmax=1)
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)
    return fig


def demodulated(results, curves):
    """Of each image, in its first draw: what is observed, and both estimates with their errors, as in [HJ, Fig. 2]."""
    points = {results.parameters["image"][p]: p for p in reversed(curves.points()) if results.state[p, 0] == 1}
    fig, grid = plt.subplots(3, len(points), figsize=(TWO_COLUMNS, 6 / max(len(points), 3) * 3 + 0.3), squeeze=False, layout="constrained",
                             gridspec_kw={"wspace": 0.02, "hspace": 0.02})
    for column, image in zip(grid.T, sorted(points)):
        truth, found = (np.asarray(results.file[name][points[image], 0], dtype=float).reshape(2, -1) for name in ("true_pixels", "pixels"))
        errors = np.linalg.norm(found - truth, axis=1) / np.linalg.norm(truth, axis=1)
        for axes, pixels, error in zip(column, (truth[0] * truth[1], *found), ("", *(f"{e:.2f}" for e in errors))):
            axes.imshow(pixels.reshape(math.isqrt(pixels.size), -1), cmap="gray_r", vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[])
            axes.set_xlabel(error, fontsize=8, labelpad=2)
    for axes, label in zip(grid[:, 0], ("observed", "first factor", "second factor")):
        axes.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)
    return fig


def figure(results, _):
    curves = Curves(results)
    if curves.demodulates and np.isfinite(results.column("ssim")).any():
        return demodulated(results, curves)
    if np.isfinite(results.column("ssim")).any():
        return reconstructions(results, curves)
    if max(results.parameters["condition_starts"]) > 0:
        return constants(results, curves)
    return noise(results, curves) if len(set(curves.noise)) > 1 else success(results, curves)
