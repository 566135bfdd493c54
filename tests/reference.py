#!/usr/bin/env python3
"""results/reference/ can be made again: the cheapest of its experiments, on one thread and on two; and docs/findings.md says of
exponents and rates what its `fit` commands say.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import csv
import json
import math
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

import h5py

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = str(pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve())
REFERENCE = ROOT / "results" / "reference"
CHEAPEST = "amplitude-flow-success"


def rows(lines):
    return list(csv.DictReader(lines))


def model_of_processor():
    first = pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0]
    about = {key.strip(): value.strip() for key, value in (line.split(":", 1) for line in first.splitlines())}
    return f"{about.get('cpu family')}/{about.get('model')}"


def rate_of(points):
    """b of P = exp(level - b x), most likely for (x, draws, hits): Newton's method on the two score equations, by steps that leave
    every P below 1."""
    level, b = math.log(sum(s for _, _, s in points) / sum(n for _, n, _ in points)), 0.0
    for _ in range(200):
        g0 = g1 = h00 = h01 = h11 = 0.0
        for x, n, s in points:
            p = math.exp(level - b * x)
            score, bend = s - (n - s) * p / (1 - p), (n - s) * p / (1 - p) ** 2
            g0, g1 = g0 + score, g1 - score * x
            h00, h01, h11 = h00 + bend, h01 - bend * x, h11 + bend * x * x
        det, step = h00 * h11 - h01 * h01, 1.0
        up, more = (h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det
        while any(level + step * up >= (b + step * more) * x for x, _, _ in points):
            step /= 2
        level, b = level + step * up, b + step * more
    return b


class Command(unittest.TestCase):
    def theoremeter(self, *arguments):
        done = subprocess.run([BINARY, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class Findings(Command):
    """What the text says is looked for in its own words: "E goes as ε^0.97 (0.87 to 1.05)"."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="theoremeter-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.text = (ROOT / "docs" / "findings.md").read_text()

    def commands(self, file):
        """Its fits as the document has them."""
        found = [shlex.split(line)[1:] for line in self.text.splitlines() if line.startswith(f"theoremeter fit {file}.h5")]
        self.assertTrue(found)
        return found

    def test_slopes_of_neighbourhoods(self):
        self.theoremeter("run", str(ROOT / "experiments" / "neighbourhood-slopes.toml"), "--output", "neighbourhood-slopes.h5")
        said = re.search(r"E goes as ε\^([\d.]+) \(([\d.]+) to ([\d.]+)\), the radius as ε\^([\d.]+) \(([\d.]+) to ([\d.]+)\)", self.text)
        numbers = list(map(float, said.groups()))
        commands = self.commands("neighbourhood-slopes")
        self.assertEqual([c[c.index("--y") + 1] for c in commands], ["population_error", "radius"])
        for command, value in zip(commands, (numbers[:3], numbers[3:]), strict=True):
            b = json.loads(self.theoremeter(*command, "--json"))["fits"][0]["b"]
            for key, number in zip(("estimate", "low", "high"), value, strict=True):  # two decimals, ends outward; sums round otherwise elsewhere
                self.assertAlmostEqual(b[key], number, delta=0.011)

    def test_constants_of_lemmas(self):
        """The table's numbers are the largest kept; each is below the proof's, and what is said of their slack is so."""
        kept = rows((REFERENCE / "lemma-constants.csv").read_text().splitlines())
        table = [line.strip("|").split("|") for line in self.text.splitlines() if re.match(r"\| of (√ε|d³ √ε|ε_A)", line)]
        names = [w.strip() for w in next(line for line in self.text.splitlines() if line.startswith("| constant | proof |")).strip("|").split("|")[2:]]
        slack = []
        for (_, proof, *numbers), column in zip(table, ("angle", "network", "measurement", "layer"), strict=True):
            found = [max(float(r[f"{column}_constant_max"]) for r in kept if r["widths"] == name) for name in names]
            self.assertEqual([f"{x:#.3g}" for x in found], [n.strip() for n in numbers])
            slack.append([float(proof) / x for x in found])
        self.assertGreater(min(map(min, slack)), 1)
        said = re.search(r"4 is within a factor of (\d+), 24 and 78 are (\d+) and (\d+) times too large", self.text)
        self.assertEqual([math.ceil(min(slack[0])), round(min(slack[1])), round(min(slack[3]))], list(map(int, said.groups())))
        said = re.search(r"the least slack, ([\d.]+) at three layers. The other three are (\d+) \(A\), (\d+) and (\d+) times", self.text)
        self.assertEqual([f"{slack[0][2]:.1f}", *(f"{slack[i][0]:.0f}" for i in (2, 1, 3))], list(said.groups()))

    def test_rates_of_probabilities(self):
        """The numbers from the shares kept, by another method; the commands on fewer draws."""
        said = [float(x) for x in re.findall(r"like exp\(−([\d.]+) n\)", self.text)]
        kept = rows((REFERENCE / "wdc-probability.csv").read_text().splitlines())

        def rate(k, decide, least, most):
            at = [r for r in kept if (r["k"], r["decide"]) == (k, decide) and least <= int(r["n"]) <= most]
            return rate_of([(int(r["n"]), int(r["draws"]), round(int(r["draws"]) * (1 - float(r["decided_most"])))) for r in at])

        for number, which in zip(said, (("2", "0.5", 40, 100), ("2", "0.4", 80, 160), ("3", "0.5", 80, 160)), strict=True):
            self.assertAlmostEqual(rate(*which), number, delta=0.0006)
        text = (ROOT / "experiments" / "wdc-probability.toml").read_text().replace("draws = 1000", "draws = 60")
        pathlib.Path(self.folder, "few.toml").write_text(text)
        self.theoremeter("run", "few.toml", "--output", "wdc-probability.h5")
        few = rows(self.theoremeter("table", "wdc-probability.h5", "--format", "csv").splitlines())
        for command in self.commands("wdc-probability"):
            least, most = map(int, command[command.index("--range") + 1].split(","))
            for fit in json.loads(self.theoremeter(*command, "--json"))["fits"]:
                at = [r for r in few if (r["k"], r["decide"]) == (fit["at"]["k"], fit["at"]["decide"]) and least <= int(r["n"]) <= most]
                points = [(int(r["n"]), 60, round(60 * (1 - float(r["decided_most"])))) for r in at]
                self.assertAlmostEqual(fit["b"]["estimate"], rate_of(points), delta=1e-5)


