//! JSON, field by field as the contract lists it.

mod fix;
mod values;

use super::clean::clean_json;
use super::cpus::CpuComparison;
use super::output::{Output, RunStatus, RunSummary};
use super::spool::{Rest, Spool};
use crate::analyzer::Input;
use crate::fixes::Fix;
use crate::grammar::Level;
use crate::group::Group;
use crate::report::Report;
use fix::FixLine;
use serde::Serialize;
use serde::ser::Serializer;
use std::io;
use values::{CheckJson, input, splat};
pub(super) use values::{SCHEMA, Tool, address};

/// The output as one document, in lines. Inputs are written as they come; splats, which come after them, wait.
#[derive(Default)]
pub struct Json {
    /// Inputs written so far; `None` before the beginning of the document.
    inputs: Option<usize>,
    splats: List,
    notices: List,
    rest: Rest,
}

/// What ends the document.
const LAST: &str = "\n}\n";

/// Values of an array that waits.
#[derive(Debug, Default)]
struct List {
    values: Spool,
    is_begun: bool,
}

impl List {
    fn add(&mut self, value: &impl Serialize) {
        self.values.push(&element(value, !self.is_begun));
        self.is_begun = true;
    }
}

/// A value of an array of the document, with what comes before it.
fn element(value: &impl Serialize, is_first: bool) -> String {
    let comma = if is_first { "" } else { "," };
    format!("{comma}\n    {}", indented(value, 4))
}

/// What ends an array.
fn end_of_array(is_empty: bool) -> &'static str {
    if is_empty { "]" } else { "\n  ]" }
}

/// A value in lines, all but the first of them with so many blanks in front.
pub(super) fn indented(value: &impl Serialize, blanks: usize) -> String {
    let text = serde_json::to_string_pretty(value).expect("no map key but strings");
    // Within strings a line feed is escaped, so that these are the ones between values.
    clean_json(text).replace('\n', &format!("\n{:blanks$}", ""))
}

/// A field of the document, with what comes before it.
fn field(name: &str, value: &impl Serialize) -> String {
    format!(",\n  \"{name}\": {}", indented(value, 2))
}

impl Json {
    fn add_report(&mut self, report: &Report) {
        let list = match report.level {
            Level::Report => &mut self.splats,
            Level::Notice => &mut self.notices,
        };
        list.add(&splat(report));
    }

    fn add_input(&mut self, told: &Input) -> String {
        let cpus = told.cpus.clone().map(CpuComparison::new);
        let cpus = cpus.filter(CpuComparison::compares);
        let beginning = self.beginning();
        let is_first = self.inputs == Some(0);
        self.inputs = self.inputs.map(|inputs| inputs + 1);
        beginning + &element(&input(told, cpus.as_ref()), is_first)
    }

    /// The beginning of the document, once.
    fn beginning(&mut self) -> String {
        if self.inputs.is_some() {
            return String::new();
        }
        self.inputs = Some(0);
        let tool = field("tool", &Tool::default());
        format!("{{\n  \"schema\": {SCHEMA}{tool},\n  \"inputs\": [")
    }

    /// The groups, one by one: there may be many.
    fn push_groups<'g>(&mut self, groups: impl Iterator<Item = &'g Group>) {
        let mut list = List::default();
        groups.for_each(|group| list.add(group));
        self.rest.push(",\n  \"groups\": [".to_owned());
        self.rest.push(list.values);
        self.rest.push(end_of_array(!list.is_begun).to_owned());
    }

    /// The end of the inputs; what follows it up to the last fields comes as the rest.
    fn end(&mut self) -> String {
        let beginning = self.beginning();
        let end = end_of_array(self.inputs == Some(0));
        let splats = std::mem::take(&mut self.splats);
        self.rest.push(splats.values);
        let mut behind = end_of_array(!splats.is_begun).to_owned();
        let notices = std::mem::take(&mut self.notices);
        // The field is there only where there are any, as the schema has it.
        if notices.is_begun {
            behind += ",\n  \"notices\": [";
            self.rest.push(behind);
            self.rest.push(notices.values);
            behind = end_of_array(false).to_owned();
        }
        self.rest.push(behind);
        format!("{beginning}{end},\n  \"splats\": [")
    }
}

impl Output for Json {
    fn report(&mut self, report: Report, _: RunStatus<'_>) -> String {
        self.add_report(&report);
        String::new()
    }

    fn input(&mut self, input: Input) -> String {
        self.add_input(&input)
    }

    fn wants_boots(&self) -> bool {
        true
    }

    /// A scan has its groups after the splats, a check the signatures by what the baseline says of them.
    fn finish(&mut self, ending: RunSummary<'_>) -> String {
        let end = self.end();
        match ending {
            RunSummary::Triage => {}
            RunSummary::Scan(groups) => self.push_groups(groups.iter()),
            RunSummary::Check(comparison) => {
                self.push_groups(comparison.groups.iter().map(|(group, _)| group));
                self.rest.push(field("check", &CheckJson::of(comparison)));
            }
        }
        self.rest.push(LAST.to_owned());
        end
    }

    fn rest(&mut self) -> io::Result<Option<String>> {
        self.rest.next()
    }
}

/// The output as one object a line; what is known is left out, and so are notices.
pub struct Ndjson;

impl Output for Ndjson {
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        match standing.known() {
            None if report.level == Level::Report => splat_line(&report),
            _ => String::new(),
        }
    }

    fn fix(&mut self, fix: &Fix) -> String {
        let text = serde_json::to_string(&FixLine::of(fix)).expect("no map key but strings");
        clean_json(text) + "\n"
    }

    fn wants_fixes(&self) -> bool {
        true
    }

    fn finish(&mut self, _: RunSummary<'_>) -> String {
        String::new()
    }
}

/// The whole document of single inputs, with a line feed at the end.
///
/// # Errors
/// Where a file that a part of it waited in cannot be read back.
pub fn document<'r>(
    inputs: &[Input],
    reports: impl IntoIterator<Item = &'r Report>,
) -> io::Result<String> {
    let mut json = Json::default();
    for report in reports {
        json.add_report(report);
    }
    let mut text: String = inputs.iter().map(|input| json.add_input(input)).collect();
    text += &json.end();
    json.rest.push(LAST.to_owned());
    while let Some(rest) = json.rest()? {
        text += &rest;
    }
    Ok(text)
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        splat(self).serialize(serializer)
    }
}

/// A document in lines, with a line feed at the end.
pub(super) fn pretty(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document).expect("no map key but strings");
    clean_json(text) + "\n"
}

/// One splat as one line of ndjson.
fn splat_line(report: &Report) -> String {
    let text = serde_json::to_string(&splat(report)).expect("no map key but strings");
    clean_json(text) + "\n"
}
