#!/usr/bin/env python3
"""Scripts of `theoremeter slurm` in a real Slurm: its daemons are started in a folder of their own, on the loopback
address, and stopped afterwards.

The binary is named by the environment variable THEOREMETER (default: build/theoremeter beside this folder). Without
Slurm, or where its daemons do not run, that part is skipped, and the exit code is 77.
"""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from mpi_command import BINARY, CENSUS, CONDITION, ENVIRONMENT, LONG

SECONDS = 200  # a job that takes longer is taken to hang


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


CONFIGURATION = """
ClusterName=theoremeter
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=6
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=100000,batch_sched_delay=1,bf_interval=1
KillWait=5
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs=16 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Cluster:
    """munged, slurmctld and slurmd of this process, in a folder."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="theoremeter-slurm-"))
        self.folder.chmod(0o755)
        self.daemons = []
        self.environment = {**ENVIRONMENT, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self):
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        (self.folder / "slurm.conf").write_text(CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], user=os.environ.get("USER", "root") if os.getuid() else "root",
            ports=free_ports(2), folder=self.folder))
        self.daemon("munged", "--foreground", "--force", *(f"--{name}={self.folder / file}" for name, file in (
            ("key-file", "munge.key"), ("socket", "munge.socket"), ("pid-file", "munged.pid"), ("log-file", "munged.log"),
            ("seed-file", "munge.seed"))))
        self.wait_for(lambda: (self.folder / "munge.socket").exists())
        self.daemon("slurmctld", "-D", "-i")
        self.daemon("slurmd", "-D")
        self.wait_for(lambda: "idle" in self.run("sinfo", "-h", "-o", "%t").stdout)

    def daemon(self, name, *arguments):
        program = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        with open(self.folder / f"{name}.out", "w") as out:
            self.daemons.append(subprocess.Popen([program, *arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=out,
                                                 stderr=out, cwd=self.folder))

    def wait_for(self, there):
        until = time.monotonic() + 20
        while not there():
            ended = [d.args[0] for d in self.daemons if d.poll() is not None]
            if ended or time.monotonic() > until:
                raise RuntimeError(f"{ended[0]} ended" if ended else "the node is not ready within 20 s")
            time.sleep(0.05)

    def run(self, *command, cwd=None):
        return subprocess.run(command, env=self.environment, cwd=cwd, text=True, capture_output=True, timeout=SECONDS,
                              stdin=subprocess.DEVNULL)

    def stop(self):
        if len(self.daemons) > 1:
            self.run("scancel", "--user", str(os.getuid()))
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Commands(unittest.TestCase):
    """In a folder of its own; jobs in the cluster of the class, where there is one."""

    cluster = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="theoremeter slurm's-")  # to be quoted
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_it(self, *arguments):
        return subprocess.run([BINARY, *map(str, arguments)], cwd=self.folder, env=ENVIRONMENT, text=True, capture_output=True,
                              timeout=SECONDS, stdin=subprocess.DEVNULL)

    def succeed(self, *arguments):
        done = self.run_it(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def digest(self, name):
        return self.succeed("digest", name).split()[0]

    def reference(self, text):
        (self.folder / "e.toml").write_text(text)
        self.succeed("run", "e.toml", "--output", "one.h5")
        return self.digest("one.h5")


class Scripts(Commands):
    def script(self, *options):
        self.commands = self.succeed("slurm", "e.toml", "--output", "F.h5", *options)
        text = (self.folder / "F.slurm").read_text()
        self.assertEqual(subprocess.run(["bash", "-n"], input=text, text=True).returncode, 0)
        self.assertEqual(subprocess.run(["sh", "-n"], input=self.commands, text=True).returncode, 0)
        self.assertEqual(len(self.commands.splitlines()), 2)
        return text

    def setUp(self):
        super().setUp()
        (self.folder / "e.toml").write_text(CONDITION)

    def test_array(self):
        text = self.script("--array", 20, "--time", "2:00:00", "--mem", "4G", "--cpus", 2, "--partition", "long",
                           "--sbatch=--account=me", "--sbatch=--constraint=zen4")
        for line in ("--array=0-19", "--time=2:00:00", "--mem=4G", "--ntasks=1", "--cpus-per-task=2", "--partition=long", "--account=me",
                     "--constraint=zen4", "--requeue", "--signal=USR1@120", "--open-mode=append"):
            self.assertIn(f"\n#SBATCH {line}\n", text)
        self.assertIn('--share "$SLURM_ARRAY_TASK_ID/20" --output F."$SLURM_ARRAY_TASK_ID"-of-20.h5 --resume\n', text)
        self.assertNotIn("COUNT", text)  # however many tasks are submitted: a share depends on the index alone
        self.assertIn("--dependency=afterany", self.commands)
        self.assertIn("merge F.*-of-20.h5 --output F.h5", self.commands)
        self.assertIn("--account=me", self.commands)

    def test_mpi(self):
        text = self.script("--mpi", 64, "--time", 30)
        for line in ("--ntasks=64", "--cpus-per-task=1", "--time=30", "--signal=USR1@120"):
            self.assertIn(f"\n#SBATCH {line}\n", text)
        self.assertIn("srun --mpi=pmix --kill-on-bad-exit=1", text)
        self.assertIn("run e.toml --output F.h5 --resume\n", text)

    def test_refusals(self):
        for options, says in (((), "--array N or --mpi N"), (("--array", 2, "--mpi", 2), "one of them"),
                              (("--array", 0), "--array"), (("--array", 37), "--array 37: must be 1 to 36"),
                              (("--mpi", 4, "--time", "soon"), "--time soon"), (("--mpi", 4, "--mem", "much"), "--mem much"),
                              (("--mpi", 4, "--cpus", 0), "--cpus 0"), (("--mpi", 4, "--sbatch=exit 1"), "--sbatch exit 1")):
            with self.subTest(options=options):
                done = self.run_it("slurm", "e.toml", "--output", "F.h5", *options)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(says, done.stderr)
                self.assertEqual({p.name for p in self.folder.iterdir()}, {"e.toml"})
        self.script("--mpi", 4)
        done = self.run_it("slurm", "e.toml", "--output", "F.h5", "--mpi", 5)  # it may have been changed by hand
        self.assertEqual(done.returncode, 2)
        self.assertIn("--overwrite", done.stderr)
        (self.folder / "bad.toml").write_text(CONDITION.replace("starts", "strats"))
        self.assertEqual(self.run_it("slurm", "bad.toml", "--output", "G.h5", "--mpi", 5).returncode, 2)

    def test_standing(self):
        for i in (0, 1, 4, 6):
            self.succeed("run", "e.toml", "--share", f"{i}/8", "--output", f"F.{i}-of-8.h5")
        self.succeed("run", "e.toml", "--share", "2/7", "--output", "other.h5")
        shutil.copy(self.folder / "other.h5", self.folder / "F.2-of-8.h5")  # not all of its own share: ended too early
        text = self.succeed("status", *(p.name for p in self.folder.glob("F*.h5")))
        self.assertRegex(text, r"8 tasks: 4 done, 1 failed \(2\), 3 missing \(3,5,7\)\n--array=2-3,5,7\n\Z")
        tasks = json.loads(self.succeed("status", "--json", "F.0-of-8.h5"))[0]
        self.assertEqual((tasks["file"], tasks["array"]), ("F.*-of-8.h5", "2-3,5,7"))
        self.assertEqual(tasks["tasks"], {"of": 8, "done": [0, 1, 4, 6], "running": [], "failed": [2], "missing": [3, 5, 7]})
        (self.folder / "l.toml").write_text(LONG.replace("1000", "20000"))
        going = subprocess.Popen([BINARY, "run", "l.toml", "--share", "1/2", "--output", "G.1-of-2.h5"], cwd=self.folder,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(going.kill)
        while not any(self.folder.glob("G.1-of-2.h5.journal")):
            time.sleep(0.01)
        self.assertRegex(self.succeed("status", "G.1-of-2.h5"), r"2 tasks: 0 done, 1 running \(1\), 1 missing \(0\)\n--array=0\n\Z")
        going.kill()
        going.wait()
        self.assertRegex(self.succeed("status", "G.1-of-2.h5"), r"2 tasks: 0 done, 1 failed \(1\), 1 missing \(0\)\n--array=0-1\n\Z")
        for i in (2, 3, 5, 7):
            self.succeed("run", "e.toml", "--share", f"{i}/8", "--output", f"F.{i}-of-8.h5", "--resume")
        self.assertRegex(self.succeed("status", "F.0-of-8.h5"), r", 36 of 36 draws done, [^\n]*\n8 tasks: 8 done\n\Z")


class Jobs(Commands):
    def submit(self, *options, change=lambda text: text):
        """The two commands that are printed, as they are; the numbers of the two jobs."""
        commands = self.succeed("slurm", "e.toml", "--output", "F.h5", *options)
        script = self.folder / "F.slurm"
        script.write_text(change(script.read_text()))
        done = self.cluster.run("sh", "-ec", commands + 'echo "$job"', cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        return re.search(r"(?m)^(\d+)$", done.stdout)[1], re.search(r"Submitted batch job (\d+)", done.stdout)[1]

    def wait_for(self, there, what, pause=0.1):
        until = time.monotonic() + SECONDS
        while not (found := there()):
            self.assertLess(time.monotonic(), until, f"{what}\n{self.logs()}")
            time.sleep(pause)
        return found

    def ended(self, *jobs):
        def none_left():
            listed = self.cluster.run("squeue", "-h", "-o", "%A %T", "--jobs", ",".join(jobs))
            return listed.returncode != 0 or not listed.stdout.strip()

        self.wait_for(none_left, "jobs do not end")

    def state(self, job):
        return re.search(r"JobState=(\w+)", self.cluster.run("scontrol", "show", "job", job).stdout)[1]

    def logs(self):
        return "".join(f"{p.name}:\n{p.read_text()}\n" for p in sorted(self.folder.glob("*.log")))

    def program_of(self, output):
        """The process that measures into this file, when it has finished some draws."""
        def found():
            if sum(p.stat().st_size for p in self.folder.glob(f"{output}.journal*")) < 3000:
                return None
            for path in pathlib.Path("/proc").glob("[0-9]*"):
                try:
                    if os.readlink(path / "exe") == BINARY and output.encode() in (path / "cmdline").read_bytes().split(b"\0"):
                        return int(path.name)
                except OSError:
                    pass
            return None

        return self.wait_for(found, f"{output}: nothing is measured", pause=0.01)

    def stopped(self, output):
        pid = self.program_of(output)
        os.kill(pid, signal.SIGSTOP)
        return pid

    def test_array_and_a_finished_one_again(self):
        expected = self.reference(CONDITION)
        array, merge = self.submit("--array", 3, "--time", 10)
        self.ended(array, merge)
        self.assertEqual(self.state(merge), "COMPLETED", self.logs())
        self.assertEqual(self.digest("F.h5"), expected)
        self.assertIn("3 tasks: 3 done\n", self.succeed("status", "F.0-of-3.h5"))
        before = {p.name: p.read_bytes() for p in self.folder.glob("F.*-of-3.h5")}
        job = self.cluster.run("sbatch", "--parsable", "--array=1", "F.slurm", cwd=self.folder).stdout.strip()
        self.ended(job)
        self.assertEqual({p.name: p.read_bytes() for p in self.folder.glob("F.*-of-3.h5")}, before)
        self.assertIn("F.1-of-3.h5: share 1/3 is complete: nothing was left to measure", (self.folder / "F.1.log").read_text())

    def test_cancelled_requeued_and_out_of_time(self):
        """Task 0 is put back into the queue, 1 is cancelled, 2 meets its time limit; all are stopped until that is so."""
        expected = self.reference(LONG.replace("1000", "3000"))
        # Slurm looks at time limits every half minute, and gives whole minutes: the signal comes within 40 s.
        array, merge = self.submit("--array", 3, "--time", 1, change=lambda text: re.sub(r"USR1@\d+", "USR1@50", text))
        with concurrent.futures.ThreadPoolExecutor() as at_once:  # none ends while another is waited for
            programs = list(at_once.map(lambda i: self.stopped(f"F.{i}-of-3.h5"), range(3)))
        self.assertEqual(self.cluster.run("scancel", f"{array}_1").returncode, 0)
        self.assertEqual(self.cluster.run("scontrol", "requeue", f"{array}_0").returncode, 0)
        for pid in programs[:2]:
            os.kill(pid, signal.SIGCONT)

        def told():  # or told and woken, and gone already: what it said is looked at below
            try:
                status = pathlib.Path(f"/proc/{programs[2]}/status").read_text()
            except FileNotFoundError:
                return True
            return int(re.search(r"ShdPnd:\s*(\w+)", status)[1], 16) >> (signal.SIGUSR1 - 1) & 1

        self.wait_for(told, "no signal before the time limit")
        with contextlib.suppress(ProcessLookupError):
            os.kill(programs[2], signal.SIGCONT)
        self.ended(array, merge)
        self.assertEqual(self.state(merge), "FAILED", self.logs())  # as the share of task 1 is not complete
        self.assertIn("missing", (self.folder / "F.merge.log").read_text())
        self.assertRegex((self.folder / "F.merge.log").read_text(), r"3 tasks: 2 done, 1 failed \(1\)\n--array=1\n")
        for i in range(3):
            self.assertIn("theoremeter: interrupted; finished draws are in", (self.folder / f"F.{i}.log").read_text())
        again = re.search(r"--array=\S+", self.succeed("status", "F.0-of-3.h5"))[0]
        job = self.cluster.run("sbatch", "--parsable", again, "F.slurm", cwd=self.folder).stdout.strip()
        self.ended(job)
        self.succeed("merge", *(p.name for p in self.folder.glob("F.*-of-3.h5")), "--output", "F.h5", "--overwrite", "--complete")
        self.assertEqual(self.digest("F.h5"), expected)

    def test_ranks(self):
        expected = self.reference(CENSUS)
        job, merge = self.submit("--mpi", 3)  # srun --mpi=pmix
        self.ended(job, merge)
        self.assertEqual(self.state(merge), "COMPLETED", self.logs())
        self.assertEqual(self.digest("F.h5"), expected)
        job = self.cluster.run("sbatch", "--parsable", "--ntasks=3", "--output=m.log", "--wrap",
                               f"mpirun -n 3 {BINARY} run e.toml --output m.h5", cwd=self.folder).stdout.strip()
        self.ended(job)
        self.assertTrue((self.folder / "m.h5").exists(), self.logs())
        self.assertEqual(self.digest("m.h5"), expected)

    def test_ranks_requeued(self):
        expected = self.reference(LONG.replace("1000", "3000"))
        job, merge = self.submit("--mpi", 2)
        self.program_of("F.h5")
        self.assertEqual(self.cluster.run("scontrol", "requeue", job).returncode, 0)
        self.ended(job, merge)
        self.assertIn("theoremeter: interrupted; finished draws are in F.h5; to go on: srun --mpi=pmix -n 2 ", self.logs())
        self.assertEqual(self.state(merge), "COMPLETED", self.logs())
        self.assertEqual(self.digest("F.h5"), expected)


def started_cluster():
    """A cluster; or why there is none."""
    for name in ("slurmctld", "slurmd", "munged", "sbatch", "mpirun"):
        if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return None, f"no {name}: apt install slurm-wlm munge openmpi-bin"
    cluster = Cluster()
    try:
        cluster.start()
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        said = "".join((cluster.folder / f"{name}.out").read_text() for name in ("munged", "slurmctld", "slurmd")
                       if (cluster.folder / f"{name}.out").exists())
        cluster.stop()
        return None, f"Slurm's daemons do not run here: {error}\n{said[-2000:]}"
    return cluster, None


class Together(unittest.TestSuite):
    """All tests at the same time: they wait for Slurm most of theirs."""

    def run(self, result, debug=False):
        def each(tests):
            for test in tests:
                yield from each(test) if isinstance(test, unittest.TestSuite) else [test]

        threads = [threading.Thread(target=test.run, args=(result,)) for test in each(self)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return result


def main():
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    Commands.cluster, reason = started_cluster()
    try:
        load = unittest.defaultTestLoader
        suite = load.loadTestsFromNames(names, sys.modules[__name__]) if names else unittest.TestSuite(
            load.loadTestsFromTestCase(case) for case in ([Jobs, Scripts] if Commands.cluster else [Scripts]))
        good = unittest.TextTestRunner(verbosity=2 if "-v" in sys.argv else 1).run(Together(suite)).wasSuccessful()
    finally:
        if Commands.cluster:
            Commands.cluster.stop()
    if good and reason:
        print(f"skipped: jobs: {reason}")
    return 0 if good and not reason else 77 if good else 1


if __name__ == "__main__":
    sys.exit(main())
