//! What happened, in words for a person who does not know the kernel's terms.
//!
//! In: a splat, its culprit, the rules of `grammars/summaries.toml`. Out: a [`Summary`], made of nothing
//! but what the log shows: a sentence with a fact that is not there is passed over.

use super::{Culprit, tainting};
use crate::grammar::{self, Grammar, Pattern, SummaryRule};
use crate::late_clear::LateClear;
use crate::splat::{Frame, Splat, Stack, undecoded};
use std::collections::BTreeMap;

/// A report in words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// What kind of trouble it is: `NULL POINTER`.
    pub label: String,
    /// What happened, without a full stop.
    pub text: String,
    /// The task that the kernel ends, where the machine did not stop.
    pub killed: Option<String>,
    /// What to do first where the machine did not stop.
    pub alive: Option<String>,
    /// What to do, a sentence each.
    pub next: Vec<String>,
}

type NamedFacts = BTreeMap<String, String>;

/// The words for a splat; `None` where no rule is about its kind. A late clear has its own.
pub(super) fn of(
    grammar: &Grammar,
    splat: &Splat,
    culprit: Option<&Culprit>,
    late_clear: Option<&LateClear>,
) -> Option<Summary> {
    // The verdict's own words know path and fault, which no rule here does.
    if late_clear.is_some() {
        return None;
    }
    let rules = grammar.summaries.iter();
    let (rule, mut facts) = rules
        .filter(|rule| rule.kinds.contains(&splat.kind))
        .find_map(|rule| Some((rule, fitting(rule, splat)?)))?;
    for pattern in &rule.lines {
        lines(splat).any(|line| collect(&mut facts, pattern, line));
    }
    for after in &rule.after {
        let mut pairs = lines(splat).zip(lines(splat).skip(1));
        // The first pair that fits: a report may hold the same two lines for several objects.
        pairs.any(|(line, next)| {
            after.line.is_match(line) && collect(&mut facts, &after.next, next)
        });
    }
    for (fact, label) in &rule.stacks {
        if let Some(function) = function_of_stack(grammar, splat, label) {
            facts.insert(fact.clone(), function);
        }
    }
    learn(grammar, &mut facts, splat, culprit);
    let says = rule.says.iter().find_map(|text| fill(text, &facts))?;
    let killed = rule.kills.then(|| victim(splat)).flatten();
    Some(Summary {
        label: rule.label.clone(),
        text: says,
        killed,
        alive: rule.alive.as_ref().and_then(|text| fill(text, &facts)),
        next: rule
            .next
            .iter()
            .filter_map(|text| fill(text, &facts))
            .collect(),
    })
}

/// What the report says, in the order printed, without its empty lines.
fn lines(splat: &Splat) -> impl Iterator<Item = &str> {
    let message = splat.message.iter().map(|text| text.trim());
    let all = message.chain(splat.lines.iter().map(|line| line.text.trim()));
    all.filter(|text| !text.is_empty())
}

/// The facts of the header and of the line that the rule needs, where it fits them.
fn fitting(rule: &SummaryRule, splat: &Splat) -> Option<NamedFacts> {
    let mut facts = NamedFacts::new();
    let of_header = rule
        .header
        .as_ref()
        .is_none_or(|pattern| collect(&mut facts, pattern, &undecoded(&splat.header)));
    let fits = of_header
        && rule
            .needs
            .as_ref()
            .is_none_or(|pattern| lines(splat).any(|line| collect(&mut facts, pattern, line)));
    fits.then_some(facts)
}

fn collect(facts: &mut NamedFacts, pattern: &Pattern, text: &str) -> bool {
    let Some(captures) = pattern.captures(text) else {
        return false;
    };
    for name in pattern.group_names() {
        if let Some(group) = captures.name(name) {
            facts.insert(name.clone(), in_words(name, group.as_str()));
            if name == "order" {
                facts.extend(pages(group.as_str()).map(|pages| ("pages".to_owned(), pages)));
            }
        }
    }
    true
}

/// A group as a sentence needs it.
fn in_words(name: &str, value: &str) -> String {
    match (name, value) {
        ("access", "Read" | "read") => "read".to_owned(),
        ("access", "Write" | "write") => "wrote".to_owned(),
        ("irq", "HARDIRQ") => "a hardware interrupt".to_owned(),
        ("irq", "SOFTIRQ") => "a soft interrupt".to_owned(),
        ("address", digits) => {
            // A reader looks at the size of an address, which sixteen digits hide.
            let digits = digits.trim_start_matches("0x").trim_start_matches('0');
            format!("0x{}", if digits.is_empty() { "0" } else { digits })
        }
        _ => value.to_owned(),
    }
}

/// How many pages in a row an order of the page allocator is.
fn pages(order: &str) -> Option<String> {
    let order: u32 = order.parse().ok()?;
    let pages = 1_u64.checked_shl(order).filter(|pages| *pages > 0)?;
    Some(if pages == 1 {
        "1 page".to_owned()
    } else {
        format!("{pages} pages in a row")
    })
}

