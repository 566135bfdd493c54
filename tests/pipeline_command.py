#!/usr/bin/env python3
"""What every study has in common, through the real binary: sweeps, keeping, shares, merging, reading, interruption.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder).
"""

import csv
import io
import json
import math
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np
from command_line import BINARY, CommandLine, experiment_text, heed_interrupts, wdc_deviation

ROOT = pathlib.Path(__file__).resolve().parent.parent
SWEEP = """
condition = "wdc"
draws = 4
samples = 50
starts = 2
[[sweep]]
n = [8, 12]
k = 2
"""


class Pipeline(CommandLine):
    def keep(self, name, text, *options):
        """Runs the experiment `text` into the results file `name`."""
        self.write("e.toml", text)
        self.succeed("run", "e.toml", "--output", name, *options)
        return name

    def points(self, text):
        return self.shown(self.keep("p.h5", text, "--overwrite"))

    def shown(self, name):
        return json.loads(self.succeed("show", name, "--json"))["points"]

    def digest(self, name):
        return self.succeed("digest", name).split()[0]


class Sweeps(Pipeline):
    def coordinate(self, text, name):
        self.keep("c.h5", text, "--overwrite")
        with h5py.File(self.folder / "c.h5") as file:
            values = file[name][...]
            if values.dtype.names is None and h5py.check_enum_dtype(file[name].dtype) is None:
                values = values.reshape(len(file["point"]), -1)[:, 0]
            return [x.decode() if isinstance(x, bytes) else x for x in values.tolist()]

    def test_over_any_parameter(self):
        base = 'condition = "wdc"\nn = 9\nk = 2\nsamples = 50\n'
        ensembles = ["gaussian", "uniform", "rademacher"]
        self.assertEqual(self.coordinate(base + f"starts = 2\nensemble = {json.dumps(ensembles)}\n", "ensemble"), ensembles)
        self.assertEqual(self.coordinate(base + "starts = [1, 2, 4]\n", "asked_starts"), [1, 2, 4])
        self.assertEqual(self.coordinate(base + "starts = 2\nseed = [7, 5]\n", "seed"), [7, 5])
        alphas = [p["draws"][0]["alpha"] for p in self.points(base + "starts = 2\n[[sweep]]\nalpha = [0.5, 1]\n")]
        self.assertEqual(alphas, [0.5, 1])

    def test_more_starts_never_find_less(self):
        found = [p["draws"][0]["searched"] for p in self.points(
            'condition = "wdc"\nn = 30\nk = 5\nsamples = 50\nevidence = "sample,search"\nstarts = [1, 64]\n')]
        self.assertEqual([s["starts"] for s in found], [1, 64])

    def test_expressions_and_ratios(self):
        sizes = [p["sizes"] for p in self.points(
            SWEEP.replace("n = [8, 12]\nk = 2", 'k = [2, 3]\nn = "ceil(4*k*log(k))"').replace("draws = 4", "draws = 1"))]
        self.assertEqual(sizes, [{"n": math.ceil(4 * k * math.log(k)), "k": k} for k in (2, 3)])
        sizes = [p["sizes"] for p in self.points(SWEEP.replace("n = [8, 12]", "n_over_k = [2, 3.5]").replace("draws = 4", "draws = 1"))]
        self.assertEqual(sizes, [{"n": 4, "k": 2}, {"n": 7, "k": 2}])
        for wrong, says in (('n = "4*j"', "e.toml:7: "), ('n = "k/3"', "ceil("), ('n = "0*k"', "at least 1"), ('n = "("', '"("')):
            with self.subTest(wrong=wrong):
                self.write("e.toml", SWEEP.replace("n = [8, 12]", wrong))
                self.refuse("run", "e.toml", "--output", "x.h5", says=says)

    def test_own_matrices_are_sought_beside_the_experiment(self):
        (self.folder / "sub").mkdir()
        W = np.random.default_rng(1).normal(size=(9, 2)) / 3
        self.npy("sub/W.npy", W)
        self.write("sub/own.toml", 'condition = "wdc"\nweights = "W.npy"\nsamples = 50\nstarts = [2, 4]\n')
        self.succeed("run", "sub/own.toml", "--output", "own.h5")
        for p in self.shown("own.h5"):
            d = p["draws"][0]
            self.assertEqual(p["sizes"], {"n": 9, "k": 2})
            self.assertAlmostEqual(wdc_deviation(W, 1, *map(np.array, d["witness"].values())), d["at_least"], delta=1e-12)
        (self.folder / "sub" / "W.npy").unlink()
        self.assertIn("2 draws verified", self.succeed("verify", "own.h5"))

    def test_unknown_words(self):
        for text, says in ((SWEEP.replace("wdc", "wcd"), "wdc"), (SWEEP.replace("draws", "drawz"), '("draws"?)'),
                           (SWEEP.replace("condition", "conditon"), "condition"), (SWEEP + "strats = 3\n", '("starts"?)')):
            with self.subTest(text=text):
                self.write("e.toml", text)
                self.refuse("run", "e.toml", says=says)
        self.keep("r.h5", SWEEP)
        self.refuse("table", "r.h5", "--columns", "at_leas", says="at_least")
        self.refuse("table", "r.h5", "--group-by", "ensembel", says="ensemble")
        self.refuse("table", "r.h5", "--statistic", "medain", says="median")
        self.refuse("table", "r.h5", "--format", "latx", says="latex")
        self.refuse("show", "r.h5", "--point", 2, says="--point 2")
        self.refuse("show", "r.h5", "--point", 0, "--draw", 4, says="--draw 4")
        self.refuse("show", "r.h5", "--draw", -1, says="--draw: -1: must be at least 0")
        self.refuse("export", "r.h5", "--point", -2, "--output", "folder", says="--point: -2: must be at least 0")
        for n in (0, -1):
            self.refuse("verify", "r.h5", "--sample", n, says=f"--sample: {n}: must be at least 1")

    def test_experiments_that_came_along_are_found_by_name(self):
        for file in sorted((ROOT / "experiments").glob("*-figure-*.toml")):
            with self.subTest(file=file.name):
                self.assertIn("in all", self.succeed("run", file.stem, "--dry-run"))

    def test_full_size(self):
        full = "[full]\ndraws = 5\n[[full.sweep]]\nk = 2\nn = [5, 6, 7]\n"
        self.write("e.toml", SWEEP + full)
        self.assertIn("points: 2, draws of each: 4, 8 draws", self.succeed("run", "e.toml", "--dry-run"))
        self.assertIn("points: 3, draws of each: 5, 15 draws", self.succeed("run", "e.toml", "--dry-run", "--full"))
        self.succeed("run", "e.toml", "--full", "--output", "full.h5")
        self.keep("same.h5", SWEEP.replace("draws = 4", "draws = 5").replace("n = [8, 12]", "n = [5, 6, 7]"))
        self.assertEqual(self.digest("full.h5"), self.digest("same.h5"))
        self.write("e.toml", SWEEP + full.replace("draws", "dras"))
        for options in ((), ("--full",)):  # wrong is wrong in either size
            self.refuse("run", "e.toml", *options, says='e.toml:10: unknown key "dras" ("draws"?)')
        self.write("e.toml", SWEEP + full.replace("k = 2", "k = 0"))
        self.refuse("run", "e.toml", "--full", says="e.toml:12")
        self.write("e.toml", SWEEP)
        self.refuse("run", "e.toml", "--full", says="e.toml: has no full size")

    def test_full_sizes_that_came_along(self):
        """Each is read, and the script for Slurm asks for it."""
        sized = [file for file in sorted((ROOT / "experiments").glob("*.toml")) if "[full]" in file.read_text()]
        self.assertGreater(len(sized), 20)
        for file in sized:
            with self.subTest(file=file.name):
                self.succeed("slurm", file, "--full", "--output", f"{file.stem}.h5", "--array", 2)
                self.assertIn(f"run {file} --full --share", (self.folder / f"{file.stem}.slurm").read_text())

    def test_from_a_pipe(self):
        done = subprocess.run([BINARY, "run", "/dev/stdin", "--output", "r.h5"], cwd=self.folder, input=SWEEP, text=True,
                              capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with h5py.File(self.folder / "r.h5") as file:
            self.assertEqual(experiment_text(file), SWEEP)

    def test_dry_run_estimates(self):
        self.write("e.toml", SWEEP)
        text = self.succeed("run", "e.toml", "--dry-run", "--output", "r.h5", "--threads", 1)
        self.assertIn("points: 2, draws of each: 4, 8 draws", text)
        self.assertRegex(text, r"about .* on 1 thread, ")
        self.assertEqual(set(self.files()), {"e.toml"})

    def test_census(self):
        self.succeed("census", "phase-retrieval", "--widths", "2,20,60", "--m", 40, "--output", "c.h5")
        self.assertIn("1 draws verified", self.succeed("verify", "c.h5"))
        self.keep("t.h5", 'census = "phase-retrieval"\nwidths = [2, 20, 60]\nm = 40\n')
        self.assertEqual(self.digest("t.h5"), self.digest("c.h5"))
        self.write("e.toml", 'census = "phase-retrieval"\nwidths = [2, 20, 60]\nm = 40\ndescents = 3\n')
        self.refuse("run", "e.toml", says='e.toml:4: unknown key "descents"')


class Keeping(Pipeline):
    def test_resume_to_more(self):
        self.keep("r.h5", SWEEP.replace("draws = 4", "draws = 2").replace("[8, 12]", "8"))
        few = self.shown("r.h5")[0]["draws"]
        self.keep("r.h5", SWEEP, "--resume")
        self.assertEqual(self.shown("r.h5")[0]["draws"][:2], few)  # seconds and all: they were not measured again
        self.keep("whole.h5", SWEEP)
        self.assertEqual(self.digest("r.h5"), self.digest("whole.h5"))

    def test_a_finished_run_is_left_alone(self):
        self.keep("r.h5", SWEEP)
        before = self.files()
        done = self.run_it("run", "e.toml", "--output", "r.h5", "--resume")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"\Atheoremeter: r.h5 is complete[^\n]*\n\Z")
        self.assertEqual(self.files(), before)

    def test_contradictions_are_named(self):
        self.keep("r.h5", SWEEP)
        for change, says in ((("starts = 2", "starts = 3"), "starts = 2 where the experiment has starts = 3"),
                             (("k = 2", "k = 2\nseed = 5"), "seed = 1"), (("draws = 4", "draws = 3"), "4 draws"),
                             (("n = [8, 12]", "n = 12"), "n = 8"),
                             (('condition = "wdc"', 'condition = "phaseless"'), "phaseless")):
            with self.subTest(change=change):
                text = SWEEP.replace(*change)
                self.write("other.toml", text.replace("n = [8, 12]\nk", "m = [8, 12]\nn") if "phaseless" in text else text)
                self.refuse("run", "other.toml", "--output", "r.h5", "--resume", says=says)

    def test_shares_and_merge(self):
        self.keep("whole.h5", SWEEP)
        for i in range(3):
            self.succeed("run", "e.toml", "--output", f"{i}.h5", "--share", f"{i}/3")
        shares = [[len(p["draws"]) for p in self.shown(f"{i}.h5")] for i in range(3)]
        self.assertEqual(np.sum(shares, axis=0).tolist(), [4, 4])
        self.assertEqual(self.succeed("merge", "0.h5", "1.h5", "2.h5", "--output", "all.h5"), "")
        self.assertEqual(self.digest("all.h5"), self.digest("whole.h5"))
        self.succeed("merge", "2.h5", "whole.h5", "0.h5", "--output", "over.h5")  # overlapping, in any order
        self.assertEqual(self.digest("over.h5"), self.digest("whole.h5"))
        self.assertIn("missing", self.succeed("merge", "0.h5", "2.h5", "--output", "gap.h5"))
        self.assertIn("8 draws verified", self.succeed("verify", "all.h5"))
        self.refuse("merge", "0.h5", "--output", "all.h5", says="--overwrite")
        for wrong in ("3/3", "1", "-1/3", "a/b", "0/0"):
            self.refuse("run", "e.toml", "--output", "x.h5", "--share", wrong, says="--share")
        self.refuse("run", "e.toml", "--share", "0/3", says="--output")

    def test_foreign_files_are_both_named(self):
        self.keep("a.h5", SWEEP)
        self.keep("other.h5", 'condition = "phaseless"\nm = 8\nn = 2\nsamples = 50\nstarts = 2\n')
        self.refuse("merge", "a.h5", "other.h5", "--output", "m.h5", says="a.h5 and other.h5")

    def test_status(self):
        self.write("e.toml", SWEEP)
        (self.folder / "runs").mkdir()
        for i in range(2):
            self.succeed("run", "e.toml", "--output", f"runs/{i}.h5", "--share", f"{i}/4")
        self.assertIn("2 of 8 draws done", self.succeed("status", "runs/0.h5"))
        both = json.loads(self.succeed("status", "--json", "runs"))
        self.assertEqual([(s["file"], s["done"], s["missing"]) for s in both], [("runs/0.h5", 2, 6), ("runs/1.h5", 2, 6)])
        self.refuse("status", "none.h5", says="none.h5")

    def test_digest_does_not_depend_on_threads(self):
        digests = {self.digest(self.keep(f"{t}.h5", SWEEP, "--threads", t)) for t in (1, 2, 3)}
        self.assertEqual(len(digests), 1)
        self.assertNotIn(self.digest(self.keep("s.h5", SWEEP.replace("draws", "seed = 2\ndraws"))), digests)


