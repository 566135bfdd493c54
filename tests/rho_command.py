#!/usr/bin/env python3
"""The verb rho, through the real binary: its table, its JSON, its digits, what it refuses.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import decimal
import json
import math
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = str(pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve())
KINDS = {"inversion": "inversion", "compressed-sensing": "inversion", "blind-demodulation": "inversion",
         "phase-retrieval": "phase-retrieval"}


def rho(kind, depth):
    """(rho_d, check_d) in double precision, by the papers' recurrence."""
    check, total = math.pi, 0.0
    for _ in range(depth):
        total = total * (math.pi - check) / math.pi + math.sin(check) / math.pi
        check = math.acos(((math.pi - check) * math.cos(check) + math.sin(check)) / math.pi)
    if kind == "phase-retrieval":
        total = 2 * math.sin(check) / math.pi + (math.pi - 2 * check) / math.pi * total
    return total, check


class Rho(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([BINARY, "rho", *map(str, arguments)], capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL)

    def succeed(self, *arguments):
        done = self.run_it(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def refuse(self, *arguments, says):
        done = self.run_it(*arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")
        self.assertIn(says, done.stderr)

    def check_rows(self, found, problem, depths):
        self.assertEqual(list(found), ["problem", "digits", "rows"])
        self.assertEqual(found["problem"], problem)
        self.assertEqual([row["depth"] for row in found["rows"]], list(depths))
        for row in found["rows"]:
            self.assertEqual(list(row), ["depth", "rho", "angle", "one_minus_rho", "asymptote"])
            expected, check = rho(KINDS[problem], row["depth"])
            self.assertAlmostEqual(float(row["rho"]), expected, delta=1e-13)
            self.assertAlmostEqual(float(row["one_minus_rho"]), 1 - expected, delta=1e-13)
            self.assertAlmostEqual(float(row["angle"]), check, delta=1e-12)
            self.assertAlmostEqual(float(row["asymptote"]), 9 * math.pi**2 / (2 * row["depth"] ** 2), delta=1e-12)

    def test_json_of_each_problem(self):
        for problem in KINDS:
            with self.subTest(problem=problem):
                found = json.loads(self.succeed("--depth", "1..30", "--problem", problem, "--json"))
                self.check_rows(found, problem, range(1, 31))
                self.assertTrue(all(isinstance(row["rho"], float) for row in found["rows"]))

    def test_both_kinds_by_default(self):
        found = json.loads(self.succeed("--depth", 7, "--json"))
        self.assertEqual((list(found), found["digits"]), (["digits", "problems"], 17))
        for part, problem in zip(found["problems"], ("inversion", "phase-retrieval"), strict=True):
            self.check_rows(part, problem, [7])

    def test_digits(self):
        for digits in (18, 50, 51, 333, 1000):
            with self.subTest(digits=digits):
                row = json.loads(self.succeed("--depth", 3, "--problem", "inversion", "--digits", digits, "--json"))["rows"][0]
                self.assertTrue(row["rho"].startswith("0.493731090200371548"), row["rho"])
                for value in (row["rho"], row["angle"], row["one_minus_rho"], row["asymptote"]):
                    self.assertIsInstance(value, str)
                    self.assertTrue(digits - 5 <= len(decimal.Decimal(value).as_tuple().digits) <= digits)
                with decimal.localcontext(decimal.Context(prec=digits)):
                    total = decimal.Decimal(row["rho"]) + decimal.Decimal(row["one_minus_rho"])
                self.assertLess(abs(total - 1), decimal.Decimal(10) ** (2 - digits))
        few = json.loads(self.succeed("--depth", 3, "--problem", "inversion", "--digits", 4, "--json"))["rows"][0]
        self.assertEqual((few["rho"], few["angle"]), (0.4937, 1.054))

    def test_table(self):
        lines = self.succeed("--depth", "2..4", "--digits", "6").splitlines()
        self.assertEqual(len(lines), 2 * 5 + 1)
        self.assertEqual(lines[0], "inversion, compressed sensing, each network of blind demodulation")
        self.assertEqual(lines[2].split(), ["2", "1.24685", "0.31831", "0.68169", "0.061395"])
        self.assertEqual(lines[6], "phase retrieval")
        self.assertEqual(lines[8].split()[:3], ["2", "1.24685", "0.669152"])
        self.assertEqual(self.succeed("--depth", "1", "--problem", "inversion").splitlines()[-1].split()[2], "0")
        self.assertEqual(len(self.succeed("--depth", "9..9", "--problem", "phase-retrieval").splitlines()), 3)

    def test_many_layers(self):
        row = json.loads(self.succeed("--depth", 100000, "--problem", "inversion", "--json"))["rows"][0]
        self.assertAlmostEqual(row["one_minus_rho"] / row["asymptote"], 1 - 3 * math.log(1e5) / 1e5, delta=1e-4)

    def test_refusals(self):
        self.refuse(says="--depth is required")
        for depth, says in (("0", "at least 1"), ("-3", "at least 1"), ("0..5", "at least 1"), ("1000001", "at most 1000000"),
                            ("1..1000001", "at most 1000000"), ("5..4", "A..B"), ("x", "A..B"), ("3.5", "A..B"), ("1e3", "A..B"),
                            ("1..", "A..B"), ("..4", "A..B"), ("1..2..3", "A..B"), ("", "empty"), ("99999999999999999999", "A..B")):
            with self.subTest(depth=depth):
                self.refuse("--depth", depth, says="--depth")
                self.refuse("--depth", depth, says=says)
        for digits, says in (("0", "between 1 and 1000"), ("-1", "between 1 and 1000"), ("1001", "between 1 and 1000"), ("x", "whole number")):
            with self.subTest(digits=digits):
                self.refuse("--depth", "3", "--digits", digits, says=says)
        self.refuse("--depth", "3", "--problem", "inverson", says='did you mean "inversion"?')
        self.refuse("--depth", "3", "--problem", "amplitude-flow", says="no network")
        self.refuse("--depth", "3", "--digit", "4", says="did you mean --digits?")
        self.refuse("--depth", "3", "4", says='"4" is one word too many')

    def test_help(self):
        text = self.succeed("--help")
        for word in ("Usage: theoremeter rho", "--depth", "--problem", "--digits", "--json", "Cost"):
            self.assertIn(word, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 100)


if __name__ == "__main__":
    unittest.main()
