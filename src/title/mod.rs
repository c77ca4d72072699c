//! Titles: what a report is called, and whether it can be trusted.
//!
//! In: a splat with its lines. Out: [`Name`]: the title as syzbot gives it, the others under which
//! the bug may be known, and the function that it is about. All rules are in `grammars/`: the
//! forms of a title in the report's kind, the frames and lines that all kinds share in
//! `grammars/frames.toml` and `grammars/lines.toml`.

mod damage;
mod fallback;
mod find;
mod lines;
mod tidy;

use crate::grammar::{FunctionRule, Grammar, Kind, Pattern, TitleForm, fill_known};
use crate::splat::{LineClass, Splat, undecoded};
use find::{NamedFunction, Naming, Walked};
use lines::{TitleLine, readable};
use std::collections::BTreeMap;

/// What a title says where the function cannot be found.
const NO_FUNCTION: &str = "corrupted";

/// Where the function is in the template of a title.
const FUNCTION: &str = "{function}";

/// The set of functions that call whatever was handed to them.
const DISPATCHERS: &str = "dispatchers";

/// What a report is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// As syzbot titles it, save that a function is named wherever the log names one.
    pub title: String,
    /// As syzbot titles it.
    pub syzbot: String,
    /// Other titles of the same bug.
    pub alt_titles: Vec<String>,
    /// The report is damaged: its title may be wrong.
    pub corrupted: bool,
    /// It is the consequence of another report, and damaged only if that one is missing.
    pub consequence: bool,
    /// The function that it is about.
    pub function: Option<String>,
    /// The function of syzbot's title.
    pub syzbot_function: Option<String>,
    /// True where reports of this form are named after no function, because any could be the victim.
    pub general: bool,
    /// The words of the header, without what differs from boot to boot.
    pub words: String,
}

/// A report with its lines.
struct Lined<'a> {
    splat: &'a Splat,
    kind: &'a Kind,
    /// As the kernel printed it.
    header: &'a str,
    lines: Vec<TitleLine<'a>>,
}

type Captured = BTreeMap<String, String>;

/// Names a report of a kernel of that release.
pub fn name(grammar: &Grammar, splat: &Splat, release: Option<&str>) -> Name {
    let Some(kind) = grammar.kind(&splat.kind) else {
        return unnamed(grammar, splat, None, false);
    };
    // What a symbolizer added for inlined functions is no line of the kernel's: syzbot's rules do
    // not know it.
    let printed = splat
        .lines
        .iter()
        .filter(|line| *line.class != LineClass::Inlined);
    let lines: Vec<TitleLine<'_>> = printed.map(|line| TitleLine::new(grammar, line)).collect();
    let header = undecoded(&splat.header);
    let report = Lined {
        splat,
        kind,
        header: &header,
        lines,
    };
    let mut cut = false;
    for form in &kind.titles {
        match fit(form, &report) {
            FormFit::Whole(groups) => {
                let name = by_form(grammar, form, &groups, &report);
                return with_features(grammar, form, &groups, release, name);
            }
            // A later form may still fit: the header alone fits more than one.
            FormFit::HeaderOnly => cut = true,
            FormFit::None => {}
        }
    }
    unnamed(grammar, splat, Some(kind), cut)
}

/// A report that no form fits is called by its header. It is damaged where a form fits the header
/// but not the lines after it.
fn unnamed(grammar: &Grammar, splat: &Splat, kind: Option<&Kind>, corrupted: bool) -> Name {
    let words = words(grammar, splat, kind);
    Name {
        title: words.clone(),
        syzbot: words.clone(),
        words,
        corrupted,
        ..Name::default()
    }
}

/// The header without what is in front of it.
fn words(grammar: &Grammar, splat: &Splat, kind: Option<&Kind>) -> String {
    let mut forms = kind.iter().flat_map(|kind| &kind.headers);
    let header = undecoded(&splat.header);
    // Where no form fits, as for a headless report, all of the header is taken.
    let start = forms.find_map(|form| Some(form.captures(&header)?.get(0)?.start()));
    let header = header.get(start.unwrap_or(0)..).unwrap_or_default();
    tidy::tidy(grammar, header)
}

/// How far the patterns of a form fit.
enum FormFit {
    /// All of them: their named groups.
    Whole(Captured),
    /// That of the header, but not those of later lines.
    HeaderOnly,
    None,
}

fn fit(form: &TitleForm, report: &Lined<'_>) -> FormFit {
    let mut groups = Captured::new();
    if let Some(pattern) = &form.header
        && !collect(&mut groups, pattern, report.header)
    {
        return FormFit::None;
    }
    // The header, which has a pattern of its own, is the first line, save where it completes a report.
    let first = report.splat.lines.iter().next();
    let header = first.is_some_and(|line| line.number == report.splat.header_line);
    let rest = report.lines.get(usize::from(header)..);
    let mut rest = rest.unwrap_or_default().iter();
    let mut is_behind = |pattern| rest.any(|line| collect(&mut groups, pattern, line.text));
    if form.lines.iter().all(&mut is_behind) {
        FormFit::Whole(groups)
    } else if form.header.is_some() {
        FormFit::HeaderOnly
    } else {
        FormFit::None
    }
}

