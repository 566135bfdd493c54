#!/usr/bin/env python3
"""`theoremeter plot` draws sweeps, shares and surfaces as PDF and PNG, and refuses in one line what it cannot draw.

The binary that makes the sweep is named by the environment variable THEOREMETER (default: build/theoremeter).
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

import h5py
import matplotlib.image
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
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
                              text=True, timeout=120)

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

    def test_shares_and_surfaces(self):
        for name, text in (("share", 'census = "phase-retrieval"\ndraws = 2\nwidths = [[2, 6], [2, 8]]\nm = [8, 12]\n'),
                           ("surface", (ROOT / "experiments" / "hlv-figure-1.toml").read_text())):
            (self.folder / f"{name}.toml").write_text(text)
            subprocess.run([BINARY, "run", f"{name}.toml", "--output", f"{name}.h5"], cwd=self.folder, check=True, capture_output=True)
            done = self.draw(f"{name}.h5", name)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue((self.folder / f"{name}.pdf").read_bytes().startswith(b"%PDF-"))

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
