#!/usr/bin/env bash
# Installs what is missing (Debian), builds, runs a small WDC survey and shows its table and figure. Safe to run again.
# With --mpi it also installs Open MPI, and the program can run as ranks of an MPI job.
set -euo pipefail
cd "$(dirname "$0")"

packages=(build-essential cmake ninja-build git libeigen3-dev libboost-dev libhdf5-dev zlib1g-dev libmuparser-dev pkg-config libfmt-dev librandom123-dev libcli11-dev
  libxxhash-dev libtomlplusplus-dev nlohmann-json3-dev doctest-dev libbenchmark-dev python3 python3-numpy python3-h5py python3-matplotlib)
if [ "${1:-}" = --mpi ]; then
  packages+=(openmpi-bin libopenmpi-dev)
  shift
fi
missing=()
for package in "${packages[@]}" "$@"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
  echo "installing: ${missing[*]}" >&2
  as_root=()
  if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

cmake --preset release >/dev/null
cmake --build --preset release --target theoremeter

mkdir -p out
build/theoremeter run wdc-small.toml --output out/wdc-small.h5 --overwrite
build/theoremeter verify out/wdc-small.h5
build/theoremeter plot out/wdc-small.h5 --output out/wdc-small
echo "figure: out/wdc-small.pdf, out/wdc-small.png; results: out/wdc-small.h5"