fn learn(grammar: &Grammar, facts: &mut NamedFacts, splat: &Splat, culprit: Option<&Culprit>) {
    let function = culprit.map(|culprit| culprit.function.clone());
    let module = function.as_deref().and_then(|name| module_of(splat, name));
    let module = module.or_else(|| super::nameless_module(grammar, splat).map(str::to_owned));
    let owner = module.as_deref().map(|module| owner(splat, module));
    let whose = match (&owner, &function) {
        (Some(owner), _) => Some(owner.clone()),
        (None, Some(function)) => Some(format!("{function}()")),
        (None, None) => None,
    };
    let message = splat.message.iter().find(|text| !text.trim().is_empty());
    let known = [
        ("function", function),
        ("module", module),
        ("owner", owner),
        ("whose", whose),
        ("comm", splat.comm.clone()),
        ("cpu", splat.cpu.map(|cpu| cpu.to_string())),
        ("message", message.map(|text| text.trim().to_owned())),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            // What the header says of itself comes first.
            facts.entry(name.to_owned()).or_insert(value);
        }
    }
}

/// `the module i915`, and whether it is one of the kernel's own.
fn owner(splat: &Splat, module: &str) -> String {
    let tainting = tainting::of(splat);
    let letters = tainting.iter().find(|found| found.name == module);
    let letters = letters.map_or("", |found| &found.letters);
    let sort = match () {
        () if letters.contains('P') => "proprietary ",
        () if letters.contains('O') => "out-of-tree ",
        () => "",
    };
    format!("the {sort}module {module}")
}

/// The first function of the stack with that label that is no machinery.
fn function_of_stack(grammar: &Grammar, splat: &Splat, label: &str) -> Option<String> {
    let is_it = |stack: &&Stack| {
        stack
            .label
            .as_deref()
            .is_some_and(|own| own.starts_with(label))
    };
    let stack = splat.stacks.iter().find(is_it)?;
    let frames = splat.frames.get(stack.frames.clone())?.iter();
    let names = frames.filter(|frame| frame.reliable).map(Frame::base_name);
    let mut telling = names.filter(|name| !name.is_empty() && !grammar.is_machinery(name));
    telling.next().map(str::to_owned)
}

/// The module that a function of the report is in.
fn module_of(splat: &Splat, function: &str) -> Option<String> {
    let printed = [Some(&splat.at), splat.rip.as_ref()];
    let codes = printed.into_iter().flatten();
    let codes = codes.chain(splat.frames.iter().map(|frame: &Frame| &frame.code));
    let mut of_function = codes.filter(|code| {
        let name = code.function.as_deref().map(crate::splat::base_name);
        name == Some(function)
    });
    of_function.find_map(|code| code.module.clone())
}

/// The task that an oops ends: none where the CPU was idle or in an interrupt.
fn victim(splat: &Splat) -> Option<String> {
    let comm = splat.comm.as_deref()?;
    // The end of task 1 is a panic, and task 0 is the idle one.
    let in_task = splat.pid.is_some_and(|pid| pid > 1)
        && splat
            .frames
            .iter()
            .all(|frame| frame.section == crate::splat::Section::Task);
    in_task.then(|| comm.to_owned())
}

/// The sentence with its facts; `None` where one is not known.
fn fill(template: &str, facts: &NamedFacts) -> Option<String> {
    grammar::fill(template, |name| Some(facts.get(name)?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::Level;

    #[test]
    fn a_sentence_without_its_facts_is_not_said() {
        let facts = NamedFacts::from([("function".to_owned(), "f".to_owned())]);
        assert_eq!(fill("{function}() ran", &facts).as_deref(), Some("f() ran"));
        assert_eq!(fill("{function}() in {module}", &facts), None);
    }

    #[test]
    fn every_rule_can_say_something_without_a_single_fact_or_is_followed_by_one_that_can() {
        let grammar = Grammar::builtin();
        for rule in &grammar.summaries {
            let kinds = rule.kinds.iter();
            for kind in kinds {
                assert!(grammar.kind(kind).is_some() || kind == "headless", "{kind}");
            }
            assert!(!rule.says.is_empty() && !rule.label.is_empty());
        }
    }

    #[test]
    fn every_kind_of_report_has_a_rule() {
        let grammar = Grammar::builtin();
        let reports = grammar
            .kinds
            .iter()
            .filter(|kind| kind.level == Level::Report);
        for kind in reports {
            let is_late_clear = grammar.sites.iter().any(|site| site.kind == kind.name);
            let mut rules = grammar.summaries.iter();
            let has_one = rules.any(|rule| rule.kinds.contains(&kind.name));
            assert!(has_one || is_late_clear, "{} has no [[summary]]", kind.name);
        }
    }
}
