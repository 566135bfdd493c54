#!/usr/bin/env python3
"""The verb fit, intervals of `table`, and --decide, through the real binary: answers, JSON, what is refused.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import json
import math
import os
import pathlib
import statistics
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = str(pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve())
LAW = """condition = "wdc"
draws = 4
evidence = "sample,search"
samples = 200
starts = 32
[[sweep]]
k = [2, 3]
n = [20, 40, 80]
"""
SUCCESS = """study = "recovery"
algorithm = "amplitude-flow"
draws = 8
n = 6
[[sweep]]
m = [8, 12, 18, 27, 40, 60]
"""


def run(*arguments, cwd):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=300, cwd=cwd,
                          stdin=subprocess.DEVNULL)


class Command(unittest.TestCase):
    """What tests of commands share: two results files."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="theoremeter-fit-")
        cls.where = pathlib.Path(cls.folder.name)
        for name, text in (("law", LAW), ("success", SUCCESS)):
            (cls.where / f"{name}.toml").write_text(text)
            done = run("run", f"{name}.toml", "--output", f"{name}.h5", cwd=cls.where)
            assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def succeed(self, *arguments):
        done = run(*arguments, cwd=self.where)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refuse(self, *arguments, says):
        done = run(*arguments, cwd=self.where)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")
        self.assertIn(says, done.stderr)

    def values(self, column, k):
        """{n: values} as the file's own JSON has them."""
        points = json.loads(self.succeed("show", "law.h5", "--json"))["points"]
        return {p["sizes"]["n"]: [d[column] for d in p["draws"]] for p in points if p["sizes"]["k"] == k}


