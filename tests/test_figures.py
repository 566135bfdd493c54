#!/usr/bin/env python3
"""`theoremeter plot` draws sweeps, shares, surfaces and instances as PDF and PNG, and refuses in one line what it cannot draw.

Figures are also made within this process, and looked at: where markers, ticks, labels and contours are.

The binary that makes the sweep is named by the environment variable THEOREMETER (default: build/theoremeter).
"""

import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
from types import SimpleNamespace

import h5py
import matplotlib.image
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "results"))
import plot  # noqa: E402
import plot_instance  # noqa: E402
import plot_recovery  # noqa: E402
import plot_sphere  # noqa: E402
import plot_surface  # noqa: E402
from matplotlib import pyplot as plt  # noqa: E402
from plot_file import Refused, Results, in_order  # noqa: E402
from plot_style import COLUMN, GUIDE, STYLE, STYLES, plain  # noqa: E402

BINARY = str(pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve())
EXPERIMENT = """\
condition = "wdc"
draws = 2
[[sweep]]
k = [2, 5]
n_over_k = [5, 10]
samples = 100
starts = 4
"""


class Figures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="theoremeter-figures-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "e.toml").write_text(EXPERIMENT)
        subprocess.run([BINARY, "run", "e.toml", "--output", "r.h5"], cwd=cls.folder, check=True, capture_output=True)

    def draw(self, file, prefix, *more):
        return subprocess.run([BINARY, "plot", file, "--output", prefix, *more], cwd=self.folder, capture_output=True,
                              text=True, timeout=600)

    def files(self):
        return sorted(p.name for p in self.folder.iterdir())

    def refuse(self, file, says, prefix="bad"):
        before = self.files()
        done = self.draw(file, prefix)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertRegex(done.stderr, r"\A(theoremeter|plot.py): [^\n]+\n\Z")
        self.assertIn(says, done.stderr)
        self.assertEqual(self.files(), before)

    def test_draws_a_sweep(self):
        done = self.draw("r.h5", "figure")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "figure.pdf\nfigure.png\n", ""))
        pdf = (self.folder / "figure.pdf").read_bytes()
        self.assertTrue(pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF"))
        image = matplotlib.image.imread(self.folder / "figure.png")[..., :3]
        dark = (image.min(axis=2) < 0.5).mean()
        self.assertTrue(0.005 < dark < 0.5, f"{dark:.4f} of the figure is dark")
        self.assertEqual([name for name in self.files() if ".part" in name], [])
        again = self.draw("r.h5", "again")  # the same data, the same bytes
        self.assertEqual(again.returncode, 0)
        self.assertEqual((self.folder / "again.pdf").read_bytes(), pdf)

    def test_of_sparsities_the_best_for_each_image(self):
        """Points 0 and 1 are of one image, 2 and 3 of another; 4 has no value, 5 is at another m."""
        error = np.array([[0.5], [0.3], [0.2], [0.4], [math.nan], [0.9]])
        results = SimpleNamespace(parameters={"image": [0, 0, 1, 1, 2, 0]}, column=lambda name: error)
        curves = SimpleNamespace(algorithm=["sparta"] * 6, m=[10] * 5 + [20], points=lambda: range(6))
        self.assertEqual(plot_recovery.best_sparsities(results, curves), [1, 2, 5])

    def test_draws_a_single_point(self):
        subprocess.run([BINARY, "measure", "wdc", "--n", "10", "--k", "5", "--samples", "100", "--starts", "4", "--output", "one.h5"],
                       cwd=self.folder, check=True, capture_output=True)
        done = self.draw("one.h5", "one")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_one_column(self):
        done = self.draw("r.h5", "own", "--y", "at_least:found,at_most", "--x", "n", "--panels", "k", "--log", "y")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "own.pdf\nown.png\n", ""))
        for wrong in (("--y", "at_leas"), ("--y", "at_least", "--x", "N")):
            done = self.draw("r.h5", "bad", *wrong)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertRegex(done.stderr, r"\A(theoremeter|plot.py): [^\n]+\n\Z")

    def made(self, name, text):
        """The results of an experiment."""
        (self.folder / f"{name}.toml").write_text(text)
        subprocess.run([BINARY, "run", f"{name}.toml", "--output", f"{name}.h5", "--overwrite"], cwd=self.folder, check=True,
                       capture_output=True)
        return str(self.folder / f"{name}.h5")

    def prints(self, name, *more):
        """Both files are there, a column wide, with their fonts."""
        done = self.draw(f"{name}.h5", name, *more)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, f"{name}.pdf\n{name}.png\n", ""))
        pdf = (self.folder / f"{name}.pdf").read_bytes()
        self.assertTrue(pdf.startswith(b"%PDF-") and b"/FontFile2" in pdf and b"/Type3" not in pdf, "fonts")
        height, width = matplotlib.image.imread(self.folder / f"{name}.png").shape[:2]
        self.assertAlmostEqual(width / 300, COLUMN, delta=0.01)
        self.assertLess(height / 300, 6.5)

    def figure(self, file, *words):
        """Made here, to be looked at."""
        plt.rcParams.update(STYLE)
        fig = plot.figure(plot.options_of([str(file), "--program", BINARY, *words]))
        fig.canvas.draw()
        self.addCleanup(plt.close, fig)
        return fig

    def ticks_stand_clear(self, fig):
        renderer = fig.canvas.get_renderer()
        for axes in fig.axes:
            for axis, side in ((axes.xaxis, "x"), (axes.yaxis, "y")):
                boxes = sorted((box.min[int(side == "y")], box.max[int(side == "y")]) for label in axis.get_ticklabels() if label.get_text()
                               for box in [label.get_window_extent(renderer)])
                for (_, end), (begin, _) in zip(boxes, boxes[1:]):
                    self.assertLessEqual(end, begin + 1, f"{side}: {[t.get_text() for t in axis.get_ticklabels()]}")

    def markers(self, axes):
        """Where each series' markers are, in points from the left, by the shape."""
        place = {}
        for line in axes.lines:
            if line.get_marker() not in ("None", "", None, "_", "|"):
                x = line.get_transform().transform(np.array(line.get_xydata()))[:, 0] / axes.figure.dpi * 72
                place[line.get_marker()] = x
        return place

    def test_shares(self):
        file = self.made("share", 'census = "phase-retrieval"\ndraws = 2\nwidths = [[2, 6], [2, 10], [2, 8]]\nm = [8, 12]\n')
        self.prints("share")
        fig = self.figure(file, "--figure", "share", "--y", "has_spurious_near:near,has_spurious_elsewhere:elsewhere", "--log", "x")
        self.ticks_stand_clear(fig)
        self.assertEqual([text.get_text() for axes in fig.axes for text in axes.texts], ["2–6", "2–8", "2–10"])
        with h5py.File(file) as f:
            near_, widths, m = f["has_spurious_near"][:], list(f["widths"].asstr()[:]), f["m"][:]
        for axes, text in zip(fig.axes, ("2,6", "2,8", "2,10"), strict=False):
            found = self.intervals(axes)
            first = axes.containers[0].lines[0].get_marker()
            for point in [p for p in range(6) if widths[p] == text]:
                share, low, high = found[m[point], first]
                self.assertEqual(share, (near_[point] == 1).mean())
                self.holds(int((near_[point] == 1).sum()), 2, low, high)
        for axes in fig.axes:  # intervals stand side by side, and the legend outside
            near, elsewhere = self.markers(axes).values()
            self.assertTrue((np.abs(near - elsewhere) > 3).all())
            self.assertTrue(axes.get_legend() is None or not axes.axison)

    def intervals(self, axes):
        """{x: (share, low, high)} of the bars of one panel."""
        found = {}
        for container in axes.containers:
            line, _, (bars,) = container.lines
            for (x, y), ((_, low), (_, high)) in zip(line.get_xydata(), bars.get_segments(), strict=True):
                found[x, line.get_marker()] = (y, low, high)
        return found

    def holds(self, hits, draws, low=None, high=None):
        """Clopper and Pearson's ends: each leaves 1/40 to the binomial tail beyond what was seen."""
        def at_least(k, p):
            return sum(math.comb(draws, i) * p**i * (1 - p) ** (draws - i) for i in range(k, draws + 1))
        if low is not None:
            self.assertAlmostEqual(at_least(hits, low) if hits else 0.025 + low, 0.025, delta=1e-6)
        if high is not None:
            self.assertAlmostEqual(1 - at_least(hits + 1, high) if hits < draws else 0.025 + 1 - high, 0.025, delta=1e-6)

    def test_probabilities_that_were_decided(self):
        """Bars are exact intervals that count undecided draws both ways; a series for each epsilon."""
        file = self.made("decide", 'condition = "wdc"\nk = 3\ndraws = 8\nevidence = "search,certify"\nstarts = 64\n'
                                   "[[sweep]]\nn = [40, 60]\ndecide = [0.55, 0.7]\nnodes = 1\n")
        self.prints("decide")
        with h5py.File(file) as f:
            decided, n, eps = f["decided"][:], f["n"][:], f["decide"][:]
        self.assertGreater((decided == 2).sum(), 0)
        for words, scale in ((("--y", "decided", "--x", "n"), 1), (("--figure", "share", "--y", "decided", "--x", "n_over_k"), 3)):
            fig = self.figure(file, *words)
            found = self.intervals(fig.axes[0])
            markers = [container.lines[0].get_marker() for container in fig.axes[0].containers]
            self.assertEqual([t.get_text() for t in fig.legends[0].get_texts()], [r"$\epsilon = 0.55$", r"$\epsilon = 0.7$"])
            self.assertEqual(len(found), 4)
            for point in range(4):
                share, low, high = found[n[point] / scale, markers[[0.55, 0.7].index(eps[point])]]
                proved, possible = int((decided[point] == 1).sum()), int((decided[point] != 0).sum())
                self.assertAlmostEqual(share, (proved + possible) / 16)
                self.holds(proved, 8, low=low)
                self.holds(possible, 8, high=high)
        with self.assertRaisesRegex(Refused, "no place beside"):
            self.figure(file, "--y", "decided,at_least")

    def test_panels_in_the_order_of_numbers(self):
        self.assertEqual(sorted(["10,100,400", "x", "3,40,200", "3,5", 20.0], key=in_order), ["3,5", "3,40,200", "10,100,400", 20.0, "x"])

    def test_titles_and_markers_keep_clear(self):
        """Of a study with and without networks: titles cover no bar, and markers are nearest to their own abscissa."""
        file = self.made("clear", 'study = "recovery"\ndraws = 2\nsteps = 30\n[[sweep]]\nalgorithm = "amplitude-flow"\nn = 4\nm = [40, 1000, 4000]\n'
                                  '[[sweep]]\nalgorithm = "dpr"\nwidths = [[2, 200]]\nm = [40, 90, 4000]\n')
        for log in ("", "x"):
            fig = self.figure(file, "--x", "m", "--panels", "widths", "--y", "theory_rate,noise_level,rate", "--log", log)
            self.ticks_stand_clear(fig)
            self.assertEqual({text.get_text() for axes in fig.axes for text in axes.texts}, {"2–200", "no widths"})
            for axes in fig.axes:
                title = axes.texts[0].get_window_extent(fig.canvas.get_renderer())
                ticks = axes.transData.transform([(m, 0) for m in (40, 90, 1000, 4000)])[:, 0] / fig.dpi * 72
                for line in axes.lines:
                    for x, y in line.get_transform().transform(np.array(line.get_xydata())):
                        self.assertFalse(title.contains(x, y), f"{axes.texts[0].get_text()} is over a marker")
                for places in self.markers(axes).values():
                    nearest = [int(np.argmin(np.abs(ticks - place))) for place in places]
                    self.assertEqual(len(set(nearest)), len(places), "markers are nearer to others' abscissae")
        self.assertEqual([plain(v) for v in (1000, 1024, 0.25, 2e6)], ["1000", "1024", "0.25", "2e+06"])

    def test_ratios_of_networks(self):
        """m over the first width: other values in each panel, as many as would collide."""
        file = self.made("rrcp", 'condition = "rrcp"\nwidths = [[3, 6, 8], [10, 12, 14]]\nm = [10, 11, 20, 40, 80]\nevidence = "sample"\n'
                                 "samples = 20\n")
        self.prints("rrcp")
        fig = self.figure(file, "--x", "m_over_widths", "--y", "sampled_best", "--log", "xy")
        self.ticks_stand_clear(fig)
        self.assertEqual([text.get_text() for axes in fig.axes for text in axes.texts], ["3–6–8", "10–12–14"])

    def test_one_abscissa(self):
        """Markers stand beside their tick, a few points apart."""
        subprocess.run([BINARY, "measure", "wdc", "--n", "10", "--k", "2", "--samples", "100", "--output", "alone.h5"], cwd=self.folder,
                       check=True, capture_output=True)
        self.prints("alone")
        axes = self.figure(self.folder / "alone.h5", "--x", "n_over_k", "--y", "sampled_best,searched_max,at_most", "--log", "xy").axes[0]
        tick = axes.transData.transform((5, 1))[0] / axes.figure.dpi * 72
        for place in self.markers(axes).values():
            self.assertLess(abs(place[0] - tick), 5)
        self.assertEqual([t.get_text() for t in axes.get_xticklabels()], ["5"])

    def test_layers_follow_no_law(self):
        for name, n, k in (("W_1", 20, 2), ("W_2", 40, 20)):
            np.save(self.folder / f"{name}.npy", np.random.default_rng(1).normal(size=(n, k)))
        subprocess.run([BINARY, "measure", "wdc", "--network", "W_1.npy,W_2.npy", "--samples", "200", "--starts", "8", "--alpha", "400",
                        "--output", "layers.h5"], cwd=self.folder, check=True, capture_output=True)
        self.prints("layers")
        axes = self.figure(self.folder / "layers.h5", "--x", "n_over_k", "--y", "at_least", "--log", "xy", "--guide=-0.5").axes[0]
        self.assertEqual((axes.get_xlabel(), axes.get_xscale()), ("layer", "linear"))
        self.assertEqual([t.get_text() for t in axes.get_xticklabels()], ["1", "2"])
        self.assertFalse([line for line in axes.lines if line.get_color() == GUIDE["color"]])

    def test_shapes_tell_kinds_apart(self):
        shapes = [{style["marker"] for style in STYLES[kind]} for kind in ("at least", "at most", "")]
        self.assertFalse(shapes[0] & shapes[1] or shapes[1] & shapes[2])
        fig = self.figure(self.folder / "r.h5", "--y", "at_least", "--x", "n")
        self.assertFalse([text for axes in fig.axes for text in axes.texts if getattr(text, "arrow_patch", None)])

    def test_surface_of_two_numbers(self):
        """[HJ, Fig. 1]: every curve runs from edge to edge through its minimum, and every valley has contours."""
        file = self.made("curves", 'surface = "blind-demodulation"\ndepth = 2\ndepth2 = 3\npoints = 101\nextent = 2.5\n')
        self.prints("curves")
        done = subprocess.run([BINARY, "verify", file], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        surface = plot_surface.Surface(Results(file))
        rho = [1 / np.pi, 0.4694]  # rho_2 of [HV]; rho_3 to four digits
        middles = {"(h0, m0)": (1, 1), "(-rho h0, m0)": (-rho[0], 1), "(h0, -rho m0)": (1, -rho[1]), "(-rho h0, -rho m0)": (-rho[0], -rho[1])}
        self.assertEqual({name for name, _, _ in surface.groups}, set(middles))
        levels = np.array(plot_surface.levels_of(surface))
        for name, _, points in surface.groups:
            x, y, f = points.T
            np.testing.assert_allclose((np.abs(x).max(), np.abs(y).max()), 2.5, rtol=1e-12)
            np.testing.assert_allclose(points[len(points) // 2, 0], middles[name][0], rtol=1e-12)
            self.assertTrue(((levels > f[0]) & (levels < 0.999 * surface.origin)).any(), name)
        shown = subprocess.run([BINARY, "show", file], capture_output=True, text=True).stdout
        self.assertRegex(shown, r"\(h0, m0\) +global minimum +a curve through \(1\.000000, 1\.000000\), objective 0\.0+\n")

    def test_surface_of_the_plane(self):
        """[HLV, Fig. 1]: in perspective nothing is cut off, and the critical points are in both."""
        file = self.made("plane", (ROOT / "experiments" / "hlv-figure-1.toml").read_text())
        self.prints("plane")
        surface = plot_surface.Surface(Results(file))
        inside = surface.middle()
        self.assertLessEqual(np.abs([p[0, :2] for _, _, p in surface.groups]).max(), surface.x[inside][-1])
        fig = self.figure(file, "--figure", "surface")
        for axes in fig.axes:
            names = [t.get_text() for t in axes.texts]
            self.assertTrue({"$x_0$", r"$-\rho\,x_0$", "$0$"} <= set(names), names)
        tall = fig.axes[0].get_zlim()[1]
        self.assertGreaterEqual(tall, surface.objective[inside, inside].max())
        labels = [t.get_text() for t in fig.axes[1].texts if t.get_text()[0].isdigit()]
        self.assertGreater(len(set(labels)), 5)

    def test_instance(self):
        """The objective computed from the exported matrices is the stored one, and there is a cell between each two walls."""
        rho_2 = 1 / math.pi, 0.6691522942169524  # of two layers; of their magnitudes
        for problem, more, rho in (("phase-retrieval", "m = 9\n", rho_2[1]), ("phase-retrieval", "m = 9\nnoise = 0.3\n", rho_2[1]),
                                   ("compressed-sensing", "m = 9\nnoise = 0.3\n", rho_2[0]), ("inversion", "", rho_2[0])):
            with self.subTest(problem=problem, more=more):
                name = f"instance-{problem}-{len(more)}"
                file = self.made(name, f'census = "{problem}"\ndraws = 2\nwidths = [[2, 6, 12]]\n{more}')
                self.prints(name, "--point", "0", "--draw", "1")
                words = ["--program", BINARY, "--magnitudes", "yes" if problem == "phase-retrieval" else "no", "--draw", "1"]
                one = plot_instance.Instance(Results(file), plot.options_of([file, *words]))
                with h5py.File(file) as stored:
                    self.assertEqual(len(one.walls()), stored["census_cells"][0, 1])
                np.testing.assert_allclose(one.spurious, -rho * one.x0, atol=1e-9)
        with self.assertRaisesRegex(Refused, "do not give the objective"):
            one.must_agree(one.objective(one.at.T) + 0.01)
        with h5py.File(file, "r+") as stored:
            stored["census_point_objective"][:] += 0.01
        done = self.draw(f"{name}.h5", "bad", "--draw", "1")
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")

    def test_instance_on_sphere(self):
        """k = 3: points where their directions are, the least value along each, walls where patterns change, areas in proportion."""
        for problem, more in (("phase-retrieval", "m = 9\n"), ("compressed-sensing", "m = 9\nnoise = 0.3\n"), ("inversion", "")):
            with self.subTest(problem=problem):
                file = self.made(f"sphere-{problem}", f'census = "{problem}"\ndraws = 2\nwidths = [[3, 6, 8]]\n{more}')
                words = ["--program", BINARY, "--magnitudes", "yes" if problem == "phase-retrieval" else "no", "--draw", "1"]
                one = plot_instance.Instance(Results(file), plot.options_of([file, *words]))
                self.assertEqual(one.at.shape[1], 3)
                np.testing.assert_allclose(np.cross(one.spurious, one.x0), 0, atol=1e-9)
                self.assertLess(one.spurious @ one.x0, 0)
                u = np.random.default_rng(1).standard_normal((3, 200000))
                u /= np.linalg.norm(u, axis=0)
                patterns = {tuple(column) for column in (np.array(list(one.vanishing(u))) > 0).T}
                with h5py.File(file) as stored:
                    cells = stored["census_cells"][0, 1]
                self.assertTrue(0.7 * cells <= len(patterns) <= cells, (len(patterns), cells))  # narrow cells are missed
                radii = np.linspace(0, 20, 4001)
                for v in u[:, :20].T:
                    along = one.objective(v[:, None] * radii)
                    self.assertLessEqual(plot_sphere.least_along(one, v[:, None])[0], along.min() + 1e-12)
                    if along.argmin() < 4000:  # and that is attained, to the step of radii squared
                        self.assertGreater(plot_sphere.least_along(one, v[:, None])[0], along.min() - 1e-4 * (one.measured(v[:, None]) ** 2).sum())
                fig = plot_sphere.on_sphere(one, wide=121)
                inside = [(x / 2) ** 2 + y**2 for line in fig.axes[0].lines for x, y in zip(*line.get_data())]
                self.assertLess(max(inside), 1 + 1e-9)
                self.assertIn("0: ", fig.texts[0].get_text())
                plt.close(fig)
        frame = plot_sphere.frame(np.array([1.0, -2, 0.5]))
        np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
        self.assertAlmostEqual(np.linalg.det(frame), 1)
        # Equal areas: of uniform directions half are within half the ellipse, whose half axes are 2/2^0.5 and 1/2^0.5.
        x, y = plot_sphere.hammer(u)
        for share in (0.1, 0.5, 0.9):
            self.assertAlmostEqual(((x / 2) ** 2 + y**2 < share).mean(), share, delta=0.006)  # 5 sigma of 200000
        far = plot_sphere.hammer(np.array([[0.0], [1], [0]]))[0][0]  # a quarter to the side
        self.assertTrue(1 < far < 1.2, far)
        self.assertLess(plot_sphere.hammer(frame @ np.array([[1.0], [-2], [0.5]]))[0][0], -1)

    def test_instance_refused(self):
        subprocess.run([BINARY, "landscape", "inversion", "--widths", "2,6,12", "--directions", "50", "--descents", "2",
                        "--condition-starts", "4", "--output", "plain.h5"], cwd=self.folder, check=True, capture_output=True)
        for words, says in ((("plain.h5",), "--census"), (("r.h5", "--point", "0"), "has no figure")):
            done = self.draw(words[0], "bad", *words[1:])
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")
            self.assertIn(says, done.stderr)

    def test_other_files(self):
        """Whatever is not as the format has it is refused in a line, by the script alone too."""
        def tampered(name, change):
            shutil.copy(self.folder / "r.h5", self.folder / name)
            with h5py.File(self.folder / name, "r+") as file:
                change(file)

        def text_instead(name):
            def change(file):
                del file[name]
                file[name] = "no numbers"
            return change

        tampered("no-version.h5", lambda file: file.attrs.__delitem__("format_version"))
        tampered("no-about.h5", lambda file: file.__delitem__("about"))
        tampered("text-about.h5", lambda file: file["about/description"].__setitem__(0, "{"))
        tampered("text-column.h5", text_instead("at_least"))
        tampered("text-state.h5", text_instead("state"))
        with h5py.File(self.folder / "keras.h5", "w") as file:
            file["layers/dense/kernel"] = np.ones((3, 4))
        np.save(self.folder / "array.npy", np.ones(3))
        for name in ("no-version.h5", "no-about.h5", "text-about.h5", "text-column.h5", "text-state.h5", "keras.h5", "array.npy", ".", "none.h5"):
            with self.subTest(name=name):
                done = subprocess.run(["/usr/bin/python3", ROOT / "results" / "plot.py", name, "--x", "n", "--out", "bad"], cwd=self.folder,
                                      capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")

    def test_refuses(self):
        whole = (self.folder / "r.h5").read_bytes()
        (self.folder / "cut.h5").write_bytes(whole[: len(whole) // 2])
        (self.folder / "text.h5").write_text("no HDF5\n")
        (self.folder / "lacking.h5").write_bytes(whole)
        (self.folder / "newer.h5").write_bytes(whole)
        (self.folder / "unmeasured.h5").write_bytes(whole)
        with h5py.File(self.folder / "foreign.h5", "w") as file:
            file["at_least"] = [1.0]
        with h5py.File(self.folder / "lacking.h5", "r+") as file:
            del file["at_most"]
        with h5py.File(self.folder / "newer.h5", "r+") as file:
            file.attrs["format_version"] = np.array([99, 0])
        with h5py.File(self.folder / "unmeasured.h5", "r+") as file:
            file["state"][...] = 0
        for name, says in (("none.h5", "no such file"), ("cut.h5", "damaged"), ("text.h5", "not an HDF5 file"), ("lacking.h5", "at_most"),
                           ("foreign.h5", "not a theoremeter results file"), ("newer.h5", "newer"), ("unmeasured.h5", "nothing has been measured")):
            with self.subTest(name=name):
                self.refuse(name, says)
        self.refuse("r.h5", "nowhere", prefix="nowhere/figure")


if __name__ == "__main__":
    unittest.main()
