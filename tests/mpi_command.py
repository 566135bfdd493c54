#!/usr/bin/env python3
"""Runs by several ranks of an MPI job: the same results as by one process, whoever is killed or interrupted meanwhile.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder). Exit code 77,
skipped: no mpirun, or a binary without MPI. Ranks are more than cores here, and may be root's: the environment says so.
"""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = str(pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve())
ENVIRONMENT = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none"}
ENVIRONMENT.pop("OMP_NUM_THREADS", None)

CONDITION = """
condition = "wdc"
draws = 12
samples = 50
starts = 2
[[sweep]]
n = [8, 12]
k = 2
[[sweep]]
n = 30
k = 3
evidence = "sample,search"
"""
LANDSCAPE = """
problem = "phase-retrieval"
draws = 7
widths = [2, 5]
m = [6, 8]
directions = 20
starts = 1
descents = 2
condition_starts = 1
"""
CENSUS = 'census = "phase-retrieval"\ndraws = 9\nwidths = [2, 6, 12]\nm = [10, 20]\n'
# Some 2 s of CPU: what is to be done to a run under way is done long before its end, also where the machine is busy.
LONG = 'condition = "wdc"\ndraws = 1000\nevidence = "sample"\nsamples = 4000\nn = [60, 30]\nk = 3\n'


def run_it(folder, *arguments, ranks=None, **options):
    start = ["mpirun", "-n", str(ranks)] if ranks else []
    return subprocess.run([*start, BINARY, *map(str, arguments)], cwd=folder, env=ENVIRONMENT, text=True, capture_output=True,
                          timeout=120, stdin=subprocess.DEVNULL, **options)


def reason_to_skip():
    if not shutil.which("mpirun"):
        return "no mpirun: apt install openmpi-bin libopenmpi-dev"
    with tempfile.TemporaryDirectory() as folder:
        done = run_it(folder, "run", "none.toml", "--output", "r.h5", ranks=2)
    if "without MPI" in done.stderr:
        return "the program was built without MPI"
    if "no such file" not in done.stderr and "none.toml" not in done.stderr:
        return f"mpirun does not start two ranks here: {done.stderr.strip().splitlines()[:1]}"
    return None


class Ranks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="theoremeter-mpi-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def succeed(self, *arguments, ranks=None):
        done = run_it(self.folder, *arguments, ranks=ranks)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def digest(self, name):
        return self.succeed("digest", name).stdout.split()[0]

    def reference(self, text):
        (self.folder / "e.toml").write_text(text)
        self.succeed("run", "e.toml", "--output", "one.h5", "--threads", 1, "--overwrite")
        return self.digest("one.h5")

    def files(self):
        return {p.name for p in self.folder.iterdir()}


