#!/usr/bin/env python3
"""`theoremeter landscape` through the real binary: every problem, JSON, files, sweeps, verify, and numbers re-evaluated
with numpy.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import json
import math
import unittest

import h5py
import numpy as np
from command_line import CommandLine

QUICK = ["--directions", "500", "--starts", "4", "--descents", "6", "--condition-starts", "8"]
INSTANCES = {
    "inversion": ["--widths", "2,12,30"],
    "compressed-sensing": ["--widths", "2,10,20", "--m", "15", "--noise", "0.05"],
    "phase-retrieval": ["--widths", "2,10,20", "--m", "25"],
    "amplitude-flow": ["--m", "30", "--n", "3"],
    "blind-demodulation": ["--widths", "2,6,40", "--widths2", "2,5,40"],
}
KEYS = {"draw", "network", "solution_number", "solution_objective", "population_error", "implied", "merged", "epsilon",
        "K", "theorem_ball", "hypothesis", "hypothesis_left_side", "epsilon_needed", "descent_at_zero", "excluded", "worst_margin",
        "violations", "descents_solution", "spurious_near", "spurious_elsewhere", "directions", "evaluations", "seconds"}
OUTCOMES = [f"descents_{end}" for end in ("solution", "spurious", "zero", "elsewhere", "not_converged")]


def without_seconds(value):
    """The same JSON without wall times."""
    if isinstance(value, dict):
        return {key: without_seconds(item) for key, item in value.items() if key != "seconds"}
    return [without_seconds(item) for item in value] if isinstance(value, list) else value


def place(point):
    """A point of a census, whose latent dimension is 2."""
    return np.array([point["x_1"], point["x_2"]])


def network(layers, x):
    for W in layers:
        x = np.maximum(W @ x, 0)
    return x


class Landscape(CommandLine):
    def landscape(self, problem, *arguments):
        done = self.run_it("landscape", problem, "--json", *QUICK, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)


class Problems(Landscape):
    def test_every_problem(self):
        for problem, sizes in INSTANCES.items():
            with self.subTest(problem=problem):
                found = self.landscape(problem, *sizes)
                self.assertLessEqual({"problem", "sizes", "seed", "draws"}, set(found))
                self.assertEqual((found["problem"], found["seed"]), (problem, 1))
                d = found["draws"][0]
                self.assertLessEqual(KEYS, set(d))
                self.assertGreater(d["population_error"], 0)
                self.assertEqual(sum(d[end] for end in OUTCOMES), 6)
                names = ["h", "m"] if problem == "blind-demodulation" else ["x"]
                self.assertIn("population_error_r", d)
                for name in names:
                    self.assertIn(f"population_error_{name}", d)
                    self.assertAlmostEqual(np.linalg.norm(d[f"solution_{name}"]), 1, delta=1e-12)
                self.assertEqual(d["epsilon_largest"], max(c["at_least"] for c in d["epsilon"]))
                centres = [n["centre"] for n in d["implied"]]
                self.assertEqual(len(centres), 4 if problem == "blind-demodulation" else 3)

    def test_conditions_and_comparison(self):
        d = self.landscape("phase-retrieval", *INSTANCES["phase-retrieval"])["draws"][0]
        self.assertEqual([(c["condition"], c.get("matrix", "")) for c in d["epsilon"]],
                         [("wdc", "W_1"), ("wdc", "W_2"), ("rrcp", "")])
        eps, E = d["epsilon_largest"], d["population_error"]
        self.assertAlmostEqual(d["K"], E / (8 * math.sqrt(eps)), delta=1e-12)
        self.assertEqual(d["hypothesis"], "cannot hold" if 256 * eps ** 0.25 > 1 else "not excluded")
        self.assertAlmostEqual(d["hypothesis_left_side"], 256 * eps ** 0.25, delta=1e-9)
        self.assertEqual(d["epsilon_needed"], 2.0 ** -32)
        self.assertAlmostEqual(d["descent_of_theorem"], 8 * math.pi * d["descent_at_zero"], delta=1e-12)
        sensing = self.landscape("compressed-sensing", *INSTANCES["compressed-sensing"])["draws"][0]
        self.assertEqual([c["condition"] for c in sensing["epsilon"]], ["wdc", "wdc", "rric"])
        joint = self.landscape("blind-demodulation", *INSTANCES["blind-demodulation"])["draws"][0]
        self.assertEqual([c["condition"] for c in joint["epsilon"]], ["wdc"] * 4 + ["joint-wdc"])
        self.assertIsNone(joint["K"])
        done = self.succeed("landscape", "inversion", "--widths", "2,12", "--json", *QUICK[:-1], 0)
        none = json.loads(done)["draws"][0]
        self.assertEqual((none["epsilon"], none["K"], none["theorem_ball"], none.get("hypothesis")), ([], None, [], None))
        flow = self.landscape("amplitude-flow", *INSTANCES["amplitude-flow"])["draws"][0]
        self.assertAlmostEqual(flow["K"], flow["population_error"] / flow["epsilon_largest"], delta=1e-12)
        self.assertEqual((flow["theorem_ball"], flow["hypothesis"], flow["epsilon_needed"]), ([], "cannot hold", 0.001))

    def test_given_network_re_evaluated(self):
        random = np.random.default_rng(4)
        layers = [random.normal(size=(15, 2)) / math.sqrt(15), random.normal(size=(40, 15)) / math.sqrt(40)]
        A = random.normal(size=(30, 40)) / math.sqrt(30)
        files = f"{self.npy('a.npy', layers[0])},{self.npy('b.npy', layers[1])}"
        found = self.landscape("phase-retrieval", "--network", files, "--A", self.npy("A.npy", A), "--census")
        self.assertEqual(found["sizes"], {"m": 30, "widths": [2, 15, 40]})
        d = found["draws"][0]
        x0 = np.array(d["solution_x"])
        b = np.abs(A @ network(layers, x0))

        def f(x):
            return 0.5 * np.sum((np.abs(A @ network(layers, x)) - b) ** 2)

        self.assertTrue(d["census_point"])
        for point in d["census_point"]:
            x = place(point)
            self.assertAlmostEqual(f(x), point["objective"], delta=1e-11)
            self.assertAlmostEqual(np.linalg.norm(x - x0), point["distance_x0"], delta=1e-12)
            self.assertAlmostEqual(np.linalg.norm(x + d["network"][0]["rho"] * x0), point["distance_minus_rho_x0"], delta=1e-12)
            if "minimum" in point["kind"]:
                around = [f(x + 1e-6 * np.array([math.cos(t), math.sin(t)])) for t in np.linspace(0, 6.28, 33)]
                self.assertGreaterEqual(min(around), f(x) - 1e-14)
        self.assertLess(min(p["distance_x0"] for p in d["census_point"]), 1e-9)
        p, step = np.array(d["descent_at_zero_x"]), 1e-6
        self.assertAlmostEqual(4 * (f(0 * p) - f(step * p)) / step, d["descent_at_zero"], delta=1e-4)

    def test_census(self):
        for problem in ("inversion", "compressed-sensing", "phase-retrieval"):
            with self.subTest(problem=problem):
                d = self.landscape(problem, *INSTANCES[problem], "--census")["draws"][0]
                self.assertLessEqual({f"census_{key}" for key in ("zero", "objective_at_zero", "descent_at_zero", "flat", "cells",
                                                                  "integer_signs")}, set(d))
                self.assertLessEqual({p["kind"] for p in d["census_point"]},
                                     {"minimum", "kink minimum", "kink saddle"})
        text = self.succeed("landscape", "inversion", *INSTANCES["inversion"], "--census", *QUICK)
        for words in ("population error E", ">= ", "<= ", "census: all stationary points, proved", "implied"):
            self.assertIn(words, text)

    def test_draws_and_seeds(self):
        arguments = ["inversion", *INSTANCES["inversion"]]
        several = self.landscape(*arguments, "--draws", 3)["draws"]
        self.assertEqual([d["draw"] for d in several], [0, 1, 2])
        self.assertEqual(len({d["population_error"] for d in several}), 3)
        one = self.landscape(*arguments)["draws"][0]
        self.assertEqual(without_seconds(one), without_seconds(several[0]))
        other = self.landscape(*arguments, "--seed", 2)["draws"][0]
        self.assertNotEqual(one["solution_x"], other["solution_x"])
        text = self.succeed("landscape", *arguments, "--draws", 2, *QUICK)
        self.assertIn("spurious near: minima near -rho x0", text)

    def test_conditions_defined_nowhere_are_left_out(self):
        W = -np.abs(np.random.default_rng(3).normal(size=(9, 2))) - 0.1
        # One unit on in no direction between them: G = 0 on an arc, or everywhere but there.
        dead = np.vstack([W, W])
        second = -np.ones((5, len(dead)))
        files = f"{self.npy('a.npy', dead)},{self.npy('b.npy', second)}"
        A = self.npy("A.npy", np.ones((3, 5)))
        done = self.run_it("landscape", "phase-retrieval", "--network", files, "--A", A, "--census", "--output", "l.h5", "--json", *QUICK)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([c["condition"] for c in json.loads(done.stdout)["draws"][0]["epsilon"]], ["wdc", "wdc"])
        self.assertIn("1 draws verified", self.succeed("verify", "l.h5"))

    def test_the_joint_wdc_is_that_of_the_last_layers(self):
        random = np.random.default_rng(5)
        layers = {name: random.normal(size=shape) / math.sqrt(shape[0])
                  for name, shape in (("W", (6, 2)), ("B", (40, 6)), ("V", (5, 2)), ("C", (40, 5)))}
        file = {name: self.npy(name + ".npy", W) for name, W in layers.items()}
        found = self.landscape("blind-demodulation", "--network", f"{file['W']},{file['B']}",
                               "--network2", f"{file['V']},{file['C']}")["draws"][0]
        joint = found["epsilon"][-1]
        done = self.succeed("measure", "joint-wdc", "--B", file["B"], "--C", file["C"], "--alpha", 1, "--evidence",
                            "search", "--starts", 8, "--json")
        measured = json.loads(done)["draws"][0]["at_least"]
        self.assertLess(abs(math.log(joint["at_least"] / measured)), 0.2)

    def test_violations_are_what_is_stationary_outside(self):
        d = self.landscape("phase-retrieval", "--widths", "2,6,8", "--m", "6", "--census", "--radius", "0.05")["draws"][0]
        self.assertEqual({n["radius"] for n in d["excluded"] if n["centre"] != "0"}, {0.05})
        minima = [p for p in d["census_point"] if "minimum" in p["kind"]]
        outside = [p for p in minima if min(p["distance_x0"], p["distance_minus_rho_x0"]) > 0.05]
        listed = [v for v in d["violation"] if v["reason"] == "stationary point (census)"]
        self.assertTrue(outside)
        flat = [f for f in d["census_flat"] if "minimum" in f["kind"]]
        self.assertTrue(len(outside) <= len(listed) <= len(outside) + len(flat))
        for v, p in zip(listed, outside):
            np.testing.assert_allclose(v["r"] * np.array(v["x"]), place(p), atol=1e-12)

    def test_no_number_depends_on_threads(self):
        for problem, sizes in INSTANCES.items():
            with self.subTest(problem=problem):
                found = [without_seconds(self.landscape(problem, *sizes, "--threads", t)) for t in (1, 3)]
                self.assertEqual(*found)

    def test_a_given_solution(self):
        x0 = np.array([0.3, -1.7])
        np.savetxt(self.folder / "x0.txt", x0)
        found = self.landscape("phase-retrieval", *INSTANCES["phase-retrieval"], "--x0", "x0.txt", "--output", "l.h5")
        np.testing.assert_allclose(found["draws"][0]["solution_x"], x0, rtol=1e-15)
        self.assertIn("1 draws verified", self.succeed("verify", "l.h5"))
        with h5py.File(self.folder / "l.h5") as file:
            np.testing.assert_array_equal(file["matrices/x0"][:, 0], found["draws"][0]["solution_x"])
        # All is in units of |x0|: the same direction gives the same numbers, but for rounding.
        unit = self.landscape("phase-retrieval", *INSTANCES["phase-retrieval"], "--x0",
                              self.npy("unit.npy", x0 / np.linalg.norm(x0)))["draws"][0]
        for key in ("population_error", "descent_at_zero"):
            self.assertAlmostEqual(unit[key], found["draws"][0][key], delta=1e-6)
        h0, m0 = self.npy("h0.npy", x0), self.npy("m0.npy", np.array([[2.0], [1.0]]))
        blind = self.landscape("blind-demodulation", *INSTANCES["blind-demodulation"], "--h0", h0, "--m0", m0,
                               "--output", "b.h5")["draws"][0]
        self.assertEqual((blind["solution_h"], blind["solution_m"]), ([0.3, -1.7], [2, 1]))
        self.assertIn("1 draws verified", self.succeed("verify", "b.h5"))
        given = ["landscape", "inversion", "--widths", "2,9", "--x0"]
        for name, x, says in (("long", [1, 2, 3], "x0 has 3 entries, where 2 would fit the rest"), ("zero", [0, 0], "is 0"),
                              ("nan", [1, math.nan], "entry 2 is nan; all must be finite"),
                              ("wide", [[1, 2], [3, 4]], "is 2 x 2, where one row or column is expected")):
            with self.subTest(name=name):
                self.refuse(*given, self.npy(name + ".npy", np.array(x, float)), says=says)
        self.refuse(*given, "none.npy", says="none.npy")
        self.refuse(*given, "x0.txt", "--solutions", 2, says="--solutions: has no place beside x0")

    def test_what_is_exported_is_the_instance(self):
        self.succeed("census", "phase-retrieval", "--widths", "2,4,6", "--m", 8, "--draws", 2, "--output", "drawn.h5")
        self.succeed("export", "drawn.h5", "--draw", 1, "--output", "parts")
        drawn = json.loads(self.succeed("show", "drawn.h5", "--draw", 1, "--point", 0, "--json"))
        again = json.loads(self.succeed("census", "phase-retrieval", "--network", "parts/W_1.npy,parts/W_2.npy", "--A", "parts/A.npy",
                                        "--x0", "parts/x0.npy", "--json"))["draws"][0]
        self.assertEqual(again["census_point"], drawn["census_point"])
        self.assertGreater(len(drawn["census_point"]), 1)
        self.succeed("landscape", "blind-demodulation", "--widths", "2,6", "--widths2", "2,6", "--descents", 0, "--condition-starts", 0,
                     "--output", "blind.h5")
        self.succeed("export", "blind.h5", "--output", "both")
        self.assertEqual([np.load(self.folder / f"both/{name}.npy").shape for name in ("h0", "m0")], [(2, 1), (2, 1)])

    def test_several_solutions(self):
        arguments = ["inversion", *INSTANCES["inversion"]]
        one = self.landscape(*arguments)["draws"][0]
        self.assertEqual(one["solution_number"], 0)
        self.assertEqual(len(one["tried"]), 1)
        d = self.landscape(*arguments, "--solutions", 5, "--output", "l.h5")["draws"][0]
        tried = d["tried"]
        errors = [s["population_error"] for s in tried]
        self.assertEqual(len({s["solution_x"][0] for s in tried}), 5)
        self.assertEqual(d["solution_number"], errors.index(max(errors)))
        self.assertEqual(tried[0]["solution_x"], one["solution_x"])  # the first is the one that there was alone
        self.assertEqual(errors[0], one["population_error"])
        worst = tried[d["solution_number"]]
        self.assertEqual((worst["solution_x"], worst["population_error"]), (d["solution_x"], d["population_error"]))
        self.assertIn("1 draws verified", self.succeed("verify", "l.h5"))
        self.assertEqual(json.loads(self.succeed("show", "--json", "l.h5"))["points"][0]["draws"][0], d)
        text = self.succeed("landscape", *arguments, *QUICK, "--solutions", 5)
        self.assertIn(f"5 tried, this is number {d['solution_number']}: the largest E", text)
        self.assertIn("one x0: the theorem speaks of all", self.succeed("landscape", *arguments, *QUICK))
        blind = self.landscape("blind-demodulation", *INSTANCES["blind-demodulation"], "--solutions", 2, "--output", "b.h5")
        self.assertEqual(len(blind["draws"][0]["tried"]), 2)
        self.assertIn("1 draws verified", self.succeed("verify", "b.h5"))
        with h5py.File(self.folder / "l.h5", "r+") as file:
            file["tried_population_error"][(d["solution_number"] + 1) % 5] *= 0.999
        self.refuse("verify", "l.h5", says="l.h5: damaged")

    def test_ensembles(self):
        given = ["phase-retrieval", *INSTANCES["phase-retrieval"]]
        plain = self.landscape(*given)["draws"][0]
        for option in ("--ensemble", "--measurements"):
            other = self.landscape(*given, option, "rademacher")["draws"][0]
            self.assertNotEqual(other["population_error"], plain["population_error"])
        blind = self.landscape("blind-demodulation", *INSTANCES["blind-demodulation"],
                               "--ensemble", "truncated-gaussian")["draws"][0]
        alphas = [c["alpha"] for c in blind["epsilon"]]
        self.assertEqual((alphas[0], alphas[2]), (1, 1))
        self.assertAlmostEqual(alphas[4], alphas[1] * alphas[3], delta=1e-15)

    def test_bad_input(self):
        for arguments, says in (
                (["inversion"], "--widths is missing"),
                (["inversion", "--widths", "3"], "at least two"),
                (["inversion", "--widths", "3,0"], "at least 1"),
                (["inversion", "--widths", "4,9", "--census"], "k = 2 or 3"),
                (["inversion", "--widths", "2,9", "--m", "4"], "--m"),
                (["inversion", "--widths", "2,9", "--noise", "1"], "--noise"),
                (["amplitude-flow", "--m", "9", "--n", "2", "--ensemble", "uniform"], "--ensemble"),
                (["compressed-sensing", "--widths", "2,9", "--m", "4", "--noise", "-1"], "noise"),
                (["blind-demodulation", "--widths", "2,9", "--widths2", "2,8"], "same number of outputs"),
                (["blind-demodulation", "--widths", "2,9", "--widths2", "2,9", "--census"], "--census"),
                (["blind-demodulation", "--widths", "2,9", "--widths2", "2,9", "--grid", "circle"], "sobol or random"),
                (["inversion", "--widths", "3,9", "--grid", "circle"], "circle"),
                (["inversion", "--widths", "2,9", "--directions", "0"], "--directions 0"),
                (["inversion", "--widths", "2,9", "--descents", "-1"], "--descents"),
                (["inversion", "--widths", "2,9", "--radius", "-1"], "radius"),
                (["inversion", "--widths", "2,9", "--solutions", "0"], "--solutions 0"),
                (["inversion", "--widths", "2,9", "--seed", "-1"], "--seed"),
                (["inversion", "--widths", "2,9", "--ensemble", "gausian"], "gaussian"),
                (["inversion", "--network", "none.npy"], "none.npy"),
                (["inversions", "--widths", "2,9"], "inversion")):
            with self.subTest(arguments=arguments):
                self.refuse("landscape", *arguments, says=says)
        W = self.npy("W.npy", np.ones((5, 2)))
        self.refuse("landscape", "inversion", "--network", W, "--widths", "2,5", says="--widths")
        self.refuse("landscape", "inversion", "--network", W, "--ensemble", "uniform", says="--ensemble")
        A = self.npy("A.npy", np.ones((5, 3)))
        self.refuse("landscape", "compressed-sensing", "--network", W, "--A", A, says="A is 5 x 3")


class Lemmas(Landscape):
    """What single lemmas of the proofs bound, where --lemma-starts asks for it."""

    def setUp(self):
        super().setUp()
        random = np.random.default_rng(8)
        self.layers = [random.normal(size=(30, 2)) / math.sqrt(30), random.normal(size=(50, 30)) / math.sqrt(50)]
        self.A = random.normal(size=(60, 50)) / math.sqrt(60)
        self.given = ["--network", ",".join(self.npy(f"W_{i}.npy", W) for i, W in enumerate(self.layers)), "--A", self.npy("A.npy", self.A)]

    @staticmethod
    def angle(x, y):
        return math.acos(np.clip(x @ y / np.linalg.norm(x) / np.linalg.norm(y), -1, 1))

    @staticmethod
    def wide(t):
        return math.acos(((math.pi - t) * math.cos(t) + math.sin(t)) / math.pi)

    def piece(self, x):
        """G near x."""
        all_layers = np.eye(2)
        for W in self.layers:
            all_layers = (W @ all_layers @ x > 0)[:, None] * (W @ all_layers)
        return all_layers

    def h(self, x, y):
        """4 h_{x,y} of two layers."""
        a = self.angle(x, y)
        b = self.wide(a)
        left = 1 - b / math.pi
        return (1 - a / math.pi) * left * y + (math.sin(a) / math.pi * left + math.sin(b) / math.pi) * np.linalg.norm(y) * x

    def parts(self, p, x0):
        """4 (v - vbar) and 4 (vbar - h), the largest of many r."""
        J, w = self.piece(p), network(self.layers, x0)
        z = network(self.layers, p)
        t = self.angle(z, w)
        e = z / np.linalg.norm(z)
        u = (w / np.linalg.norm(w) - e * math.cos(t)) / math.sin(t)
        M = math.cos(t) * (np.outer(e, e) - np.outer(u, u)) + math.sin(t) * (np.outer(e, u) + np.outer(u, e))
        Phi = (math.pi - 2 * t) / math.pi * np.eye(len(w)) + 2 * math.sin(t) / math.pi * M
        a = self.wide(self.wide(self.angle(p, x0)))  # of the outputs, in expectation; h = x - (1 - 2 a/pi) h_{x,x0} - 2 sin(a)/pi |x0| x/|x|
        h0 = (1 - 2 * a / math.pi) * self.h(p, x0) + 2 * math.sin(a) / math.pi * p
        found = []
        for r in (1e-9, 0.3, 1, 3, 1e9):
            size = max(r, 1)
            v = J.T @ (self.A.T @ (self.A @ z * r - np.sign(self.A @ z) * np.abs(self.A @ w)))
            bar = J.T @ (z * r - Phi @ w)
            found.append((4 * np.linalg.norm(v - bar) / size, np.linalg.norm(4 * bar - (p * r - h0)) / size))
        return np.max(found, axis=0)

    def test_re_evaluated(self):
        d = self.landscape("phase-retrieval", *self.given, "--lemma-starts", 4)["draws"][0]
        x0, lemmas = np.array(d["solution_x"]), d["lemma"]
        self.assertEqual([v["lemma"] for v in lemmas], ["angles", "angles", "network", "measurements", "layers"])
        for v in lemmas:
            p = list(map(np.array, v["argument"]))
            if v["lemma"] == "angles":
                W = self.layers[0 if v["matrix"] == "W_1" else 1]
                right = abs(self.angle(*(np.maximum(W @ x, 0) for x in p)) - self.wide(self.angle(*p)))
            elif v["lemma"] == "network":
                right = np.linalg.norm(4 * self.piece(p[0]).T @ network(self.layers, p[1]) - self.h(*p))
            else:
                right = self.parts(p[0], x0)[0 if v["lemma"] == "measurements" else 1]
            self.assertAlmostEqual(v["at_least"], right, delta=1e-7 * (1 + right))  # acos loses half the digits at 0
        eps = {c.get("matrix", c["condition"]): c["at_least"] for c in d["epsilon"]}
        layers = max(eps["W_1"], eps["W_2"])
        value = {v.get("matrix", v["lemma"]): v["at_least"] for v in lemmas}
        right = {"angle": max(value[W] / math.sqrt(eps[W]) for W in ("W_1", "W_2")), "network": value["network"] / 8 / math.sqrt(layers),
                 "layer": value["layers"] / 8 / math.sqrt(layers), "measurement": value["measurements"] / (31 / 7 * eps["rrcp"]) / (1 + 2 * layers) ** 2}
        for name, number in right.items():
            self.assertAlmostEqual(d[f"{name}_constant"], number, delta=1e-12 * number)
        self.assertEqual(d["angle_deviation"], max(value["W_1"], value["W_2"]))

    def test_the_lemmas_hold_with_a_certificate(self):
        """At most 4 sqrt(eps) and 24 sqrt(eps), eps the proved upper bound of the layer; of ten times that layer the second is not."""
        W = self.npy("W.npy", self.layers[0])
        eps = json.loads(self.succeed("measure", "wdc", "--weights", W, "--evidence", "search,certify", "--json"))["draws"][0]["at_most"]
        one, ten = ({v["lemma"]: v["at_least"] for v in self.landscape("inversion", "--network", file, "--lemma-starts", 8)["draws"][0]["lemma"]}
                    for file in (W, self.npy("ten.npy", 10 * self.layers[0])))
        self.assertLessEqual(one["angles"], 4 * math.sqrt(eps))
        self.assertLessEqual(one["network"], 24 * math.sqrt(eps))
        self.assertGreater(one["angles"], 0.05)
        self.assertAlmostEqual(ten["angles"], one["angles"], delta=1e-6)
        self.assertGreater(ten["network"], 24 * math.sqrt(eps))

    def test_only_those_who_ask_have_them(self):
        sizes = INSTANCES["phase-retrieval"]
        plain = self.landscape("phase-retrieval", *sizes, "--output", "plain.h5")["draws"][0]
        asked = self.landscape("phase-retrieval", *sizes, "--lemma-starts", 2, "--output", "asked.h5")["draws"][0]
        self.assertEqual(len(asked["lemma"]), 5)
        self.assertEqual(without_seconds(plain), without_seconds({key: asked[key] for key in plain}))
        with h5py.File(self.folder / "plain.h5") as file:
            self.assertEqual([name for name in file if "lemma" in name or "constant" in name], [])
        self.assertIn("1 draws verified", self.succeed("verify", "--again", "asked.h5"))
        self.assertIn("78", self.succeed("table", "asked.h5"))
        for problem in ("amplitude-flow", "blind-demodulation"):
            self.refuse("landscape", problem, *INSTANCES[problem], "--lemma-starts", 2, says="--lemma-starts", code=2)
        one, other = (self.landscape("inversion", "--widths", "3,20", "--lemma-starts", 3, "--threads", t) for t in (1, 2))
        self.assertEqual(without_seconds(one), without_seconds(other))
        none = json.loads(self.succeed("landscape", "inversion", "--widths", "2,12", "--lemma-starts", 1, "--json", *QUICK[:-1], 0))["draws"][0]
        self.assertIsNone(none["angle_constant"])
        self.assertGreater(none["angle_deviation"], 0)


class Files(Landscape):
    def test_show_and_verify(self):
        for problem, sizes in INSTANCES.items():
            with self.subTest(problem=problem):
                census = ["--census"] if problem in ("inversion", "compressed-sensing", "phase-retrieval") else []
                found = self.landscape(problem, *sizes, *census, "--draws", 2, "--output", "l.h5", "--overwrite")
                self.assertEqual(json.loads(self.succeed("show", "--json", "l.h5")), {"points": [found]})
                self.assertIn(problem + " landscape", self.succeed("show", "l.h5"))
                self.assertIn("2 draws verified", self.succeed("verify", "l.h5"))

    def test_verify_finds_tampering(self):
        arguments = ["phase-retrieval", *INSTANCES["phase-retrieval"], "--census", "--output", "l.h5", "--overwrite"]
        for path in ("population_error", "epsilon_at_least", "K", "hypothesis_left_side", "census_point_objective", "solution_x"):
            with self.subTest(path=path):
                self.landscape(*arguments)
                with h5py.File(self.folder / "l.h5", "r+") as file:
                    values = file[path][...]
                    if not np.isfinite(values.flat[0]):
                        continue
                    values.flat[0] = values.flat[0] * 1.001 + 1e-5
                    file[path][...] = values
                self.refuse("verify", "l.h5", says="l.h5: damaged")

    def test_given_matrices_are_kept(self):
        W, A = np.random.default_rng(1).normal(size=(9, 2)), np.random.default_rng(2).normal(size=(7, 9))
        self.landscape("compressed-sensing", "--network", self.npy("W.npy", W), "--A", self.npy("A.npy", A),
                       "--output", "l.h5")
        self.assertIn("1 draws verified", self.succeed("verify", "l.h5"))
        with h5py.File(self.folder / "l.h5") as file:
            np.testing.assert_array_equal(file["matrices/W_1"], W)
            np.testing.assert_array_equal(file["matrices/A"], A)

    def test_studies_are_told_apart(self):
        self.landscape("inversion", *INSTANCES["inversion"], "--output", "l.h5")
        measure = ["measure", "wdc", "--n", 9, "--k", 2, "--evidence", "sample", "--samples", 50]
        self.refuse(*measure, "--output", "l.h5", "--resume", says='holds problem = "inversion"')
        self.succeed(*measure, "--output", "m.h5")
        self.refuse("landscape", "inversion", *INSTANCES["inversion"], "--output", "m.h5", "--resume",
                    says='holds condition = "wdc"')
        self.refuse("landscape", "inversion", *INSTANCES["inversion"], "--output", "l.h5", says="exists")
        self.assertIn("wdc constant", self.succeed("show", "m.h5"))


class Sweeps(Landscape):
    SWEEP = """
        title = "Small"
        problem = "phase-retrieval"
        draws = 2
        seed = 3
        noise = 0.01
        [[sweep]]
        widths = [[2, 8], [2, 6, 12]]
        m = [10, 20]
        directions = 300
        starts = 2
        descents = 3
        condition_starts = 4
        solutions = 2
        census = true
    """

    def test_run_resume_verify(self):
        self.write("e.toml", self.SWEEP)
        self.assertIn("points: 4, draws of each: 2, 8 draws of the phase-retrieval landscape",
                      self.succeed("run", "e.toml", "--dry-run"))
        text = self.succeed("run", "e.toml", "--output", "e.h5")
        self.assertTrue(text.startswith("Small\n\n"))
        self.assertIn("of the census", text)
        self.assertIn("8 draws verified", self.succeed("verify", "e.h5"))
        whole = json.loads(self.succeed("show", "--json", "e.h5"))
        self.assertEqual([p["sizes"] for p in whole["points"]],
                         [{"m": m, "widths": w} for m in (10, 20) for w in ([2, 8], [2, 6, 12])])
        self.succeed("run", "e.toml", "--output", "e.h5", "--overwrite", "--share", "0/3")  # as if stopped before the last draws
        self.assertLess(sum(len(p["draws"]) for p in json.loads(self.succeed("show", "--json", "e.h5"))["points"]), 8)
        self.succeed("run", "e.toml", "--output", "e.h5", "--resume", "--threads", 2)
        self.assertEqual(without_seconds(json.loads(self.succeed("show", "--json", "e.h5"))), without_seconds(whole))
        self.write("other.toml", self.SWEEP.replace("noise = 0.01", "noise = 0.02"))
        self.refuse("run", "other.toml", "--output", "e.h5", "--resume", says="noise = 0.01 where the experiment has noise = 0.02")

    def test_a_draw_of_a_sweep_is_replayed(self):
        self.write("e.toml", self.SWEEP)
        self.succeed("run", "e.toml", "--output", "e.h5")
        swept = json.loads(self.succeed("show", "--json", "e.h5"))["points"][0]
        done = self.run_it("landscape", "phase-retrieval", "--widths", "2,8", "--m", 10, "--seed", 3, "--noise", 0.01,
                           "--draws", 2, "--directions", 300, "--starts", 2, "--descents", 3, "--condition-starts", 4,
                           "--solutions", 2, "--census", "--json")
        self.assertEqual(without_seconds(json.loads(done.stdout)), without_seconds(swept))

    def test_bad_experiments(self):
        for change, says in ((("seed = 3", "sed = 3"), "seed"), (("draws = 2", "draws = 0"), "draws: must be a whole number from 1"),
                             (("phase-retrieval", "phase-retreival"), "phase-retrieval"),
                             (("census = true", "census = 1"), "census"), (("m = [10, 20]", ""), "m is missing"),
                             (("[2, 8]", "[4, 8]"), "k = 2 or 3"), (("noise = 0.01", "gap = 0.01"), "gap"),
                             (("descents = 3", "descents = -3"), "descents = -3")):
            with self.subTest(change=change):
                self.write("bad.toml", self.SWEEP.replace(*change))
                self.refuse("run", "bad.toml", says=says)
        self.write("both.toml", 'condition = "wdc"\n' + 'problem = "inversion"\n[[sweep]]\nwidths = [2, 9]\n')
        self.refuse("run", "both.toml", says="condition")


if __name__ == "__main__":
    unittest.main()