/// Takes the named groups of a pattern; false where it does not fit.
fn collect(groups: &mut Captured, pattern: &Pattern, text: &str) -> bool {
    let names = pattern.group_names();
    // A match without groups takes a fraction of the time.
    if names.is_empty() {
        return pattern.is_match(text);
    }
    let Some(captures) = pattern.captures(text) else {
        return false;
    };
    for name in names {
        if let Some(group) = captures.name(name) {
            groups.insert(name.clone(), group.as_str().to_owned());
        }
    }
    true
}

fn by_form(grammar: &Grammar, form: &TitleForm, groups: &Captured, report: &Lined<'_>) -> Name {
    let (splat, lines) = (report.splat, &report.lines);
    // Without frames, and among lines of another report, RIP may be that of the other one.
    let sure = !(splat.interleaved && splat.frames.is_empty());
    let mut walked = match &form.function {
        Some(rule) => find::find(grammar, rule, lines),
        None => Walked {
            function: groups
                .get("function")
                .map(|name| NamedFunction::plain(&readable(name))),
            whole: true,
            ..Walked::default()
        },
    };
    walked.function = walked.function.filter(|_| sure);
    let mut all = titles(grammar, form, groups, &walked);
    // There always is one: the first naming with the form's own title.
    let syzbot = all.remove(0);
    let corrupted =
        form.corrupted || !walked.whole || damage::in_report(grammar, form, &syzbot, lines);
    // Another name of the function may give the same title.
    all.retain(|alt| *alt != syzbot);
    all.sort_unstable();
    all.dedup();
    let general = !form.title.contains(FUNCTION);
    let function = match walked
        .function
        .as_ref()
        .filter(|found| names(grammar, splat, found))
    {
        Some(found) => Some(found.name.clone()),
        None if general => None,
        None => fallback::function(grammar, form.function.as_ref(), splat, sure),
    };
    let syzbot_function = walked.function.map(|found| found.name);
    // syzbot's title is kept wherever it names the function that is named here.
    let title = match function == syzbot_function && function.is_some() || general {
        true => syzbot.clone(),
        false => fallback::title(grammar, form, groups.clone(), function.as_deref(), splat),
    };
    Name {
        title,
        syzbot,
        alt_titles: all,
        corrupted,
        consequence: form.consequence,
        function,
        syzbot_function,
        general,
        words: words(grammar, splat, Some(report.kind)),
    }
}

/// False for a function that calls whatever was handed to it, where the header names the function that it
/// called.
fn names(grammar: &Grammar, splat: &Splat, found: &NamedFunction) -> bool {
    splat.at.function.is_none() || !grammar.is_in(DISPATCHERS, &found.name)
}

/// Every title, the main one first: each template with the functions by each of their names.
fn titles(grammar: &Grammar, form: &TitleForm, groups: &Captured, walked: &Walked) -> Vec<String> {
    let mut groups = groups.clone();
    // Numbers of features are no numbers that titles leave out: they come in last.
    groups.retain(|name, _| !form.features.contains(name));
    let with_origin = form.function.as_ref().is_some_and(FunctionRule::has_origin);
    let mut all = Vec::new();
    let mut named = Vec::new();
    for naming in Naming::all(&grammar.wrappers) {
        let names = (
            named_by(&walked.function, naming),
            named_by(&walked.origin, naming),
        );
        // Most functions have one name, and each further naming would fill all templates with it again.
        if named.contains(&names) {
            continue;
        }
        groups.insert("function".to_owned(), names.0.to_owned());
        if with_origin {
            groups.insert("origin".to_owned(), names.1.to_owned());
        }
        named.push(names);
        let templates = std::iter::once(&form.title).chain(&form.alt);
        all.extend(templates.map(|template| tidy::tidy(grammar, &fill(template, &groups))));
    }
    all
}

/// The CPU features of a form, by their names.
fn with_features(
    grammar: &Grammar,
    form: &TitleForm,
    groups: &Captured,
    release: Option<&str>,
    name: Name,
) -> Name {
    if form.features.is_empty() {
        return name;
    }
    let table = grammar.features().for_release(release);
    let named = |group: &String| {
        let printed = groups.get(group)?;
        Some((group.clone(), table.named(printed)))
    };
    let features: Captured = form.features.iter().filter_map(named).collect();
    Name {
        title: fill(&name.title, &features),
        syzbot: fill(&name.syzbot, &features),
        ..name
    }
}

fn named_by<'f>(found: &'f Option<NamedFunction>, naming: Naming<'_>) -> &'f str {
    found
        .as_ref()
        .map_or(NO_FUNCTION, |found| found.named(naming))
}

/// A template with its braces filled in.
fn fill(template: &str, groups: &Captured) -> String {
    fill_known(template, |name| Some(groups.get(name)?.into()))
}
