//! What differs between the CPUs of a machine, as `ksplat cpus` prints it.

use super::clean::clean;
use super::html::{PageParts, page_of};
use super::json::{SCHEMA, Tool, pretty};
use super::style::Style;
use super::words::{count, wrap};
use crate::cpus::{Agreed, CpuTable, Difference, Printed, Row, Subject, label, ranges};
use maud::{Markup, html};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Blanks between two columns.
const GAP: usize = 2;

/// A comparison, ready to be printed.
pub struct CpuComparison {
    table: CpuTable,
    differences: Vec<Difference>,
    /// What the CPUs agree on, by where it is printed.
    alike: BTreeMap<String, Vec<(String, String)>>,
    /// The same of sockets.
    sockets: Option<Box<CpuComparison>>,
}

impl CpuComparison {
    /// Of all that was gathered.
    pub fn new(table: CpuTable) -> CpuComparison {
        let differences = table.differences();
        let mut alike: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for row in table.rows() {
            if let Some((source, name, value)) = agreed(row) {
                alike.entry(source).or_default().push((name, value));
            }
        }
        let sockets = table.sockets().cloned();
        CpuComparison {
            table,
            differences,
            alike,
            sockets: sockets.map(|sockets| Box::new(CpuComparison::new(sockets))),
        }
    }

    /// True where the CPUs differ.
    pub fn has_differences(&self) -> bool {
        let sockets = self.sockets.as_deref();
        !self.differences.is_empty() || sockets.is_some_and(CpuComparison::has_differences)
    }

    /// True where something is said of more than one CPU, or of one that is in trouble.
    pub fn compares(&self) -> bool {
        let sockets = self.sockets.as_deref();
        self.has_differences()
            || !self.alike.is_empty()
            || sockets.is_some_and(CpuComparison::compares)
    }

    /// For people.
    pub fn text(&self, style: &Style) -> String {
        if self.table.is_empty() {
            return "no line says anything of single CPUs\n".to_owned();
        }
        let mut out = String::new();
        if self.has_own() {
            out += &self.of_unit(style);
        }
        if let Some(sockets) = &self.sockets {
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = write!(out, "{gap}{}", sockets.of_unit(style));
        }
        out
    }

    /// False where all that is said is of sockets.
    fn has_own(&self) -> bool {
        !self.table.rows().is_empty()
    }

    fn of_unit(&self, style: &Style) -> String {
        let mut out = String::new();
        let headline = Style::paint(style.headline, self.headline());
        let _ = writeln!(out, "{headline}\n");
        for difference in &self.differences {
            let _ = writeln!(
                out,
                "{}",
                wrap(&clean(&self.sentence(difference)), style.width, 2)
            );
        }
        if !self.differences.is_empty() {
            out.push('\n');
            out += &self.columns(style);
        }
        for (source, fields) in &self.alike {
            let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
            let line = format!("Alike on all: {source}: {}", names.join(", "));
            let _ = writeln!(
                out,
                "{}",
                Style::paint(style.dim, wrap(&clean(&line), style.width, 2))
            );
        }
        out
    }

    /// How many CPUs, and whether they differ.
    pub fn headline(&self) -> String {
        let cpus = self.table.cpus();
        let which = format!(
            "{} ({})",
            count(cpus.len() as u64, self.word()),
            ranges(cpus)
        );
        let empty = self.table.empty();
        let empty = match empty.len() {
            0 => String::new(),
            n => format!(", {n} empty ({})", ranges(empty)),
        };
        match self.differences.len() {
            0 => format!("{which}{empty}, no difference"),
            n => format!("{which}{empty}, {}", count(n as u64, "difference")),
        }
    }

