#!/usr/bin/env python3
"""Every condition through the real binary: JSON, files, sweeps, verify, and witnesses re-evaluated with numpy.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import json
import math
import unittest
from fractions import Fraction

import h5py
import numpy as np
from command_line import SMALL, CommandLine, wdc_deviation


def angle_and_exchange(z, w):
    z, w = z / np.linalg.norm(z), w / np.linalg.norm(w)
    theta = 2 * math.atan2(np.linalg.norm(z - w), np.linalg.norm(z + w))
    M = np.zeros((len(z), len(z)))
    for sign in (1, -1):
        axis = z + sign * w
        if np.linalg.norm(axis) > 0:
            M += sign * np.outer(axis, axis) / (axis @ axis)
    return theta, M


def Phi(z, w):
    theta, M = angle_and_exchange(z, w)
    return (np.pi - 2 * theta) / np.pi * np.eye(len(z)) + 2 * np.sin(theta) / np.pi * M


def Q(x, y):
    theta, M = angle_and_exchange(x, y)
    return (np.pi - theta) / (2 * np.pi) * np.eye(len(x)) + np.sin(theta) / (2 * np.pi) * M


def phaseless_deviation(A, z, w):
    return np.linalg.norm(A.T @ ((np.sign(A @ z) * np.sign(A @ w))[:, None] * A) - Phi(z, w), 2)


def joint_deviation(B, C, alpha, h, x, m, y):
    """The left side of the first inequality over |m||y|/l."""
    weights = np.maximum(C @ m, 0) * np.maximum(C @ y, 0) * (B @ h > 0) * (B @ x > 0)
    E = alpha / len(B) * (m @ Q(m, y) @ y) * Q(h, x)
    return np.linalg.norm(B.T @ (weights[:, None] * B) - E, 2) * len(B) / (np.linalg.norm(m) * np.linalg.norm(y))


def rrcp_quotient(layers, A, x, y, x1, x2, x3, x4):
    def G(x):
        for W in layers:
            x = np.maximum(W @ x, 0)
        return x

    z, w, u, v = G(x), G(y), G(x1) - G(x2), G(x3) - G(x4)
    value = (np.sign(A @ z) * (A @ v)) @ (np.sign(A @ w) * (A @ u)) - v @ Phi(z, w) @ u
    return abs(value) / (np.linalg.norm(u) * np.linalg.norm(v))


class Conditions(CommandLine):
    def measure_of(self, condition, *arguments):
        done = self.run_it("measure", condition, "--json", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def witness(self, draw):
        return {name: np.array(values) for name, values in draw["witness"].items()}

    def check_file(self, condition, *arguments):
        """show and verify read what measure wrote; verify notices a changed witness."""
        self.succeed("measure", condition, *arguments, "--output", "r.h5")
        self.assertIn("verified", self.succeed("verify", "r.h5"))
        self.assertIn(condition + " constant", self.succeed("show", "r.h5"))
        with h5py.File(self.folder / "r.h5", "r+") as file:
            file["at_least"][0, 0] *= 1 + 1e-6
        done = self.run_it("verify", "r.h5")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("r.h5: damaged", done.stderr)


class Phaseless(Conditions):
    def test_measured_searched_certified(self):
        A = np.random.default_rng(1).normal(size=(50, 2)) / math.sqrt(50)
        measured = self.measure_of("phaseless", "--weights", self.npy("A.npy", A), *SMALL)
        self.assertEqual((measured["condition"], measured["sizes"]), ("phaseless", {"m": 50, "n": 2}))
        d, w = measured["draws"][0], self.witness(measured["draws"][0])
        self.assertEqual(list(w), ["z", "w"])
        self.assertEqual(d["kind"], "exact")
        self.assertAlmostEqual(phaseless_deviation(A, w["z"], w["w"]), d["at_least"], delta=1e-12)
        pairs = np.random.default_rng(2).normal(size=(3000, 2, 2))
        self.assertLessEqual(max(phaseless_deviation(A, z, w) for z, w in pairs), d["at_most"])

    def test_files(self):
        self.check_file("phaseless", "--m", 30, "--n", 3, *SMALL)

    def test_alpha_has_no_place(self):
        self.refuse("measure", "phaseless", "--m", 9, "--n", 2, "--alpha", 1, says="--alpha")


class JointWdc(Conditions):
    def test_measured_and_searched(self):
        random = np.random.default_rng(3)
        B, C = random.normal(size=(40, 3)) / math.sqrt(40), random.normal(size=(40, 2)) / math.sqrt(40)
        given = ["--B", self.npy("B.npy", B), "--C", self.npy("C.npy", C)]
        for alpha in (1, 0.8):
            measured = self.measure_of("joint-wdc", *given, "--alpha", alpha, *SMALL)
            self.assertEqual(measured["sizes"], {"l": 40, "n": 3, "p": 2})
            d, w = measured["draws"][0], self.witness(measured["draws"][0])
            self.assertEqual(list(w), ["h", "x", "m", "y"])
            first = joint_deviation(B, C, alpha, w["h"], w["x"], w["m"], w["y"])
            second = joint_deviation(C, B, alpha, w["m"], w["y"], w["h"], w["x"])
            self.assertIn(d["form"], ("(6)", "(7)"))
            self.assertAlmostEqual({"(6)": first, "(7)": second}[d["form"]], d["at_least"], delta=1e-12)

    def test_certificates_up_to_three_dimensions(self):
        for n, p in ((2, 2), (1, 2), (2, 1), (1, 1), (3, 2), (1, 3)):
            with self.subTest(n=n, p=p):
                d = self.measure_of("joint-wdc", "--l", 20, "--n", n, "--p", p, "--gap", 0.2, "--evidence", "search,certify", "--starts", 8)["draws"][0]
                self.assertEqual(d["kind"], "exact")
                self.assertLessEqual(d["at_least"], d["at_most"])

    def test_truncated_rows_have_the_product_of_both_alphas(self):
        d = self.measure_of("joint-wdc", "--l", 20, "--n", 1, "--p", 2, "--ensemble", "truncated-gaussian", *SMALL)["draws"][0]
        one, two = 0.9707091, 0.998765902  # P(chi^2_3 <= 9), P(chi^2_4 <= 18)
        self.assertAlmostEqual(d["alpha"], one * two, delta=1e-6)

    def test_files(self):
        self.check_file("joint-wdc", "--l", 30, "--n", 2, "--p", 3, *SMALL)

    def test_bad_input(self):
        B, C = self.npy("B.npy", np.ones((4, 2))), self.npy("C.npy", np.ones((5, 2)))
        self.refuse("measure", "joint-wdc", "--B", B, "--C", C, says="B is 4 x 2, where 5 x 2 would fit the rest")
        self.refuse("measure", "joint-wdc", "--B", B, "--l", 4, "--p", 2, says="--l: has no place beside the matrices given")
        self.refuse("measure", "joint-wdc", "--B", B, says="--p is missing")
        self.refuse("measure", "joint-wdc", "--l", 4, "--n", 2, "--p", 2, "--alpha", "fit", says="--alpha fit: not for joint-wdc")
        self.refuse("measure", "joint-wdc", "--l", 9, "--n", 4, "--p", 1, "--evidence", "certify", says="n and p up to 3")


class Rrcp(Conditions):
    def network(self, widths, seed):
        random = np.random.default_rng(seed)
        return [random.normal(size=(n, k)) / math.sqrt(n) for k, n in zip(widths, widths[1:])]

    def test_measured_and_searched(self):
        layers = self.network((3, 8, 20), 4)
        A = np.random.default_rng(5).normal(size=(30, 20)) / math.sqrt(30)
        with h5py.File(self.folder / "net.h5", "w") as file:
            for i, W in enumerate(layers, 1):
                file[f"W_{i}"] = W
        measured = self.measure_of("rrcp", "--network", "net.h5", "--A", self.npy("A.npy", A), *SMALL)
        self.assertEqual(measured["sizes"], {"m": 30, "widths": [3, 8, 20]})
        d, w = measured["draws"][0], self.witness(measured["draws"][0])
        self.assertEqual(list(w), ["x", "y", "x1", "x2", "x3", "x4"])
        self.assertIn(d["form"], ("tangent", "differences"))
        self.assertEqual(d["epsilon_at_least"], d["at_least"] / 31)
        self.assertAlmostEqual(rrcp_quotient(layers, A, *w.values()), d["at_least"], delta=1e-6 * d["at_least"])

    def test_a_drawn_beside_a_given_network(self):
        layers = self.network((2, 4, 6), 6)
        given = self.npy("W1.npy", layers[0]) + "," + self.npy("W2.npy", layers[1])
        self.check_file("rrcp", "--network", given, "--m", 12, *SMALL)

    def test_files(self):
        self.check_file("rrcp", "--widths", "3,6,12", "--m", 15, *SMALL, "--measurements", "rademacher")

    def test_ensembles(self):
        for ensemble in ("gaussian", "truncated-gaussian"):
            for measurements in ("gaussian", "rademacher", "randomised-orthonormal"):
                with self.subTest(ensemble=ensemble, measurements=measurements):
                    d = self.measure_of("rrcp", "--widths", "3,6,12", "--m", 15, "--ensemble", ensemble, "--measurements",
                                        measurements, *SMALL)["draws"][0]
                    self.assertGreater(d["at_least"], 0)

    def test_bad_input(self):
        self.refuse("measure", "rrcp", "--widths", "3", "--m", 9, says="widths")
        self.refuse("measure", "rrcp", "--widths", "3,,4", "--m", 9, says="is not whole numbers, as 3,40,200")
        self.refuse("measure", "rrcp", "--widths", "3,0", "--m", 9, says="must be at least 1")
        A = self.npy("A.npy", np.ones((4, 7)))
        self.refuse("measure", "rrcp", "--widths", "3,6", "--A", A, says="A is 4 x 7, where 4 x 6 would fit the rest")


    def test_draws_that_are_defined_nowhere_are_left_out(self):
        done = self.run_it("measure", "rrcp", "--widths", "1,1,1", "--m", 3, "--draws", 6, *SMALL, "--output", "r.h5")
        self.assertEqual(done.returncode, 0)
        self.assertIn("is undefined", done.stderr)
        self.assertIn("undefined: draws that have no such value", done.stdout)
        self.assertIn("3 draws verified", self.succeed("verify", "r.h5"))
        (point,) = json.loads(self.succeed("show", "--json", "r.h5"))["points"]
        self.assertEqual([d["draw"] for d in point["draws"] if "undefined" not in d], [2, 3, 5])
        self.assertNotIn("NaN", self.succeed("show", "--json", "r.h5"))

    def test_what_vanishes_on_a_sector_has_no_sign_there(self):
        W = np.array([[float.fromhex("0x1.99999999p-4"), float.fromhex("0x1.66666666p-1")], [0, 0], [1, -0.5]])
        W[1] = 3 * W[0]  # exact: A takes one from the other
        given = ["--network", self.npy("W.npy", W), "--A", self.npy("A.npy", np.array([[3, -1, 0.7]]))]
        for evidence in ("sample", "search", "sample,search,certify"):
            with self.subTest(evidence=evidence):
                self.succeed("measure", "rrcp", *given, *SMALL, "--evidence", evidence, "--nodes", 5000, "--output", "r.h5",
                             "--overwrite")
                self.assertIn("verified", self.succeed("verify", "r.h5"))

    def test_ties_everywhere(self):
        done = self.run_it("measure", "rrcp", "--widths", "2,4,4,4", "--m", 4, "--ensemble", "rademacher", "--measurements",
                           "rademacher", "--draws", 30, "--evidence", "sample,search", *SMALL, "--output", "r.h5")
        self.assertEqual(done.returncode, 0)
        self.assertIn("verified", self.succeed("verify", "r.h5"))

    def test_a_single_sample_is_its_own_mean(self):
        self.succeed("measure", "rrcp", "--widths", "3,6,12", "--m", 15, "--samples", 1, "--evidence", "sample", "--output", "r.h5")
        self.assertIn("verified", self.succeed("verify", "r.h5"))

    def test_scales(self):
        layers = self.network((2, 5, 7), 8)
        A = np.random.default_rng(9).normal(size=(6, 7)) / math.sqrt(6)

        def found(first, second, A, condition="rrcp"):
            given = self.npy("W1.npy", first * layers[0]) + "," + self.npy("W2.npy", second * layers[1])
            return self.measure_of(condition, "--network", given, "--A", self.npy("A.npy", A), *SMALL)["draws"][0]

        plain = found(1, 1, A)
        for first, second in ((2.0**300, 2.0**-300), (2.0**498, 2.0**498), (2.0**-498, 2.0**-498)):
            scaled = found(first, second, A)
            for key in ("at_least", "sampled", "searched", "witness"):
                self.assertEqual(plain[key], scaled[key])
        for condition in ("rrcp", "rric"):
            self.assertAlmostEqual(found(1, 1, 1e-150 * A, condition)["at_least"], 1, delta=1e-6)
            huge = found(1, 1, 1e150 * A, condition)["at_least"]
            self.assertTrue(1e299 < huge < 1e302, huge)
        given = self.npy("W1.npy", layers[0]) + "," + self.npy("W2.npy", layers[1])
        self.refuse("measure", "rrcp", "--network", given, "--A", self.npy("A.npy", 1e155 * A), says="must be below 3.3e153")


class Rric(Conditions):
    def test_measured_searched_certified(self):
        random = np.random.default_rng(10)
        W, A = random.normal(size=(4, 2)), random.normal(size=(5, 4)) / math.sqrt(5)
        given = ["--network", self.npy("W.npy", W), "--A", self.npy("A.npy", A)]
        measured = self.measure_of("rric", *given, *SMALL, "--evidence", "sample,search,certify", "--nodes", 5000)
        d, w = measured["draws"][0], self.witness(measured["draws"][0])
        self.assertEqual(list(w), ["x1", "x2", "x3", "x4"])
        self.assertNotIn("epsilon_at_least", d)

        def G(x):
            return np.maximum(W @ x, 0)

        u, v = G(w["x1"]) - G(w["x2"]), G(w["x3"]) - G(w["x4"])
        value = abs((A @ u) @ (A @ v) - u @ v) / (np.linalg.norm(u) * np.linalg.norm(v))
        self.assertAlmostEqual(value, d["at_least"], delta=1e-9)
        self.assertLessEqual(d["at_least"], d["at_most"])
        self.assertLessEqual(d["at_most"], np.linalg.norm(A.T @ A - np.eye(4), 2) * (1 + 1e-6))

    def test_closed_forms(self):
        network = ["--network", self.npy("W.npy", np.random.default_rng(11).normal(size=(4, 2)))]
        for A, exact in ((np.eye(4), 0), (np.zeros((3, 4)), 1)):
            d = self.measure_of("rric", *network, "--A", self.npy("A.npy", A), *SMALL, "--evidence", "search,certify")["draws"][0]
            self.assertEqual(d["kind"], "exact")
            self.assertAlmostEqual(d["at_least"], exact, delta=1e-15)
            self.assertAlmostEqual(d["at_most"], exact, delta=1e-6)

    def test_files(self):
        self.check_file("rric", "--widths", "3,6,12", "--m", 15, *SMALL, "--measurements", "rademacher")


class Sweeps(Conditions):
    SWEEPS = {
        "phaseless": 'm = [8, 9]\nn = 2\nevidence = "sample,search"',
        "joint-wdc": 'l = 10\nn = [1, 2]\np = 2\nevidence = "sample,search"',
        "rrcp": 'widths = [[2, 3], [2, 3, 5]]\nm = 6\nevidence = "sample,search"',
        "rric": 'widths = [[2, 3], [2, 3, 5]]\nm = 6\nevidence = "sample,search"',
    }

    def test_every_condition_sweeps_resumes_and_verifies(self):
        for condition, sweep in self.SWEEPS.items():
            with self.subTest(condition=condition):
                text = f'condition = "{condition}"\ndraws = 2\n[[sweep]]\n{sweep}\nsamples = 50\nstarts = 4\n'
                self.write("e.toml", text)
                self.succeed("run", "e.toml", "--output", "r.h5", "--overwrite")
                self.succeed("run", "e.toml", "--output", "r.h5", "--resume")
                self.assertIn("4 draws verified", self.succeed("verify", "r.h5"))
                points = json.loads(self.succeed("show", "--json", "r.h5"))["points"]
                self.assertEqual([len(p["draws"]) for p in points], [2, 2])

    def test_results_do_not_depend_on_threads(self):
        for condition, sizes in (("phaseless", "--m 40 --n 3"), ("joint-wdc", "--l 20 --n 2 --p 2 --gap 0.3"),
                                 ("rrcp", "--widths 3,6,12 --m 15")):
            with self.subTest(condition=condition):
                one, two = (self.measure_of(condition, *sizes.split(), *SMALL, "--threads", t)["draws"][0] for t in (1, 2))
                one.pop("seconds"), two.pop("seconds")
                self.assertEqual(one, two)

    def test_bad_sweeps(self):
        for text, says in (('condition = "rrcp"\n[[sweep]]\nwidths = 3\nm = 4\n', "e.toml:3: widths"),
                           ('condition = "rrcp"\n[[sweep]]\nwidths = [3, 0]\nm = 4\n', "e.toml:3: widths"),
                           ('condition = "phaseless"\nmeasurements = "gaussian"\n[[sweep]]\nm = 3\nn = 2\n', 'unknown key "measurements"'),
                           ('condition = "phaseless"\n[[sweep]]\nm = 3\nn = 2\nalpha = 2\n', "alpha")):
            with self.subTest(text=text):
                self.write("e.toml", text)
                self.refuse("run", "e.toml", says=says)


class Line(CommandLine):
    def test_what_all_but_cancels(self):
        """W = (w, -w): |w^2 - alpha/2| in fractions, down to the last digits of w^2 alone, at any scale."""
        for w in (2 ** -0.5, 1 / 3, 1e150, 1e-140, 0.1):
            for alpha in ("1" if w == 2 ** -0.5 else repr(2 * w * w), "fit"):
                np.save(self.folder / "w.npy", np.array([[w], [-w]]))
                done = self.run_it("measure", "wdc", "--weights", "w.npy", "--alpha", alpha, "--json", "--output", "w.h5",
                                   "--overwrite")
                self.assertEqual(done.returncode, 0, done.stderr)
                d = json.loads(done.stdout)["draws"][0]
                exact = abs(Fraction(w) ** 2 - Fraction(d["alpha"]) / 2)
                self.assertTrue(exact * Fraction(1 - 1e-15) <= d["at_least"] <= exact <= d["at_most"], (w, alpha, d))
                self.succeed("verify", "w.h5")
        np.save(self.folder / "a.npy", np.array([[2 ** -0.5], [-2 ** -0.5]]))
        d = json.loads(self.run_it("measure", "phaseless", "--weights", "a.npy", "--json").stdout)["draws"][0]
        exact = abs(2 * Fraction(2 ** -0.5) ** 2 - 1)
        self.assertTrue(exact * Fraction(1 - 1e-15) <= d["at_least"] <= exact <= d["at_most"], d)


if __name__ == "__main__":
    unittest.main()