class Again(Command):
    def test_the_cheapest_on_one_and_two_threads(self):
        folder = tempfile.TemporaryDirectory(prefix="theoremeter-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for threads in ("1", "2"):
            self.theoremeter("run", str(ROOT / "experiments" / f"{CHEAPEST}.toml"), "--threads", threads, "--output", f"{threads}.h5")
        digests = {line.split()[0] for line in self.theoremeter("digest", "1.h5", "2.h5").splitlines()}
        self.assertEqual(len(digests), 1)
        kept = next(row for row in rows((REFERENCE / "digests.csv").read_text().splitlines()) if row["experiment"] == CHEAPEST)
        with h5py.File(os.path.join(self.folder, "1.h5")) as file:
            made = {key: file["run_" + key].asstr()[0] for key in ("host_cpu", "compiler", "flags")}
        made["model"] = model_of_processor()
        if all(made[key] == kept[key] for key in made):
            self.assertEqual(digests, {kept["digest"]})
        else:  # rounded in another order, an outcome on the edge may be another: not one that its interval excludes
            self.compare_shares(rows(self.theoremeter("table", "1.h5", "--format", "csv").splitlines()))

    def compare_shares(self, made):
        kept = rows((REFERENCE / f"{CHEAPEST}.csv").read_text().splitlines())
        self.assertEqual(len(made), len(kept))
        for ours, theirs in zip(made, kept):
            self.assertEqual([ours[key] for key in ("algorithm", "m", "n")], [theirs[key] for key in ("algorithm", "m", "n")])
            self.assertTrue(float(theirs["success_low"]) <= float(ours["success"]) <= float(theirs["success_high"]), (ours, theirs))

    def test_all_are_experiments_of_ours(self):
        names = [row["experiment"] for row in rows((REFERENCE / "digests.csv").read_text().splitlines())]
        for name in names:
            self.assertTrue((ROOT / "experiments" / f"{name}.toml").is_file(), name)
        self.assertEqual(sorted(names), sorted(p.stem for p in REFERENCE.glob("*.csv") if p.stem != "digests"))


if __name__ == "__main__":
    unittest.main()
