"""The page of `--format html` in a real browser. `tests/html/run` says where everything is."""

import base64
import os
import subprocess
import unittest
from pathlib import Path

from webdriver import Browser

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus"
OUT = ROOT / "target" / "html"
BINARY = Path(os.environ.get("KSPLAT", ROOT / "target/debug/ksplat"))

# Bugs on the page of very many.
MANY = 1500

WARNING = """\
[{n:5}.000000] WARNING: CPU: 1 PID: 7 at kernel/foo.c:12 f{n}_work+0x10/0x20
[{n:5}.000000] CPU: 1 PID: 7 Comm: x Not tainted 6.{n}.0 #1
[{n:5}.000000] RIP: 0010:f{n}_work+0x10/0x20
[{n:5}.000000] Call Trace:
[{n:5}.000000]  caller+0x1/0x2
[{n:5}.000000] ---[ end trace 0000000000000000 ]---
"""

LOGS = ["ap-4cpu-levels-kaslr", "ap-vmx-bios-kaslr", "bsp-vmx-kaslr", "initcall-archlbr", "reonline", "healthy-s3"]

# What a log would need to say to get out of its place, in every field that is printed.
EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'"

HOSTILE = f"""\
[    1.000000] Linux version 6.1.0{EVIL} (x@y) #1
[    1.000000] DMI: {EVIL}
[    1.000000] Kernel command line: {EVIL}
[    2.000000] ------------[ cut here ]------------
[    2.000000] {EVIL}
[    2.000000] WARNING: CPU: 0 PID: 1 at kernel/{EVIL}.c:1 f+0x1/0x2
[    2.000000] CPU: 0 PID: 1 Comm: <script> Not tainted 6.1.0{EVIL} #1
[    2.000000] Hardware name: \x1b[2J{EVIL}\x00
[    2.000000] RIP: 0010:f+0x1/0x2
[    2.000000] Call Trace:
[    2.000000]  <TASK>
[    2.000000]  g{EVIL}+0x1/0x2
[    2.000000]  g+0x1/0x2 [{EVIL}]
[    2.000000] ---[ end trace 0000000000000000 ]---
"""

# The block of an incident; a report that followed has one within.
BLOCK = "details.report[data-bugs]"

VISIBLE_ROWS = "return [...document.querySelectorAll('#table tbody tr:not([hidden])')]"

CONTRASTS = """
const luminance = (color) => {
  const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const color = getComputedStyle(e).backgroundColor;
    if (!color.startsWith('rgba(0, 0, 0, 0')) return color;
  }
};
const all = document.querySelectorAll('.badge, a, .label, .log code, .log i, .marks a, button, summary span, th, td, dt, dd, p, h1, .for, small, .gap, .where');
return [...all].filter((e) => e.checkVisibility() && !e.closest('.unsure')).map((e) => {
  const style = getComputedStyle(e);
  const ink = e instanceof SVGElement && e.tagName === 'text' ? style.fill : style.color;
  const [high, low] = [luminance(ink), luminance(behind(e))].sort((a, b) => b - a);
  return [(high + 0.05) / (low + 0.05), e.className.baseVal ?? e.className, e.textContent.slice(0, 30)];
}).filter(([ratio]) => ratio < 4.5);
"""