class Reading(Pipeline):
    def setUp(self):
        super().setUp()
        self.keep("r.h5", SWEEP)
        self.measured = self.shown("r.h5")

    def test_tables(self):
        rows = list(csv.DictReader(io.StringIO(self.succeed("table", "r.h5", "--format", "csv", "--columns", "at_least",
                                                            "--statistic", "median"))))
        self.assertEqual(len(rows), 2)
        for row, point in zip(rows, self.measured):
            expected = np.median([d["at_least"] for d in point["draws"]])
            values = [float(x) for x in re.findall(r"\d+\.\d+(?:e-?\d+)?", ",".join(row.values()))]
            self.assertTrue(any(abs(v - expected) < 1e-3 for v in values), (row, expected))
        for format, says in (("text", "at least"), ("csv", "at_least"), ("latex", r"\begin{tabular}"), ("markdown", "|")):
            for more in ([], ["--draws"], ["--group-by", "n"], ["--statistic", "mean"], ["--columns", "at_least,at_most"]):
                with self.subTest(format=format, more=more):
                    text = self.succeed("table", "r.h5", "--format", format, *more)
                    if "--columns" in more or format in ("latex", "markdown"):
                        self.assertIn(says, text.replace(r"\_", "_"))
        lines = self.succeed("table", "r.h5", "--format", "csv", "--draws").splitlines()
        self.assertEqual(len(lines), 1 + 8)
        one = self.succeed("table", "r.h5", "--format", "csv", "--group-by", "k").splitlines()
        self.assertEqual(len(one), 2)

    def test_one_draw(self):
        d = self.measured[1]["draws"][2]
        row = json.loads(self.succeed("show", "r.h5", "--point", 1, "--draw", 2, "--json"))
        self.assertEqual((row["at_least"], row["witness"]), (d["at_least"], d["witness"]))
        self.assertIn(f"{d['at_least']:.6f}"[:6], self.succeed("show", "r.h5", "--point", 1, "--draw", 2))

    def test_exported_matrices_reproduce_the_witness(self):
        for output in ("m", "m.h5"):
            self.succeed("export", "r.h5", "--point", 1, "--draw", 3, "--output", output)
            if output.endswith(".h5"):
                with h5py.File(self.folder / output) as file:
                    W = file["W"][...]
            else:
                W = np.load(self.folder / output / "W.npy")
            self.assertEqual(W.shape, (12, 2))
            d = self.measured[1]["draws"][3]
            value = wdc_deviation(W, d["alpha"], *map(np.array, d["witness"].values()))
            self.assertAlmostEqual(value, d["at_least"], delta=1e-13)
        again = json.loads(self.succeed("measure", "wdc", "--weights", "m/W.npy", "--starts", 2, "--samples", 50, "--json"))
        self.assertLessEqual(again["draws"][0]["at_least"], d["at_most"])  # the same matrix: within what was proved of it

    def test_verify(self):
        (self.folder / "s.h5").write_bytes((self.folder / "r.h5").read_bytes())
        text = self.succeed("verify", "r.h5", "s.h5", "--sample", 3, "--threads", 2)
        self.assertEqual(len(re.findall(r"(?m)^[rs]\.h5: 3 draws verified of 8: ", text)), 2)
        with h5py.File(self.folder / "s.h5", "r+") as file:
            file["at_most"][1, 3] *= 0.5
        done = self.run_it("verify", "r.h5", "s.h5")
        self.assertIn("r.h5: 8 draws verified: ", done.stdout)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Atheoremeter: s.h5: damaged: [^\n]+\n\Z")

    def test_verify_reads_what_other_programs_read(self):
        """Labels of dimensions, whose the items of lists are, and what attributes say: xarray takes nothing else."""
        self.succeed("measure", "wdc", "--n", 8, "--k", 2, "--samples", 20, "--starts", 2, "--output", "wdc.h5")
        self.succeed("census", "phase-retrieval", "--widths", "2,4", "--m", 5, "--draws", 2, "--output", "census.h5")

        def refused(name, change):
            shutil.copyfile(self.folder / name, self.folder / "changed.h5")
            with h5py.File(self.folder / "changed.h5", "r+") as file:
                change(file)
            self.refuse("verify", "changed.h5", says="damaged")

        def next_number(dataset):
            def change(file):
                values = file[dataset][...]
                values[-1] = np.nextafter(values[-1], 2) if values.dtype.kind == "f" else values[-1] + 1
                file[dataset][...] = values
            return change

        def other_text(dataset, attribute, text):
            def change(file):
                file[dataset].attrs.modify(attribute, text)
            return change

        for dataset in ("point", "run", "quantile", "x_coordinate"):
            refused("wdc.h5", next_number(dataset))
        for dataset in ("census_point", "census_point_point", "census_point_draw"):
            refused("census.h5", next_number(dataset))
        refused("wdc.h5", other_text("at_least", "kind", "at most"))
        refused("wdc.h5", other_text("side", "flag_meanings", "minus plus"))


