#!/usr/bin/env python3
"""The command line, through the real binary: what it prints, what it keeps, what it refuses, how it is interrupted.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import hashlib
import json
import math
import os
import pathlib
import random
import resource
import signal
import subprocess
import tempfile
import textwrap
import time
import unittest

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = str(pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve())
NOBODY = 65534
VERBS = ([], ["measure"], ["measure", "wdc"], ["run"], ["show"], ["verify"], ["rho"], ["landscape"],
         ["landscape", "phase-retrieval"], ["landscape", "blind-demodulation"])
SMALL = ["--samples", "200", "--starts", "8"]  # budgets that cost nothing


def heed_interrupts():
    """A shell that runs the tests in the background has SIGINT ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class CommandLine(unittest.TestCase):
    """Each test has an empty working directory of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="theoremeter-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_it(self, *arguments, **options):
        words = [BINARY, *map(str, arguments)]
        return subprocess.run(words, cwd=self.folder, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, **options)

    def succeed(self, *arguments):
        done = self.run_it(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def measure(self, *arguments, remark=""):
        """The JSON object of `measure wdc`; stdout holds nothing else, stderr the one remark expected, or nothing at all."""
        done = self.run_it("measure", "wdc", "--json", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, f"theoremeter: {remark}\n" if remark else ""))
        return json.loads(done.stdout)

    def refuse(self, *arguments, says="", code=2, **options):
        """One line on stderr that holds `says`, nothing on stdout, every file as before."""
        before = self.files()
        done = self.run_it(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")
        self.assertIn(says, done.stderr)
        self.assertEqual(self.files(), before)

    def files(self):
        """Every file below the working directory with a digest of its contents."""
        return {str(p.relative_to(self.folder)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "directory"
                for p in self.folder.rglob("*")}

    def write(self, name, text):
        (self.folder / name).write_text(textwrap.dedent(text))
        return name

    def npy(self, name, array):
        np.save(self.folder / name, array)
        return name


def without_seconds(value):
    """A JSON value without the times, which alone may differ between equal runs."""
    if isinstance(value, dict):
        return {key: without_seconds(v) for key, v in value.items() if key != "seconds"}
    return [without_seconds(v) for v in value] if isinstance(value, list) else value


def contents(path):
    """Everything a results file holds, as bytes, but the times and the date."""
    held = {}

    def collect(name, thing):
        if name == "about/description" or name.startswith("run"):  # when and where it was measured
            return
        if isinstance(thing, h5py.Dataset) and not name.startswith("seconds"):
            held[name] = (str(thing.dtype), thing.shape, repr(thing[()].tolist()))
        held.update({(name, key): repr(value) for key, value in thing.attrs.items()
                     if key not in ("date", "DIMENSION_LIST", "REFERENCE_LIST")})

    with h5py.File(path, "r") as file:
        collect("/", file)
        file.visititems(collect)
    return held


def experiment_text(file):
    """The experiment that a results file keeps."""
    text = np.ravel(file["about/experiment"][()])[0]
    return text.decode() if isinstance(text, bytes) else text


def wdc_deviation(W, alpha, x, y):
    """|| W_{+,x}' W_{+,y} - alpha Q_{x,y} || written out with numpy."""
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    rest = y - (x @ y) * x
    theta = math.atan2(np.linalg.norm(rest), x @ y)
    M = np.zeros((len(x), len(x)))
    if math.sin(theta) > 1e-12:
        u, v = (x + y) / np.linalg.norm(x + y), (x - y) / np.linalg.norm(x - y)
        M = np.outer(u, u) - np.outer(v, v)
    Q = (math.pi - theta) / (2 * math.pi) * np.eye(len(x)) + math.sin(theta) / (2 * math.pi) * M
    active = (W @ x > 0) & (W @ y > 0)
    return np.linalg.norm(W[active].T @ W[active] - alpha * Q, 2)


class Help(CommandLine):
    def test_every_verb_has_help(self):
        for verb in VERBS:
            with self.subTest(verb=verb):
                done = self.run_it(*verb, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("Usage: " + " ".join(["theoremeter", *verb]), done.stdout)
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)
                self.assertNotIn("\n\n\n", done.stdout)

    def test_help_of_measure_names_every_option_and_default(self):
        text = " ".join(self.succeed("measure", "wdc", "--help").split())
        for option in ("n", "k", "weights", "ensemble", "alpha", "draws", "seed", "evidence", "samples", "grid", "starts",
                       "gap", "nodes", "threads", "output", "overwrite", "json"):
            self.assertIn(f" --{option} ", text)
        for option in ("ensemble", "alpha", "draws", "seed", "evidence", "samples", "grid", "starts", "gap", "nodes", "threads"):
            self.assertRegex(text.split(f" --{option} ")[1].split(" --")[0], r"default")

    def test_help_of_run_names_every_key(self):
        text = self.succeed("run", "--help")
        for key in ("title", "condition", "problem", "surface", "weights", "ensemble", "draws", "[[sweep]]", "n_over_k",
                    "options of `theoremeter measure wdc`", "--output", "--overwrite", "--resume", "--share", "--threads", "--dry-run"):
            self.assertIn(key, text)

    def test_version(self):
        self.assertRegex(self.succeed("--version"), r"\Atheoremeter \d+\.\d+\.\d+\n\Z")


