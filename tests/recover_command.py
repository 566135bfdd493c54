#!/usr/bin/env python3
"""`theoremeter recover` through the real binary: drawn and given instances, traces, sweeps with algorithms as a coordinate,
verify, and what is refused.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import csv
import json
import math
import unittest

import h5py
import numpy as np
from command_line import CommandLine

SWEEP = """study = "recovery"
draws = 6
m = [40, 80]
[[sweep]]
algorithm = ["sparta", "copram"]
n = 30
sparsity = 2
steps = 60
[[sweep]]
algorithm = "dpr"
widths = [[3, 20, 50]]
steps = 200
restarts = 2
stop_residual = 1e-12
"""


class Recover(CommandLine):
    def recover(self, *arguments):
        done = self.run_it("recover", *arguments, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)["draws"][0]

    def problem(self):
        """A sparse x, its amplitudes and power iteration normals as .npy files."""
        r = np.random.default_rng(1)
        A = r.normal(size=(60, 30)).astype(np.float32)
        x = np.zeros(30)
        x[[3, 17]] = 1.5, -0.7
        files = {"A": A, "b": np.abs(A.astype(float) @ x), "x": x, "start": r.normal(size=30)}
        for name, array in files.items():
            np.save(self.path(name + ".npy"), array)
        return files

    def path(self, name):
        return str(self.folder / name)

    def given(self, *names):
        options = {"A": "A.npy", "observations": "b.npy", "truth": "x.npy", "start": "start.npy"}
        return [word for name in names for word in ("--" + name, self.path(options[name]))]


class Given(Recover):
    def test_trace_of_a_given_problem(self):
        files = self.problem()
        out = self.path("t.h5")
        done = self.run_it("recover", "sparta", *self.given("A", "observations", "start"), "--sparsity", "2", "--steps", "30",
                           "--trace", "0,1,2,3,5,10,30", "--output", out)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("error", done.stdout.splitlines()[1])  # there is no truth
        with h5py.File(out) as f:
            steps, values = f["iterate_step"][:], f["iterate_x"][:]
            self.assertEqual(list(steps), [0, 1, 2, 3, 5, 10, 30])
            last = np.asarray(values).reshape(7, -1)[-1]
        self.assertLess(min(np.linalg.norm(last - s * files["x"]) for s in (1, -1)), 1e-6)  # it halves every step
        self.assertEqual(self.run_it("verify", out).returncode, 0)

    def test_truth_adds_errors(self):
        files = self.problem()
        draw = self.recover("sparta", *self.given("A", "observations", "truth"), "--sparsity", "2", "--steps", "5")
        x = np.array(draw["x"])
        A, b = files["A"].astype(float), files["b"]
        error = min(np.linalg.norm(x - s * files["x"]) for s in (1, -1)) / np.linalg.norm(files["x"])
        self.assertAlmostEqual(draw["error"], error, places=12)
        residual = np.linalg.norm(np.abs(A @ x) - b)
        self.assertAlmostEqual(draw["loss"], residual**2 / 2, places=10)
        self.assertAlmostEqual(draw["residual"], residual / np.linalg.norm(b), places=12)

    def test_x0_makes_observations(self):
        self.problem()
        draw = self.recover("copram", *self.given("A"), "--x0", self.path("x.npy"), "--sparsity", "2", "--steps", "8")
        self.assertLess(draw["error"], 1e-12)

    def test_every_residual(self):
        self.problem()
        draw = self.recover("taf", *self.given("A", "observations"), "--steps", "50", "--trace", "all")
        self.assertEqual(len(draw["residuals"]), 51)
        self.assertAlmostEqual(draw["residuals"][-1], draw["residual"], places=12)


class Drawn(Recover):
    def test_dpr_recovers_and_is_near_its_best(self):
        draw = self.recover("dpr", "--widths", "3,40,100", "--m", "80", "--restarts", "5", "--steps", "1000")
        self.assertLess(draw["error"], 1e-8)
        self.assertEqual(draw["basin"], "near x0")
        self.assertEqual(draw["oracle_error"], min(r["error"] for r in draw["restart"]))
        self.assertEqual(draw["loss"], min(r["loss"] for r in draw["restart"]))
        self.assertTrue(0 < draw["rate"] < 1)
        self.assertAlmostEqual(draw["theory_rate"], 1 - 7 / 8 / 4)

    def test_the_same_instance_for_every_algorithm(self):
        common = ["--m", "50", "--n", "30", "--sparsity", "2", "--steps", "3"]
        self.assertEqual(self.recover("sparta", *common)["x0"], self.recover("thwf", *common)["x0"])

    def test_a_sweep_with_algorithms_as_a_coordinate(self):
        toml, one, two = self.path("s.toml"), self.path("1.h5"), self.path("2.h5")
        with open(toml, "w") as f:
            f.write(SWEEP)
        for out, threads in ((one, "1"), (two, "3")):
            done = self.run_it("run", toml, "--output", out, "--threads", threads)
            self.assertEqual(done.returncode, 0, done.stderr)
        digests = self.run_it("digest", one, two).stdout.split()
        self.assertEqual(digests[0], digests[2])
        self.assertEqual(self.run_it("verify", one).returncode, 0)
        rows = list(csv.DictReader(self.run_it("table", one, "--format", "csv").stdout.splitlines()))
        self.assertEqual({row["algorithm"] for row in rows}, {"sparta", "copram", "dpr"})
        for row in rows:
            low, share, high = (float(row["success" + end]) for end in ("_low", "", "_high"))
            self.assertTrue(0 <= low <= share <= high <= 1)
        self.assertIn("% (", self.run_it("table", one).stdout)

    def test_noise_leaves_an_error_below_the_theorems_floor(self):
        draw = self.recover("amplitude-flow", "--m", "400", "--n", "10", "--noise", "1e-3")
        self.assertTrue(0 < draw["error"] < draw["theory_floor"])
        self.assertTrue(0.5e-3 < draw["noise_level"] < 2e-3)

    def test_negative_start_too(self):
        draw = self.recover("dpr", "--widths", "2,20,40", "--m", "30", "--two-starts", "--steps", "0")
        a, b = (np.array(r["x"]) for r in draw["restart"])
        self.assertTrue(np.array_equal(a, -b))


class Refused(Recover):
    def refuses(self, *arguments, says):
        done = self.run_it("recover", *arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn(says, done.stderr)

    def test_bad_input(self):
        files = self.problem()
        np.save(self.path("short.npy"), files["b"][:-1])
        np.save(self.path("negative.npy"), -files["b"])
        np.save(self.path("nan.npy"), np.where(files["b"] > 1, math.nan, files["b"]))
        A, b = self.given("A"), self.given("observations")
        self.refuses("sparta", *A, *b, says="sparsity is missing")
        self.refuses("sparta", *A, *b, "--sparsity", "31", says="at most n = 30")
        self.refuses("sparta", *A, *b, "--sparsity", "0", says="--sparsity 0")
        self.refuses("sparta", *A, *b, "--sparsity", "2", "--preset", "offical", says="official")
        self.refuses("sparta", *A, *b, "--sparsity", "2", "--m", "60", says="has no place beside")
        self.refuses("taf", *A, "--observations", self.path("short.npy"), says="59 entries, where 60")
        self.refuses("taf", *A, "--observations", self.path("negative.npy"), says="amplitudes are not negative")
        self.refuses("taf", *A, "--observations", self.path("nan.npy"), says="finite")
        self.refuses("taf", *A, *b, "--start", self.path("short.npy"), says="59 entries, where 30")
        self.refuses("taf", *A, *b, "--x0", self.path("x.npy"), says="truth")
        self.refuses("taf", *A, "--truth", self.path("x.npy"), says="x0")
        self.refuses("taf", "--m", "0", "--n", "3", says="--m 0")
        self.refuses("taf", "--m", "10", says="n is missing")
        self.refuses("dpr", "--m", "10", says="widths is missing")
        self.refuses("dpr", "--widths", "2,10", "--m", "10", "--trace", "1,x", says="trace")
        self.refuses("alternating", "--widths", "2,10", "--widths2", "2,11", says="same number of outputs")

    def test_unknown_algorithm(self):
        self.refuses("spartan", says="sparta")


if __name__ == "__main__":
    unittest.main()
