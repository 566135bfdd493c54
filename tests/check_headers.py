#!/usr/bin/env python3
"""Each header stands alone: it compiles with nothing of ours before it, without a warning, with the flags of the build,
and it, or a header of ours that it includes, includes what it names of the standard library and of others'.

    check_headers.py [BUILD]        BUILD holds compile_commands.json (default: the environment's BUILD_DIR, or build)

Eigen, which takes most of the time, is compiled once and stands before each header that includes it: so what a header
needs of the standard library is read from its text, too.
"""

import concurrent.futures
import functools
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
# What is named, and the headers of which one has to be included for it.
NEEDS = [(re.compile(pattern), headers) for pattern, headers in (
    *((rf"\bstd::{name}\b", (name,)) for name in ("vector", "optional", "variant", "map", "set", "function", "array", "tuple", "string_view",
                                                  "unordered_map", "filesystem", "mutex", "thread", "numbers", "condition_variable")),
    (r"\bstd::(string|to_string)\b", ("string",)),
    (r"\bstd::(u?int(8|16|32|64)_t)\b", ("cstdint",)),
    (r"\bstd::(abs|sqrt|sin|cos|tan|acos|atan2|hypot|ldexp|isnan|isfinite|pow|exp|log)\(", ("cmath", "cstdlib")),
    (r"\bstd::(sort|max_element|min_element|clamp|any_of|all_of|none_of|find_if|transform|lower_bound|upper_bound|copy)\b", ("algorithm",)),
    (r"\bstd::(min|max)\b", ("algorithm", "vector", "string", "map", "functional")),
    (r"\bstd::(move|pair|swap|forward|exchange)\b", ("utility", "vector", "map", "string", "functional", "memory", "tuple")),
    (r"\bstd::(unique_ptr|shared_ptr|make_unique|make_shared)\b", ("memory",)),
    (r"\bstd::numeric_limits\b", ("limits",)),
    (r"\bstd::(accumulate|iota|reduce|inner_product)\b", ("numeric",)),
    (r"\bstd::(runtime_error|logic_error|invalid_argument)\b", ("stdexcept",)),
    (r"\bstd::atomic\b", ("atomic",)),
    (r"\bstd::chrono\b", ("chrono",)),
    (r"\bstd::o?stringstream\b", ("sstream",)),
    (r"\bstd::[io]fstream\b", ("fstream",)),
    (r"\bstd::(same_as|convertible_to|integral|floating_point)\b", ("concepts",)),
    (r"\bEigen::", ("Eigen/",)),
    (r"\bfmt::", ("fmt/",)),
    (r"\bCLI::", ("CLI/",)),
    (r"\bnlohmann::", ("nlohmann/",)),
    (r"\b(TEST_CASE|CHECK|REQUIRE)\(", ("doctest/",)),
    (r"\bboost::math\b", ("boost/math/",)),
    (r"\bboost::multiprecision\b", ("boost/multiprecision/",)),
)]
NEEDS = [(pattern, ("functional",) if headers == ("function",) else headers) for pattern, headers in NEEDS]


def compilers(build):
    """The compiler and its flags by layer, from the first source of each."""
    commands = {}
    for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"])
        words = shlex.split(entry["command"])
        layer = file.relative_to(ROOT).parts[0] if "build" not in file.parts else layer_of_unity(file)
        commands.setdefault(layer, without_precompiled(words[: words.index("-o")]))
    return commands


def layer_of_unity(file):
    """Of files compiled together, in BUILD/CMakeFiles/theoremeter_LAYER.dir/Unity."""
    layer = next(re.match(r"theoremeter_(\w+)\.dir", part)[1] for part in file.parts if part.startswith("theoremeter_"))
    return {"studies": "experiments", "core": "theory"}.get(layer, layer)


def without_precompiled(words):
    """CMake includes its precompiled header ahead of everything: -include .../cmake_pch.hxx."""
    at = [i for i, word in enumerate(words) if word == "-include"]
    return [word for i, word in enumerate(words) if i not in at and i - 1 not in at]


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/|\"(\\.|[^\"\\\n])*\"", '""', re.sub(r'#include "([^"]*)"', r"#include <\1>", text), flags=re.S)


@functools.cache
def included(header):
    """What a header of ours includes, and the headers of ours in it, theirs too."""
    own, all_names = set(re.findall(r'^#include [<"]([^">]+)[">]', (ROOT / header).read_text(), re.MULTILINE)), set()
    for name in own:
        all_names |= included(name) if (ROOT / name).is_file() else {name}
    return all_names


def lacking(text, includes):
    """What the text names without including a header for it."""
    text = without_comments(text)
    return [f"{found[0]} without #include <{headers[0]}>" for pattern, headers in NEEDS if (found := pattern.search(text))
            and not any(name == h or (h.endswith("/") and name.startswith(h)) for h in headers for name in includes)]


def first_in_another(headers):
    """Those that are the first thing another header includes: compiled alone with that one."""
    first = (re.search(r"^#include (.*)$", (ROOT / h).read_text(), re.MULTILINE) for h in headers)
    return {include[1].strip('"') for include in first if include}


def complaint(command, text, before=()):
    """What the compiler says of `text`; "" when nothing."""
    alone = [*command, "-O0", "-fsyntax-only", "-Werror", *before, "-x", "c++", "-"]
    done = subprocess.run(alone, input=text, capture_output=True, text=True, cwd=ROOT)
    return "" if done.returncode == 0 else done.stderr or f"the compiler ended with code {done.returncode}"


def eigen_first(command, folder):
    """Eigen, compiled once: the options that put it first."""
    source = folder / "eigen.hpp"
    source.write_text("#include <Eigen/Dense>\n")
    subprocess.run([*command, "-O0", "-x", "c++-header", str(source), "-o", f"{source}.gch"], check=True, cwd=ROOT)
    return ["-include", str(source)]


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BUILD_DIR", ROOT / "build")).resolve()
    commands = compilers(build)
    any_command = next(iter(commands.values()))
    # The check can fail: none of these stands alone.
    if not (complaint(any_command, "std::string s;\n") and complaint(any_command, "inline int f(double x) { return x; }\n")
            and lacking("std::vector<int> v;", {"string"}) and lacking("Eigen::MatrixXd A;", {"vector"})):
        print("check_headers.py: a header that does not stand alone, or warns, goes unnoticed")
        return 1
    folder = build / "header_checks"
    folder.mkdir(exist_ok=True)
    headers = [h.relative_to(ROOT) for layer in LAYERS for h in sorted((ROOT / layer).glob("**/*.hpp"))]
    if any("#pragma once" not in (ROOT / h).read_text() for h in headers):
        print("check_headers.py: a header without #pragma once")
        return 1
    covered = first_in_another(headers)
    eigen = eigen_first(any_command, folder)

    def check(header):
        includes = included(str(header))
        before = eigen if any(name.startswith("Eigen/") for name in includes) else ()
        missing = lacking((ROOT / header).read_text(), includes)
        if missing or str(header) in covered:
            return "\n".join(missing)
        command = commands.get(header.parts[0], any_command)
        return complaint(command, f'#include "{header}"\n' * 2, before)

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        said = list(pool.map(check, headers))
    failed = [(header, text) for header, text in zip(headers, said) if text]
    for header, text in failed:
        print(f"{header} does not stand alone:\n{text}")
    print(f"{len(headers)} headers, {len(failed)} fail")
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