class Measure(CommandLine):
    def check_shape(self, measured, n, k, seed, draws, evidence, given=()):
        self.assertEqual([key for key in measured if key != "options"], ["condition", "sizes", "seed", *given, "draws"])
        self.assertEqual((measured["condition"], measured["sizes"], measured["seed"]), ("wdc", {"n": n, "k": k}, seed))
        self.assertEqual([d["draw"] for d in measured["draws"]], list(range(draws)))
        for d in measured["draws"]:
            self.check_draw(d, k, evidence)

    def check_draw(self, d, k, evidence):
        self.assertEqual(set(d) - {"fit"}, {"draw", "alpha", "at_least", "at_most", "proof", "kind", "sampled", "searched", "witness", "side",
                                            "margin", "evaluations", "forecast", "seconds"})
        self.assertEqual(set(d["seconds"]), {"sample", "search", "certify"})
        self.assertEqual({name for name, count in d["evaluations"].items() if count is not None}, set(evidence))
        self.assertEqual(list(d["witness"]), ["x", "y"])
        for point in d["witness"].values():
            self.assertEqual(len(point), k)
            self.assertAlmostEqual(np.linalg.norm(point), 1, delta=1e-12)
        self.assertEqual(d["sampled"] is None, "sample" not in evidence)
        self.assertEqual(d["searched"] is None, "search" not in evidence)
        if d["sampled"]:
            self.assertEqual(set(d["sampled"]), {"max", "mean", "quantiles", "count", "diagonal", "undefined"})
            self.assertEqual(list(d["sampled"]["quantiles"]), ["0.01", "0.1", "0.25", "0.5", "0.75", "0.9", "0.99"])
            self.assertLessEqual(d["sampled"]["max"], d["at_least"])
        if d["searched"]:
            self.assertEqual(set(d["searched"]), {"max", "agreement", "starts", "undefined"})
            self.assertLessEqual(d["searched"]["max"], d["at_least"])
        if evidence == ["sample"]:
            self.assertEqual((d["at_most"], d["proof"], d["kind"]), (None, None, "at least"))
        else:
            self.assertLessEqual(d["at_least"], d["at_most"])
            self.assertIn(d["kind"], ("exact", "bracket"))
            self.assertIn(d["proof"], ("exhaustion", "eigenvalues") if "certify" in evidence else ("eigenvalues",))
        if d["kind"] == "exact" or "certify" not in evidence:
            self.assertIsNone(d["forecast"])

    def test_an_open_certificate_says_what_more_nodes_should_bring(self):
        spent = ["--n", 100, "--k", 5, "--evidence", "search,certify", "--gap", 0.01, "--nodes", 3000000]
        draw = json.loads(self.succeed("measure", "wdc", *spent, "--json"))["draws"][0]
        gap, forecast = draw["at_most"] / draw["at_least"] - 1, draw["forecast"]
        self.assertFalse(forecast["ended"])
        self.assertGreater(forecast["nodes"], draw["evaluations"]["certify"])
        self.assertTrue(0.01 <= forecast["gap"] < gap, forecast)
        self.assertGreaterEqual(forecast["to_close"], forecast["nodes"])
        told = self.succeed("measure", "wdc", *spent)
        self.assertRegex(told, r"By how it has fallen, --nodes \d+ \(.*\) should bring [\d.]+ %; 1 % takes about")
        early = self.succeed("measure", "wdc", *spent[:-1], 3000)
        self.assertIn("too early to tell", early)

    def test_json_has_the_shape_scripts_rely_on(self):
        everything = ["sample", "search", "certify"]
        for k, evidence in ((2, None), (3, None), (5, None), (8, None), (3, ["sample"]), (3, ["search"]), (3, ["certify"]),
                            (5, ["sample", "certify"]), (3, ["search", "sample"])):
            with self.subTest(k=k, evidence=evidence):
                asked = ["--evidence", ",".join(evidence)] if evidence else []
                budget = SMALL[:2] if evidence == ["sample"] else SMALL
                measured = self.measure("--n", 20, "--k", k, "--gap", 0.5, *budget, *asked)
                self.check_shape(measured, 20, k, 1, 1, evidence or (everything if k <= 4 else everything[:2]))

    def test_kinds(self):
        def kind(*options):
            return self.measure("--n", 100, "--k", 3, *SMALL, *options)["draws"][0]["kind"]

        sampled = self.measure("--n", 100, "--k", 3, *SMALL[:2], "--evidence", "sample")["draws"][0]
        self.assertEqual(sampled["kind"], "at least")
        self.assertEqual(kind("--evidence", "search"), "bracket")  # its at most by eigenvalues
        self.assertEqual(kind("--nodes", 1), "bracket")
        self.assertEqual(kind("--gap", 0.05), "exact")

    def test_gap_is_reached(self):
        for gap in (0.2, 0.01):
            d = self.measure("--n", 50, "--k", 3, "--gap", gap)["draws"][0]
            self.assertEqual(d["kind"], "exact")
            self.assertLessEqual(d["at_most"] - d["at_least"], gap * d["at_least"] * (1 + 1e-12))

    def test_degenerate_sizes(self):
        for n, k in ((1, 1), (7, 1), (1, 2), (1, 5), (2, 4), (3, 7)):
            with self.subTest(n=n, k=k):
                evidence = ["sample", "search", "certify"] if k <= 4 else ["sample", "search"]
                self.check_shape(self.measure("--n", n, "--k", k, *SMALL), n, k, 1, 1, evidence)

    def test_one_column_has_a_closed_form(self):
        # The sphere is {+1, -1}: the constant is the larger of |sum over w > 0 of w^2 - alpha/2| and the same over w < 0.
        w = np.random.default_rng(3).normal(size=(9, 1)) / 3
        expected = max(abs((w[w > 0] ** 2).sum() - 0.35), abs((w[w < 0] ** 2).sum() - 0.35))
        d = self.measure("--weights", self.npy("w.npy", w), "--alpha", 0.7,
                         remark="w.npy has 9 neurons of 1 input: transposed? --transpose reads it so")["draws"][0]
        self.assertEqual((d["alpha"], d["kind"]), (0.7, "exact"))
        self.assertAlmostEqual(d["at_least"], expected, delta=1e-14)
        self.assertAlmostEqual(d["at_most"], expected, delta=1e-12)

    def test_witness_attains_what_is_claimed(self):
        W = np.random.default_rng(4).normal(size=(40, 3)) / math.sqrt(40)
        self.npy("W.npy", W)
        for alpha in ("1", "0.5", "fit"):
            with self.subTest(alpha=alpha):
                d = self.measure("--weights", "W.npy", "--alpha", alpha)["draws"][0]
                x, y = np.array(d["witness"]["x"]), np.array(d["witness"]["y"])
                self.assertAlmostEqual(wdc_deviation(W, d["alpha"], x, y), d["at_least"], delta=1e-12)
                self.assertNotAlmostEqual(wdc_deviation(W, d["alpha"] + 0.1, x, y), d["at_least"], delta=1e-3)
                # Nor does any of many random pairs exceed the proof.
                pairs = np.random.default_rng(5).normal(size=(2000, 2, 3))
                self.assertLessEqual(max(wdc_deviation(W, d["alpha"], x, y) for x, y in pairs), d["at_most"])

    def test_layers_of_a_network(self):
        random = np.random.default_rng(6)
        W = [random.normal(size=(120, 2)) / math.sqrt(60), random.normal(size=(30, 120)) / math.sqrt(15)]
        with h5py.File(self.folder / "net.h5", "w") as file:
            for i, layer in enumerate(W, 1):
                file[f"W_{i}"] = layer
        points = self.measure("--network", "net.h5", "--output", "r.h5", *SMALL,
                              remark="net.h5:W_2 has 30 neurons of 120 inputs: transposed? --transpose reads it so")["points"]
        self.assertEqual([p["sizes"] for p in points], [{"n": 120, "k": 2, "layer": 1}, {"n": 30, "k": 120, "layer": 2}])
        for point, layer in zip(points, W):
            d = point["draws"][0]
            x, y = np.array(d["witness"]["x"]), np.array(d["witness"]["y"])
            self.assertAlmostEqual(wdc_deviation(layer, d["alpha"], x, y), d["at_least"], delta=1e-10)
        self.assertAlmostEqual(points[0]["draws"][0]["alpha"], 2, delta=0.9)  # fitted: its entries have variance 2 / n
        self.assertIn("2 draws verified", self.succeed("verify", "r.h5"))
        self.assertIn("at least/alpha", self.succeed("show", "r.h5"))
        one_by_one = self.measure("--network", self.npy("a.npy", W[0]) + "," + self.npy("b.npy", W[1]), *SMALL,
                                  remark="b.npy has 30 neurons of 120 inputs: transposed? --transpose reads it so")["points"]
        self.assertEqual(one_by_one[1]["draws"][0]["at_least"], points[1]["draws"][0]["at_least"])
        self.refuse("measure", "wdc", "--network", "net.h5", "--n", 120, says="--n: has no place beside the matrices given")
        self.refuse("measure", "wdc", "--network", "b.npy,a.npy", says="layer 2 is 120 x 2, but layer 1 has 30 neurons")

    def test_alpha(self):
        def of(*options):
            return self.measure("--n", 60, "--k", 2, *options)["draws"][0]

        self.assertEqual(of()["alpha"], 1)
        self.assertEqual(of("--alpha", "0.9")["alpha"], 0.9)
        self.assertAlmostEqual(of("--ensemble", "truncated-gaussian")["alpha"], 0.998765902, delta=1e-6)  # P(chi^2_4 <= 18)
        fitted, given = of("--alpha", "fit"), of()
        self.assertLess(fitted["at_least"] / fitted["alpha"], given["at_most"])
        for other in (0.8, 1.25):
            worse = of("--alpha", str(other * fitted["alpha"]))
            self.assertLess(fitted["at_least"] / fitted["alpha"], worse["at_most"] / worse["alpha"])

    def test_fitted_alpha_says_what_it_is_worth(self):
        W = np.random.default_rng(2).normal(size=(60, 2)) / math.sqrt(60)
        for name, matrix, says, below_half in (
                ("wide.npy", 7 * W, "alpha fitted: the least eps/alpha over all alpha, at least 0.", "proved"),
                ("positive.npy", abs(W), "alpha fitted: no alpha gives eps/alpha below 1/2, and every matrix reaches 1/2", "no"),
                ("zero.npy", 0 * W, "alpha fitted: no alpha gives eps/alpha below 1/2", "no")):
            with self.subTest(name=name):
                self.npy(name, matrix)
                d = self.measure("--weights", name, "--alpha", "fit", "--output", "f.h5", "--overwrite")["draws"][0]
                fit = d["fit"]
                self.assertEqual(list(fit), ["at_least", "below_half"])
                self.assertEqual(fit["below_half"], below_half)
                self.assertLessEqual(fit["at_least"], d["at_least"] / d["alpha"] * (1 + 1e-12))
                self.assertGreaterEqual(fit["at_least"], d["at_least"] / d["alpha"] * (1 - 1e-3))
                for alpha in d["alpha"] * np.geomspace(0.1, 10, 99):  # at none are the points below what they prove
                    attained = max(wdc_deviation(matrix, alpha, np.array(p["x"]), np.array(p["y"])) for p in d["fit_point"])
                    self.assertGreaterEqual(attained / alpha, fit["at_least"] * (1 - 1e-9))
                self.assertIn(says, self.succeed("show", "f.h5"))
                self.succeed("verify", "f.h5")
                self.assertEqual(json.loads(self.succeed("show", "f.h5", "--json"))["points"][0]["draws"][0], d)
                with h5py.File(self.folder / "f.h5", "r+") as file:
                    file["fit_at_least"][0, 0] *= 1.001
                self.assertIn("f.h5: damaged", self.run_it("verify", "f.h5").stderr)
        self.assertIsNone(self.measure("--weights", "wide.npy", "--alpha", 40, *SMALL)["draws"][0]["fit"])

    def test_fitted_alpha_at_any_scale(self):
        W = np.random.default_rng(2).normal(size=(60, 2))
        self.npy("tiny.npy", 1e-160 * W)
        self.refuse("measure", "wdc", "--weights", "tiny.npy", "--alpha", "fit", *SMALL, says="scale W towards 1")

    def test_ensembles_differ(self):
        values = {name: self.measure("--n", 30, "--k", 3, "--ensemble", name, *SMALL)["draws"][0]["at_least"]
                  for name in ("gaussian", "truncated-gaussian", "rademacher", "uniform", "orthonormal")}
        del values["truncated-gaussian"]  # the same as gaussian unless a row is cut off
        self.assertEqual(len(set(values.values())), 4)

    def test_grids(self):
        for k, fit in ((2, ("circle", "cubed-sphere", "sobol", "random")), (3, ("fibonacci", "cubed-sphere", "sobol", "random")),
                       (5, ("cubed-sphere", "sobol", "random"))):
            for grid in fit:
                with self.subTest(k=k, grid=grid):
                    d = self.measure("--n", 30, "--k", k, "--grid", grid, "--evidence", "sample", "--samples", 500)["draws"][0]
                    self.assertGreaterEqual(d["sampled"]["count"], 500)

    def test_seeds_and_threads(self):
        def of(seed, threads):
            return without_seconds(self.measure("--n", 40, "--k", 3, "--seed", seed, "--threads", threads, "--draws", 2))

        one = of(5, 1)
        self.assertEqual(one, of(5, 1))
        self.assertEqual(one, of(5, 2))
        self.assertNotEqual(one["draws"][0]["at_least"], one["draws"][1]["at_least"])
        self.assertNotEqual(one["draws"][0]["at_least"], of(6, 1)["draws"][0]["at_least"])

    def test_threads_change_nothing_beyond_certificates(self):
        for k, alpha in ((7, "1"), (5, "fit")):
            both = [without_seconds(self.measure("--n", 50, "--k", k, "--alpha", alpha, "--threads", t, "--samples", 3000,
                                                 "--starts", 512)) for t in (1, 2)]
            self.assertEqual(*both)

    def test_draws_do_not_depend_on_their_number(self):
        two = without_seconds(self.measure("--n", 20, "--k", 2, "--draws", 2, *SMALL))
        one = without_seconds(self.measure("--n", 20, "--k", 2, *SMALL))
        self.check_shape(self.measure("--n", 20, "--k", 2, "--draws", 3, *SMALL), 20, 2, 1, 3, ["sample", "search", "certify"])
        self.assertEqual(two["draws"][:1], one["draws"])

    def test_weights_from_each_kind_of_file(self):
        W = np.random.default_rng(6).normal(size=(25, 3))
        self.npy("W.npy", W)
        self.npy("fortran.npy", np.asfortranarray(W))
        self.npy("big.npy", W.astype(">f8"))
        with h5py.File(self.folder / "one.h5", "w") as file:
            file["W"] = W
        with h5py.File(self.folder / "two.h5", "w") as file:
            file["layers/W1"] = W
            file["layers/W2"] = 2 * W
        measured = self.measure("--weights", "W.npy", *SMALL)
        self.check_shape(measured, 25, 3, 1, 1, ["sample", "search", "certify"], given=["matrices"])
        self.assertEqual(measured["matrices"], {"W": {"file": "W.npy", "dataset": "", "shape": [25, 3], "done": ""}})
        expected = without_seconds(measured)["draws"]
        for spec in ("fortran.npy", "big.npy", "one.h5", "one.h5:W", "one.h5:/W", "two.h5:layers/W1"):
            with self.subTest(spec=spec):
                self.assertEqual(without_seconds(self.measure("--weights", spec, *SMALL))["draws"], expected)
        self.assertNotEqual(without_seconds(self.measure("--weights", "two.h5:layers/W2", *SMALL))["draws"], expected)

    def test_table_for_people(self):
        text = self.succeed("measure", "wdc", "--n", 30, "--k", 3, *SMALL)
        d = self.measure("--n", 30, "--k", 3, *SMALL)["draws"][0]
        for point in d["witness"].values():
            self.assertIn("(" + ", ".join(f"{c:.6g}" for c in point) + ")", text)
        self.assertRegex(text, r">= \d+\.\d{4} +<= \d+\.\d{4} +exhaustion( +[\d.]+ %)? +exact")
        self.assertLessEqual(max(map(len, text.splitlines())), 120)
        self.assertNotIn("attained at x", self.succeed("measure", "wdc", "--n", 30, "--k", 3, "--draws", 2, *SMALL))
        self.assertNotIn("attained at x", self.succeed("measure", "wdc", "--n", 30, "--k", 7, *SMALL))
        self.assertRegex(self.succeed("measure", "wdc", "--n", 30, "--k", 3, "--alpha", 0.9, *SMALL),
                         r"  alpha\n.*\n.*  0\.9000\n(.*\n)*.*  at least/alpha\n.*\n.*  >= 0\.8387\n")
        self.assertIn("--evidence sample,search,certify", self.succeed("measure", "wdc", "--n", 30, "--k", 5, *SMALL))
        self.assertIn("--starts 80", self.succeed("measure", "wdc", "--n", 30, "--k", 7, *SMALL))
        self.assertIn("--nodes 10 ", self.succeed("measure", "wdc", "--n", 100, "--k", 3, "--nodes", 1, *SMALL))


