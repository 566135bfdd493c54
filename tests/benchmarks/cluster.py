#!/usr/bin/env python3
"""What docs/cluster.md says of runs on several ranks, measured: on a machine that has nothing else to do.

    cluster.py [efficiency] [letters] [simulation] [merge] [memory] [survey]        default: all; some 10 minutes

Binaries: build/theoremeter, build/theoremeter_tests (the environment's THEOREMETER, THEOREMETER_TESTS). Two cores at
least. efficiency: draws a second of two ranks over those of one, start and end apart, beside what two processes that
know nothing of each other reach. letters: what MPI and the scheduler take of rank 0. simulation: the scheduler driven by
a model of a thousand ranks. merge: a thousand journals of a thousand draws. memory: of a rank, for ten times the draws.
survey: one draw at every point of the survey of docs/cluster.md, in seconds of one core.
"""

import os
import pathlib
import re
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from mpi_command import BINARY, ENVIRONMENT, children  # noqa: E402

TESTS = os.environ.get("THEOREMETER_TESTS", str(ROOT / "build" / "theoremeter_tests"))
CORES = {**ENVIRONMENT, "OMPI_MCA_hwloc_base_binding_policy": "core", "OMPI_MCA_rmaps_base_oversubscribe": "0"}

# About 50 ms and 1 ms a draw on one core.
DRAWS = {"50 ms": ('condition = "wdc"\nn = 100\nk = 10\nevidence = "sample"\nsamples = 40000\n', 100),
         "1 ms": ('condition = "wdc"\nn = 40\nk = 4\nevidence = "sample"\nsamples = 2000\n', 5000)}
TRIFLE = 'condition = "wdc"\nn = 2\nk = 1\nevidence = "sample"\nsamples = 1\n'  # as quick as a draw can be

COUNTER = r"""
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* Letters of rank 0, the processor time of its main thread, and the part of it that goes into letters. */
static long sent, got;
static double start, in_letters;
static double cpu(void) { struct timespec t; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }
int MPI_Init_thread(int* c, char*** v, int r, int* p) { int e = PMPI_Init_thread(c, v, r, p); start = cpu(); return e; }
int MPI_Isend(const void* b, int n, MPI_Datatype t, int to, int tag, MPI_Comm c, MPI_Request* r) {
  double at = cpu(); int e = PMPI_Isend(b, n, t, to, tag, c, r); in_letters += cpu() - at; ++sent; return e; }
int MPI_Iprobe(int s, int t, MPI_Comm c, int* there, MPI_Status* st) {
  double at = cpu(); int e = PMPI_Iprobe(s, t, c, there, st); if (*there) in_letters += cpu() - at; return e; }
int MPI_Recv(void* b, int n, MPI_Datatype t, int from, int tag, MPI_Comm c, MPI_Status* s) {
  double at = cpu(); int e = PMPI_Recv(b, n, t, from, tag, c, s); in_letters += cpu() - at; ++got; return e; }
int MPI_Finalize(void) {
  int rank; PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) { FILE* f = fopen(getenv("LETTERS"), "w"); fprintf(f, "%ld %ld %.9f %.9f\n", sent, got, in_letters, cpu() - start); fclose(f); }
  return PMPI_Finalize(); }
"""


def experiment(folder, text, draws):
    (folder / "e.toml").write_text(f"{text}draws = {draws}\n")


def run(folder, output, *options, ranks=None, environment=CORES):
    start = ["mpirun", "-n", str(ranks)] if ranks else []
    command = [*start, BINARY, "run", "e.toml", "--threads", "1", "--output", output, "--overwrite", *options]
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def seconds(*processes_of):
    begin = time.perf_counter()
    processes = [start() for start in processes_of]
    for process in processes:
        assert process.wait() == 0
    return time.perf_counter() - begin


def efficiency(folder):
    for name, (text, unit) in DRAWS.items():
        def marginal(*starts, text=text, unit=unit):
            """Of 3 units of draws, beyond one unit's time: start and end cancel."""
            times = []
            for units in (4, 16):
                experiment(folder, text, units * unit)
                times.append(seconds(*starts))
            return times[1] - times[0], times[1]

        one, two, apart = [], [], []
        for _ in range(3):
            one.append(marginal(lambda: run(folder, "a.h5", ranks=1)))
            two.append(marginal(lambda: run(folder, "a.h5", ranks=2)))
            apart.append(marginal(lambda: run(folder, "a.h5", "--share", "0/2"), lambda: run(folder, "b.h5", "--share", "1/2")))
        ratios = {what: statistics.median(a[0] / b[0] for a, b in zip(one, times)) for what, times in (("two ranks", two), ("apart", apart))}
        whole = statistics.median(a[1] / b[1] for a, b in zip(one, two))
        print(f"draws of {one[0][0] / (12 * unit) * 1e3:.2f} ms (about {name}): two ranks {ratios['two ranks']:.3f} times one "
              f"({whole:.3f} with start and merge, of {two[0][1]:.1f} s); two processes apart {ratios['apart']:.3f}", flush=True)