class Fit(Command):
    def test_power_law_is_the_least_squares_line(self):
        found = json.loads(self.succeed("fit", "law.h5", "--y", "at_least", "--x", "n", "--json"))
        self.assertEqual((found["model"], found["by"], found["kind"]), ("power", ["k"], "at least"))
        self.assertIn("an exponent of lower bounds", found["direction"])
        self.assertEqual([f["at"] for f in found["fits"]], [{"k": "2"}, {"k": "3"}])
        for fit, k in zip(found["fits"], (2, 3), strict=True):
            x, y = zip(*((math.log(n), math.log(v)) for n, all in self.values("at_least", k).items() for v in all), strict=True)
            line = statistics.linear_regression(x, y)
            self.assertEqual((fit["points"], fit["draws"]), (3, 12))
            self.assertAlmostEqual(fit["b"]["estimate"], line.slope, delta=1e-12)
            self.assertAlmostEqual(math.log(fit["a"]["estimate"]), line.intercept, delta=1e-12)
            self.assertLess(fit["b"]["low"], fit["b"]["estimate"])
            self.assertLess(fit["b"]["estimate"], fit["b"]["high"])
        again = self.succeed("fit", "law.h5", "--y", "at_least", "--x", "n", "--json")
        self.assertEqual(json.loads(again), found)

    def test_table_says_what_the_numbers_are_of(self):
        text = self.succeed("fit", "law.h5", "--y", "at_least", "--x", "n_over_k", "--compare", "-0.5,-1")
        for words in ("at_least = a n_over_k^b", "RSS b = -0.5", "AIC -0.5 less -1", "P(-0.5 fits better)",
                      "95 % bootstrap interval over draws", "This is an exponent of lower bounds"):
            self.assertIn(words, text)
        statistic = self.succeed("fit", "law.h5", "--y", "sampled_mean", "--x", "n")
        self.assertNotIn("bounds", statistic)
        klog = json.loads(self.succeed("fit", "law.h5", "--y", "at_least", "--x", "n", "--model", "klog", "--by", "k",
                                       "--compare", "0,1", "--level", "0.5", "--json"))
        self.assertEqual(klog["level"], 0.5)
        self.assertLess(klog["fits"][0]["b"]["estimate"], 0)

    def test_against_a_measured_column(self):
        """x and y of the same draw, all draws one curve; the line through them is Python's own."""
        csv = self.succeed("table", "law.h5", "--draws", "--columns", "sampled_mean,at_least", "--format", "csv").splitlines()
        pairs = [tuple(map(float, line.split(",")[-2:])) for line in csv[1:]]
        for model, abscissa, sign in (("power", math.log, 1), ("exponential", lambda x: x, -1)):
            found = json.loads(self.succeed("fit", "law.h5", "--y", "at_least", "--x", "sampled_mean", "--model", model, "--json"))
            self.assertEqual((found["by"], len(found["fits"]), found["fits"][0]["draws"]), ([], 1, 24))
            line = statistics.linear_regression([abscissa(x) for x, _ in pairs], [math.log(y) for _, y in pairs])
            b = found["fits"][0]["b"]
            self.assertAlmostEqual(sign * b["estimate"], line.slope, delta=1e-9)
            self.assertLess(b["low"], b["estimate"])
            self.assertLess(b["estimate"], b["high"])
        text = self.succeed("fit", "law.h5", "--y", "sampled_mean", "--x", "at_least", "--by", "k", "--compare", "1,2")
        for words in ("x and y together", "a fit against bounds: at_least is attained", "P(1 fits better)"):
            self.assertIn(words, text)
        # n as the parameter has it, and draws of some n only
        part = json.loads(self.succeed("fit", "law.h5", "--y", "at_least", "--x", "n", "--range", "30,90", "--json"))["fits"]
        self.assertEqual([(f["points"], f["draws"]) for f in part], [(2, 8), (2, 8)])

    def test_decay_of_a_probability(self):
        """Of two points maximum likelihood goes through both shares."""
        (self.where / "decay.toml").write_text(
            'condition = "wdc"\ndraws = 40\nk = 2\ndecide = 0.5\nevidence = "search,certify"\nstarts = 16\n[[sweep]]\nn = [20, 40]\n')
        self.succeed("run", "decay.toml", "--output", "decay.h5")
        points = json.loads(self.succeed("show", "decay.h5", "--json"))["points"]
        failed = [sum(d["decided"] == "refuted" for d in p["draws"]) for p in points]
        self.assertNotIn("undecided", [d["decided"] for p in points for d in p["draws"]])
        decay = ("fit", "decay.h5", "--y", "decided", "--x", "n", "--model", "exponential")
        b = json.loads(self.succeed(*decay, "--json"))["fits"][0]["b"]
        self.assertAlmostEqual(b["estimate"], math.log(failed[0] / failed[1]) / 20, delta=1e-6)
        self.assertLess(b["low"], b["estimate"])
        self.assertLess(b["estimate"], b["high"])
        text = self.succeed(*decay)
        self.assertIn("P(constant > decide) = a exp(-b n), maximum likelihood", text)
        self.assertIn("undecided count both ways", text)
        success = json.loads(self.succeed("fit", "success.h5", "--y", "success", "--x", "m", "--model", "exponential", "--json"))
        self.assertLess(success["fits"][0]["b"]["estimate"], 0)
        self.refuse(*decay, "--compare", "0,1", says="--compare")
        self.refuse(*decay, "--range", "20,30", says="needs two values")
        self.refuse("fit", "decay.h5", "--y", "decided", "--x", "n", says="decided: holds words")
        self.refuse("table", "decay.h5", "--columns", "kind", "--statistic", "probability", says="of the column decided")

    def test_transitions(self):
        found = {}
        for model in ("logistic", "probit"):
            answer = json.loads(self.succeed("fit", "success.h5", "--y", "success", "--x", "m", "--model", model, "--json"))
            found[model] = answer["fits"][0]
            half = found[model]["half"]
            self.assertLessEqual(half["low"], half["estimate"])
            self.assertLessEqual(half["estimate"], half["high"])
            self.assertTrue(8 <= half["estimate"] <= 60)
        self.assertAlmostEqual(found["logistic"]["half"]["estimate"], found["probit"]["half"]["estimate"], delta=4)
        self.assertIn("profile-likelihood", self.succeed("fit", "success.h5", "--y", "success", "--x", "m_over_n", "--model", "probit"))

    def test_collapse(self):
        found = json.loads(self.succeed("fit", "law.h5", "--y", "at_least", "--x", "n", "--by", "k", "--model", "collapse",
                                        "--compare", "0.5,1", "--json"))["fits"][0]
        self.assertEqual((found["points"], found["draws"]), (6, 24))
        self.assertLessEqual(found["exponent"]["low"], found["exponent"]["high"])
        self.assertLess(found["spread"], min(found["residuals_first"], found["residuals_second"]))
        self.assertEqual(found["probability_first"] > 0.5, found["residuals_first"] < found["residuals_second"])

    def test_refusals(self):
        law = ("fit", "law.h5", "--y", "at_least", "--x", "n")
        self.refuse("fit", "law.h5", says="--y is required")
        self.refuse("fit", "law.h5", "--y", "at_leest", "--x", "n", says="at_least")
        self.refuse("fit", "law.h5", "--y", "at_least", "--x", "m", says="parameter")
        self.refuse("fit", "law.h5", "--y", "at_least", "--x", "ensemble", says="is no number")
        self.refuse("fit", "law.h5", "--y", "at_least", "--x", "sampled_meen", says='did you mean "sampled_mean"?')
        self.refuse("fit", "law.h5", "--y", "at_least", "--x", "witness_x", says="several values")
        self.refuse("fit", "law.h5", "--y", "at_least", "--x", "kind", says="holds words")
        self.refuse("fit", "law.h5", "--y", "at_least", "--x", "undefined_search", says="needs two values")
        self.refuse(*law, "--range", "1,2", says="no draw has a value of at_least for n from 1 to 2")
        self.refuse(*law, "--range", "1", says="the least and the largest x")
        self.refuse("fit", "law.h5", "--y", "kind", "--x", "n", says="holds words")
        self.refuse("fit", "law.h5", "--y", "witness_x", "--x", "n", says="several values")
        self.refuse(*law, "--by", "q", says="parameter")
        self.refuse(*law, "--by", "n", says="needs two values")
        self.refuse(*law, "--model", "powr", says="power")
        for level in ("0", "1", "1.5", "-1", "nan", "inf"):
            self.refuse(*law, "--level", level, says="must be between 0 and 1")
        self.refuse(*law, "--level", "x", says="not a number")
        for two in ("1", "1,1", "1,2,3", "a,b", "1,nan"):
            self.refuse(*law, "--compare", two, says="two exponents")
        self.refuse(*law, "--model", "logistic", says="yes/no column")
        self.refuse("fit", "success.h5", "--y", "success", "--x", "m", "--model", "probit", "--compare", "0,1", says="compare")
        self.refuse("fit", "law.h5", "--y", "undefined_search", "--x", "n", says="must be positive")
        self.refuse("fit", "law.h5", "--y", "evaluations_certify", "--x", "n", says="no draw has a value")
        self.refuse(*law, "--model", "collapse", "--by", "k,n", says="one parameter")
        self.refuse("fit", "law.h5", "--y", "searched", "--x", "n", "--model", "logistic", says="yes in all 12 draws")
        self.refuse("fit", "missing.h5", "--y", "at_least", "--x", "n", says="missing.h5")
        self.refuse("table", "law.h5", "--statistic", "median", "--interval", "2", says="between 0 and 1")
        self.refuse("table", "law.h5", "--interval", "0.9", says="--statistic")

    def test_intervals_of_tables(self):
        csv = self.succeed("table", "law.h5", "--columns", "at_least", "--statistic", "median", "--interval", "0.5", "--format", "csv")
        lines = [line.split(",") for line in csv.splitlines()]
        self.assertEqual(lines[0][-3:], ["at_least", "at_least_low", "at_least_high"])
        for line in lines[1:]:
            values = sorted(self.values("at_least", int(line[1]))[int(line[0])])
            # of 4 draws: P(B < 1) = 1/16, P(B < 2) = 5/16 > 1/4
            self.assertEqual((float(line[-2]), float(line[-1])), (values[0], values[3]))
        text = self.succeed("table", "law.h5", "--columns", "at_least", "--statistic", "mean", "--interval", "0.9")
        self.assertRegex(text, r">= 0\.\d+ \[0\.\d+, 0\.\d+\]")
        self.assertIn("of the bounds themselves", text)
        share = self.succeed("table", "success.h5", "--columns", "success", "--statistic", "share", "--interval", "0.99")
        self.assertIn("99 % interval", share)

    def test_help(self):
        text = self.succeed("fit", "--help")
        for word in ("--compare", "collapse", "exponent of lower bounds"):
            self.assertIn(word, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 100)


