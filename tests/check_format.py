#!/usr/bin/env python3
"""Every C++ file is as clang-format leaves it."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ("theory", "estimators", "experiments", "results", "tests")


def main():
    tool = shutil.which("clang-format") or shutil.which("clang-format-14")
    if not tool:
        print("clang-format is not installed")
        return 1
    files = [str(f) for layer in LAYERS for f in sorted((ROOT / layer).glob("**/*.[ch]pp"))]
    return subprocess.run([tool, "--dry-run", "-Werror", "--style=file", *files], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
