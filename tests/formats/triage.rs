//! Reading bytes the way the binary does, and what of the answer must not depend on their shape.

use ksplat::stages::analyzer::{Analyzer, Input, Origin};
use ksplat::stages::grammar::Grammar;
use ksplat::stages::input::container::{
    Content, Limits, Member, MemberText, UnpackError, Unpacker, Visit,
};
use ksplat::stages::input::read_chunks;
use ksplat::stages::render;
use ksplat::stages::report::{Incidents, Report};
use serde_json::Value;
use std::sync::LazyLock;

static ANALYZER: LazyLock<Analyzer> =
    LazyLock::new(|| Analyzer::new(Grammar::builtin(), None).expect("few literals"));

/// What came out of an input.
#[derive(Default)]
pub struct Answer {
    pub reports: Vec<Report>,
    pub errors: Vec<String>,
    pub members: u64,
    boots: usize,
}

impl Answer {
    /// The splats as JSON, without what differs from shape to shape: where they stand, and times that
    /// a format may lack.
    pub fn splats(&self) -> Value {
        let input = Input::default();
        let document = render::document(&[input], &self.reports);
        let document = document.expect("readable");
        let mut document: Value = serde_json::from_str(&document).expect("JSON");
        let splats = document["splats"].as_array_mut().expect("a list");
        splats.iter_mut().for_each(without_position);
        document["splats"].take()
    }
}

fn without_position(splat: &mut Value) {
    let fields = splat.as_object_mut().expect("an object");
    fields.remove("source");
    fields.remove("panic_line");
    fields.remove("incident_line");
    fields.remove("time");
    if let Some(up) = fields.get_mut("bringup") {
        without_lines(&mut up["evidence"]);
    }
    let Some(verdict) = fields.get_mut("late_clear") else {
        return;
    };
    let diagnosis = verdict["diagnosis"].as_str().expect("a text");
    let (before, after) = diagnosis.split_once(" at line ").unwrap_or((diagnosis, ""));
    verdict["diagnosis"] = format!(
        "{before}{}",
        after.trim_start_matches(|c: char| c.is_ascii_digit())
    )
    .into();
    without_lines(&mut verdict["evidence"]);
}

fn without_lines(evidence: &mut Value) {
    for one in evidence.as_array_mut().expect("a list") {
        one["line"].take();
    }
}

struct Reading {
    answer: Answer,
    sequence: Incidents,
}

impl Visit for Reading {
    fn member(&mut self, member: Member<'_>) {
        let Reading { answer, sequence } = self;
        answer.members += 1;
        let origin = Origin {
            path: "log",
            member: member.name,
            subject: member.subject,
            mail: member.mail,
            boots: answer.boots,
        };
        let mut take = |report| answer.reports.push(report);
        let input = match member.text {
            MemberText::Whole(bytes) => ANALYZER.read_all(origin, bytes, sequence, &mut take),
            MemberText::Stream(reader) => {
                let mut stream = ANALYZER.stream(origin, sequence, &mut take);
                read_chunks(reader, |chunk| stream.push(chunk)).expect("errors go to the walk");
                stream.finish()
            }
        };
        answer.boots += input.boots.len();
    }

    fn error(&mut self, error: UnpackError) {
        self.answer.errors.push(error.to_string());
    }
}

/// Reads bytes.
pub fn read(bytes: &[u8]) -> Answer {
    read_within(bytes, Limits::default())
}

/// The same with other limits.
pub fn read_within(bytes: &[u8], limits: Limits) -> Answer {
    let mut reading = Reading {
        answer: Answer::default(),
        sequence: Incidents::default(),
    };
    Unpacker::new(limits).unpack("log", Content::Whole(bytes), &mut reading);
    reading.answer
}
