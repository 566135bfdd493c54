#!/usr/bin/env python3
"""One page of results files that needs nothing else: no network, no other file. What `theoremeter report` runs.

    report.py --program THEOREMETER --output PAGE.html -- F.h5 [options of plot.py] [-- G.h5 ...]

For each file: what was asked, the table and the figure that the program makes, where the extreme values are attained, what kind
of evidence there is, the statements of the papers concerned, where the numbers come from and their digest.
"""

import base64
import html
import io
import json
import math
import os
import subprocess
import sys

sys.dont_write_bytecode = True  # where this is installed nothing else is to be written
import plot  # noqa: E402  (which says in a line what is missing)
import h5py  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from plot_file import Refused, Results  # noqa: E402
from plot_style import STYLE  # noqa: E402

MEANING = {
    "at least": "attained: the points are in the file, and anyone can evaluate them again",
    "at most": "proved for all points, in exact arithmetic, or attained where the quantity is an infimum",
    "exact": "decided for this instance, nothing sampled",
    "statistic": "computed from the rest",
    "count": "counted",
}
CSS = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5a5a5a; --page: #fdfdfb; --line: #d7d7d2; --shade: #f1f1ec; --link: #0a5a8f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e3; --soft: #a9a9a3; --page: #16171a; --line: #3a3b40; --shade: #212226; --link: #7db8e8; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 62rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 "STIX Two Text", "Source Serif 4", Georgia, "DejaVu Serif", serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.3rem; margin-top: 2.5rem; border-top: 2px solid var(--line); padding-top: 1rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; } p { margin: .4rem 0; } a { color: var(--link); }
.wide { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .6rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
.numbers td, .numbers th { text-align: right; white-space: nowrap; } thead th { background: var(--shade); }
figure { margin: 1rem 0; } figure img { display: block; width: 100%; max-width: 34rem; height: auto; background: white; padding: .6rem; border-radius: 4px; }
figcaption, .soft { color: var(--soft); font-size: .88rem; }
pre { background: var(--shade); padding: .7rem; overflow-x: auto; font-size: .78rem; line-height: 1.4; border-radius: 4px; }
code { font-size: .85em; } summary { cursor: pointer; }
@media print { details > * { display: block; } }
"""


def rounded(value, down):
    """Six digits, so that what is attained is not said to be more, nor what is proved less."""
    near = float(f"{value:.6g}")
    if near > value and down or near < value and not down:
        digit = 10.0 ** (math.floor(math.log10(abs(value))) - 5)
        near += -digit if down else digit
    return f"{near:.6g}"


def text(value):
    return html.escape(value.decode() if isinstance(value, bytes) else str(value))


class Program:
    """What the program says of a file. What it refuses is refused here, in the same words."""

    def __init__(self, path):
        self.path = path

    def says(self, *words):
        done = subprocess.run([self.path, *words], capture_output=True, text=True, errors="replace", env={**os.environ, "COLUMNS": "100"})
        if done.returncode:
            raise Refused(done.stderr.strip().splitlines()[-1].removeprefix("theoremeter: ") if done.stderr.strip() else words[0])
        return done.stdout

    def statements(self, file):
        """Of this file, where the program knows the papers' statements: those for which it has a measured value."""
        try:
            said = json.loads(self.says("theorems", file, "--json"))
        except (Refused, ValueError):
            return []
        listed = said.get("statements", []) if isinstance(said, dict) else said
        return [s for s in listed if isinstance(s, dict) and s.get("measured")]


def table(head, rows, style=""):
    def cells(row, tag):
        return "".join(f"<{tag}>{text(c)}</{tag}>" for c in row)
    top = f"<thead><tr>{cells(head, 'th')}</tr></thead>" if head else ""
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<div class="wide"><table class="{style}">{top}<tbody>{body}</tbody></table></div>'


def table_of_program(program, file):
    """The study's table, with the lines below it that say what its columns are."""
    lines = [line for line in program.says("table", file, "--format", "markdown").splitlines() if line.startswith("|")]
    rows = [[cell.strip().replace("\\|", "|") for cell in line.strip("|").split(" | ")] for line in lines]
    notes = program.says("table", file).rsplit("\n\n", 1)[-1].splitlines()
    legend = [line for line in notes if ": " in line and not line.startswith(" ") and "  " not in line.split(": ")[0]]
    return table(rows[0], rows[2:], "numbers") + "".join(f'<p class="soft">{text(line)}</p>' for line in legend[-8:])


def picture(words):
    """The study's figure as an image within the page; or why there is none."""
    try:
        fig = plot.figure(plot.options_of(words))
    except Refused as refused:
        return f'<p class="soft">No figure: {text(refused)}.</p>'
    svg = io.BytesIO()
    fig.savefig(svg, format="svg", dpi=200, metadata={"Date": None})
    plt.close(fig)
    data = base64.b64encode(svg.getvalue()).decode()
    return f'<figure><img alt="figure of {text(os.path.basename(words[0]))}" src="data:image/svg+xml;base64,{data}"></figure>'


def columns_of_table(program, file, results):
    """The columns with a direction that the study's table shows, one value a draw."""
    heads = program.says("table", file, "--format", "csv").splitlines()[0].split(",")
    names = dict.fromkeys(h.removesuffix("_min").removesuffix("_max") if h not in results.file else h for h in heads)
    return [n for n in names if isinstance(results.file.get(n), h5py.Dataset) and results.file[n].ndim == 2 and results.file[n].dtype.kind == "f"
            and results.kind(n) in ("at least", "at most")]


def extremes(program, file, results):
    """Where each column with a direction is extreme, and all of that draw: its witnesses among the rest."""
    rows, shown = [], {}
    for name in columns_of_table(program, file, results):
        values = results.column(name)
        if not np.isfinite(values).any():
            continue
        largest = results.kind(name) == "at least"
        where = np.nanargmax(values) if largest else np.nanargmin(np.where(np.isfinite(values), values, np.nan))
        point, draw = map(int, np.unravel_index(where, values.shape))
        number = int(results.file["draw"][draw]) if "draw" in results.file else draw
        sign = ">=" if largest else "<="
        rows.append((results.file[name].attrs["long_name"], f"{'largest' if largest else 'least'}: {sign} {rounded(values[point, draw], largest)}",
                     f"point {point}, draw {number}"))
        shown.setdefault((point, number), []).append(name)
    parts = [table(("value", "extreme", "where"), rows)] if rows else ['<p class="soft">No column has a direction.</p>']
    for (point, draw), names in shown.items():
        parts.append(f"<details><summary>point {point}, draw {draw} in full, with its witnesses ({text(', '.join(names))})</summary>"
                     f"<pre>{text(program.says('show', file, '--point', str(point), '--draw', str(draw)))}</pre></details>")
    return "".join(parts)


def evidence(results):
    measured, undefined, missing = ((results.state == s).sum() for s in (1, 2, 0))
    kinds = {}
    for name, data in results.file.items():
        if isinstance(data, h5py.Dataset) and data.ndim >= 2 and data.shape[:2] == results.state.shape and "kind" in data.attrs:
            kinds.setdefault(str(data.attrs["kind"]), []).append(name)
    rows = [(kind, MEANING[kind], ", ".join(names)) for kind, names in kinds.items() if kind in MEANING]
    draws = f"{measured} draws measured" + (f", {undefined} without such a value" if undefined else "") + (
        f", {missing} not measured yet" if missing else "")
    return f"<p>{draws}, at {results.state.shape[0]} points.</p><details><summary>kinds of evidence</summary>" + table(
        ("kind", "meaning", "columns"), rows) + "</details>"


def statements(program, file):
    parts = []
    for s in program.statements(file):
        name = " ".join(str(s[k]) for k in ("paper", "number") if s.get(k)) or s.get("id", "")
        measured = [m for m in s["measured"] if isinstance(m, dict)]
        heads = [k for k in dict.fromkeys(k for m in measured for k in m) if any(m.get(k) not in (None, "", [], {}) for m in measured)]
        rows = [[json.dumps(m.get(k)) if isinstance(m.get(k), (dict, list)) else "" if m.get(k) is None else f"{m[k]:.6g}" if isinstance(
            m[k], float) else m[k] for k in heads] for m in measured]
        ones = "".join(f" Allowed with {name} = 1, which has no number in the paper." for name in s.get("taken_as_one", []))
        parts.append(f"<p><b>{text(name)}</b> {text(s.get('says', ''))} <span class='soft'>{text(s.get('source', ''))}{text(ones)}</span></p>"
                     + table([h.replace("_", " ") for h in heads], rows))
    return f"<h3>Statements concerned</h3>{''.join(parts)}" if parts else ""


def provenance(results, file):
    runs = [(name.removeprefix("run_").replace("_", " "), results.file[name].asstr()[:]) for name in results.file
            if name.startswith("run_")]
    rows = [(name, "; ".join(dict.fromkeys(values))) for name, values in runs]
    rows += [("digest", results.file.attrs["digest"]), ("file", f"{os.path.basename(file)}, {os.path.getsize(file)} bytes")]
    parts = [table((), rows)]
    if "experiment" in results.file["about"]:
        experiment = str(np.ravel(results.file["about/experiment"].asstr()[()])[0])
        if experiment.strip():
            parts.append(f"<details><summary>the experiment, as it was run</summary><pre>{text(experiment)}</pre></details>")
    parts.append(f'<p class="soft"><code>theoremeter verify {text(os.path.basename(file))}</code> evaluates the witnesses again from the '
                 "definition; <code>theoremeter digest</code> prints the digest, equal for equal results.</p>")
    return "".join(parts)


def heading(results):
    about = json.loads(np.ravel(results.file["about/description"].asstr()[()])[0])
    study = f"{about['key']} {about['study']}"
    return (results.title or study), study


def section(program, words):
    file = words[0]
    results = Results(file)
    title, study = heading(results)
    return title, (f"<h2>{text(title)}</h2><p class='soft'>{text(study)}, {text(os.path.basename(file))}</p>"
                   + picture(words) + "<h3>Table</h3>" + table_of_program(program, file)
                   + "<h3>Extremes and their witnesses</h3>" + extremes(program, file, results)
                   + statements(program, file)
                   + "<h3>Evidence</h3>" + evidence(results) + "<h3>Provenance</h3>" + provenance(results, file))


def page(program, files):
    titles, sections = zip(*(section(program, words) for words in files))
    title = titles[0] if len(titles) == 1 else f"{titles[0]}, and {len(titles) - 1} more"
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{text(title)}</title><style>{CSS}</style></head><body><h1>{text(title)}</h1>"
            f'<p class="soft">Made by {text(program.says("--version").strip())}. "&gt;=" is attained at a stored point; "&lt;=" is proved, or '
            f'attained where an infimum is measured.</p>{"".join(sections)}</body></html>\n')


def split(words):
    """The words between "--": those for us, then of each file its name and the options of its figure."""
    groups = [[]]
    for word in words:
        groups.append([]) if word == "--" else groups[-1].append(word)
    return groups


def main():
    (_, program, _, output), *files = split(sys.argv[1:])
    plt.rcParams.update(STYLE)
    part = output + ".part"
    try:
        if any(os.path.exists(output) and os.path.samefile(output, words[0]) for words in files if os.path.exists(words[0])):
            raise Refused("--output: is one of the results files")
        written = page(Program(program), [[*words, "--program", program] for words in files])
        with open(part, "w", encoding="utf-8") as to:
            to.write(written)
        os.replace(part, output)
    except Refused as refused:
        print(f"theoremeter: {refused}", file=sys.stderr)
        return 2
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        print(f"theoremeter: a results file is not as format 2 has it: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"theoremeter: {error.filename or output}: {error.strerror or error}", file=sys.stderr)
        return 2
    finally:
        if os.path.exists(part):
            os.remove(part)
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
