#!/usr/bin/env bash
# What run.sh does, then all tests, and a little of everything under ASan, UBSan and TSan. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")"
./run.sh --mpi slurm-wlm munge clang-format clang-14 libomp-14-dev libclang-rt-14-dev python3-xarray python3-h5netcdf python3-netcdf4
cmake --build --preset release
ctest --test-dir build --output-on-failure -j "$(nproc)"
for sanitizer in asan tsan; do
  cmake --preset "$sanitizer" >/dev/null
  cmake --build --preset "$sanitizer" --target theoremeter_tests
  ctest --test-dir "build/$sanitizer" --output-on-failure -L sanitized -j "$(nproc)"
done
