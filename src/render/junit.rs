//! JUnit XML: one test suite an input, one test case a splat.
//!
//! In: reports. Out: a document of Jenkins' schema (`junit-10.xsd`), without clock times. An input
//! without splats is a test that passed.

use super::clean::{clean, clean_lines};
use super::facts;
use super::output::{Output, Run, Standing};
use super::style::Style;
use super::text;
use crate::grammar::Grammar;
use crate::report::Report;
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use std::collections::HashMap;

/// The output as JUnit XML.
pub struct Junit<'a> {
    grammar: &'a Grammar,
    /// By path of the input.
    cases: HashMap<String, Vec<TestCase>>,
}

impl<'a> Junit<'a> {
    /// Without reports yet.
    pub fn new(grammar: &'a Grammar) -> Junit<'a> {
        Junit {
            grammar,
            cases: HashMap::new(),
        }
    }
}

impl Output for Junit<'_> {
    fn report(&mut self, report: Report, standing: Standing) -> String {
        let block = text::report(&report, self.grammar, &Style::plain());
        let headline = clean(facts::headline(&report)).into_owned();
        let mut case = TestCase::new(headline.as_str(), status(&report, standing, &block));
        case.set_classname(clean(&report.signature));
        if matches!(case.status, TestCaseStatus::Success { .. }) {
            case.set_system_out(clean_lines(&block));
        }
        let path = report.splat.source.path;
        self.cases.entry(path).or_default().push(case);
        String::new()
    }

    fn finish(&mut self, run: &Run<'_>) -> String {
        let mut document = Document::new(env!("CARGO_PKG_NAME"));
        for input in run.inputs {
            let mut suite = TestSuite::new(clean(&input.path));
            suite.add_test_cases(match self.cases.remove(&input.path) {
                Some(cases) => cases,
                None => vec![clean_input(&input.path)],
            });
            document.add_test_suite(suite);
        }
        let xml = document
            .to_string()
            .expect("memory takes all that is written");
        within_schema(&xml)
    }
}

fn status(report: &Report, standing: Standing, block: &str) -> TestCaseStatus {
    let mut status = match &standing {
        Standing::Passes => return TestCaseStatus::success(),
        Standing::Known { .. } => TestCaseStatus::skipped(),
        Standing::Fails => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    let message = match &standing {
        Standing::Known { reason } => clean(reason),
        _ => clean(&report.title),
    };
    status.set_message(message);
    status.set_type(clean(&report.splat.kind));
    status.set_description(clean_lines(block));
    status
}

fn clean_input(path: &str) -> TestCase {
    let mut case = TestCase::new("no kernel splat", TestCaseStatus::success());
    case.set_classname(clean(path));
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