def page(name, folder, *logs):
    """Makes a page; gives its address."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.html"
    command = [BINARY, "--format", "html", "--fail-on", "never", "-o", path, *logs]
    subprocess.run(command, cwd=folder, check=True)
    return path.as_uri()


class Page(unittest.TestCase):
    """One browser for all; each test opens its page anew."""

    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.many = page("many", CORPUS, *[f"{name}/log" for name in LOGS])
        cls.one = page("one", CORPUS, "ap-vmx-bios-kaslr/log")
        (OUT / "bugs.log").write_text("".join(WARNING.format(n=n) for n in range(MANY)))
        cls.bugs = page("bugs", OUT, "bugs.log")

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()

    def open(self, url):
        self.browser.cdp("Emulation.setEmulatedMedia", media="", features=[])
        self.browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
        self.browser.cdp("Emulation.clearDeviceMetricsOverride")
        self.browser.open("about:blank")
        self.browser.log("browser")
        self.browser.requests()
        self.browser.open(url)
        self.url = url

    def tearDown(self):
        """Whatever a test does: nothing is fetched, and the console stays empty."""
        asked = [url for url in self.browser.requests() if url.split("#")[0] != self.url]
        self.assertEqual(asked, [])
        self.assertEqual(self.browser.log("browser"), [])

    def rows(self, what):
        return self.browser.run(f"{VISIBLE_ROWS}.map((row) => {what})")

    def dark(self):
        scheme = {"name": "prefers-color-scheme", "value": "dark"}
        self.browser.cdp("Emulation.setEmulatedMedia", features=[scheme])

    def test_the_page_says_what_was_found(self):
        self.open(self.one)
        text = self.browser.run("return document.body.innerText")
        for part in ("1 late clear", "virtualization (VMX) is on on the boot CPU and off on CPU 1", "identify_secondary_cpu in the call trace", "alternatives patched"):
            self.assertIn(part, text)
        self.assertIn("ap-vmx-bios-kaslr/log", self.browser.run("return document.title"))
        self.browser.screenshot(OUT / "one.png", whole=True)

    def height(self):
        return self.browser.run("return document.documentElement.scrollHeight")

    def test_a_page_of_very_many_bugs_is_small(self):
        self.open(self.bugs)
        took = self.browser.run("return performance.getEntriesByType('navigation')[0].loadEventEnd")
        print(f"{MANY} bugs: {took:.0f} ms to load")
        self.assertEqual(self.browser.run("return matches.value"), f"{MANY} of {MANY}")
        self.assertLess(self.browser.run("return document.querySelectorAll('*').length"), 10 * MANY + 8000)
        self.assertLess(self.height(), 16_000)
        self.browser.screenshot(OUT / "bugs.png")
        self.browser.type("#filter", "f1234_work")
        self.assertLess(self.height(), 1200)
        self.assertEqual(self.rows("row.cells[1].querySelector('a').textContent"), ["WARNING in f1234_work"])
        self.browser.click("#table tbody tr th a")
        self.browser.run("return new Promise(requestAnimationFrame)")
        self.assertIn("f1234_work+0x10/0x20", self.browser.run("return document.querySelector('details.report[open] .log').innerText"))
        self.assertLess(self.height(), 2400)

    def test_a_console_of_very_many_boots_is_small(self):
        boot = "[    0.000000] Linux version 6.{n}.0 (a@b) #1\n[    0.100000] smp: Brought up 1 node, 2 CPUs\n"
        (OUT / "boots.log").write_text("".join((boot + WARNING).format(n=n) for n in range(200)))
        self.open(page("boots", OUT, "boots.log"))
        self.assertLess(self.height(), 16_000)
        self.browser.type("#filter", "f150_work")
        self.assertLess(self.height(), 1400)
        text = self.browser.run("return document.querySelector('.input').innerText")
        self.assertIn("Boot 151 Linux 6.150.0", text)
        self.assertNotIn("Boot 150 ", text)

    def test_the_rest_of_a_list_opens_and_sorts(self):
        self.open(self.bugs)
        self.assertEqual(len(self.rows("row.checkVisibility()")), 100)
        self.browser.click(".bugs .more > summary")
        seen = "[...document.querySelectorAll('.bugs tbody tr')].filter((row) => row.checkVisibility()).length"
        self.assertEqual(self.browser.become(seen, MANY), MANY)
        button = "#table th:nth-child(4) button"
        self.browser.click(button)
        self.browser.click(button)
        self.assertEqual(self.rows("row.cells[3].textContent")[:2], [f"6.{MANY - 1}.0", f"6.{MANY - 2}.0"])

    def test_a_link_leads_into_what_the_browser_has_not_read_yet(self):
        self.open(self.bugs)
        splats = self.browser.run(f"return [...document.querySelectorAll('{BLOCK}')].map((block) => block.id)")
        self.assertEqual(len(splats), MANY)
        self.open(f"{self.bugs}#{splats[-1]}")
        self.url = self.bugs
        top, text = self.browser.run("const open = document.querySelector('details.report[open]'); return [open.getBoundingClientRect().top, open.innerText]")
        self.assertIn(f"f{MANY - 1}_work", text)
        self.assertTrue(0 <= top < 900)
        bugs = self.browser.run("const t = document.createElement('template'); t.innerHTML = document.querySelector('.bugs noscript').textContent; return [...t.content.querySelectorAll('tr')].map((row) => row.id)")
        self.browser.run(f"location.hash = '{bugs[-1]}'; return new Promise(requestAnimationFrame)")
        self.assertTrue(self.browser.run("return document.querySelector(':target').checkVisibility()"))

    def test_titles_signatures_and_links_are_copied(self):
        self.open(self.one)
        self.browser.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        rows = "[...document.querySelectorAll('details.report[open] dl.facts > div')]"
        copied = {}
        for name in ("Title", "Signature", "LKP", "Link"):
            number = self.browser.run(f"return {rows}.findIndex((row) => row.firstChild.textContent === '{name}')")
            self.browser.click(f"details.report[open] dl.facts > div:nth-child({number + 1}) button")
            copied[name] = self.browser.run("return navigator.clipboard.readText()")
        self.assertEqual(copied["Title"], "WARNING in do_clear_cpu_cap")
        self.assertEqual(copied["Signature"], "late-clear:ap:VMX:init_ia32_feat_ctl")
        self.assertEqual(copied["LKP"], "WARNING:at_arch/x86/kernel/cpu/cpuid-deps.c:#do_clear_cpu_cap")
        splat = self.browser.run("return document.querySelector('details.report[open]').id")
        self.assertEqual(copied["Link"], f"{self.one}#{splat}")

    def test_one_event_is_one_block(self):
        self.open(page("incident", CORPUS, "ap-spectre-ucode-many-kaslr/log"))
        late = self.browser.run(f"return [...document.querySelectorAll('{BLOCK}.ap')].map((block) => block.querySelectorAll('.then > li').length)")
        self.assertEqual(late, [15])
        self.browser.screenshot(OUT / "incident.png", whole=True)
        self.browser.click("#table tbody tr th a")
        self.browser.run("return new Promise(requestAnimationFrame)")
        self.assertTrue(self.browser.run("return document.querySelector('.then details[open] .log').checkVisibility()"))

    def test_columns_sort_both_ways(self):
        self.open(self.many)
        button = "#table th:nth-child(3) button"
        self.browser.click(button)
        counts = self.rows("Number(row.cells[2].textContent)")
        self.assertEqual(counts, sorted(counts, reverse=True))
        self.assertGreater(len(set(counts)), 1)
        self.browser.click(button)
        self.assertEqual(self.rows("Number(row.cells[2].textContent)"), sorted(counts))
        self.assertEqual(self.browser.run("return document.querySelector('#table th:nth-child(3)').ariaSort"), "ascending")

    def test_the_keyboard_does_what_the_mouse_does(self):
        self.open(self.many)
        self.browser.run("document.querySelector('#collapse').focus()")
        for _ in range(2):
            self.browser.press("Tab")
        focused = self.browser.run("return document.activeElement.textContent")
        self.assertEqual(focused, "Bug")
        self.browser.press("Enter")
        names = self.rows("row.cells[1].textContent.toLowerCase()")
        self.assertEqual(names, sorted(names))

    def test_words_and_verdicts_filter_bugs_and_their_splats(self):
        self.open(self.many)
        everything = len(self.rows("1"))
        self.browser.type("#filter", "vmx INIT")
        names = self.rows("row.textContent.toLowerCase()")
        self.assertTrue(0 < len(names) < everything)
        self.assertTrue(all("vmx" in name and "init" in name for name in names))
        shown = set(self.rows("row.dataset.bug"))
        blocks = self.browser.run(f"return [...document.querySelectorAll('{BLOCK}')].map((b) => [b.checkVisibility(), b.dataset.bugs])")
        self.assertEqual({bool(shown & set(bugs.split())) for seen, bugs in blocks if seen}, {True})
        self.assertEqual({bool(shown & set(bugs.split())) for seen, bugs in blocks if not seen}, {False})
        empty = "return [...document.querySelectorAll('.part, .input')].filter((p) => p.checkVisibility() && !p.querySelector('details.report:not([hidden])'))"
        self.assertEqual(self.browser.run(empty), [])
        self.assertEqual(self.browser.run("return matches.value"), f"{len(names)} of {everything}")
        self.browser.click("button[data-tone=ap]")
        self.assertEqual(set(self.rows("row.dataset.tone")), {"bsp"})
        self.browser.screenshot(OUT / "filtered.png")

    def test_a_bug_leads_to_its_splat_and_evidence_to_its_line(self):
        self.open(self.many)
        self.browser.type("#filter", "ap:VMX")
        self.assertEqual(self.browser.run("return document.querySelectorAll('details.report[open]').length"), 0)
        self.browser.click("#table tbody tr:not([hidden]) th a")
        self.browser.run("return new Promise(requestAnimationFrame)")
        report = self.browser.run("return document.querySelector('details.report[open]').id")
        self.browser.click(f"#{report} .evidence a")
        number, text = self.browser.run(
            "const line = document.querySelector(':target');"
            "return [line.querySelector('i').textContent, line.querySelector('code').textContent]"
        )
        log = (CORPUS / "ap-vmx-bios-kaslr/log").read_text().split("\n")
        self.assertEqual(text, log[int(number) - 1].rstrip("\r"))
        self.assertTrue(self.browser.run("return document.querySelector(':target').classList.contains('hit')"))
        self.browser.screenshot(OUT / "line.png")
        self.browser.click(":target .marks a")
        self.assertEqual(self.browser.run("return document.querySelector(':target .says').textContent"), "WARN in do_clear_cpu_cap()")

    def test_everything_unfolds_and_folds(self):
        self.open(self.many)
        closed = f"return document.querySelectorAll('{BLOCK}:not([open])').length"
        self.browser.click("#expand")
        self.assertEqual(self.browser.run(closed), 0)
        self.browser.screenshot(OUT / "many.png")
        self.browser.click("#collapse")
        self.assertEqual(self.browser.run(closed), self.browser.run(f"return document.querySelectorAll('{BLOCK}').length"))

    def test_light_and_dark_can_be_read(self):
        self.open(self.one)
        light = self.browser.run("return getComputedStyle(document.documentElement).backgroundColor")
        self.assertEqual(self.browser.run(CONTRASTS), [])
        self.dark()
        self.assertNotEqual(self.browser.run("return getComputedStyle(document.documentElement).backgroundColor"), light)
        self.assertEqual(self.browser.run(CONTRASTS), [])
        self.browser.screenshot(OUT / "dark.png", whole=True)
        self.open(self.many)
        self.dark()
        self.assertEqual(self.browser.run(CONTRASTS), [])

    def test_a_telephone_needs_no_sideways_scrolling(self):
        self.open(self.one)
        self.browser.cdp("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
        width = "return document.documentElement.scrollWidth"
        self.assertLessEqual(self.browser.run(width), 390)
        self.browser.screenshot(OUT / "narrow.png", whole=True)
        self.open(self.many)
        self.browser.cdp("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
        self.browser.run("document.querySelectorAll('details').forEach((details) => (details.open = true))")
        self.assertLessEqual(self.browser.run(width), 390)
        wide = "return [...document.querySelectorAll('.list, .case, .record, tr')].filter((part) => part.scrollWidth > part.clientWidth + 1).map((part) => part.textContent.slice(0, 60))"
        self.assertEqual(self.browser.run(wide), [])
        self.browser.screenshot(OUT / "narrow-many.png", whole=True)

    def test_it_is_whole_without_javascript(self):
        self.browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
        self.browser.open("about:blank")
        self.open_without_script(self.many)
        self.browser.click("details.report > summary")
        self.browser.screenshot(OUT / "plain.png")
        self.browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
        self.assertTrue(self.browser.run("return document.querySelector('details.report').open"))
        self.assertFalse(self.browser.run("return document.querySelector('.controls').checkVisibility()"))
        self.assertEqual(self.browser.run("return document.querySelectorAll('thead button').length"), 0)

        self.browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
        self.open_without_script(self.bugs)
        self.browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
        self.assertEqual(self.browser.run("return document.querySelectorAll('details.report .log').length"), MANY)
        self.assertEqual(self.browser.run("return document.querySelectorAll('.bugs tbody tr').length"), MANY)

    def open_without_script(self, url):
        self.browser.log("browser")
        self.browser.requests()
        self.browser.open(url)
        self.url = url

    def test_paper_shows_every_splat(self):
        self.open(self.many)
        before = self.pdf()
        self.browser.cdp("Emulation.setEmulatedMedia", media="print")
        seen = self.browser.run("return [...document.querySelectorAll('details.report .log')].every((log) => log.checkVisibility())")
        self.assertTrue(seen)
        self.assertGreater(len(before), 50_000)

    def pdf(self):
        pdf = base64.b64decode(self.browser.cdp("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"])
        (OUT / "many.pdf").write_bytes(pdf)
        return pdf

    def test_nothing_of_the_log_gets_out_of_its_place(self):
        OUT.mkdir(parents=True, exist_ok=True)
        name = "<script>alert(3)<"
        (OUT / name).write_text(HOSTILE)
        self.open(page("hostile", OUT, name))
        counts = self.browser.run(
            "return ['script', 'img', 'style', '[onerror]', 'meta'].map((s) => document.querySelectorAll(s).length)"
        )
        self.assertEqual(counts, [1, 0, 1, 0, 5])
        text = self.browser.run("return document.body.innerText")
        self.assertGreaterEqual(text.count(EVIL), 5)
        self.assertIn("<script> (PID 1)", text)
        self.assertFalse(any(ord(c) < 32 and c not in "\n\t" for c in text))
        self.browser.screenshot(OUT / "hostile.png", whole=True)

    def test_a_log_without_splats(self):
        self.open(page("clean", CORPUS, "healthy-2cpu/log"))
        text = self.browser.run("return document.body.innerText")
        self.assertIn("No kernel splat", text)
        self.assertIn("alternatives patched", text)
        self.browser.screenshot(OUT / "clean.png")


if __name__ == "__main__":
    unittest.main()
