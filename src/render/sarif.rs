//! SARIF 2.1.0: one result a splat.
//!
//! In: reports. Out: one run with a rule for each kind of report that was found. A result points at the
//! log; its stack, and the lines of its evidence, are there as well. Code scanning knows results
//! apart by `partialFingerprints`: the signature.

mod locations;

use super::clean::clean;
use super::facts;
use super::json::indented;
use super::output::{Output, RunStatus, RunSummary};
use super::spool::{Rest, Spool};
use super::words::kebab;
use crate::baseline::{self, BaselineBug};
use crate::grammar::Level;
use crate::report::Report;
use locations::{evidence, stack, whole};
use serde_json::Value;
use serde_sarif::sarif::{
    Message, MultiformatMessageString, Notification, PropertyBag, ReportingDescriptor, Result,
    ResultLevel, Suppression, Tool, ToolComponent,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::io;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Name of the fingerprint; its number counts changes of how signatures are made.
const FINGERPRINT: &str = "ksplatSignature/v1";

/// The rule of late clears; those of other splats are named as their kind.
const LATE_CLEAR: &str = "late-clear";

/// The output as SARIF.
#[derive(Default)]
pub struct Sarif {
    /// Results written so far; `None` before the beginning of the document.
    results: Option<u64>,
    rules: BTreeMap<String, ReportingDescriptor>,
    /// Notifications that wait for the end, and their number.
    errors: (Spool, u64),
    rest: Rest,
}

impl Sarif {
    /// The beginning of the document, once: results are written as they come, so what sums them up comes after.
    fn beginning(&mut self) -> String {
        if self.results.is_some() {
            return String::new();
        }
        self.results = Some(0);
        format!(
            "{{\n  \"$schema\": \"{SCHEMA}\",\n  \"version\": \"2.1.0\",\n  \"runs\": [\n    {{\n      \"results\": ["
        )
    }

    fn tool(&mut self) -> Tool {
        let rules: Vec<_> = std::mem::take(&mut self.rules).into_values().collect();
        let driver = ToolComponent::builder()
            .name(env!("CARGO_PKG_NAME"))
            .version(env!("CARGO_PKG_VERSION"))
            .rules(rules)
            .build();
        Tool::builder().driver(driver).build()
    }

    fn rule(&mut self, report: &Report) -> String {
        let (id, about) = match report.warned_clear() {
            Some(verdict) => (
                format!("{LATE_CLEAR}/{}", kebab(&verdict.path)),
                Some("A CPU feature was cleared after alternatives were patched"),
            ),
            None => {
                let kind = report.grammar().kind(&report.splat.kind);
                (
                    report.splat.kind.clone(),
                    kind.map(|kind| kind.about.as_str()),
                )
            }
        };
        let described = about.unwrap_or(&id).to_owned();
        let rule = || {
            let text = MultiformatMessageString::builder().text(described);
            ReportingDescriptor::builder()
                .id(id.clone())
                .short_description(text.build())
                .build()
        };
        self.rules.entry(id.clone()).or_insert_with(rule);
        id
    }
}

impl Output for Sarif {
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        let beginning = self.beginning();
        let rule = self.rule(&report);
        let comma = if self.results == Some(0) { "" } else { "," };
        self.results = self.results.map(|results| results + 1);
        let result = indented(&result(&report, standing, rule), 8);
        format!("{beginning}{comma}\n        {result}")
    }

    fn error(&mut self, error: &dyn Error) -> String {
        let text = message(&error.to_string());
        let error = Notification::builder().level("error").message(text).build();
        let (errors, count) = &mut self.errors;
        let comma = if *count == 0 { "" } else { "," };
        errors.push(&format!("{comma}\n            {}", indented(&error, 12)));
        *count += 1;
        String::new()
    }

    fn finish(&mut self, _: RunSummary<'_>) -> String {
        let beginning = self.beginning();
        let end = if self.results == Some(0) {
            "]"
        } else {
            "\n      ]"
        };
        let (errors, count) = std::mem::take(&mut self.errors);
        let mut text = format!(
            "{beginning}{end},\n      \"invocations\": [\n        {{\n          \"executionSuccessful\": {}",
            count == 0
        );
        if count > 0 {
            text += ",\n          \"toolExecutionNotifications\": [";
            self.rest.push(errors);
            self.rest.push("\n          ]".to_owned());
        }
        let tool = indented(&self.tool(), 6);
        self.rest.push(format!(
            "\n        }}\n      ],\n      \"tool\": {tool}\n    }}\n  ]\n}}\n"
        ));
        text
    }

    fn rest(&mut self) -> io::Result<Option<String>> {
        self.rest.next()
    }
}

fn result(report: &Report, standing: RunStatus<'_>, rule: String) -> Result {
    let mut result = Result::builder()
        .rule_id(rule)
        .level(match standing.fails {
            true => ResultLevel::Error,
            false if report.level == Level::Notice => ResultLevel::Note,
            false => ResultLevel::Warning,
        })
        .message(message(&text(report)))
        .locations(vec![whole(report)])
        .partial_fingerprints(BTreeMap::from([(
            FINGERPRINT.to_owned(),
            report.signature.clone(),
        )]))
        .properties(properties(report))
        .build();
    result.suppressions = standing.known().map(|known| vec![suppression(known)]);
    result.baseline_state = standing.baseline.map(|standing| match standing {
        baseline::BaselineStatus::New => "new".into(),
        // SARIF has no word for it: what was seen before is unchanged, and its level says that it fails.
        baseline::BaselineStatus::Expired(_) | baseline::BaselineStatus::Known(_) => {
            "unchanged".into()
        }
    });
    result.related_locations = Some(evidence(report)).filter(|all| !all.is_empty());
    result.stacks = stack(report).map(|stack| vec![stack]);
    result
}

fn suppression(known: &BaselineBug) -> Suppression {
    let mut suppression = Suppression::builder().kind("external").build();
    suppression.justification = known.reason.as_deref().map(|reason| clean(reason).into());
    suppression
}

fn message(text: &str) -> Message {
    Message::builder().text(clean(text)).build()
}

fn text(report: &Report) -> String {
    let culprit = facts::culprit(report).map(|culprit| format!(" Culprit: {culprit}."));
    let diagnosis = report
        .late_clear
        .as_ref()
        .map(|verdict| format!(" {}", verdict.diagnosis));
    let headline = facts::headline(report);
    let (culprit, diagnosis) = (culprit.unwrap_or_default(), diagnosis.unwrap_or_default());
    format!("{headline}.{culprit}{diagnosis}")
}

fn properties(report: &Report) -> PropertyBag {
    let title = Value::from(report.title.clone());
    let verdict = report.late_clear.as_ref();
    let verdict = verdict.and_then(|verdict| serde_json::to_value(verdict).ok());
    let mut all = BTreeMap::from([("title".to_owned(), title)]);
    all.extend(verdict.map(|verdict| ("lateClear".to_owned(), verdict)));
    PropertyBag::builder().additional_properties(all).build()
}