class Results(Ranks):
    def check(self, text, jobs):
        expected = self.reference(text)
        table = self.succeed("run", "e.toml", "--output", "one.h5", "--resume").stdout
        for ranks, threads in jobs:
            with self.subTest(ranks=ranks, threads=threads):
                done = self.succeed("run", "e.toml", "--output", "r.h5", "--threads", threads, "--overwrite", ranks=ranks)
                self.assertEqual(done.stdout, table)  # once
                self.assertEqual(done.stderr, "")
                self.assertEqual(self.digest("r.h5"), expected)
                self.assertEqual(self.files(), {"e.toml", "one.h5", "r.h5"})

    def test_condition(self):
        self.check(CONDITION, [(1, 1), (2, 1), (3, 1), (5, 1), (1, 2), (2, 2), (3, 2), (5, 2)])

    def test_landscape(self):
        self.check(LANDSCAPE, [(2, 1), (3, 2), (5, 1)])

    def test_census(self):
        self.check(CENSUS, [(2, 2), (3, 1), (5, 2)])

    def test_resume_and_share(self):
        expected = self.reference(CONDITION)
        (self.folder / "less.toml").write_text(CONDITION.replace("draws = 12", "draws = 5").replace("[8, 12]", "[12]"))
        self.succeed("run", "less.toml", "--output", "r.h5", ranks=3)
        self.succeed("run", "e.toml", "--output", "r.h5", "--resume", ranks=2)  # the points are in another order now
        self.assertEqual(self.digest("r.h5"), expected)
        again = self.succeed("run", "e.toml", "--output", "r.h5", "--resume", ranks=2)
        self.assertRegex(again.stderr, r"\Atheoremeter: r.h5 is complete[^\n]*\n\Z")
        for i in range(2):
            self.succeed("run", "e.toml", "--output", f"{i}.h5", "--share", f"{i}/2", ranks=2)
        self.succeed("merge", "0.h5", "1.h5", "--output", "all.h5", "--complete")
        self.assertEqual(self.digest("all.h5"), expected)
        with_few = self.succeed("status", "--json", "r.h5").stdout
        self.assertEqual(json.loads(with_few)[0]["missing"], 0)

    def test_cores_are_shared(self):
        """Unbound ranks of one machine may all use the same cores: together they start no more threads than those."""
        (self.folder / "e.toml").write_text(LONG)
        job = Job(self, "--output", "r.h5", ranks=2, threads=None)
        threads = [len(os.listdir(f"/proc/{pid}/task")) for pid in job.ranks()]
        job.stop(signal.SIGKILL)
        alone = subprocess.Popen([BINARY, "run", "e.toml", "--output", "a.h5", "--threads", str(len(os.sched_getaffinity(0)))],
                                 cwd=self.folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_for_draws(self.folder, "a.h5", 1000)
        cores, most = len(os.sched_getaffinity(0)), len(os.listdir(f"/proc/{alone.pid}/task"))
        alone.kill()
        alone.wait()
        # All else being equal: those of MPI, one that writes to rank 0, and measuring ones, cores / 2 instead of cores.
        self.assertLess(max(threads), most + 6 - (cores - max(1, cores // 2)))


class Refusals(Ranks):
    def test_one_message_and_its_code(self):
        (self.folder / "e.toml").write_text(CONDITION.replace("starts", "strats"))
        (self.folder / "good.toml").write_text(CONDITION)
        (self.folder / "there.h5").write_text("no results")
        for arguments, says in ((("run", "e.toml", "--output", "r.h5"), '"starts"'), (("run", "good.toml"), "--output is missing"),
                                (("run", "good.toml", "--output", "there.h5"), "exists"), (("run", "none.toml", "--output", "r.h5"), "none.toml")):
            with self.subTest(says=says):
                done = run_it(self.folder, *arguments, ranks=3)
                lines = [line for line in done.stderr.splitlines() if line.startswith("theoremeter: ")]
                self.assertEqual((done.returncode, done.stdout, len(lines)), (2, "", 1), done.stderr)
                self.assertIn(says, lines[0])
        self.assertEqual(self.files(), {"e.toml", "good.toml", "there.h5"})

    def test_a_rank_that_fails_ends_the_job(self):
        """Here rank 1 may write no file larger than its journal's beginning; rank 0 says so, and what is kept goes on."""
        expected = self.reference(LONG.replace("1000", "50"))
        (self.folder / "rank.sh").write_text('#!/bin/bash\nif [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then ulimit -f 8; fi\nexec "$@"\n')
        done = subprocess.run(["mpirun", "-n", "3", "bash", "rank.sh", BINARY, "run", "e.toml", "--output", "r.h5"], cwd=self.folder,
                              env=ENVIRONMENT, text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        lines = [line for line in done.stderr.splitlines() if line.startswith("theoremeter: ")]
        self.assertEqual((done.returncode, done.stdout, len(lines)), (1, "", 1), done.stderr)
        self.assertRegex(lines[0], r"\Atheoremeter: rank 1: cannot write [^\n]*r\.h5\.journal\.1: ")
        self.succeed("run", "e.toml", "--output", "r.h5", "--resume", ranks=2)
        self.assertEqual(self.digest("r.h5"), expected)

    def test_another_experiment_at_a_rank(self):
        (self.folder / "e.toml").write_text(CONDITION)
        (self.folder / "rank.sh").write_text('#!/bin/bash\n[ "$OMPI_COMM_WORLD_RANK" = 1 ] && cd other\nexec "$@"\n')
        (self.folder / "other").mkdir()
        (self.folder / "other" / "e.toml").write_text(CONDITION.replace("starts = 2", "starts = 3"))
        done = subprocess.run(["mpirun", "-n", "2", "bash", "rank.sh", BINARY, "run", "e.toml", "--output", self.folder / "r.h5"],
                              cwd=self.folder, env=ENVIRONMENT, text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2)
        self.assertIn("theoremeter: rank 1: the experiment that is read here is another one\n", done.stderr)
        self.succeed("run", "e.toml", "--output", "r.h5", "--resume", ranks=2)
        self.assertEqual(self.digest("r.h5"), self.reference(CONDITION))


def wait_for_draws(folder, output, size=3000):
    until = time.monotonic() + 60
    while sum(p.stat().st_size for p in folder.glob(f"{output}.journal*")) < size:
        if time.monotonic() > until:
            raise AssertionError("no draws within a minute")
        time.sleep(0.005)


def children(pid):
    return [int(child) for tasks in pathlib.Path(f"/proc/{pid}/task").glob("*/children") for child in tasks.read_text().split()]


class Job:
    """A run by ranks, under way."""

    def __init__(self, test, *arguments, ranks, threads=1):
        self.folder = test.folder
        asked = [] if threads is None else ["--threads", str(threads)]
        self.process = subprocess.Popen(["mpirun", "-n", str(ranks), BINARY, "run", "e.toml", *asked, *arguments], cwd=test.folder,
                                        env=ENVIRONMENT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        test.addCleanup(self.process.kill)
        wait_for_draws(test.folder, "r.h5", 2000 * ranks)

    def ranks(self):
        """Process numbers, in no order."""
        return [pid for pid in children(self.process.pid) if os.readlink(f"/proc/{pid}/exe") == BINARY]

    def stop(self, which, pids=None):
        """(exit code, what was said)"""
        for pid in pids if pids is not None else self.ranks():
            try:
                os.kill(pid, which)
            except ProcessLookupError:
                pass  # its sister's death was quicker
        stdout, stderr = self.process.communicate(timeout=60)
        return self.process.returncode, stderr


class Ends(Ranks):
    def setUp(self):
        super().setUp()
        self.expected = self.reference(LONG)
        self.seed = random.randrange(10**6)
        self.random = random.Random(self.seed)

    def go_on(self, ranks):
        """To the end; what was finished before is not measured again, and the same comes out."""
        before = json.loads(self.succeed("status", "--json", "r.h5").stdout)[0]["done"]
        self.assertGreater(before, 0)
        journals = {p.name for p in self.folder.glob("r.h5.journal*")}
        done = self.succeed("run", "e.toml", "--output", "r.h5", "--resume", "--threads", 1, ranks=ranks)
        self.assertNotIn("contradict", done.stderr)
        self.assertEqual(self.digest("r.h5"), self.expected, f"seed {self.seed}")
        self.assertEqual(set(self.folder.glob("r.h5.*")), set())
        return journals

    def test_killed(self):
        for ranks, of_all, then in ((2, False, 3), (3, False, None), (3, True, 2)):
            with self.subTest(ranks=ranks, of_all=of_all, then=then, seed=self.seed):
                job = Job(self, "--output", "r.h5", "--overwrite", ranks=ranks)
                time.sleep(self.random.uniform(0, 0.3))
                pids = job.ranks()
                self.assertEqual(len(pids), ranks)
                code, _ = job.stop(signal.SIGKILL, pids if of_all else [self.random.choice(pids)])
                self.assertNotEqual(code, 0)
                self.assertEqual(len(self.go_on(then)), ranks)

    def test_interrupted(self):
        for ranks, which, then in ((2, signal.SIGTERM, 3), (3, signal.SIGUSR1, 2), (3, signal.SIGTERM, None)):
            with self.subTest(ranks=ranks, signal=which, then=then, seed=self.seed):
                job = Job(self, "--output", "r.h5", "--overwrite", ranks=ranks)
                time.sleep(self.random.uniform(0, 0.3))
                code, stderr = job.stop(which, [self.random.choice(job.ranks())])
                self.assertEqual(code, 75, stderr)
                lines = [line for line in stderr.splitlines() if line.startswith("theoremeter: ")]
                self.assertEqual(len(lines), 1, stderr)
                self.assertRegex(lines[0], rf"\Atheoremeter: interrupted; finished draws are in r\.h5; to go on: mpirun -n {ranks} "
                                           r"[^\n]* run e\.toml --threads 1 --output r\.h5 --resume\Z")
                self.go_on(then)

    def test_what_is_measured_outlives_a_merge_that_fails(self):
        job = Job(self, "--output", "r.h5", ranks=2)
        foreign = self.folder / "r.h5.journal.7"
        foreign.write_text("no journal")
        code, stderr = job.stop(0, [])
        self.assertEqual(code, 2)
        self.assertIn("theoremeter: r.h5.journal.7: not a journal of this program", stderr.replace(str(self.folder) + "/", ""))
        foreign.unlink()
        self.assertEqual(json.loads(self.succeed("status", "--json", "r.h5").stdout)[0]["missing"], 0)
        self.go_on(None)

    def test_mpirun_interrupted(self):
        """mpirun hands SIGUSR1 on to all ranks."""
        job = Job(self, "--output", "r.h5", ranks=3)
        code, stderr = job.stop(signal.SIGUSR1, [job.process.pid])
        self.assertEqual(code, 75, stderr)
        self.go_on(2)


if __name__ == "__main__":
    reason = reason_to_skip()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(77)
    unittest.main()
