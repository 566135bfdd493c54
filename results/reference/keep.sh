#!/bin/sh
# Keeps what the experiments found: keep.sh THEOREMETER FILE.h5 ... (NAME.h5 made by `theoremeter run NAME --output NAME.h5`).
set -eu
program=$1 here=$(dirname "$0")
shift
for file in "$@"; do
  name=$(basename "$file" .h5)
  "$program" table "$file" --format csv > "$here/$name.csv"
  grep -v "^$name," "$here/digests.csv" > "$here/digests.part" 2> /dev/null || echo "experiment,digest,host_cpu,model,compiler,flags" > "$here/digests.part"
  /usr/bin/python3 - "$file" "$name" >> "$here/digests.part" << 'END'
import sys, h5py
cpu = dict(line.split(":", 1) for line in open("/proc/cpuinfo").read().replace("\t", "").split("\n\n")[0].splitlines())
with h5py.File(sys.argv[1]) as f:
    host_cpu, compiler, flags = (f["run_" + key].asstr()[0] for key in ("host_cpu", "compiler", "flags"))
    print(sys.argv[2], f.attrs["digest"], host_cpu, cpu["cpu family"].strip() + "/" + cpu["model"].strip(), compiler, flags, sep=",")
END
  mv "$here/digests.part" "$here/digests.csv"
done
