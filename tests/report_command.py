#!/usr/bin/env python3
"""`theoremeter report` makes one page of results files that needs nothing else, and refuses in one line what it cannot read.

Where Chromium is installed (apt install chromium) the page is opened in it: at the widths of a desk and of a phone, light and dark.
"""

import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import h5py
import matplotlib.image
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = str(pathlib.Path(os.environ.get("THEOREMETER", ROOT / "build" / "theoremeter")).resolve())
CHROMIUM = shutil.which("chromium")
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(html.parser.HTMLParser):
    """The text of a page, its addresses; and whether every element that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.addresses, self.elements = [], "", [], set()
        self.feed(text)
        self.balanced = not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "srcset", "action", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.open.append("unbalanced")

    def handle_data(self, data):
        self.text += data


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="theoremeter-report-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "sweep.toml").write_text('title = "Is <it> & what?"\ncondition = "wdc"\ndraws = 2\n[[sweep]]\nk = [2, 5]\n'
                                               "n_over_k = [5, 10]\nsamples = 100\nstarts = 4\n")
        cls.run_program("run", "sweep.toml", "--output", "sweep.h5")
        for name, n, k in (("W_1", 6, 2), ("A", 9, 6)):  # matrices given, which the file then holds
            np.save(cls.folder / f"{name}.npy", np.random.default_rng(1).normal(size=(n, k)))
        cls.run_program("census", "phase-retrieval", "--network", "W_1.npy", "--A", "A.npy", "--output", "one.h5")
        cls.run_program("report", "sweep.h5", "one.h5", "--output", "page.html")
        cls.page = Page((cls.folder / "page.html").read_text())

    @classmethod
    def run_program(cls, *words):
        return subprocess.run([BINARY, *words], cwd=cls.folder, check=True, capture_output=True, text=True).stdout

    def test_needs_nothing_else(self):
        self.assertTrue(self.page.balanced)
        self.assertFalse(self.page.elements & {"script", "link", "iframe", "object", "embed"})
        self.assertEqual(len(self.page.addresses), 2)  # a figure each
        for address in self.page.addresses:
            self.assertTrue(address.startswith("data:image/svg+xml;base64,"))
        self.assertNotRegex((self.folder / "page.html").read_text(), r"url\(|@import|https?://")
        self.assertEqual([p.name for p in self.folder.iterdir() if ".part" in p.name], [])

    def test_says_what_the_files_say(self):
        text = self.page.text
        self.assertIn("Is <it> & what?", text)  # as text
        for file in ("sweep.h5", "one.h5"):
            self.assertIn(self.run_program("digest", file).split()[0], text)
        with h5py.File(self.folder / "sweep.h5") as file:
            values, number = file["at_least"][:], file["run_commit"].asstr()[0]
        self.assertIn(number, text)
        point, draw = divmod(int(values.argmax()), values.shape[1])
        said = float(re.search(r"best that all evidence metlargest: >= ([0-9.e+-]+)", text)[1])
        self.assertLessEqual(said, values.max())  # never more than is attained
        self.assertAlmostEqual(said, values.max(), delta=1e-5 * values.max())
        self.assertIn(self.run_program("show", "sweep.h5", "--point", str(point), "--draw", str(draw)), text)  # witnesses
        self.assertIn("attained: the points are in the file", text)
        self.assertIn('title = "Is <it> & what?"', text)  # the experiment
        for line in self.run_program("table", "sweep.h5", "--format", "markdown").splitlines()[2:]:
            for cell in line.strip("| ").split(" | "):
                self.assertIn(cell.strip(), text)

    def test_same_files_same_page(self):
        self.run_program("report", "sweep.h5", "one.h5", "--output", "again.html")
        self.assertEqual((self.folder / "again.html").read_bytes(), (self.folder / "page.html").read_bytes())

    def test_refuses(self):
        whole = (self.folder / "sweep.h5").read_bytes()
        (self.folder / "cut.h5").write_bytes(whole[: len(whole) // 2])
        (self.folder / "text.h5").write_text("no HDF5\n")
        with h5py.File(self.folder / "foreign.h5", "w") as file:
            file["at_least"] = [1.0]
        before = sorted(self.folder.iterdir())
        for files, output in ((["none.h5"], "bad.html"), (["cut.h5"], "bad.html"), (["text.h5"], "bad.html"), (["sweep.h5", "foreign.h5"], "bad.html"),
                              (["."], "bad.html"), (["sweep.h5"], "nowhere/bad.html"), (["sweep.h5"], "sweep.h5"), (["sweep.h5"], ".")):
            with self.subTest(files=files, output=output):
                done = subprocess.run([BINARY, "report", *files, "--output", output], cwd=self.folder, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertRegex(done.stderr, r"\Atheoremeter: [^\n]+\n\Z")
                self.assertEqual(sorted(self.folder.iterdir()), before)
        self.assertEqual((self.folder / "sweep.h5").read_bytes(), whole)

    def browse(self, *words):
        with tempfile.TemporaryDirectory(prefix="theoremeter-chromium-") as profile:
            return subprocess.run([CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                                   "--allow-file-access-from-files", f"--user-data-dir={profile}", *words], cwd=self.folder, timeout=240,
                                  capture_output=True, text=True)

    @unittest.skipUnless(CHROMIUM, "Chromium is not installed (apt install chromium)")
    def test_in_a_browser(self):
        for width in (390, 1200):  # nothing is wider than the page, and every figure is shown
            (self.folder / "frame.html").write_text(
                f'<iframe id="f" src="page.html" style="width:{width}px;height:900px;border:0"></iframe><p id="said"></p><script>'
                'f.onload = () => { const d = f.contentDocument; said.textContent = d.documentElement.scrollWidth + " " + '
                '[...d.images].map(i => i.naturalWidth > 100 && i.getBoundingClientRect().width > 250).join(); }</script>')
            said = self.browse(f"--window-size={width + 100},1000", "--dump-dom", f"file://{self.folder}/frame.html").stdout
            self.assertIn(f'<p id="said">{width} true,true</p>', said)
        for scheme, dark in (("1", False), ("0", True)):
            self.browse("--window-size=800,1000", f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={self.folder}/shot.png",
                        f"file://{self.folder}/page.html")
            image = matplotlib.image.imread(self.folder / "shot.png")[..., :3]
            self.assertEqual(image[5, 5].mean() < 0.3, dark)
            ink = image[20:160].mean(axis=2)  # the heading stands out
            self.assertGreater(ink.max() - ink.min(), 0.7)


if __name__ == "__main__":
    unittest.main()
