#!/usr/bin/env python3
"""What README and guide tell a reader to type works: the ```sh blocks of each are run, in order, in a copy of the tree of its own;
and those in R and Julia, where these are installed with what the blocks load.

    check_readme.py [DOCUMENT...]   the binary is named by the environment variable THEOREMETER (default: build/theoremeter)

Each block is one script that stops at its first failing line. Lines that install, build or test (./run.sh, ./test.sh,
git, apt, sudo, cmake, ctest) are left out.
"""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = re.compile(r"\s*(\$\s*)?(\./run\.sh|\./test\.sh|git|apt|apt-get|sudo|cmake|ctest|cd)\b")
LANGUAGES = {  # what runs a block, and what tells whether it can
    "sh": (["bash", "-c"], None, ""),
    "r": (["Rscript", "-e"], "library(hdf5r)", "no Rscript with hdf5r (Debian: r-base-core, r-cran-hdf5r)"),
    "julia": (["julia", "-e"], "using HDF5", "no Julia with HDF5 (Debian 12 has no Julia)"),
}
SECONDS = 300  # a block that takes longer is taken to hang


def blocks(text):
    """(line number of the first line, lines, language) of every block fenced as ```sh, or another language that is known."""
    found, inside = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if inside is None and line.strip().removeprefix("```") in LANGUAGES and line.strip().startswith("```"):
            inside = (number + 1, [], line.strip().removeprefix("```"))
        elif inside is not None and line.strip() == "```":
            found.append(inside)
            inside = None
        elif inside is not None:
            inside[1].append(line)
    return found


def script(lines):
    """The block for bash; a skipped line leaves an empty one, so that numbers stay."""
    kept, skipping = [], False
    for line in lines:
        skipping = skipping or bool(SKIPPED.match(line))
        kept.append("" if skipping else re.sub(r"^\s*\$ ", "", line))
        skipping = skipping and line.endswith("\\")
    return "set -euo pipefail; trap 'echo \"line $LINENO\" >&2' ERR;" + "\n".join(kept)


@functools.cache
def lacking(language):
    """What is not there to run its blocks; "" where all is."""
    words, needs, told = LANGUAGES[language]
    if needs is None:
        return ""
    try:
        return told if subprocess.run([*words, needs], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS).returncode else ""
    except FileNotFoundError:
        return told


def copy_of_tree(binary, folder):
    for name in ("experiments", "results", "docs"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "build").mkdir()
    (folder / "build" / "theoremeter").symlink_to(binary)


def failures(text, binary):
    """(line number, what happened) for each block that fails; and how many commands of ours there were."""
    found, commands = [], 0
    with tempfile.TemporaryDirectory(prefix="theoremeter-readme-") as name:
        folder = pathlib.Path(name)
        copy_of_tree(binary, folder)
        path = f"{folder / 'build'}:{os.environ['PATH']}"
        for number, lines, language in blocks(text):
            if lacking(language):
                continue
            code = script(lines) if language == "sh" else "\n".join(lines)
            commands += len(re.findall(r"^\s*(?:./build/)?theoremeter\b", code.replace("ERR;", "ERR;\n"), re.MULTILINE))
            try:
                done = subprocess.run([*LANGUAGES[language][0], code], cwd=folder, env={**os.environ, "PATH": path}, timeout=SECONDS,
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True)
            except subprocess.TimeoutExpired:
                found.append((number, f"no end within {SECONDS} s"))
                continue
            if done.returncode:
                found.append((number, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"))
    return found, commands


def can_fail(binary):
    """A block that is wrong is noticed, wherever it is wrong; one that is right is not."""
    right = "```sh\n$ ./run.sh\ngit clone nowhere\ntheoremeter --version\n./build/theoremeter measure wdc \\\n  --help\n```\n"
    for language, code in (("r", 'stop("wrong")'), ("julia", 'error("wrong")')):
        if not lacking(language) and not failures(f"```{language}\n{code}\n```", binary)[0]:
            return False
    wrong = ["```sh\ntheoremeter mesure\n```", "```sh\nfalse\ntrue\n```", "```sh\n./build/theoremeter show none.h5 | cat\n```"]
    return failures(right, binary) == ([], 2) and all(failures(right + w, binary)[0] for w in wrong)


def main():
    binary = pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve()
    documents = [pathlib.Path(name) for name in sys.argv[1:]] or [ROOT / "README.md", ROOT / "docs" / "guide.md"]
    if not can_fail(binary):
        print("check_readme.py: does not tell right from wrong commands")
        return 1
    wrong = False
    for document in documents:
        found, commands = failures(document.read_text(), binary)
        for number, what in found:
            print(f"{document.name}:{number}: {what}")
        for number, _, language in blocks(document.read_text()):
            if lacking(language):
                print(f"{document.name}:{number}: skipped: {lacking(language)}")
        print(f"{document.name}: {commands} commands, {len(found)} blocks fail")
        wrong = wrong or bool(found) or not commands
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
