#!/usr/bin/env python3
"""Each header compiles alone, twice over, without a warning, with the flags of the build (precompiled headers apart).

    check_headers.py [BUILD]        BUILD holds compile_commands.json (default: the environment's BUILD_DIR, or build)

Where a header's first include is another of ours, that one is compiled as if alone, too: nothing stands before it.
What compiled is remembered in BUILD/header_checks until it, or something it includes, changes.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ("theory", "estimators", "results", "experiments", "tests")
JOBS = 2


def compilers(build):
    """The compiler and its flags by layer, from the first source of each."""
    commands = {}
    for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        layer = pathlib.Path(entry["file"]).relative_to(ROOT).parts[0]
        commands.setdefault(layer, without_precompiled(words[: words.index("-o")]))
    return commands


def without_precompiled(words):
    """CMake includes its precompiled header ahead of everything: -include .../cmake_pch.hxx."""
    at = [i for i, word in enumerate(words) if word == "-include"]
    return [word for i, word in enumerate(words) if i not in at and i - 1 not in at]


def needed(headers):
    """Those that are not the first thing another header includes."""
    first = (re.search(r'^#include (.*)$', (ROOT / h).read_text(), re.MULTILINE) for h in headers)
    covered = {include[1].strip('"') for include in first if include}
    return [h for h in headers if str(h) not in covered]


def complaint(command, text, dependencies=None):
    """What the compiler says of `text`; "" when nothing, and `dependencies` then lists what the text includes."""
    alone = command + ["-O0", "-fsyntax-only", "-Werror", "-x", "c++", "-"]
    if dependencies:
        alone += ["-MMD", "-MF", str(dependencies)]
    done = subprocess.run(alone, input=text, capture_output=True, text=True, cwd=ROOT)
    if done.returncode and dependencies:
        dependencies.unlink(missing_ok=True)
    return "" if done.returncode == 0 else done.stderr or f"the compiler ended with code {done.returncode}"


def up_to_date(dependencies, flags):
    """Nothing named in the file `dependencies`, nor the flags, changed since it was written."""
    if not dependencies.is_file():
        return False
    included = [ROOT / word for word in dependencies.read_text().split() if word.endswith(".hpp")]
    return all(f.is_file() and f.stat().st_mtime < dependencies.stat().st_mtime for f in [*included, flags])


def check(header, command, build):
    dependencies = build / "header_checks" / str(header).replace("/", "-")
    if up_to_date(dependencies, build / "compile_commands.json"):
        return ""
    return complaint(command, f'#include "{header}"\n' * 2, dependencies)


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD_DIR", ROOT / "build")).resolve()
    commands = compilers(build)
    any_command = next(iter(commands.values()))
    # The check can fail: neither of these stands alone.
    if not complaint(any_command, "std::string s;\n") or not complaint(any_command, "inline int f(double x) { return x; }\n"):
        print("check_headers.py: a header that does not compile, or warns, goes unnoticed")
        return 1
    (build / "header_checks").mkdir(exist_ok=True)
    headers = [h.relative_to(ROOT) for layer in LAYERS for h in sorted((ROOT / layer).glob("**/*.hpp"))]
    if any("#pragma once" not in (ROOT / h).read_text() for h in headers):
        print("check_headers.py: a header without #pragma once")
        return 1
    compiled = needed(headers)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        said = list(pool.map(lambda h: check(h, commands.get(h.parts[0], any_command), build), compiled))
    failed = [(header, text) for header, text in zip(compiled, said) if text]
    for header, text in failed:
        print(f"{header} does not compile alone:\n{text}")
    print(f"{len(headers)} headers in {len(compiled)} compilations, {len(failed)} fail")
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
