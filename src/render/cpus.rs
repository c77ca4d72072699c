//! What differs between the CPUs of a machine, as `ksplat cpus` prints it.

use super::clean::clean;
use super::html::{PageParts, page_of};
use super::json::{SCHEMA, Tool, pretty};
use super::style::Style;
use super::words::{count, hanging, wrap};
use crate::cpus::{Agreed, CpuTable, Difference, Printed, Row, Subject, label, ranges};
use maud::{Markup, html};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Blanks between two columns.
const GAP: usize = 2;

/// Where something is printed, and the CPUs that agree on it.
type AlikeOn = (String, BTreeSet<u32>);

/// A comparison, ready to be printed.
pub struct CpuComparison {
    table: CpuTable,
    differences: Vec<Difference>,
    /// What CPUs agree on, by where it is printed and which they are.
    alike: BTreeMap<AlikeOn, Vec<(String, String)>>,
    /// The same of sockets.
    sockets: Option<Box<CpuComparison>>,
}

impl CpuComparison {
    /// Of all that was gathered.
    pub fn new(table: CpuTable) -> CpuComparison {
        let differences = table.differences();
        let mut alike: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in table.rows() {
            if let Some((source, name, only)) = agreed(row) {
                let key = (source, only.cpus.clone());
                alike
                    .entry(key)
                    .or_default()
                    .push((name, only.value.clone()));
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
            || !self.table.contradictions().is_empty()
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
                hanging(&clean(&self.sentence(difference)), style.width, 2)
            );
        }
        if !self.differences.is_empty() {
            out.push('\n');
            out += &self.columns(style);
        }
        for line in self.notes() {
            let _ = writeln!(out, "{}", hanging(&clean(&line), style.width, 2));
        }
        for ((source, cpus), fields) in &self.alike {
            let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
            let line = format!("{}: {source}: {}", self.alike_on(cpus), names.join(", "));
            let _ = writeln!(
                out,
                "{}",
                Style::paint(style.dim, hanging(&clean(&line), style.width, 2))
            );
        }
        out
    }

    /// What could not be compared, and why: a sentence each.
    fn notes(&self) -> Vec<String> {
        let contradictions = self.table.contradictions();
        let contradictions = contradictions.iter().map(|found| {
            let (source, name) = found.row.name();
            let said = found.said();
            let said = said
                .iter()
                .map(|(value, printed)| format!("{value} ({}:{})", printed.path, printed.line));
            let said = said.collect::<Vec<_>>().join(", ");
            let cpus = label(self.table.unit(), &found.cpus);
            format!("Contradiction: {source} {name}: {cpus}: {said}: none of them counts")
        });
        let cut = self.table.cut().iter().map(|printed| {
            let (path, line) = (&printed.path, printed.line);
            format!("Not compared: {path}:{line}: the last line has no end and may be cut off")
        });
        contradictions.chain(cut).collect()
    }

    /// Of which CPUs it is known that they agree.
    fn alike_on(&self, cpus: &BTreeSet<u32>) -> String {
        let missing = self.table.cpus() - cpus;
        match missing.is_empty() {
            true => "Alike on all".to_owned(),
            false => format!(
                "Alike on {}, not known of {}",
                label(self.table.unit(), cpus),
                ranges(&missing)
            ),
        }
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
        let contradictions = match self.table.contradictions().len() {
            0 => String::new(),
            n => format!(", {}", count(n as u64, "contradiction")),
        };
        let differences = match self.differences.len() {
            0 => "no difference".to_owned(),
            n => count(n as u64, "difference"),
        };
        format!("{which}{empty}, {differences}{contradictions}")
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
            alike: self.alike(CountedJson::Cpus),
            contradictions: self.contradictions_json(CountedJson::Cpus),
            cut_off: self.table.cut(),
            sockets: self.sockets.as_ref().map(|sockets| SocketsJson {
                sockets: sockets.table.cpus(),
                empty: sockets.table.empty(),
                differences: sockets.differences_json(CountedJson::Sockets),
                alike: sockets.alike(CountedJson::Sockets),
                contradictions: sockets.contradictions_json(CountedJson::Sockets),
                cut_off: sockets.table.cut(),
            }),
        }
    }

    fn contradictions_json(
        &self,
        counted: fn(BTreeSet<u32>) -> CountedJson,
    ) -> Vec<ContradictionJson<'_>> {
        let all = self.table.contradictions().into_iter();
        all.map(|found| {
            let (source, name) = found.row.name();
            let values = found.values.iter();
            let values = values.map(|(value, printed)| PrintedValueJson { value, printed });
            ContradictionJson {
                source,
                name,
                of: counted(found.cpus),
                values: values.collect(),
            }
        })
        .collect()
    }

    fn differences_json(
        &self,
        counted: fn(BTreeSet<u32>) -> CountedJson,
    ) -> Vec<DifferenceJson<'_>> {
        let all = self.differences.iter();
        all.map(|difference| DifferenceJson::of(difference, counted))
            .collect()
    }

    fn alike(&self, counted: fn(BTreeSet<u32>) -> CountedJson) -> Vec<AlikeJson<'_>> {
        let all = self.alike.iter().flat_map(|((source, cpus), fields)| {
            let partial = (cpus != self.table.cpus()).then_some(cpus);
            fields.iter().map(move |(name, value)| AlikeJson {
                source,
                name,
                value,
                of: partial.cloned().map(counted),
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
            @for note in self.notes() { p { (clean(&note)) } }
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
            @for ((source, cpus), fields) in &self.alike {
                h2 { (self.alike_on(cpus)) ": " (clean(source)) }
                table {
                    @for (name, value) in fields { tr { th { (clean(name)) } td { (clean(value)) } } }
                }
            }
        }
    }
}

/// What all CPUs agree on of which it is printed; of a register with its name.
fn agreed(row: &Row) -> Option<(String, String, &Agreed)> {
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
            ("MSR".to_owned(), name, only)
        }
        Subject::Field(source, name) => (source.clone(), name.clone(), only),
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contradictions: Vec<ContradictionJson<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cut_off: &'a [Printed],
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contradictions: Vec<ContradictionJson<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    cut_off: &'a [Printed],
}

/// Several values of the same CPUs: none of them counts.
#[derive(Serialize)]
struct ContradictionJson<'a> {
    source: String,
    name: String,
    #[serde(flatten)]
    of: CountedJson,
    values: Vec<PrintedValueJson<'a>>,
}

#[derive(Serialize)]
struct PrintedValueJson<'a> {
    value: &'a str,
    printed: &'a Printed,
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
    of: CountedJson,
    printed: &'a Printed,
}

/// What has the value: a field that is called by its name.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum CountedJson {
    Cpus(BTreeSet<u32>),
    Sockets(BTreeSet<u32>),
}

#[derive(Serialize)]
struct AlikeJson<'a> {
    source: &'a str,
    name: &'a str,
    value: &'a str,
    /// Only where it is not printed of all.
    #[serde(flatten)]
    of: Option<CountedJson>,
}

impl<'a> DifferenceJson<'a> {
    fn of(
        difference: &'a Difference,
        counted: fn(BTreeSet<u32>) -> CountedJson,
    ) -> DifferenceJson<'a> {
        let values = difference.values.iter().map(|agreed| ValueJson {
            value: &agreed.value,
            of: counted(agreed.cpus.clone()),
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
