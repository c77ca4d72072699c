//! What differs between the CPUs of a machine, as `ksplat cpus` prints it.

use super::clean::clean;
use super::html::{PageParts, page_of};
use super::json::{SCHEMA, Tool, pretty};
use super::style::Style;
use super::words::{count, wrap};
use crate::cpus::{Agreed, CpuTable, Difference, Printed, Row, Subject, ranges};
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
        CpuComparison {
            table,
            differences,
            alike,
        }
    }

    /// True where the CPUs differ.
    pub fn has_differences(&self) -> bool {
        !self.differences.is_empty()
    }

    /// True where something is said of more than one CPU, or of one that is in trouble.
    pub fn compares(&self) -> bool {
        self.has_differences() || !self.alike.is_empty()
    }

    /// For people.
    pub fn text(&self, style: &Style) -> String {
        if self.table.is_empty() {
            return "no line says anything of single CPUs\n".to_owned();
        }
        let mut out = String::new();
        let headline = Style::paint(style.headline, self.headline());
        let _ = writeln!(out, "{headline}\n");
        for difference in &self.differences {
            let _ = writeln!(
                out,
                "{}",
                wrap(&clean(&sentence(difference)), style.width, 2)
            );
        }
        if self.has_differences() {
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
        let which = format!("{} ({})", count(cpus.len() as u64, "CPU"), ranges(cpus));
        match self.differences.len() {
            0 => format!("{which}, no difference"),
            n => format!("{which}, {}", count(n as u64, "difference")),
        }
    }

    /// One column for CPUs that agree; one under the other where that is too wide.
    fn columns(&self, style: &Style) -> String {
        let classes = self.table.classes(&self.differences);
        let heads = classes.iter().map(|class| format!("CPU {}", ranges(class)));
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
                    let line = format!("  CPU {}: {}", ranges(&agreed.cpus), agreed.value);
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
            differences: self.differences.iter().map(DifferenceJson::of).collect(),
            alike: self.alike(),
        }
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
        let classes = self.table.classes(&self.differences);
        html! {
            @for difference in &self.differences { p { (clean(&sentence(difference))) } }
            table {
                thead { tr { th {} @for class in &classes { th { "CPU " (ranges(class)) } } } }
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
            h1 { (self.headline()) }
            (self.differences_as_markup())
            @for (source, fields) in &self.alike {
                h2 { "Alike on all: " (clean(source)) }
                table {
                    @for (name, value) in fields { tr { th { (clean(name)) } td { (clean(value)) } } }
                }
            }
        };
        page_of(PageParts {
            title: "ksplat: CPUs",
            style: "",
            script: "",
            body,
        })
    }
}

/// What all CPUs agree on; of a register with its name.
fn agreed(row: &Row) -> Option<(String, String, String)> {
    let [only] = row.values.as_slice() else {
        return None;
    };
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

/// What differs, on which CPUs, and what that says.
fn sentence(difference: &Difference) -> String {
    let values = difference.values.iter().map(|agreed| {
        let many = if agreed.cpus.len() == 1 { "" } else { "s" };
        format!("CPU{many} {} {}", ranges(&agreed.cpus), agreed.value)
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let says = difference.says.join("; ");
    let title = title(difference);
    match says.is_empty() {
        true => format!("{title}: {values}"),
        false => format!("{title}: {values}: {says}"),
    }
}

fn value_of<'d>(difference: &'d Difference, class: &BTreeSet<u32>) -> &'d str {
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
    cpus: &'a BTreeSet<u32>,
    printed: &'a Printed,
}

#[derive(Serialize)]
struct AlikeJson<'a> {
    source: &'a str,
    name: &'a str,
    value: &'a str,
}

impl<'a> DifferenceJson<'a> {
    fn of(difference: &'a Difference) -> DifferenceJson<'a> {
        let values = difference.values.iter().map(|agreed| ValueJson {
            value: &agreed.value,
            cpus: &agreed.cpus,
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