class Interruption(Pipeline):
    LONG = 'condition = "wdc"\ndraws = 4000\nevidence = "sample"\nsamples = 3000\nn = 60\nk = 3\n'

    def start(self):
        self.write("long.toml", self.LONG)
        return subprocess.Popen([BINARY, "run", "long.toml", "--output", "l.h5", "--threads", "1", "--resume"], cwd=self.folder,
                                text=True, preexec_fn=heed_interrupts, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def done(self):
        return json.loads(self.succeed("status", "--json", "l.h5"))[0]["done"]

    def wait_for_draws(self, process):
        """Until some draws are in the journal."""
        while not any(p.stat().st_size > 20000 for p in self.folder.glob("l.h5.journal*")):
            self.assertIsNone(process.poll(), "the run ended before it could be interrupted")
            time.sleep(0.005)

    def test_signals(self):
        before = 0
        for which in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            with self.subTest(signal=which):
                process = self.start()
                self.wait_for_draws(process)
                journal = next(self.folder.glob("l.h5.journal*"))
                self.assertGreater(json.loads(self.succeed("status", "--json", journal.name))[0]["done"], before)
                process.send_signal(which)
                stdout, stderr = process.communicate(timeout=60)
                self.assertEqual((process.returncode, stdout), (75, ""))
                self.assertRegex(stderr, r"\Atheoremeter: [^\n]*; to go on: [^\n]* run long.toml --output l.h5 [^\n]*--resume\n\Z")
                self.assertTrue(before < self.done() < 4000)
                before = self.done()
        self.assertIn(f"3 draws verified of {before}", self.succeed("verify", "l.h5", "--sample", 3))

    def test_a_notebook_may_hold_the_file(self):
        """Opened for writing, and locked by HDF5, while the run goes on: what is measured is kept."""
        self.LONG = self.LONG.replace("4000", "1500")
        process = self.start()
        self.wait_for_draws(process)
        with h5py.File(self.folder / "l.h5", "r+"):
            stdout, stderr = process.communicate(timeout=60)
        self.assertEqual((process.returncode, stderr), (0, ""))
        self.assertEqual(self.done(), 1500)
        self.assertIn("3 draws verified of 1500", self.succeed("verify", "l.h5", "--sample", 3))


if __name__ == "__main__":
    unittest.main()
