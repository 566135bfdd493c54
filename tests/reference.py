#!/usr/bin/env python3
"""results/reference/ can be made again: the cheapest of its experiments, on one thread and on two.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import csv
import os
import pathlib
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


class Again(unittest.TestCase):
    def theoremeter(self, *arguments):
        done = subprocess.run([BINARY, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

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