    /// What one is called.
    fn word(&self) -> &'static str {
        self.table.unit().word()
    }

    /// What differs, on which CPUs, and what that says.
    fn sentence(&self, difference: &Difference) -> String {
        let unit = self.table.unit();
        let values = difference
            .values
            .iter()
            .map(|agreed| format!("{} {}", label(unit, &agreed.cpus), agreed.value));
        let values = values.collect::<Vec<_>>().join(", ");
        let says = difference.says.join("; ");
        let title = title(difference);
        match says.is_empty() {
            true => format!("{title}: {values}"),
            false => format!("{title}: {values}: {says}"),
        }
    }

    /// One column for CPUs that agree; one under the other where that is too wide.
    fn columns(&self, style: &Style) -> String {
        let classes = self.table.classes(&self.differences);
        let heads = classes
            .iter()
            .map(|class| format!("{} {}", self.word(), ranges(class)));
        let mut lines = vec![
            std::iter::once(String::new())
                .chain(heads)
                .collect::<Vec<_>>(),
        ];
        for difference in &self.differences {
            let values = classes
                .iter()
                .map(|class| value_of(difference, class).to_owned());
            lines.push(std::iter::once(title(difference)).chain(values).collect());
        }
        let width_of = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
        let widths: Vec<_> = (0..=classes.len()).filter_map(width_of).collect();
        let mut out = String::new();
        // Columns are easy to compare only as long as no line is broken.
        if widths.iter().map(|width| width + GAP).sum::<usize>() <= style.width {
            for line in lines {
                let cells = line.iter().zip(&widths);
                let cells = cells.map(|(cell, width)| format!("{:1$}", clean(cell), width + GAP));
                let _ = writeln!(out, "{}", cells.collect::<String>().trim_end());
            }
        } else {
            for difference in &self.differences {
                let _ = writeln!(out, "{}", clean(&title(difference)));
                for agreed in &difference.values {
                    let of = format!("{} {}", self.word(), ranges(&agreed.cpus));
                    let line = format!("  {of}: {}", agreed.value);
                    let _ = writeln!(out, "{}", wrap(&clean(&line), style.width - 2, 4));
                }
            }
        }
        out.push('\n');
        out
    }

    /// One document, with a line feed at the end.
    pub fn json(&self, inputs: &[String]) -> String {
        pretty(&CpusDocument {
            schema: SCHEMA,
            tool: Tool::default(),
            inputs,
            table: self.value(),
        })
    }

    /// As a value of JSON.
    pub(super) fn value(&self) -> CpusJson<'_> {
        CpusJson {
            cpus: self.table.cpus(),
            differences: self.differences_json(CountedJson::Cpus),
            alike: self.alike(),
            sockets: self.sockets.as_ref().map(|sockets| SocketsJson {
                sockets: sockets.table.cpus(),
                empty: sockets.table.empty(),
                differences: sockets.differences_json(CountedJson::Sockets),
                alike: sockets.alike(),
            }),
        }
    }

    fn differences_json<'a>(
        &'a self,
        counted: fn(&'a BTreeSet<u32>) -> CountedJson<'a>,
    ) -> Vec<DifferenceJson<'a>> {
        let all = self.differences.iter();
        all.map(|difference| DifferenceJson::of(difference, counted))
            .collect()
    }

    fn alike(&self) -> Vec<AlikeJson<'_>> {
        let all = self.alike.iter().flat_map(|(source, fields)| {
            fields.iter().map(move |(name, value)| AlikeJson {
                source,
                name,
                value,
            })
        });
        all.collect()
    }

    /// What differs: a sentence each, and the table.
    pub fn differences_as_markup(&self) -> Markup {
        html! {
            @if self.has_own() { (self.markup_of_unit()) }
            @if let Some(sockets) = &self.sockets { (sockets.markup_of_unit()) }
        }
    }

    fn markup_of_unit(&self) -> Markup {
        let classes = self.table.classes(&self.differences);
        html! {
            @for difference in &self.differences { p { (clean(&self.sentence(difference))) } }
            table {
                thead { tr { th {} @for class in &classes { th { (self.word()) " " (ranges(class)) } } } }
                tbody {
                    @for difference in &self.differences {
                        tr {
                            th { (clean(&title(difference))) }
                            @for class in &classes { td { (clean(value_of(difference, class))) } }
                        }
                    }
                }
            }
        }
    }

    /// A page.
    pub fn html(&self) -> String {
        let body = html! {
            @if self.has_own() || self.sockets.is_none() { (self.page_of_unit()) }
            @if let Some(sockets) = &self.sockets { (sockets.page_of_unit()) }
        };
        page_of(PageParts {
            title: "ksplat: CPUs",
            style: "",
            script: "",
            body,
        })
    }

    fn page_of_unit(&self) -> Markup {
        html! {
            h1 { (self.headline()) }
            (self.markup_of_unit())
            @for (source, fields) in &self.alike {
                h2 { "Alike on all: " (clean(source)) }
                table {
                    @for (name, value) in fields { tr { th { (clean(name)) } td { (clean(value)) } } }
                }
            }
        }
    }
}

