"""The dashboard of `ksplat bugs --format html` in a real browser. `tests/html/run` says where everything is."""

import os
import unittest
from pathlib import Path

import memory
from test_page import BINARY, CONTRASTS, OUT
from webdriver import Browser

BUGS = int(os.environ.get("BUGS", 10_000))

# Bugs on the page: one is hostile, one another signature of a title.
ALL = BUGS + 2

# Milliseconds that a person takes for none, on a machine that does other things as well.
NO_DELAY = 250


class Bugs(unittest.TestCase):
    """One browser for all; each test opens the page anew."""

    @classmethod
    def setUpClass(cls):
        OUT.mkdir(parents=True, exist_ok=True)
        cls.page = memory.make(BINARY, OUT, BUGS).as_uri()
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()

    def setUp(self):
        self.browser.cdp("Emulation.setEmulatedMedia", media="", features=[])
        self.browser.cdp("Emulation.clearDeviceMetricsOverride")
        self.browser.open("about:blank")
        self.browser.log("browser")
        self.browser.requests()
        self.browser.open(self.page)

    def tearDown(self):
        """Whatever a test does: nothing is fetched, and the console stays empty."""
        # The icon of a date's control is the browser's own.
        asked = [url for url in self.browser.requests() if url.split("#")[0] != self.page and not url.startswith("data:")]
        self.assertEqual(asked, [])
        self.assertEqual(self.browser.log("browser"), [])

    def titles(self):
        return self.browser.run("return [...document.querySelectorAll('#table tbody a[href^=\"#\"]')].map((a) => a.textContent)")

    def matches(self):
        return int(self.browser.run("return matches.value.split(' ')[0]"))

    def set(self, **controls):
        """Gives controls values, as a person does; gives the milliseconds until the page shows what they ask for."""
        return self.browser.run(
            "const begun = performance.now();"
            "for (const [id, value] of Object.entries(arguments[0])) {"
            "  const control = document.getElementById(id);"
            "  control.value = value;"
            "  if (control.value !== value) throw new Error(`${id} cannot be ${value}`);"
            "  control.dispatchEvent(new Event('input', { bubbles: true }));"
            "}"
            "document.body.getBoundingClientRect();"
            "return performance.now() - begun;",
            controls,
        )

    def count(self, takes):
        """How many bugs of the archive have an event that a filter takes: what the page must show."""
        found = set()
        for splat in memory.events(BUGS):
            if takes(splat):
                found.add(splat["signature"])
        return len(found)

    def test_ten_thousand_bugs_open_at_once(self):
        took = self.browser.run("return performance.getEntriesByType('navigation')[0].loadEventEnd")
        print(f"{ALL} bugs: {took:.0f} ms to load")
        self.assertLess(took, 2000)
        self.assertEqual(self.matches(), ALL)
        self.assertEqual(len(self.titles()), 100)
        self.assertLess(self.browser.run("return document.querySelectorAll('*').length"), 6000)
        self.browser.screenshot(OUT / "memory.png")

    def test_each_filter_shows_what_it_says_and_without_delay(self):
        source = lambda splat: splat["source"]
        date = lambda splat: splat["source"]["date"][:10]
        of_bug = {}
        for splat in memory.events(BUGS):
            known = of_bug.setdefault(splat["signature"], date(splat))
            of_bug[splat["signature"]] = min(known, date(splat))
        fixed = {f"warning:function_{bug}:caller" for bug in range(0, BUGS, 10)}
        rows = [
            ({"text": "function_12 x/"}, lambda s: "function_12" in s["signature"] and "x/" in s["culprit"]["file"]),
            ({"kind": "lockdep"}, lambda s: s["kind"] == "lockdep"),
            ({"subsystem": "USB SUBSYSTEM"}, lambda s: s["routing"]["subsystem"] == "USB SUBSYSTEM"),
            ({"list": memory.LISTS[1]}, lambda s: source(s)["list"] == memory.LISTS[1]),
            ({"kernel": "6.12"}, lambda s: s["kernel"]["release"].startswith("6.12")),
            ({"from": "2025-11-10"}, lambda s: date(s) >= "2025-11-10"),
            ({"to": "2024-01-05"}, lambda s: date(s) <= "2024-01-05"),
            ({"from": "2024-06-01", "to": "2024-06-30"}, lambda s: date(s)[:7] == "2024-06"),
            ({"new": "2025-06-15"}, lambda s: of_bug[s["signature"]] >= "2025-06-15"),
            ({"fixed": "yes"}, lambda s: s["signature"] in fixed),
            ({"fixed": "no", "kind": "kasan"}, lambda s: s["kind"] == "kasan" and s["signature"] not in fixed),
        ]
        slowest = 0
        for controls, takes in rows:
            with self.subTest(controls):
                slowest = max(slowest, self.set(**controls) / len(controls))
                # The variant of the first bug has its mails, and with them its fixes.
                expected = self.count(takes)
                self.assertEqual(self.matches(), expected)
                self.assertGreater(expected, 0)
                self.assertLess(expected, ALL)
            self.browser.click("#reset")
        print(f"slowest filter: {slowest:.0f} ms")
        self.assertLess(slowest, NO_DELAY)
        self.assertEqual(self.matches(), ALL)

    def test_a_month_of_the_plot_is_a_filter(self):
        self.browser.run("document.querySelector('.months g[data-from=\"2025-02\"]').dispatchEvent(new MouseEvent('click', { bubbles: true }))")
        self.assertEqual(self.browser.run("return [from.value, document.getElementById('to').value]"), ["2025-02-01", "2025-02-28"])
        self.assertEqual(self.matches(), self.count(lambda splat: splat["source"]["date"][:7] == "2025-02"))
        self.set(text="function_17")
        bars = self.browser.run("return [...document.querySelectorAll('.months g title')].map((title) => title.textContent)")
        self.assertEqual(len(bars), 24)
        shown = int(self.browser.run("return matches.value.match(/, (\\d+) event/)[1]"))
        self.assertEqual(sum(int(bar.split(": ")[1]) for bar in bars), shown)

    def test_orders_and_further_rows(self):
        self.set(order="title")
        self.assertEqual(self.titles()[1:4], ["WARNING in function_0", "WARNING in function_0", "WARNING in function_1"])
        self.browser.click("#more")
        self.assertEqual(len(self.titles()), 200)
        self.set(order="new")
        days = self.browser.run("return [...document.querySelectorAll('#table tbody .days')].map((cell) => cell.textContent.slice(0, 10))")
        self.assertEqual(days, sorted(days, reverse=True))
        self.assertEqual(days[0][:7], "2025-12")

    def test_a_bug_opens_on_demand_and_leads_back(self):
        self.set(text="function_1234", order="title")
        self.browser.run("scrollTo(0, 50)")
        self.browser.click("#table tbody a[href^='#']")
        self.browser.run("return new Promise(requestAnimationFrame)")
        text = self.browser.run("return document.getElementById('bug').innerText")
        for part in ("WARNING in function_1234", "warning:function_1234:caller", "5 events in 5 mails", "a report of function_1234", "function_1234+0x10/0x20", "6.18.0"):
            self.assertIn(part, text)
        self.assertEqual(self.browser.run("return document.title"), "ksplat: WARNING in function_1234")
        self.assertEqual(self.browser.run("return document.querySelector('#bug .mentions a').href"), "https://lore.kernel.org/all/1234.0@example.org/")
        self.assertFalse(self.browser.run("return document.getElementById('overview').checkVisibility()"))
        self.browser.screenshot(OUT / "memory-bug.png", whole=True)
        self.browser.run("history.back(); return new Promise((done) => setTimeout(done, 200))")
        self.assertEqual(self.titles(), ["WARNING in function_1234"])

    def test_variants_and_bugs_of_one_incident_are_linked(self):
        self.set(text="variant")
        self.browser.click("#table tbody a[href^='#']")
        self.browser.run("return new Promise(requestAnimationFrame)")
        kin = self.browser.run("return [...document.querySelectorAll('#bug .kin a')].map((a) => a.textContent)")
        self.assertEqual(kin, ["warning:function_0:caller", "warning:function_1:caller"])
        self.browser.click("#bug .kin li a")
        self.browser.run("return new Promise(requestAnimationFrame)")
        self.assertIn("fixed by 000000000000 'x: Mend 0'", self.browser.run("return document.getElementById('bug').innerText"))

    def test_a_link_to_a_bug_opens_it(self):
        link = self.browser.run("return document.querySelector('#table tbody tr:last-child a[href^=\"#\"]').hash")
        self.browser.open("about:blank")
        self.browser.open(self.page + link)
        self.assertTrue(self.browser.run("return document.querySelector('#bug h2').checkVisibility()"))
        self.browser.open(self.page + "#bug-0000")
        self.assertTrue(self.browser.run("return document.getElementById('overview').checkVisibility()"))

    def test_nothing_of_a_mail_gets_out_of_its_place(self):
        self.set(text="onerror")
        self.assertEqual(self.titles(), [memory.EVIL])
        self.browser.click("#table tbody a[href^='#']")
        self.browser.run("return new Promise(requestAnimationFrame)")
        self.assertIn(memory.EVIL, self.browser.run("return document.querySelector('#bug h2').textContent"))
        counts = self.browser.run("return ['script', 'img', '[onerror]'].map((s) => document.querySelectorAll(s).length)")
        self.assertEqual(counts, [2, 0, 0])

    def test_light_dark_and_a_telephone(self):
        self.assertEqual(self.browser.run(CONTRASTS), [])
        self.browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.assertEqual(self.browser.run(CONTRASTS), [])
        self.browser.cdp("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=True)
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 390)
        self.browser.screenshot(OUT / "memory-narrow.png")
        self.browser.click("#table tbody a[href^='#']")
        self.browser.run("return new Promise(requestAnimationFrame)")
        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), 390)
        self.browser.screenshot(OUT / "memory-bug-narrow.png", whole=True)

    def test_it_is_whole_without_javascript(self):
        self.browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
        self.browser.open("about:blank")
        self.browser.open(self.page)
        self.browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
        self.assertEqual(self.browser.run("return document.querySelectorAll('tbody tr').length"), ALL)
        self.assertEqual(self.browser.run("return document.querySelectorAll('section.bug').length"), ALL)
        self.assertFalse(self.browser.run("return document.querySelector('.controls').checkVisibility()"))


if __name__ == "__main__":
    unittest.main()