class ResultsFile(CommandLine):
    """--output, show and verify."""

    def setUp(self):
        super().setUp()
        self.measured = self.measure("--n", 20, "--k", 3, "--draws", 2, "--output", "r.h5", *SMALL)

    def test_show(self):
        self.assertEqual(json.loads(self.succeed("show", "r.h5", "--json")), {"points": [self.measured]})
        points, draws = self.succeed("show", "r.h5"), self.succeed("show", "r.h5", "--draws")
        self.assertRegex(points, r"(?m)^20 +3 +2 ")
        for draw in range(2):
            self.assertRegex(draws, rf"(?m)^20 +3 +{draw} ")
        for d in self.measured["draws"]:
            decimals = [3 - math.floor(math.log10(d[name])) for name in ("at_least", "at_most")]
            self.assertIn(f">= {math.floor(d['at_least'] * 10 ** decimals[0]) / 10 ** decimals[0]:.{decimals[0]}f}", draws)
            self.assertIn(f"<= {math.ceil(d['at_most'] * 10 ** decimals[1]) / 10 ** decimals[1]:.{decimals[1]}f}", draws)

    def test_verify(self):
        self.assertIn("2 draws verified", self.succeed("verify", "r.h5"))

    def test_verify_given_weights_without_their_file(self):
        self.npy("W.npy", np.random.default_rng(7).normal(size=(15, 4)))
        self.measure("--weights", "W.npy", "--alpha", "fit", "--output", "w.h5", *SMALL)
        (self.folder / "W.npy").unlink()
        self.assertIn("1 draws verified", self.succeed("verify", "w.h5"))

    def test_verify_notices_tampering(self):
        def rotate(x):
            return np.roll(x, 1, axis=-1)

        for name, change in (("at_least", lambda v: v * (1 + 1e-6)), ("at_least", lambda v: v * (1 - 1e-6)),
                             ("at_most", lambda v: v * 0.5), ("witness_x", rotate), ("witness_y", rotate),
                             ("witness_x", lambda v: 1.001 * v), ("sampled_max", lambda v: v + 1e-6),
                             ("sampled_witness_y", rotate), ("searched_max", lambda v: v * 1.01), ("alpha", lambda v: v + 1e-6),
                             ("diagonal_witness_x", rotate), ("sampled_mean", lambda v: v + 10)):
            with self.subTest(name=name):
                (self.folder / "t.h5").write_bytes((self.folder / "r.h5").read_bytes())
                with h5py.File(self.folder / "t.h5", "r+") as file:
                    file[name][0, 1] = change(file[name][0, 1])
                done = self.run_it("verify", "t.h5")
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertRegex(done.stderr, r"\Atheoremeter: t.h5: damaged: [^\n]+ digest [^\n]+\n\Z")

    def test_verify_notices_another_seed(self):
        with h5py.File(self.folder / "r.h5", "r+") as file:
            file["seed"][...] = 2
        self.assertIn(self.run_it("verify", "r.h5").returncode, (1, 2))

    def test_damaged_files_are_refused(self):
        whole = (self.folder / "r.h5").read_bytes()
        for length in (0, 7, 100, 2000, len(whole) // 2, len(whole) - 1):
            (self.folder / "cut.h5").write_bytes(whole[:length])
            for verb in ("show", "verify"):
                with self.subTest(verb=verb, length=length):
                    self.refuse(verb, "cut.h5", says="cut.h5")
        with h5py.File(self.folder / "r.h5", "r") as file:
            chunk = file["witness_x"].id.get_chunk_info(0)
        flipped = bytearray(whole)
        flipped[chunk.byte_offset + chunk.size // 2] ^= 1
        (self.folder / "flipped.h5").write_bytes(flipped)
        for verb in ("show", "verify"):
            self.refuse(verb, "flipped.h5", says="flipped.h5")

    def test_other_files_are_refused(self):
        (self.folder / "d").mkdir()
        self.write("text.h5", "not HDF5\n")
        with h5py.File(self.folder / "foreign.h5", "w") as file:
            file["at_least"] = [1.0]
        with h5py.File(self.folder / "r.h5", "r+") as file:
            file.attrs["format_version"] = np.array([99, 0])
        for verb in ("show", "verify"):
            for name, says in (("none.h5", "no such file"), ("d", "not a regular file"), ("text.h5", "not an HDF5 file"),
                               ("foreign.h5", "not a theoremeter results file"), ("r.h5", "newer")):
                with self.subTest(verb=verb, name=name):
                    self.refuse(verb, name, says=says)

    def test_overwriting(self):
        again = ["measure", "wdc", "--n", 5, "--k", 2, *SMALL, "--output"]
        self.refuse(*again, "r.h5", says="--overwrite")
        self.succeed(*again, "r.h5", "--overwrite")
        self.assertEqual(json.loads(self.succeed("show", "r.h5", "--json"))["points"][0]["sizes"], {"n": 5, "k": 2})
        self.succeed(*again, "new.h5", "--overwrite")  # nothing there to replace
        self.write("notes.txt", "precious\n")
        with h5py.File(self.folder / "foreign.h5", "w") as file:
            file["data"] = [1.0]
        (self.folder / "cut.h5").write_bytes((self.folder / "r.h5").read_bytes()[:5000])
        for name in ("notes.txt", "foreign.h5", "cut.h5"):
            with self.subTest(name=name):
                self.refuse(*again, name, says=name)
                self.refuse(*again, name, "--overwrite", says=name)

    def test_where_no_file_can_be_made(self):
        (self.folder / "d").mkdir()
        for name in ("d", "none/r.h5", "r.h5/x.h5", "/dev/full"):
            with self.subTest(name=name):
                self.refuse("measure", "wdc", "--n", 5, "--k", 2, *SMALL, "--output", name, says=name)

    def test_without_permission(self):
        other = {"user": NOBODY} if os.geteuid() == 0 else {}
        self.npy("W.npy", np.eye(3))
        self.write("e.toml", 'condition = "wdc"\n[[sweep]]\nn = 3\nk = 2\n')
        for name in ("W.npy", "r.h5", "e.toml"):
            (self.folder / name).chmod(0)
        (self.folder / "closed").mkdir(mode=0o555)
        self.folder.chmod(0o755)
        if other and subprocess.run([BINARY, "--version"], capture_output=True, cwd="/", **other).returncode:
            self.skipTest("the binary cannot be run by another user")
        before = os.umask(0)
        self.addCleanup(os.umask, before)

        def refuse(*arguments, says):
            done = self.run_it(*arguments, **other)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")
            self.assertIn(says, done.stderr)

        refuse("measure", "wdc", "--weights", "W.npy", says="Permission denied")
        refuse("run", "e.toml", says="Permission denied")
        refuse("show", "r.h5", says="r.h5")
        refuse("verify", "r.h5", says="r.h5")
        refuse("measure", "wdc", "--n", 3, "--k", 2, "--output", "closed/x.h5", says="Permission denied")
        self.assertEqual(list((self.folder / "closed").iterdir()), [])

    def test_full_disk(self):
        def small_disk():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        arguments = ["measure", "wdc", "--n", 5, "--k", 2, *SMALL, "--output"]
        self.refuse(*arguments, "new.h5", code=1, says="new.h5", preexec_fn=small_disk)
        self.refuse(*arguments, "r.h5", "--overwrite", code=1, says="r.h5", preexec_fn=small_disk)

    def test_full_disk_for_stdout(self):
        for arguments in (["show", "r.h5"], ["show", "r.h5", "--json"], ["measure", "wdc", "--n", "5", "--k", "2", *SMALL],
                          ["verify", "r.h5"], ["--help"]):
            with self.subTest(arguments=arguments), open("/dev/full", "w") as full:
                done = subprocess.run([BINARY, *arguments], cwd=self.folder, stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")


class WrongUse(CommandLine):
    def refuse_each(self, command, cases):
        for arguments, says in cases:
            with self.subTest(arguments=arguments):
                self.refuse(*command, *arguments.split("|") if arguments else [], says=says)

    def test_verbs(self):
        self.refuse_each([], [
            ("", "one of measure, landscape, census, surface, recover, run, slurm, show, "), ("measur", "did you mean measure?"), ("verfy|x", "did you mean verify?"),
            ("measure", "wdc"), ("measure|wdcc", "did you mean wdc?"), ("measure|phase", "unknown"), ("--verson", "did you mean --version?"),
            ("-v", "-v"), ("run", "EXPERIMENT.toml"), ("show", "F.h5"), ("verify", "F.h5"), ("show|a.h5|b.h5", "b.h5"),
            ("run|e.toml|--output", "--output"), ("run|e.toml|--resume", "--output"), ("run|e.toml|--threads|0", "--threads"),
            ("run|e.toml|--resme", "did you mean --resume?"), ("show|r.h5|--jsn", "did you mean --json?")])

    def test_options_of_measure(self):
        self.refuse_each(["measure", "wdc", "--n", 10, "--k", 3, *SMALL], [
            ("--ensemble|gausian", "gaussian"), ("--grid|fibonaci", "fibonacci"), ("--evidence|sampel,search", "sample"),
            ("--evidence|serch", "search"), ("--evidence|,", "evidence"), ("--evidence|", "--evidence"), ("--sampels|5", "--samples"),
            ("--weihts|W.npy", "--weights"), ("--n|10", "--n"), ("extra", "extra"), ("-q", "-q"), ("--json=1|2", "2"),
            ("--grid|circle", "circle"), ("--alpha|0", "alpha"), ("--alpha|-1", "alpha"), ("--alpha|nan", "alpha"),
            ("--alpha|inf", "alpha"), ("--alpha|Fit", "alpha"), ("--alpha|1x", "alpha"), ("--alpha|", "alpha"),
            ("--gap|0", "--gap"), ("--gap|-0.1", "--gap"), ("--gap|nan", "--gap"), ("--gap|inf", "--gap"), ("--gap|1%", "--gap"),
            ("--gap|", "--gap"), ("--threads|-1", "--threads"), ("--threads|0", "--threads"), ("--threads|100000", "--threads"),
            ("--threads|two", "--threads"), ("--draws|0", "--draws"), ("--draws|-3", "--draws"), ("--draws|1.5", "--draws"),
            ("--draws|1000000000000", "--draws"), ("--seed|-1", "--seed"), ("--seed|x", "--seed"),
            ("--seed|18446744073709551616", "--seed"), ("--nodes|0", "--nodes"), ("--output|", "--output"), ("--seed", "--seed")])
        self.refuse_each(["measure", "wdc", "--n", 10, "--k", 3], [
            ("--samples|0", "--samples"), ("--samples|-5", "--samples"), ("--starts|0", "--starts"), ("--starts|1e3", "--starts")])

    def test_a_line_stays_one_line(self):
        self.refuse("measure", "wdc", "--n", "1\n2", "--k", 3, says="--n")
        self.refuse("show", "a\nb", says="no such file")

    def test_sizes(self):
        self.refuse_each(["measure", "wdc"], [
            ("", "--n is missing"), ("--n|10", "--k is missing"), ("--k|10", "--n is missing"), ("--n|0|--k|3", "--n"),
            ("--n|10|--k|0", "--k"), ("--n|-5|--k|3", "--n"), ("--n|10|--k|-3", "--k"), ("--n|ten|--k|3", "--n"),
            ("--n|1e3|--k|3", "--n"), ("--n|10.5|--k|3", "--n"), ("--n||--k|3", "--n"), ("--n|10|--k", "--k"),
            ("--n|99999999999999999999|--k|3", "--n"), ("--n|1000000000|--k|1000000", "at most 268435456"),
            ("--n|9223372036854775807|--k|9223372036854775807", "at most 268435456"), ("--n|200000000|--k|200000000", "GiB"), ("--n|10|--k|7|--evidence|certify", "k = 7"),
            ("--n|3|--k|10|--ensemble|orthonormal", "orthonormal columns need at least as many rows")])

    def test_weights(self):
        W = np.random.default_rng(8).normal(size=(10, 3))

        def with_entry(value):
            spoilt = W.copy()
            spoilt[4, 1] = value
            return spoilt

        (self.folder / "d").mkdir()
        for name, array in (("vector", W[0]), ("cube", W.reshape(5, 2, 3)), ("scalar", np.array(1.0)), ("complex", W + 1j),
                            ("text", np.array([["a", "b"]])), ("nan", with_entry(np.nan)), ("inf", with_entry(np.inf)),
                            ("minus", with_entry(-np.inf)), ("no-columns", W[:, :0]), ("no-rows", W[:0]), ("good", W)):
            self.npy(name + ".npy", array)
        np.savez(self.folder / "zip.npz", W=W)
        whole = (self.folder / "good.npy").read_bytes()
        for name, data in (("empty.npy", b""), ("cut.npy", whole[:200]), ("header.npy", whole[:20]), ("long.npy", whole + b"x"),
                           ("words.txt", b"1 2 3\n4 5 6\n")):
            (self.folder / name).write_bytes(data)
        with h5py.File(self.folder / "many.h5", "w") as file:
            file["layers/W1"], file["layers/W2"], file["vector"], file["text"] = W, W, W[0], [b"x"]
            file["nan"], file["no-rows"] = with_entry(np.nan), W[:0]
        with h5py.File(self.folder / "bare.h5", "w"):
            pass
        self.refuse_each(["measure", "wdc", *SMALL, "--weights"], [
            ("none.npy", "no such file"), ("none.h5:W", "no such file"), ("", "--weights"), ("d", "directory"), ("/dev/null", "not a regular"),
            ("vector.npy", "n x k"), ("cube.npy", "n x k"), ("scalar.npy", "n x k"), ("complex.npy", "float64"), ("text.npy", "float64"),
            ("nan.npy", "W[4, 1] is nan"), ("inf.npy", "W[4, 1] is inf"), ("minus.npy", "W[4, 1] is -inf"),
            ("no-columns.npy", "at least 1"), ("no-rows.npy", "at least 1"), ("zip.npz:V", "no dataset V"), ("empty.npy", "neither"),
            ("cut.npy", "truncated"), ("header.npy", "truncated"), ("long.npy", "too long"), ("words.txt", "neither"),
            ("good.npy:W", ".npy"), ("many.h5", "layers/W1"), ("many.h5:layers/W3", "did you mean layers/W"),
            ("many.h5:nothing", "the file holds"), ("many.h5:layers", "layers"), ("many.h5:vector", "n x k"), ("many.h5:text", "type"),
            ("many.h5:nan", "nan"), ("many.h5:no-rows", "at least 1"), ("bare.h5", "no floating-point matrix"),
            ("good.npy|--n|10", "--n"), ("good.npy|--k|3", "--k"), ("good.npy|--ensemble|gaussian", "--ensemble"),
            ("good.npy|--draws|2", "--draws")])


class Experiment(CommandLine):
    SWEEP = """\
        title = "a small sweep"
        condition = "wdc"
        seed = 3
        draws = 2

        [[sweep]]
        n_over_k = [4, 10]
        k = [2, 3]
        evidence = "sample,search,certify"
        samples = 300
        starts = 8

        [[sweep]]
        n = 12
        k = 6
        samples = 300
        starts = 8
        alpha = 0.9
        """

    def test_run(self):
        self.write("e.toml", self.SWEEP)
        done = self.run_it("run", "e.toml", "--output", "r.h5")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("a small sweep\n"))
        self.assertTrue(done.stdout.endswith(self.succeed("show", "r.h5")))
        self.assertIn("10 draws verified", self.succeed("verify", "r.h5"))
        points = json.loads(self.succeed("show", "r.h5", "--json"))["points"]
        self.assertEqual([tuple(p["sizes"].values()) for p in points], [(8, 2), (20, 2), (12, 3), (30, 3), (12, 6)])
        with h5py.File(self.folder / "r.h5", "r") as file:
            self.assertEqual(experiment_text(file), textwrap.dedent(self.SWEEP))

    def test_measure_replays_each_draw_of_a_sweep(self):
        self.write("e.toml", self.SWEEP)
        self.succeed("run", "e.toml", "--output", "r.h5")
        for point in json.loads(self.succeed("show", "r.h5", "--json"))["points"]:
            n, k = point["sizes"].values()
            alpha = ["--alpha", 0.9] if k == 6 else []
            alone = self.measure("--n", n, "--k", k, "--seed", 3, "--draws", 2, "--samples", 300, "--starts", 8, *alpha)
            self.assertEqual(without_seconds(alone["draws"]), without_seconds(point["draws"]))

    def test_threads_change_nothing(self):
        self.write("e.toml", self.SWEEP)
        for threads in (1, 2):
            self.succeed("run", "e.toml", "--threads", threads, "--output", f"{threads}.h5")
        self.assertEqual(contents(self.folder / "1.h5"), contents(self.folder / "2.h5"))

    def test_dry_run_writes_nothing(self):
        self.write("e.toml", self.SWEEP)
        before = self.files()
        self.assertIn("10", self.succeed("run", "e.toml", "--dry-run", "--output", "r.h5"))
        self.assertEqual(self.files(), before)

    def test_without_output_one_is_told(self):
        self.write("e.toml", self.SWEEP)
        done = self.run_it("run", "e.toml")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"\A[^\n]*--output[^\n]*\n\Z")

    def test_output_is_not_replaced_unasked(self):
        self.write("e.toml", self.SWEEP)
        self.write("other.toml", self.SWEEP.replace("seed = 3", "seed = 4"))
        self.write("notes.h5", "precious\n")
        self.succeed("run", "e.toml", "--output", "r.h5")
        self.refuse("run", "e.toml", "--output", "r.h5", says="--overwrite")
        self.refuse("run", "other.toml", "--output", "r.h5", "--resume", says="seed = 3 where the experiment has seed = 4")
        for how in ("--overwrite", "--resume"):
            self.refuse("run", "e.toml", "--output", "notes.h5", how, says="notes.h5")
        for verb in (["run", "e.toml"], ["measure", "wdc", "--n", 9, "--k", 2]):
            self.refuse(*verb, "--resume", says="--resume: needs --output")
            self.refuse(*verb, "--output", "r.h5", "--resume", "--overwrite", says="one of the two")
        before = contents(self.folder / "r.h5")
        self.succeed("run", "e.toml", "--output", "r.h5", "--resume")  # nothing left to do
        self.assertEqual(contents(self.folder / "r.h5"), before)
        self.succeed("run", "other.toml", "--output", "r.h5", "--overwrite")
        self.assertNotEqual(contents(self.folder / "r.h5"), before)

    def test_bad_experiments(self):
        self.refuse("run", "none.toml", says="none.toml")
        self.refuse("run", ".", says="directory")
        (self.folder / "binary.toml").write_bytes(bytes(range(256)))
        self.refuse("run", "binary.toml", says="binary.toml")
        top, sweep = 'condition = "wdc"\n', "[[sweep]]\nn = 10\nk = 2\n"
        for text, says in (
                ("", "says no study: one of the keys condition, "), (sweep, "says no study"), (top, "n is missing"), (top + "sweep = []\n", "[[sweep]] are expected"),
                (top + "sweep = 3\n", "[[sweep]] are expected"), (top + "[sweep]\nn = 10\nk = 2\n", "[[sweep]] are expected"), (top + "[[sweep]]\n", "e.toml:2: n is missing"),
                (top + "[[sweep]]\nn = 10\n", "k is missing"), (top + "[[sweep]]\nk = 2\n", "n is missing"), (top + "[[sweep]]\nn = []\nk = 2\n", "e.toml:3: n is an empty list"),
                ('condition = "wdc\n', "e.toml:1:"), (top + "[[sweep]]\nn = 10\nk = [2\n", "e.toml:4:"), (top + top, "e.toml:2:"),
                (top + "seeds = 3\n" + sweep, 'e.toml:2: unknown key "seeds" ("seed"?)'), (top + sweep + "evidense = 1\n", '("evidence"?)'),
                (top + sweep + "n_ovr_k = 3\n", '("n_over_k"?)'), (top + sweep + "colour = 3\n", "known: "),
                ("condition = 3\n" + sweep, "e.toml:1: condition must be text"), ('condition = "wdcc"\n' + sweep, 'e.toml:1: condition "wdcc"'),
                ("title = 3\n" + top + sweep, "title must be text"), (top + 'ensemble = "gausian"\n' + sweep, 'e.toml:2: ensemble "gausian"'),
                (top + "ensemble = 1\n" + sweep, "ensemble: must be text"), (top + 'seed = "x"\n' + sweep, "e.toml:2: seed: \"x\" is neither a number nor an expression"),
                (top + "seed = 1.5\n" + sweep, "seed: must be"), (top + "seed = -1\n" + sweep, "e.toml:2: seed = -1"),
                (top + "draws = 0\n" + sweep, "e.toml:2: draws: must be a whole number from 1"), (top + "draws = true\n" + sweep, "draws: must be"),
                (top + "draws = 10000000000\n" + sweep, "from 1 to 10000000"), (top + "gap = 0\n" + sweep, "e.toml:2: gap = 0"),
                (top + "gap = nan\n" + sweep, "gap"), (top + 'gap = "x"\n' + sweep, "gap: \"x\" is neither"),
                (top + "[[sweep]]\nn = 10.5\nk = 2\n", "whole number"), (top + '[[sweep]]\nn = "x"\nk = 2\n', 'e.toml:3: n: "x" is neither'),
                (top + '[[sweep]]\nn = [5, "x"]\nk = 2\n', 'n: "x" is neither'), (top + "[[sweep]]\nn = -1\nk = 2\n", "at least 1"),
                (top + "[[sweep]]\nn = [0]\nk = 2\n", "at least 1"), (top + "[[sweep]]\nn = inf\nk = 2\n", "n: must be"),
                (top + "[[sweep]]\nn = nan\nk = 2\n", "n: must be"), (top + "[[sweep]]\nn = 1e30\nk = 2\n", "n: must be"),
                (top + "[[sweep]]\nn = 1000000000\nk = 1000000\n", "at most 268435456"), (top + "[[sweep]]\nn = 20000\nk = 20000\n", "at most"),
                (top + "[[sweep]]\nn_over_k = 0.1\nk = 2\n", "at least 1"), (top + sweep + "n_over_k = 3\n", "n_over_k goes without n"),
                (top + "[[sweep]]\nn_over_k = 3\n", "e.toml:3: n = \"(3)*k\": k has no value"), (top + "[[sweep]]\nn_over_k = 3\nk_over_n = 3\n", "has no value"),
                (top + '[[sweep]]\nn = 10\nk = [2, 7]\nevidence = "certify"\n', "certify at n = 10, k = 7"), (top + sweep + 'evidence = "certfy"\n', "e.toml:5:"),
                (top + sweep + 'evidence = ""\n', "evidence is empty"), (top + sweep + "evidence = [3]\n", "evidence"),
                (top + sweep + "samples = 0\n", "e.toml:5: samples = 0"), (top + sweep + "starts = -1\n", "starts = -1"),
                (top + sweep + 'nodes = "x"\n', "nodes: \"x\" is neither"), (top + sweep + 'grid = "sobl"\n', "sobol"), (top + sweep + "grid = 3\n", "grid: must be text"),
                (top + sweep + 'grid = "fibonacci"\n', "fibonacci"), (top + sweep + "alpha = 0\n", "e.toml:5: alpha = 0"), (top + sweep + "alpha = nan\n", "alpha"),
                (top + sweep + 'alpha = "x"\n', "alpha"), (top + sweep + "alpha = true\n", "alpha: must be"),
                (top + 'ensemble = "orthonormal"\n[[sweep]]\nn = 2\nk = [2, 3]\n', "orthonormal columns need at least as many rows")):
            with self.subTest(text=text):
                self.write("e.toml", text)
                self.refuse("run", "e.toml", "--output", "r.h5", says=says)


class Interruption(CommandLine):
    """Draws enough that a signal comes between the first and the last."""

    EXPERIMENT = """\
        condition = "wdc"
        draws = 30
        [[sweep]]
        n = 60
        k = 5
        evidence = "sample,search"
        samples = 2000
        starts = 256
        """

    def setUp(self):
        super().setUp()
        self.write("e.toml", self.EXPERIMENT)

    def start(self, *options):
        return subprocess.Popen([BINARY, "run", "e.toml", "--output", "r.h5", *options], cwd=self.folder, text=True,
                                preexec_fn=heed_interrupts, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def version_of_file(self):
        """Another number for each file renamed to r.h5; None before the first."""
        path = self.folder / "r.h5"
        return path.stat().st_mtime_ns if path.exists() else None

    def wait_for_save(self, process, before):
        while self.version_of_file() == before:
            self.assertIsNone(process.poll(), "the run ended before a draw was saved")
            time.sleep(0.001)

    def measured(self):
        return len(json.loads(self.succeed("show", "r.h5", "--json"))["points"][0]["draws"])

    def finish_and_compare(self):
        self.succeed("run", "e.toml", "--output", "r.h5", "--resume")
        self.assertEqual(self.measured(), 30)
        self.succeed("run", "e.toml", "--output", "whole.h5")
        one, other = self.succeed("digest", "r.h5", "whole.h5").splitlines()
        self.assertEqual(one.split()[0], other.split()[0])

    def test_interrupt_and_resume(self):
        for which in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=which):
                before = self.version_of_file()
                done_before = self.measured() if before else 0
                process = self.start("--resume")
                self.wait_for_save(process, before)
                process.send_signal(which)
                stdout, stderr = process.communicate(timeout=60)
                self.assertEqual((process.returncode, stdout), (75, ""))
                self.assertRegex(stderr, r"\Atheoremeter: interrupted; [^\n]*; to go on: [^\n]* --resume\n\Z")
                self.assertEqual(set(self.files()), {"e.toml", "r.h5"})
                self.assertTrue(done_before <= self.measured() <= 30, self.measured())
                self.succeed("verify", "r.h5")
        self.finish_and_compare()

    def test_interrupt_after_the_last_draw(self):
        """While results are printed: nothing is lost, and 75 with the line that goes on says so."""
        self.succeed("run", "e.toml", "--output", "r.h5")
        endings = []
        for pause in 4 * [0, 0.0005, 0.001, 0.002, 0.004]:
            process = self.start("--resume")
            self.assertRegex(process.stderr.readline(), "is complete: nothing was left to measure")
            time.sleep(pause)
            process.send_signal(signal.SIGTERM)
            _, stderr = process.communicate(timeout=60)
            endings.append(process.returncode)
            if process.returncode != 0:
                self.assertRegex(stderr, r"\Atheoremeter: interrupted; finished draws are in r\.h5; to go on: [^\n]* --resume\n\Z", process.returncode)
        self.assertLessEqual({75}, set(endings))
        self.assertLessEqual(set(endings), {0, 75})

    def test_interrupt_before_anything_is_saved(self):
        process = subprocess.Popen([BINARY, "measure", "wdc", "--n", "400", "--k", "20", "--output", "m.h5"], cwd=self.folder,
                                   text=True, preexec_fn=heed_interrupts, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while not (self.folder / "m.h5").exists():
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual((process.returncode, stdout), (75, ""))
        self.assertRegex(stderr, r"\Atheoremeter: interrupted; [^\n]*to go on: [^\n]* measure wdc --n 400 [^\n]* --resume\n\Z")
        self.assertLessEqual(set(self.files()), {"e.toml", "m.h5"})

    def test_kill_at_any_time(self):
        moments = random.Random(1)
        done = kills = 0
        for _ in range(12):
            process = self.start("--resume")
            time.sleep(moments.uniform(0, 0.15))
            process.kill()
            process.communicate()
            kills += process.returncode == -signal.SIGKILL
            if (self.folder / "r.h5").exists():
                self.assertGreaterEqual(self.measured(), done)
                done = self.measured()
        self.assertGreater(kills, 0, "never killed while at work")
        self.finish_and_compare()

    def test_ignored_signals_stay_ignored(self):
        process = subprocess.Popen([BINARY, "run", "e.toml", "--output", "r.h5"], cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.wait_for_save(process, None)
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=60)
        self.assertEqual((process.returncode, self.measured()), (0, 30))


if __name__ == "__main__":
    unittest.main()