/// What all CPUs agree on; of a register with its name.
fn agreed(row: &Row) -> Option<(String, String, String)> {
    let [only] = row.values.as_slice() else {
        return None;
    };
    // What differs by its nature, or is reported of one CPU only, is no agreement.
    if row.is_own || row.says.is_some() || only.cpus.len() < 2 {
        return None;
    }
    Some(match &row.subject {
        Subject::Msr(number) => {
            let name = row.register.as_ref().map(|msr| format!(" {}", msr.name));
            let name = format!("{number:#x}{}", name.unwrap_or_default());
            ("MSR".to_owned(), name, only.value.clone())
        }
        Subject::Field(source, name) => (source.clone(), name.clone(), only.value.clone()),
    })
}

fn title(difference: &Difference) -> String {
    format!("{} {}", difference.source, difference.name)
        .trim_end()
        .to_owned()
}

fn value_of<'d>(difference: &'d Difference, class: &BTreeSet<u32>) -> &'d str {
    // All CPUs of a class have the same value, or none: then nothing was printed of them.
    let first = class.first();
    let has = |agreed: &&Agreed| first.is_some_and(|cpu| agreed.cpus.contains(cpu));
    difference
        .values
        .iter()
        .find(has)
        .map_or("?", |agreed| agreed.value.as_str())
}

#[derive(Serialize)]
struct CpusDocument<'a> {
    schema: u32,
    tool: Tool,
    inputs: &'a [String],
    #[serde(flatten)]
    table: CpusJson<'a>,
}

/// What the CPUs differ in, and what all of them agree on.
#[derive(Serialize)]
pub(super) struct CpusJson<'a> {
    cpus: &'a BTreeSet<u32>,
    differences: Vec<DifferenceJson<'a>>,
    alike: Vec<AlikeJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sockets: Option<SocketsJson<'a>>,
}

/// The same of sockets.
#[derive(Serialize)]
struct SocketsJson<'a> {
    sockets: &'a BTreeSet<u32>,
    empty: &'a BTreeSet<u32>,
    differences: Vec<DifferenceJson<'a>>,
    alike: Vec<AlikeJson<'a>>,
}

#[derive(Serialize)]
struct DifferenceJson<'a> {
    source: &'a str,
    name: &'a str,
    values: Vec<ValueJson<'a>>,
    says: &'a [String],
}

#[derive(Serialize)]
struct ValueJson<'a> {
    value: &'a str,
    #[serde(flatten)]
    of: CountedJson<'a>,
    printed: &'a Printed,
}

/// What has the value: a field that is called by its name.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum CountedJson<'a> {
    Cpus(&'a BTreeSet<u32>),
    Sockets(&'a BTreeSet<u32>),
}

#[derive(Serialize)]
struct AlikeJson<'a> {
    source: &'a str,
    name: &'a str,
    value: &'a str,
}

impl<'a> DifferenceJson<'a> {
    fn of(
        difference: &'a Difference,
        counted: fn(&'a BTreeSet<u32>) -> CountedJson<'a>,
    ) -> DifferenceJson<'a> {
        let values = difference.values.iter().map(|agreed| ValueJson {
            value: &agreed.value,
            of: counted(&agreed.cpus),
            printed: &agreed.printed,
        });
        DifferenceJson {
            source: &difference.source,
            name: &difference.name,
            values: values.collect(),
            says: &difference.says,
        }
    }
}
