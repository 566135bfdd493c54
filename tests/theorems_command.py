#!/usr/bin/env python3
"""The verb theorems, through the real binary: what statements need at sizes, what was measured of them, what it refuses;
and the keys of an experiment that name them.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import json
import math
import os
import pathlib
import subprocess
import tempfile
import unittest

import h5py

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = str(pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve())
SIZES = ("--d", 2, "--k", 10, "--widths", "10,500,1000")
SWEEP = """condition = "wdc"
draws = 3
k = 2
samples = 1000
starts = 16
evidence = "sample,search,certify"
[[sweep]]
n = [30, 200]
"""
NAMED = """statement = ["hv-lemma-8", "hv-lemma-11"]
measured = [{column = "at_least", constant = "wdc"}, {column = "at_most", constant = "wdc"}]
"""


class Command(unittest.TestCase):
    def run_it(self, *arguments, verb="theorems", cwd=None):
        return subprocess.run([BINARY, verb, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, cwd=cwd)

    def succeed(self, *arguments, **how):
        done = self.run_it(*arguments, **how)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def statements(self, *arguments):
        return {s["id"]: s for s in json.loads(self.succeed(*arguments, "--json"))["statements"]}

    def refuse(self, *arguments, says, **how):
        done = self.run_it(*arguments, **how)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")
        self.assertIn(says, done.stderr)

    def lines(self, statement, kind):
        return [line for line in statement["lines"] if line["kind"] == kind]


class Theorems(Command):
    def test_what_the_example_needs(self):
        lemma = self.statements(*SIZES)["hv-lemma-8"]
        eps = 2**-4 / (16 * math.pi) ** 2
        self.assertAlmostEqual(lemma["eps"] / eps, 1, delta=1e-12)
        floor = self.lines(lemma, "floor")[0]
        self.assertEqual((floor["what"], floor["relation"]), ("n/k", ">="))
        self.assertAlmostEqual(floor["value"] / 3.3e9, 1, delta=0.02)
        r = floor["value"] ** -0.5
        self.assertAlmostEqual((math.sqrt(2) * r + r * r) / eps, 1, delta=1e-9)
        text = self.succeed(*SIZES, "--statement", "hv-lemma-8")
        for word in ("hv-lemma-8", "[HV] arXiv 1705.07576v3, Lemma 8", "2.474e-05", "3.269e+09", "here 50, 2", "asks for", "gives"):
            self.assertIn(word, text)

    def test_the_list_without_sizes(self):
        text = self.succeed()
        for word in ("hv-theorem-1", "hlv-lemma-ii.3", "hj-theorem-3", "plugin-theorem", "K1 d^8", "no number in the paper"):
            self.assertIn(word, text)
        self.assertNotIn("needs --", text)
        for statement in self.statements().values():
            self.assertTrue(statement["constants"] or statement["assumes"] or statement["concludes"], statement["id"])

    def test_width(self):
        for arguments in ((), SIZES, ("--d", 3, "--s", 2, "--eps", "1e-9", "--alpha", "0.9")):
            text = self.succeed(*arguments)
            self.assertLessEqual(max(map(len, text.splitlines())), 100)

    def test_measurements_asked_for(self):
        found = self.statements(*SIZES, "--m", 300)
        for name in ("hlv-theorem-ii.1", "hlv-lemma-ii.5", "hv-gaussian"):
            line = next(line for line in self.lines(found[name], "asks") if line["what"] == "m")
            self.assertAlmostEqual(line["value"], 2 * 10 * math.log(500 * 1000), delta=1e-9)
        self.assertEqual(found["hlv-theorem-ii.6"]["layers_at_least"], 2)
        self.assertEqual(found["hlv20-theorem-3"]["assumes"][1], {"condition": "rrcp", "times_eps": 33.0})

    def test_eps_said(self):
        line = self.lines(self.statements("--eps", 0.25)["hv-lemma-7"], "gives")[0]
        self.assertEqual(line["value"], 2)
        self.assertIn("needs --eps", self.succeed("--d", 2, "--statement", "hv-lemma-7"))

    def test_too_few_layers(self):
        self.assertIn("says nothing of fewer than 2 layers", self.succeed("--d", 1, "--statement", "hv-theorem-1"))

    def test_latex(self):
        text = self.succeed(*SIZES, "--statement", "hv-lemma-8", "--format", "latex")
        for word in (r"\begin{tabular}{llr}", r"\end{tabular}", r"3.269 \times 10^{9}", r"d^{-4}/(16\pi)^2"):
            self.assertIn(word, text)
        whole = self.succeed("--format", "latex")
        self.assertEqual(whole.count("{"), whole.count("}"))
        self.assertEqual(whole.count("$") % 2, 0)

    def test_refusals(self):
        for arguments, says in (
                (("--statement", "hv-lema-8"), 'did you mean "hv-lemma-8"?'), (("--d", 0), "--d 0: must be at least 1"),
                (("--d", -2), "at least 1"), (("--k", 0), "--k 0"), (("--d", 3, "--widths", "10,500,1000"), "contradicts --widths"),
                (("--k", 5, "--widths", "10,500"), "contradicts --widths"), (("--widths", "10"), "at least one width"),
                (("--widths", "10,0"), "positive whole"), (("--widths", "10,,20"), "positive whole"), (("--widths", "10,x"), "positive whole"),
                (("--widths", "2,50", "--widths2", "2,60"), "must end with 50"), (("--l", 7, "--widths2", "2,60"), "contradicts --widths2"),
                (("--eps", 0), "--eps 0: must be positive"), (("--eps", "nan"), "--eps"), (("--eps", "x"), "not a number"),
                (("--alpha", 2), "at most 1"), (("--noise", -1), "--noise -1"), (("--d", "2.5"), "not a whole number"),
                (("--format", "html"), "html"), (("nowhere.h5",), "nowhere.h5"), (("--statment", "x"), "did you mean --statement?")):
            with self.subTest(arguments=arguments):
                self.refuse(*arguments, says=says)

    def test_help(self):
        text = self.succeed("--help")
        for word in ("Usage: theoremeter theorems", "--widths", "--statement", "--json", "floor"):
            self.assertIn(word, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 100)


class Measured(Command):
    """A sweep whose experiment names statements."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.at = pathlib.Path(cls.folder.name)
        for name, text in (("named", NAMED + SWEEP), ("unnamed", SWEEP)):
            (cls.at / f"{name}.toml").write_text(text)
            done = subprocess.run([BINARY, "run", f"{name}.toml", "--output", f"{name}.h5"], cwd=cls.at, capture_output=True,
                                  text=True, timeout=300)
            assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_measured_beside_the_statement(self):
        found = self.statements(self.at / "named.h5")
        self.assertEqual(list(found), ["hv-lemma-8", "hv-lemma-11"])
        with h5py.File(self.at / "named.h5") as file:
            least, most, n = file["at_least"][:], file["at_most"][:], list(file["n"][:])
        self.assertEqual([m["sizes"] for m in found["hv-lemma-8"]["measured"]], [f"n={size} k=2" for size in n])
        for point, measured in enumerate(found["hv-lemma-8"]["measured"]):
            for column, direction, values in zip(measured["columns"], ("at least", "at most"), (least[point], most[point]), strict=True):
                self.assertEqual((column["direction"], column["draws"]), (direction, 3))
                self.assertEqual([column["least"], column["median"], column["most"]], sorted(values))
            self.assertEqual((measured["holds"], measured["refuted"], measured["undecided"]), (0, 3, 0))
            self.assertEqual((measured["constant"], measured["at_layers"]), ("wdc", 1))
            self.assertAlmostEqual(measured["allowed"] * (16 * math.pi) ** 2, 1, delta=1e-12)
        self.assertTrue(all(m["allowed"] is None for m in found["hv-lemma-11"]["measured"]))

    def test_a_constant_without_a_number_is_said_to_be_one(self):
        (self.at / "universal.toml").write_text(NAMED.replace("hv-lemma-8", "hv-theorem-1") + SWEEP)
        subprocess.run([BINARY, "run", "universal.toml", "--output", "universal.h5"], cwd=self.at, capture_output=True, check=True, timeout=300)
        self.assertIn("allowed at 2 layers and K1 = 1:", self.succeed(self.at / "universal.h5"))
        self.assertEqual(self.statements(self.at / "universal.h5")["hv-theorem-1"]["taken_as_one"], ["K1"])
        self.assertEqual(self.statements(self.at / "named.h5")["hv-lemma-8"]["taken_as_one"], [])

    def test_a_hypothesis_that_holds(self):
        """Constants times a factor that brings them below what is allowed: each draw's upper bound proves it."""
        columns = "".join(f'{{column = "{c}", constant = "wdc", factor = 1e-6}}, ' for c in ("at_least", "at_most"))
        (self.at / "small.toml").write_text(f'statement = "hv-lemma-8"\nmeasured = [{columns}]\n' + SWEEP)
        subprocess.run([BINARY, "run", "small.toml", "--output", "small.h5"], cwd=self.at, capture_output=True, check=True, timeout=300)
        for measured in self.statements(self.at / "small.h5")["hv-lemma-8"]["measured"]:
            self.assertEqual((measured["holds"], measured["refuted"], measured["undecided"]), (3, 0, 0))

    def test_slack_of_a_number_that_the_paper_has(self):
        (self.at / "slack.toml").write_text('statement = "hv-lemma-8"\nmeasured = [{column = "at_least", constant = "network"}]\n' + SWEEP)
        subprocess.run([BINARY, "run", "slack.toml", "--output", "slack.h5"], cwd=self.at, capture_output=True, check=True, timeout=300)
        text = self.succeed("slack.h5", cwd=self.at)
        self.assertIn("the paper's number over the largest measured", text)
        for measured in self.statements(self.at / "slack.h5")["hv-lemma-8"]["measured"]:
            self.assertEqual(measured["stated"], 24)
            line = next(line for line in text.splitlines() if line.split()[:2] == measured["sizes"].split())
            self.assertAlmostEqual(float(line.split()[-1]) * measured["columns"][0]["most"] / 24, 1, delta=5e-4)
        self.assertTrue(all(m["stated"] is None for m in self.statements(self.at / "named.h5")["hv-lemma-8"]["measured"]))
        self.assertNotIn("slack", self.succeed(self.at / "named.h5").lower())

    def test_depth_said(self):
        measured = self.statements(self.at / "named.h5", "--d", 3)["hv-lemma-8"]["measured"][0]
        self.assertAlmostEqual(measured["allowed"] * (16 * math.pi) ** 2 * 81, 1, delta=1e-12)
        self.assertIsNone(measured["at_layers"])

    def test_text(self):
        text = self.succeed(self.at / "named.h5")
        for word in ("measured  wdc in", ">=", "<=", "refuted 3/3", "attained", "proved"):
            self.assertIn(word, text)
        at_folder = self.succeed("named.h5", cwd=self.at)
        self.assertLessEqual(max(map(len, at_folder.splitlines())), 100)

    def test_a_file_that_names_none(self):
        done = self.run_it("unnamed.h5", cwd=self.at)
        self.assertEqual(done.returncode, 0)
        self.assertIn("unnamed.h5: names no statement", done.stderr)

    def test_neither_digest_nor_data_depend_on_it(self):
        digests = [self.succeed(f"{name}.h5", verb="digest", cwd=self.at).split()[0] for name in ("named", "unnamed")]
        self.assertEqual(*digests)
        with h5py.File(self.at / "named.h5") as named, h5py.File(self.at / "unnamed.h5") as unnamed:
            self.assertEqual(named.attrs["statements"], "hv-lemma-8 hv-lemma-11")
            self.assertNotIn("statements", unnamed.attrs)

    def test_a_resumed_run_says_what_its_experiment_says(self):
        (self.at / "again.toml").write_text(SWEEP)
        self.run_it("again.toml", "--output", "again.h5", verb="run", cwd=self.at)
        (self.at / "again.toml").write_text(NAMED + SWEEP)
        self.assertEqual(self.run_it("again.toml", "--output", "again.h5", "--resume", verb="run", cwd=self.at).returncode, 0)
        self.assertEqual(list(self.statements(self.at / "again.h5")), ["hv-lemma-8", "hv-lemma-11"])
        self.run_it("again.h5", "unnamed.h5", "--output", "merged.h5", verb="merge", cwd=self.at)
        self.assertEqual(list(self.statements(self.at / "merged.h5")), ["hv-lemma-8", "hv-lemma-11"])

    def test_keys_that_an_experiment_may_not_have(self):
        one = 'statement = "hv-lemma-8"\n'
        for text, line, says in (
                ('statement = "hv-lema-8"\n', 1, 'did you mean "hv-lemma-8"?'), ("statement = 3\n", 1, "statement must be an id"),
                ("statement = []\n", 1, "names none"), ('draws = 1\nstatement = [\n"hv-lemma-8", \n"hlv"]\n', 4, '"hlv" is unknown'),
                ('measured = [{column = "at_least", constant = "wdc"}]\n', 1, "needs statement"),
                (one + 'measured = [{column = "at_lest", constant = "wdc"}]\n', 2, "at_least"),
                (one + 'measured = [{column = "at_least", constant = "wd"}]\n', 2, "wdc"),
                (one + 'measured = [{column = "at_least"}]\n', 2, "a column and a constant"),
                (one + 'measured = [{column = "witness_x", constant = "wdc"}]\n', 2, "not one number"),
                (one + 'measured = [{column = "kind", constant = "wdc"}]\n', 2, "not one number"),
                (one + 'measured = [{column = "at_least", constant = "wdc", factor = 0}]\n', 2, "factor"),
                (one + 'measured = [{column = "at_least", constant = "wdc", statement = "hv-lemma-7"}]\n', 2, "hv-lemma-8"),
                (one + 'measured = [{colum = "at_least", constant = "wdc"}]\n', 2, '"column"?'), (one + "measured = []\n", 2, "[[measured]]"),
                ('statment = "hv-lemma-8"\n', 1, '"statement"?')):
            with self.subTest(text=text):
                (self.at / "bad.toml").write_text(text + SWEEP.replace("draws = 3\n", ""))
                self.refuse("bad.toml", verb="run", cwd=self.at, says=f"bad.toml:{line}: ")
                self.refuse("bad.toml", verb="run", cwd=self.at, says=says)


if __name__ == "__main__":
    unittest.main()
