//! JUnit XML: one test suite an input, one test case a splat.
//!
//! In: reports. Out: a document of Jenkins' schema (`junit-10.xsd`), without clock times. An input
//! without splats is a test that passed.

use super::clean::{clean, clean_xml};
use super::facts;
use super::output::{Output, RunStatus, RunSummary};
use super::spool::{Rest, Spool};
use super::style::Style;
use super::text;
use crate::analyzer::Input;
use crate::grammar::Level;
use crate::report::Report;
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use std::error::Error;
use std::io;

/// The output as JUnit XML. Suites begin with their counts, and so does the document: either waits until it is whole.
#[derive(Default)]
pub struct Junit {
    suites: Spool,
    counts: Counts,
    /// Of the input at hand.
    cases: Cases,
    errors: Cases,
    rest: Rest,
}

/// Test cases that wait.
#[derive(Debug, Default)]
struct Cases {
    text: Spool,
    counts: Counts,
}

/// Test cases by how they ended.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    tests: usize,
    skipped: usize,
    failures: usize,
    errors: usize,
}

impl Cases {
    fn add(&mut self, case: TestCase) {
        self.counts.tests += 1;
        match &case.status {
            TestCaseStatus::Success { .. } => {}
            TestCaseStatus::Skipped { .. } => self.counts.skipped += 1,
            TestCaseStatus::NonSuccess { kind, .. } => match kind {
                NonSuccessKind::Failure => self.counts.failures += 1,
                NonSuccessKind::Error => self.counts.errors += 1,
            },
        }
        // quick-junit writes whole documents only, so that a case is cut out of one with nothing
        // else.
        let mut suite = TestSuite::new("");
        suite.add_test_case(case);
        let text = document(|document| {
            document.add_test_suite(suite);
        });
        self.text
            .push(lines_between(&text, "<testcase", "</testsuite>"));
    }
}

impl Junit {
    fn add_suite(&mut self, name: &str, cases: Cases) {
        let Counts {
            tests,
            skipped,
            failures,
            errors,
        } = cases.counts;
        self.counts.tests += tests;
        self.counts.failures += failures;
        self.counts.errors += errors;
        let mut suite = TestSuite::new(name);
        (suite.tests, suite.skipped) = (tests, skipped);
        (suite.failures, suite.errors) = (failures, errors);
        let text = document(|document| {
            document.add_test_suite(suite);
        });
        let empty = lines_between(&text, "<testsuite ", "</testsuites>").trim_end();
        let begin = empty.strip_suffix("/>").unwrap_or(empty);
        self.suites.push(&format!("{begin}>\n"));
        self.suites.append(cases.text);
        self.suites.push("    </testsuite>\n");
    }
}

impl Output for Junit {
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        // A notice that fails nothing would be one more passed test for each boot.
        if report.level == Level::Notice && !standing.fails {
            return String::new();
        }
        let block = text::report(&report, &Style::plain());
        let status = status(&report, standing, &block);
        let mut case = TestCase::new(line(facts::headline(&report)), status);
        case.set_classname(line(&report.signature));
        // The text of the others is in their status.
        if matches!(case.status, TestCaseStatus::Success { .. }) {
            case.set_system_out(clean_xml(&block));
        }
        self.cases.add(case);
        String::new()
    }

    fn input(&mut self, input: Input) -> String {
        let mut cases = std::mem::take(&mut self.cases);
        if cases.counts.tests == 0 {
            cases.add(clean_input(&input.path));
        }
        self.add_suite(&line(&input.path), cases);
        String::new()
    }

    fn error(&mut self, error: &dyn Error) -> String {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(line(&error.to_string()));
        self.errors.add(TestCase::new("readable", status));
        String::new()
    }

    fn finish(&mut self, _: RunSummary<'_>) -> String {
        let cases = std::mem::take(&mut self.cases);
        let errors = std::mem::take(&mut self.errors);
        // Cases of an input that was not read to its end have no suite yet.
        for (name, cases) in [("interrupted", cases), ("input", errors)] {
            if cases.counts.tests > 0 {
                self.add_suite(name, cases);
            }
        }
        let Counts {
            tests,
            failures,
            errors,
            ..
        } = self.counts;
        let root = document(|document| {
            (document.tests, document.failures, document.errors) = (tests, failures, errors);
        });
        let root = within_schema(&root);
        let end = root.rfind("</testsuites>").unwrap_or(root.len());
        self.rest.push(std::mem::take(&mut self.suites));
        self.rest.push(root[end..].to_owned());
        root[..end].to_owned()
    }

    fn rest(&mut self) -> io::Result<Option<String>> {
        self.rest.next()
    }
}

/// A document of quick-junit, which writes whole ones only.
fn document(fill: impl FnOnce(&mut Document)) -> String {
    let mut document = Document::new(env!("CARGO_PKG_NAME"));
    fill(&mut document);
    document
        .to_string()
        .expect("memory takes all that is written")
}

/// The lines from the first one with a tag up to the last one with another. What a log says is escaped in them.
fn lines_between<'t>(text: &'t str, first: &str, last: &str) -> &'t str {
    let line = |at: usize| text[..at].rfind('\n').map_or(0, |feed| feed + 1);
    let (begin, end) = (text.find(first).map(line), text.rfind(last).map(line));
    let range = begin.unwrap_or(0)..end.unwrap_or(text.len());
    text.get(range).unwrap_or_default()
}

fn status(report: &Report, standing: RunStatus<'_>, block: &str) -> TestCaseStatus {
    let mut status = match (standing.fails, standing.known()) {
        (true, _) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        (false, Some(_)) => TestCaseStatus::skipped(),
        (false, None) => return TestCaseStatus::success(),
    };
    let reason = standing.known().and_then(|known| known.reason.as_ref());
    status.set_message(line(reason.unwrap_or(&report.title)));
    status.set_type(line(&report.splat.kind));
    status.set_description(clean_xml(block));
    status
}

fn clean_input(path: &str) -> TestCase {
    let mut case = TestCase::new("no kernel splat", TestCaseStatus::success());
    case.set_classname(line(path));
    case
}

/// quick-junit counts the skipped cases of the root too; the schema has no such attribute there.
fn within_schema(xml: &str) -> String {
    let root = xml.find("<testsuites").unwrap_or(0);
    let skipped = xml[root..].find(" skipped=\"").map(|at| root + at);
    let end = xml[root..].find('>').map(|at| root + at);
    match (skipped, end) {
        (Some(from), Some(end)) if from < end => {
            let value = from + " skipped=\"".len();
            let to = xml[value..].find('"').map_or(value, |at| value + at + 1);
            format!("{}{}", &xml[..from], &xml[to..])
        }
        _ => xml.to_owned(),
    }
}

/// The value of an attribute.
fn line(text: &str) -> String {
    clean_xml(&clean(text))
}