class Decide(Command):
    def test_decisions_follow_from_the_values(self):
        measure = ("measure", "wdc", "--n", 60, "--k", 2, "--draws", 12, "--samples", 200)
        plain = json.loads(self.succeed(*measure, "--json"))["draws"]
        middle = statistics.median(d["at_least"] for d in plain)
        for eps in (middle, 1e-3, 10):
            decided = json.loads(self.succeed(*measure, "--decide", eps, "--json"))["draws"]
            for d, before in zip(decided, plain, strict=True):
                if d["decided"] == "refuted":
                    self.assertGreater(d["at_least"], eps)
                    self.assertGreater(before["at_most"], eps)
                elif d["decided"] == "proved":
                    self.assertLessEqual(d["at_most"], eps)
                    self.assertLessEqual(before["at_least"], eps)
            words = [d["decided"] for d in decided]
            self.assertLessEqual(words.count("undecided"), 1)
            if eps == 10:
                self.assertEqual(set(words), {"proved"})
            if eps == 1e-3:
                self.assertEqual(set(words), {"refuted"})

    def test_probability_counts_what_is_undecided_on_both_sides(self):
        run_it = ("measure", "wdc", "--n", 60, "--k", 3, "--draws", 8, "--samples", 100, "--starts", 64, "--overwrite")
        text = self.succeed(*run_it, "--decide", 0.55, "--nodes", 1, "--output", "open.h5")
        rows = json.loads(self.succeed("show", "open.h5", "--json"))["points"][0]["draws"]
        words = [d["decided"] for d in rows]
        proved, undecided = words.count("proved"), words.count("undecided")
        self.assertGreater(undecided, 0)
        csv = self.succeed("table", "open.h5", "--columns", "decided", "--statistic", "probability", "--format", "csv").splitlines()
        self.assertEqual(csv[0].split(",")[-4:], ["decided_least", "decided_most", "decided_low", "decided_high"])
        least, most, low, high = map(float, csv[1].split(",")[-4:])
        self.assertEqual((least, most), (proved / 8, (proved + undecided) / 8))
        self.assertLess(low, least + 1e-12)
        self.assertGreaterEqual(high, most)
        if proved == 0:
            self.assertEqual(low, 0)
        self.assertIn("P(constant <= decide)", text)
        self.assertIn("decide 0.55", text)
        self.succeed("verify", "open.h5", "--again")

    def test_threads_and_digests(self):
        (self.where / "decide.toml").write_text(LAW.replace('evidence = "sample,search"', 'decide = [0.3, 0.6]\nnodes = 100000'))
        digests = []
        for threads in (1, 3):
            self.succeed("verify", "law.h5")
            done = run("run", "decide.toml", "--output", f"d{threads}.h5", "--threads", threads, cwd=self.where)
            self.assertEqual(done.returncode, 0, done.stderr)
            digests.append(self.succeed("digest", f"d{threads}.h5").split()[0])
        self.assertEqual(*digests)
        self.succeed("verify", "d1.h5")
        self.assertRegex(self.succeed("show", "d1.h5"), r"0\.\d+ \[0(\.\d+)?, [01]\.\d+\]")

    def test_other_conditions(self):
        for words in (("phaseless", "--m", 60, "--n", 3), ("joint-wdc", "--l", 60, "--n", 2, "--p", 2),
                      ("rrcp", "--widths", "2,6", "--m", 20, "--evidence", "sample,search,certify")):
            for eps, answer in ((1e-4, "refuted"), (1e6, "proved")):
                with self.subTest(words=words, eps=eps):
                    found = json.loads(self.succeed("measure", *words, "--samples", 100, "--starts", 32, "--decide", eps, "--json"))
                    self.assertEqual(found["draws"][0]["decided"], answer)

    def test_what_is_refused(self):
        for eps in ("0", "-1", "nan", "inf", "x"):
            self.refuse("measure", "wdc", "--n", 20, "--k", 2, "--decide", eps, says="--decide")
        (self.where / "some.toml").write_text('condition = "wdc"\nk = 2\n[[sweep]]\nn = 20\ndecide = 0.5\n[[sweep]]\nn = 30\n')
        self.refuse("run", "some.toml", says="decide")
        self.refuse("table", "law.h5", "--columns", "at_least", "--statistic", "probability", says="decided")

    def test_without_it_nothing_changes(self):
        self.assertNotIn("decide", self.succeed("show", "law.h5", "--json"))


if __name__ == "__main__":
    unittest.main()
