//! A report out of its JSON, as lines of text: the database keeps no other form of it.

use serde_json::Value;

/// Registers in one line.
const REGISTERS: usize = 4;

/// What it says of the event, its registers, and all its stacks.
pub fn report_lines(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let strings = |name: &str| {
        let all = report[name].as_array().into_iter().flatten();
        all.filter_map(|line| line.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let mut lines = vec![source(&report)];
    lines.extend(report["summary"].as_str().map(str::to_owned));
    lines.extend(strings("message"));
    lines.extend(strings("details"));
    lines.extend([who(&report), machine(&report)]);
    lines.extend(registers(&report["registers"]));
    let code = report["code"]["bytes"].as_str();
    lines.extend(code.map(|code| format!("Code: {code}")));
    match report["stacks"].as_array() {
        Some(stacks) => stacks.iter().for_each(|stack| {
            lines.push(stack["label"].as_str().unwrap_or("Call trace").to_owned() + ":");
            lines.extend(frames(&stack["frames"]));
        }),
        None => {
            let frames = frames(&report["frames"]);
            lines.extend((!frames.is_empty()).then(|| "Call trace:".to_owned()));
            lines.extend(frames);
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// Where its lines are.
fn source(report: &Value) -> String {
    let source = &report["source"];
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let lines = format!("{}-{}", source["first_line"], source["last_line"]);
    match &source["member"] {
        Value::Null => format!("{}:{lines}", text(&source["path"])),
        member => format!("{} ({}:{lines})", text(&source["path"]), text(member)),
    }
}

/// CPU, task and time.
fn who(report: &Value) -> String {
    let cpu = report["cpu"].as_u64().map(|cpu| format!("CPU {cpu}"));
    let pid = report["pid"].as_u64().map(|pid| format!("PID {pid}"));
    let comm = report["comm"].as_str().map(str::to_owned);
    let time = report["time"]
        .as_f64()
        .map(|time| format!("{time:.6} s after boot"));
    let parts = [cpu, pid, comm, time].into_iter().flatten();
    parts.collect::<Vec<_>>().join(", ")
}

/// Kernel, taint and hardware.
fn machine(report: &Value) -> String {
    let kernel = &report["kernel"];
    let taint = kernel["taint"].as_str().filter(|taint| !taint.is_empty());
    let parts = [
        kernel["release"].as_str().map(str::to_owned),
        taint.map(|taint| format!("taint {taint}")),
        report["hardware"].as_str().map(str::to_owned),
    ];
    let parts = parts.into_iter().flatten();
    parts.collect::<Vec<_>>().join(" \u{b7} ")
}

fn registers(registers: &Value) -> Vec<String> {
    let all = registers.as_object().into_iter().flatten();
    let all = all
        .filter_map(|(name, value)| Some(format!("{}: {}", name.to_uppercase(), value.as_str()?)));
    let all: Vec<_> = all.collect();
    all.chunks(REGISTERS).map(|row| row.join("  ")).collect()
}

fn frames(frames: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for frame in frames.as_array().into_iter().flatten() {
        let inlines = frame["inlines"].as_array().into_iter().flatten();
        lines.extend(inlines.filter_map(|inline| {
            let function = inline["function"].as_str()?;
            Some(format!("  {function} [inline]{}", at(inline)))
        }));
        let Some(function) = frame["function"].as_str() else {
            continue;
        };
        let guess = if frame["reliable"] == false { "? " } else { "" };
        let offset = match (frame["offset"].as_u64(), frame["size"].as_u64()) {
            (Some(offset), Some(size)) => format!("+{offset:#x}/{size:#x}"),
            _ => String::new(),
        };
        let module = frame["module"]
            .as_str()
            .map(|module| format!(" [{module}]"));
        let module = module.unwrap_or_default();
        lines.push(format!("  {guess}{function}{offset}{module}{}", at(frame)));
    }
    lines
}

fn at(frame: &Value) -> String {
    match (frame["file"].as_str(), frame["line"].as_u64()) {
        (Some(file), Some(line)) => format!("  {file}:{line}"),
        (Some(file), None) => format!("  {file}"),
        _ => String::new(),
    }
}
