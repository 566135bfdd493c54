#!/usr/bin/env bash
# What run.sh does, then all tests. With --sanitize also those that run under the sanitizers.
set -euo pipefail
cd "$(dirname "$0")"
./run.sh clang-format
ctest --test-dir build --output-on-failure -j "$(nproc)"
if [ "${1:-}" = --sanitize ]; then
  ./run.sh clang-14 libomp-14-dev libclang-rt-14-dev
  for sanitizer in asan tsan; do
    cmake --preset "$sanitizer" >/dev/null
    cmake --build --preset "$sanitizer" --target theoremeter_tests
    ctest --test-dir "build/$sanitizer" --output-on-failure -L sanitized
  done
fi
