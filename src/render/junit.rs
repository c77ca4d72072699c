//! JUnit XML: one test suite an input, one test case a splat.
//!
//! In: reports. Out: a document of Jenkins' schema (`junit-10.xsd`), without clock times. An input
//! without splats is a test that passed.

use super::clean::{clean, clean_xml};
use super::facts;
use super::output::{Ending, Output, Standing};
use super::style::Style;
use super::text;
use crate::analyzer::Input;
use crate::grammar::{Grammar, Level};
use crate::report::Report;
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use std::error::Error;

/// The output as JUnit XML.
pub struct Junit<'a> {
    grammar: &'a Grammar,
    suites: Vec<TestSuite>,
    /// Of the input at hand.
    cases: Vec<TestCase>,
    errors: Vec<TestCase>,
}

impl<'a> Junit<'a> {
    /// Without reports yet.
    pub fn new(grammar: &'a Grammar) -> Junit<'a> {
        Junit {
            grammar,
            suites: Vec::new(),
            cases: Vec::new(),
            errors: Vec::new(),
        }
    }
}

impl Output for Junit<'_> {
    fn report(&mut self, report: Report, standing: Standing<'_>) -> String {
        if report.level == Level::Notice && !standing.fails {
            return String::new();
        }
        let block = text::report(&report, self.grammar, &Style::plain());
        let status = status(&report, standing, &block);
        let mut case = TestCase::new(line(facts::headline(&report)), status);
        case.set_classname(line(&report.signature));
        if matches!(case.status, TestCaseStatus::Success { .. }) {
            case.set_system_out(clean_xml(&block));
        }
        self.cases.push(case);
        String::new()
    }

    fn input(&mut self, input: Input) {
        let mut suite = TestSuite::new(line(&input.path));
        if self.cases.is_empty() {
            self.cases.push(clean_input(&input.path));
        }
        suite.add_test_cases(std::mem::take(&mut self.cases));
        self.suites.push(suite);
    }

    fn error(&mut self, error: &dyn Error) -> String {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(line(&error.to_string()));
        self.errors.push(TestCase::new("readable", status));
        String::new()
    }

    fn finish(&mut self, _: Ending<'_>) -> String {
        let mut document = Document::new(env!("CARGO_PKG_NAME"));
        document.add_test_suites(std::mem::take(&mut self.suites));
        let rest = [
            ("interrupted", &mut self.cases),
            ("input", &mut self.errors),
        ];
        for (name, cases) in rest.into_iter().filter(|(_, cases)| !cases.is_empty()) {
            let mut suite = TestSuite::new(name);
            suite.add_test_cases(std::mem::take(cases));
            document.add_test_suite(suite);
        }
        let xml = document
            .to_string()
            .expect("memory takes all that is written");
        within_schema(&xml)
    }
}

fn status(report: &Report, standing: Standing<'_>, block: &str) -> TestCaseStatus {
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