def letters(folder):
    (folder / "counter.c").write_text(COUNTER)
    subprocess.run(["mpicc", "-O2", "-shared", "-fPIC", "counter.c", "-o", "counter.so"], cwd=folder, check=True)
    for name, (text, unit) in DRAWS.items():
        experiment(folder, text, 8 * unit)
        began = time.perf_counter()
        assert run(folder, "a.h5", ranks=2, environment={**CORES, "LD_PRELOAD": str(folder / "counter.so"), "LETTERS": "letters"}).wait() == 0
        wall = time.perf_counter() - began
        sent, got, inside, cpu = map(float, (folder / "letters").read_text().split())
        draws = 8 * unit
        print(f"draws of {name}, two ranks: {(sent + got) / draws:.4f} letters a draw; MPI takes {inside / (sent + got) * 1e6:.1f} us of rank 0 "
              f"a letter; its main thread {cpu / wall:.2%} of a core, looking for letters every millisecond included", flush=True)
    done = subprocess.run([TESTS, "-tc=*time a request takes the scheduler*"], capture_output=True, text=True, check=True)
    print("\n".join(line.split("MESSAGE: ")[1] for line in done.stdout.splitlines() if "MESSAGE: " in line), flush=True)


def simulation(_folder):
    done = subprocess.run([TESTS, "-tc=*thousand ranks*,*hundred ranks*"], capture_output=True, text=True, check=True)
    print("\n".join(line.split("MESSAGE: ")[1] for line in done.stdout.splitlines() if "MESSAGE: " in line), flush=True)


def journal_blocks(path):
    """(headers, records) of a journal: a marker, a length, a hash, so many bytes."""
    data, at, headers, records = path.read_bytes(), 0, b"", []
    while at < len(data):
        marker = 20 if data[at:at + 4] == b"theo" else 4
        end = at + marker + 12 + struct.unpack_from("<I", data, at + marker)[0]
        if marker == 4:
            records.append(data[at:end])
        else:
            headers += data[at:end]
        at = end
    return headers, records


def merge(folder, journals=1000, draws=1000):
    """Two ranks measure so many draws of the quickest kind and are killed; what they wrote is dealt to as many journals."""
    experiment(folder, TRIFLE, journals * draws)
    process = run(folder, "m.h5", ranks=2)
    paths = [folder / f"m.h5.journal.{rank}" for rank in (0, 1)]
    while not all(p.exists() for p in paths) or process.poll() is None and sum(p.stat().st_size for p in paths) < 0.99 * journals * draws * size_of_record(paths):
        time.sleep(0.05)
    for pid in children(process.pid):
        os.kill(pid, 9)
    process.wait()
    records = []
    for path in paths:
        headers, more = journal_blocks(path)
        records += more
        path.unlink()
    for i in range(journals):
        (folder / f"m.h5.journal.{i}").write_bytes(headers + b"".join(records[i::journals]))
    (folder / "m.h5.lock").unlink(missing_ok=True)
    took = seconds(lambda: subprocess.Popen([BINARY, "merge", "m.h5", "--output", "all.h5"], cwd=folder, stdout=subprocess.DEVNULL))
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{journals} journals with {len(records)} draws together, {sum(map(len, records)) / 2**20:.0f} MiB: merged in {took:.1f} s, "
          f"{(folder / 'all.h5').stat().st_size / 2**20:.0f} MiB; no process took more than {most:.0f} MiB", flush=True)


def size_of_record(paths):
    """Bytes; all have the same, once there is one."""
    for path in paths:
        if path.stat().st_size > 20000:
            return len(journal_blocks_head(path))
    return 10**9


def journal_blocks_head(path):
    data = path.read_bytes()[:20000]
    at = 0
    while data[at:at + 4] == b"theo":
        at += 32 + struct.unpack_from("<I", data, at + 20)[0]
    return data[at:at + 16 + struct.unpack_from("<I", data, at + 4)[0]]


def memory(folder):
    for draws in (20_000, 200_000):
        experiment(folder, TRIFLE, draws)
        process = run(folder, "a.h5", ranks=2)
        most = {}
        while process.poll() is None:
            for pid in children(process.pid):
                try:
                    status = pathlib.Path(f"/proc/{pid}/status").read_text()
                    rank = re.search(rb"OMPI_COMM_WORLD_RANK=(\d+)", pathlib.Path(f"/proc/{pid}/environ").read_bytes())[1].decode()
                    most[rank] = int(re.search(r"VmHWM:\s*(\d+)", status)[1]) / 1024
                except (OSError, TypeError):
                    pass
            time.sleep(0.01)
        print(f"{draws} draws: rank 1 takes {most['1']:.0f} MiB at most; rank 0, with the merge, {most['0']:.0f} MiB", flush=True)


def survey(folder):
    page = (ROOT / "docs" / "cluster.md").read_text()
    text = re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1]
    (folder / "survey.toml").write_text(re.sub(r"draws = \d+", "draws = 1", text))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([BINARY, "run", "survey.toml", "--threads", "1", "--output", "s.h5"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    draws = int(re.search(r"draws = (\d+)", text)[1])
    print(subprocess.run([BINARY, "status", "s.h5"], cwd=folder, capture_output=True, text=True).stdout)
    print(f"one draw at each point: {cpu:.0f} s of one core; {draws} draws: {cpu * draws / 3600:.1f} core-hours", flush=True)


def main():
    parts = [efficiency, letters, simulation, merge, memory, survey]
    asked = sys.argv[1:] or [part.__name__ for part in parts]
    for part in parts:
        if part.__name__ in asked:
            with tempfile.TemporaryDirectory(prefix="theoremeter-cluster-") as folder:
                part(pathlib.Path(folder))


if __name__ == "__main__":
    main()
