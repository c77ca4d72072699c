//! Writers of framings: messages in, a log as somebody would have it out.

use std::fmt::Write;

/// A message of the kernel.
#[derive(Debug, Clone)]
pub struct Message {
    /// Microseconds since boot.
    pub us: u64,
    /// 0 to 7.
    pub level: u8,
    /// One line.
    pub text: String,
}

/// The messages of a console log.
pub fn messages(log: &str) -> Vec<Message> {
    let message = |line: &str| {
        let (stamp, text) = line.strip_prefix('[')?.split_once("] ")?;
        let (seconds, micros) = stamp.trim().split_once('.')?;
        let us = seconds.parse::<u64>().ok()? * 1_000_000 + micros.parse::<u64>().ok()?;
        Some(Message {
            us,
            level: 4,
            text: text.to_owned(),
        })
    };
    log.lines()
        .filter_map(|line| message(line.trim_end()))
        .collect()
}

/// A framing: its name and its writer.
pub type Framing = (&'static str, fn(&[Message]) -> Vec<u8>);

/// All of them.
pub const FRAMINGS: &[Framing] = &[
    ("console", |m| {
        lines(m, |m| format!("{}{}", stamp(m), m.text))
    }),
    ("console-caller", |m| {
        lines(m, |m| format!("{}[    T1] {}", stamp(m).trim_end(), m.text))
    }),
    ("console-caller-blank", |m| {
        lines(m, |m| format!("{}[  C1] {}", stamp(m), m.text))
    }),
    ("console-caller-padded", |m| {
        lines(m, |m| {
            let stamp = stamp(m);
            format!(
                "{} ][    T1 ] {}",
                stamp.trim_end_matches(['[', ']', ' ']),
                m.text
            )
        })
    }),
    ("console-crlf", |m| {
        lines(m, |m| format!("{}{}\r", stamp(m), m.text))
    }),
    ("level", |m| {
        lines(m, |m| format!("<{}>{}{}", m.level, stamp(m), m.text))
    }),
    ("level-no-time", |m| {
        lines(m, |m| format!("<{}>{}", m.level, m.text))
    }),
    ("dmesg-x", |m| {
        lines(m, |m| format!("kern  :warn  : {}{}", stamp(m), m.text))
    }),
    ("dmesg-ctime", |m| {
        lines(m, |m| {
            format!("[Mon Nov 23 14:20:{:02} 2026] {}", m.us / 1_000_000, m.text)
        })
    }),
    ("dmesg-iso", |m| {
        lines(m, |m| {
            format!(
                "2026-11-23T14:20:{},{:06}+01:00 {}",
                seconds(m),
                m.us % 1_000_000,
                m.text
            )
        })
    }),
    ("dmesg-delta", |m| {
        lines(m, |m| format!("[<    0.000010>] {}", m.text))
    }),
    ("dmesg-d", |m| {
        lines(m, |m| {
            format!(
                "{} <    0.000010>] {}",
                stamp(m).trim_end().trim_end_matches(']'),
                m.text
            )
        })
    }),
    ("dmesg-reltime", dmesg_reltime),
    ("dmesg-json", dmesg_json),
    ("dmesg-json-line", dmesg_json_line),
    ("no-time", |m| lines(m, |m| m.text.clone())),
    ("kmsg", kmsg),
    ("journal-short", |m| {
        lines(m, |m| {
            format!("Nov 23 14:20:{} host kernel: {}", seconds(m), m.text)
        })
    }),
    ("journal-short-precise", |m| {
        lines(m, |m| {
            format!(
                "Nov 23 14:20:{}.{:06} host kernel: {}",
                seconds(m),
                m.us % 1_000_000,
                m.text
            )
        })
    }),
    ("journal-short-iso", |m| {
        lines(m, |m| {
            format!(
                "2026-11-23T14:20:{}+0100 host kernel: {}",
                seconds(m),
                m.text
            )
        })
    }),
    ("journal-short-iso-precise", |m| {
        lines(m, |m| {
            format!(
                "2026-11-23T14:20:{}.{:06}+0100 host kernel: {}",
                seconds(m),
                m.us % 1_000_000,
                m.text
            )
        })
    }),
    ("journal-short-full", |m| {
        lines(m, |m| {
            format!(
                "Mon 2026-11-23 14:20:{} UTC host kernel: {}",
                seconds(m),
                m.text
            )
        })
    }),
    ("journal-short-monotonic", |m| {
        lines(m, |m| format!("{}host kernel: {}", stamp(m), m.text))
    }),
    ("journal-short-unix", |m| {
        lines(m, |m| {
            format!(
                "17954436{}.{:06} host kernel: {}",
                seconds(m),
                m.us % 1_000_000,
                m.text
            )
        })
    }),
    ("journal-short-delta", |m| {
        lines(m, |m| {
            let stamp = stamp(m);
            let stamp = stamp.trim_end().trim_end_matches(']');
            format!("{stamp} <    0.000010 >] kernbox kernel: {}", m.text)
        })
    }),
    ("journal-json", |m| {
        lines(m, |m| journal_json(m, &serde_json::json!(m.text)))
    }),
    ("journal-json-bytes", |m| {
        lines(m, |m| {
            journal_json(m, &serde_json::json!(m.text.as_bytes()))
        })
    }),
    ("journal-json-seq", |m| {
        lines(m, |m| {
            format!("\x1e{}", journal_json(m, &serde_json::json!(m.text)))
        })
    }),
    ("journal-json-pretty", |m| {
        journal_json_pretty(m, |text| serde_json::json!(text).to_string())
    }),
    ("journal-json-pretty-bytes", |m| {
        journal_json_pretty(m, |text| {
            let bytes = text.bytes().map(|byte| format!("\t\t{byte}"));
            format!("[\n{}\n\t]", bytes.collect::<Vec<_>>().join(",\n"))
        })
    }),
    ("journal-export", |m| journal_export(m, false)),
    ("journal-export-binary", |m| journal_export(m, true)),
    ("journal-verbose", journal_verbose),
    ("syslog", |m| {
        lines(m, |m| {
            format!(
                "Nov 23 14:20:{} host kernel: {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("syslog-rfc3339", |m| {
        lines(m, |m| {
            format!(
                "2026-11-23T14:20:{}.123456+01:00 host kernel: {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("syslog-rfc3339-no-time", |m| {
        lines(m, |m| {
            format!(
                "2026-11-23T14:20:{}.123456+01:00 host kernel: {}",
                seconds(m),
                m.text
            )
        })
    }),
    ("syslog-rfc5424", |m| {
        lines(m, |m| {
            format!(
                "<4>1 2026-11-23T14:20:{}.123456+01:00 host kernel - - - {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("syslog-rfc5424-no-time", |m| {
        lines(m, |m| {
            format!(
                "<4>1 2026-11-23T14:20:{}Z host kernel - - [x y=\"z\"] {}",
                seconds(m),
                m.text
            )
        })
    }),
    ("syslog-rfc5424-escaped", |m| {
        lines(m, |m| {
            format!(
                "<4>1 2026-11-23T14:20:{}Z host kernel - - [x y=\"a\\]b\"][z] {}",
                seconds(m),
                m.text
            )
        })
    }),
    ("syslog-busybox", |m| {
        lines(m, |m| {
            format!(
                "Nov 23 14:20:{} host kern.warn kernel: {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("openwrt", |m| {
        lines(m, |m| {
            format!(
                "Mon Nov 23 14:20:{} 2026 kern.warn kernel: {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("netconsole-extended", netconsole),
    ("netconsole-syslog", |m| {
        lines(m, |m| {
            let text = escaped(&m.text);
            format!(
                "Nov 23 14:20:{} host 4,567,{},-,caller=T1;{text}",
                seconds(m),
                m.us
            )
        })
    }),
    ("netconsole-packets", netconsole_packets),
    ("pstore", pstore),
    ("pstore-quoted", |m| {
        String::from_utf8_lossy(&pstore(m))
            .lines()
            .flat_map(|line| format!("> {line}\n").into_bytes())
            .collect()
    }),
    ("logcat", |m| {
        lines(m, |m| {
            format!(
                "11-23 14:20:{}.123     0     0 W kernel  : {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("logcat-brief", |m| {
        lines(m, |m| format!("W/kernel  (    0): {}", m.text))
    }),
    ("logcat-year", |m| {
        lines(m, |m| {
            format!(
                "2026-11-23 14:20:{}.123456 +0100     0     0 W kernel  : {}",
                seconds(m),
                m.text
            )
        })
    }),
    ("logcat-epoch", |m| {
        lines(m, |m| {
            let time = 1_795_443_648 + m.us / 1_000_000;
            format!("         {time}.123     0     0 W kernel  : {}", m.text)
        })
    }),
    ("logcat-tag", |m| {
        lines(m, |m| format!("W/kernel  : {}", m.text))
    }),
    ("last-kmsg", |m| {
        lines(m, |m| {
            format!(
                "<4>{},1] {}",
                stamp(m).trim_end().trim_end_matches(']'),
                m.text
            )
        })
    }),
    ("lava", |m| {
        lines(m, |m| {
            format!(
                "2026-11-23T14:20:{}.123456 {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("lava-yaml", |m| lines(m, lava_yaml)),
    ("lava-yaml-terminal", |m| {
        lines(m, |m| {
            let line = lava_yaml(m).replace("\"msg\": \"", "\"msg\": \"\\e[0m\\x1B[32m");
            line.replace("\"}", "\\e[0m\"}")
        })
    }),
    ("kernelci", |m| {
        lines(m, |m| {
            format!("14:20:{}.123456  <4>{}{}", seconds(m), stamp(m), m.text)
        })
    }),
    ("gitlab", |m| {
        lines(m, |m| {
            format!(
                "2026-11-23T14:20:{}.123456Z 00O {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("github", |m| {
        lines(m, |m| {
            format!(
                "2026-11-23T14:20:{}.1234567Z {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("jenkins", |m| {
        lines(m, |m| {
            format!(
                "[2026-11-23T14:20:{}.123Z] {}{}",
                seconds(m),
                stamp(m),
                m.text
            )
        })
    }),
    ("colours", |m| {
        lines(m, |m| {
            format!("\x1b[32m{}\x1b[0m\x1b[33m{}\x1b[0m", stamp(m), m.text)
        })
    }),
    ("printed-over", |m| {
        lines(m, |m| format!("\r\x1b[K{}{}\r", stamp(m), m.text))
    }),
    ("console-noise", console_noise),
    ("syzkaller", syzkaller),
    ("markdown", |m| fenced(m, "Hello,\n\n```\n", "", "```\n")),
    ("markdown-indented", |m| {
        fenced(m, "Hello,\n\n", "    ", "\nBye\n")
    }),
    ("markdown-indented-syslog", |m| {
        lines(m, |m| {
            format!("    Nov 23 14:20:{} host kernel: {}", seconds(m), m.text)
        })
    }),
    ("html", html),
    ("html-no-break", |m| {
        String::from_utf8_lossy(&html(m))
            .replace("  ", "\u{a0} ")
            .replace("<b>", "<TT><mark>")
            .replace("</b>", "</mark></TT>")
            .into_bytes()
    }),
    ("quoted", |m| {
        fenced(m, "On Monday somebody wrote:\n", "> ", "\nThanks\n")
    }),
    ("quoted-deep", |m| {
        fenced(m, "> On Monday somebody wrote:\n", "> | > ", "\nThanks\n")
    }),
    ("wrapped-72", |m| wrapped(m, 72)),
    ("wrapped-76", |m| wrapped(m, 76)),
    ("wrapped-78", |m| wrapped(m, 78)),
    ("wrapped-no-time", wrapped_no_time),
    ("wrapped-caller", |m| {
        lines(m, |m| {
            wrap(&format!("{}[    T1] {}", stamp(m).trim_end(), m.text), 74)
        })
    }),
    ("wrapped-syslog", |m| {
        lines(m, |m| {
            wrap(&format!("Nov 23 14:20:48 host kernel: {}", m.text), 74)
        })
    }),
    ("wrapped-quoted", |m| {
        lines(m, |m| wrap(&format!("> {}", console(m)), 76))
    }),
    ("dropped", |m| {
        every(m, 5, "** 3 printk messages dropped **\n")
    }),
    ("replayed", replayed),
    ("replayed-below", replayed_below),
    ("run-together", run_together),
    ("code-in-pieces", code_in_pieces),
];

fn lines(messages: &[Message], line: impl Fn(&Message) -> String) -> Vec<u8> {
    messages
        .iter()
        .flat_map(|message| (line(message) + "\n").into_bytes())
        .collect()
}

/// `[    0.055225] `.
fn stamp(message: &Message) -> String {
    format!(
        "[{:5}.{:06}] ",
        message.us / 1_000_000,
        message.us % 1_000_000
    )
}

fn seconds(message: &Message) -> String {
    format!("{:02}", message.us / 1_000_000)
}

fn console(message: &Message) -> String {
    stamp(message) + &message.text
}

fn dmesg_reltime(messages: &[Message]) -> Vec<u8> {
    let mut first = true;
    let mut log = String::new();
    for message in messages {
        let clock = if std::mem::take(&mut first) {
            "[Nov23 14:20] "
        } else {
            "[  +0.000010] "
        };
        let _ = writeln!(log, "{clock}{}", message.text);
    }
    log.into_bytes()
}

/// As util-linux prints it.
pub fn dmesg_json_line(messages: &[Message]) -> Vec<u8> {
    let record = |message: &Message| {
        let time = message.us as f64 / 1e6;
        serde_json::json!({"fac": "kern", "pri": "warn", "time": time, "msg": message.text})
    };
    let records: Vec<_> = messages.iter().map(record).collect();
    format!("{}\n", serde_json::json!({ "dmesg": records })).into_bytes()
}

fn dmesg_json(messages: &[Message]) -> Vec<u8> {
    let record = |message: &Message| {
        let (whole, fraction) = (message.us / 1_000_000, message.us % 1_000_000);
        let text = serde_json::json!(message.text);
        format!(
            "{{\n         \"pri\": {},\n         \"time\": {whole:5}.{fraction:06},\n         \"msg\": {text}\n      }}",
            message.level
        )
    };
    let records: Vec<_> = messages.iter().map(record).collect();
    format!(
        "{{\n   \"dmesg\": [\n      {}\n   ]\n}}\n",
        records.join(",")
    )
    .into_bytes()
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| (b' '..127).contains(&byte) && byte != b'\\';
    let escape = |byte: u8| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("\\x{byte:02x}")
        }
    };
    text.bytes().map(escape).collect()
}

fn kmsg(messages: &[Message]) -> Vec<u8> {
    let record = |(number, message): (usize, &Message)| {
        let text = escaped(&message.text);
        format!(
            "4,{number},{},-,caller=T1;{text}\n SUBSYSTEM=cpu\n DEVICE=+cpu:cpu1\n",
            message.us
        )
    };
    messages
        .iter()
        .enumerate()
        .map(record)
        .collect::<String>()
        .into_bytes()
}

/// Every message that is long comes in pieces.
fn netconsole(messages: &[Message]) -> Vec<u8> {
    let mut log = String::new();
    for (number, message) in messages.iter().enumerate() {
        let text = escaped(&message.text);
        let head = format!("6.12.111,4,{number},{},-", message.us);
        if text.len() <= 60 {
            let _ = writeln!(log, "{head};{text}");
            continue;
        }
        for (index, piece) in text.as_bytes().chunks(50).enumerate() {
            let piece = String::from_utf8_lossy(piece);
            let _ = writeln!(log, "{head},ncfrag={}/{};{piece}", index * 50, text.len());
        }
    }
    log.into_bytes()
}

/// As `nc` writes packets: no line feed behind a piece; the user's lines are part of what is cut.
fn netconsole_packets(messages: &[Message]) -> Vec<u8> {
    let mut log = String::new();
    for (number, message) in messages.iter().enumerate() {
        let text = escaped(&message.text) + "\n cpu=1\n taskname=swapper/1\n";
        let head = format!("4,{number},{},-", message.us);
        for (index, piece) in text.as_bytes().chunks(70).enumerate() {
            let piece = String::from_utf8_lossy(piece);
            let _ = write!(log, "{head},ncfrag={}/{};{piece}", index * 70, text.len());
        }
    }
    log.into_bytes()
}

fn journal_json(message: &Message, text: &serde_json::Value) -> String {
    serde_json::json!({
        "__CURSOR": "s=0;i=1", "__MONOTONIC_TIMESTAMP": "99999999", "_TRANSPORT": "kernel", "PRIORITY": "4",
        "_SOURCE_MONOTONIC_TIMESTAMP": message.us.to_string(), "MESSAGE": text, "SYSLOG_IDENTIFIER": "kernel",
    })
    .to_string()
}

fn journal_json_pretty(messages: &[Message], value: fn(&str) -> String) -> Vec<u8> {
    let record = |message: &Message| {
        let text = value(&message.text);
        format!(
            "{{\n\t\"__CURSOR\" : \"s=0;i=1\",\n\t\"MESSAGE\" : {text},\n\t\"_SOURCE_MONOTONIC_TIMESTAMP\" : \"{}\",\n\t\"PRIORITY\" : \"4\"\n}}\n",
            message.us
        )
    };
    messages.iter().map(record).collect::<String>().into_bytes()
}

fn journal_export(messages: &[Message], binary: bool) -> Vec<u8> {
    let mut log = Vec::new();
    for Message { us, text, .. } in messages {
        log.extend_from_slice(b"__CURSOR=s=0;i=1\n__MONOTONIC_TIMESTAMP=99999999\n_BOOT_ID=0\nPRIORITY=4\n_TRANSPORT=kernel\n");
        if binary {
            log.extend_from_slice(b"MESSAGE\n");
            log.extend_from_slice(&(text.len() as u64).to_le_bytes());
            log.extend_from_slice(text.as_bytes());
            log.push(b'\n');
        } else {
            log.extend_from_slice(format!("MESSAGE={text}\n").as_bytes());
        }
        log.extend_from_slice(format!("_SOURCE_MONOTONIC_TIMESTAMP={us}\n\n").as_bytes());
    }
    log
}

fn journal_verbose(messages: &[Message]) -> Vec<u8> {
    let entry = |message: &Message| {
        format!(
            "Mon 2026-11-23 14:20:48.123456 UTC [s=0;i=1]\n    PRIORITY=4\n    _TRANSPORT=kernel\n    MESSAGE={}\n    _SOURCE_MONOTONIC_TIMESTAMP={}\n",
            message.text, message.us
        )
    };
    messages.iter().map(entry).collect::<String>().into_bytes()
}

/// Parts of eight messages, the last one first.
fn pstore(messages: &[Message]) -> Vec<u8> {
    let parts: Vec<_> = messages.chunks(8).rev().collect();
    let part = |(number, messages): (usize, &&[Message])| {
        let text = lines(messages, |m| format!("<4>{}", console(m)));
        format!(
            "Panic#1 Part{}\n{}",
            number + 1,
            String::from_utf8_lossy(&text)
        )
    };
    parts
        .iter()
        .enumerate()
        .map(part)
        .collect::<String>()
        .into_bytes()
}

fn lava_yaml(message: &Message) -> String {
    let text = serde_json::json!(console(message));
    format!("- {{\"dt\": \"2026-11-23T14:20:48.123456\", \"lvl\": \"target\", \"msg\": {text}}}")
}

fn every(messages: &[Message], step: usize, between: &str) -> Vec<u8> {
    let mut log = String::new();
    for (number, message) in messages.iter().enumerate() {
        if number % step == step - 1 {
            log.push_str(between);
        }
        let _ = writeln!(log, "{}", console(message));
    }
    log.into_bytes()
}

fn console_noise(messages: &[Message]) -> Vec<u8> {
    let mut log =
        b"SeaBIOS (version 1.16.2)\r\nGNU GRUB  version 2.06\r\n\x1b[H\x1b[J\r\n".to_vec();
    log.extend(every(
        messages,
        7,
        "\r\nDebian GNU/Linux 12 host ttyS0\r\n\r\nhost login: \r\n",
    ));
    log
}

fn syzkaller(messages: &[Message]) -> Vec<u8> {
    let program = "2024/04/30 12:00:00 executing program 3:\nr0 = socket$nl_generic(0x10, 0x3, 0x10)\nsendmsg$NL(r0, &(0x7f0000000040)={0x0, 0x0}, 0x0)\n\n";
    let mut log = String::from_utf8(every(messages, 6, program)).expect("text");
    log = log.replace(">\n[", ">2024/04/30 12:00:01 executing program 0:\n[");
    log.into_bytes()
}

fn fenced(messages: &[Message], before: &str, margin: &str, behind: &str) -> Vec<u8> {
    let log = lines(messages, |message| format!("{margin}{}", console(message)));
    [before.as_bytes(), &log, behind.as_bytes()].concat()
}

fn html(messages: &[Message]) -> Vec<u8> {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let row = |message: &Message| {
        format!(
            "<span class=\"line\" id=\"L1\">{}<b>{}</b></span>",
            stamp(message),
            escape(&message.text)
        )
    };
    let log = lines(messages, row);
    [
        b"<!DOCTYPE html>\n<html><body>\n<pre>".as_slice(),
        &log,
        b"</pre>\n</body></html>\n",
    ]
    .concat()
}

/// At the last blank before the margin, as mailers do; never in front of the first word.
fn wrap(line: &str, width: usize) -> String {
    let mut out = String::new();
    let mut rest = line;
    while rest.len() > width {
        let start = rest.len() - rest.trim_start().len();
        let text = &rest[..(width + 1).min(rest.len())];
        let blank = text.rfind(' ').filter(|at| *at > start + 15);
        let Some(at) = blank.or_else(|| rest[width..].find(' ').map(|at| width + at)) else {
            break;
        };
        out.push_str(rest[..at].trim_end());
        out.push('\n');
        rest = rest[at..].trim_start();
    }
    out + rest
}

fn wrapped(messages: &[Message], width: usize) -> Vec<u8> {
    lines(messages, |message| wrap(&console(message), width))
}

fn wrapped_no_time(messages: &[Message]) -> Vec<u8> {
    lines(messages, |message| wrap(&message.text, 76))
}

/// Each fifth message was cut by another CPU, and printed once more; each seventh was whole.
fn replayed(messages: &[Message]) -> Vec<u8> {
    const NOTE: &str = "** replaying previous printk message **";
    let mut log = String::new();
    for (number, message) in messages.iter().enumerate() {
        let line = console(message);
        match number {
            n if n % 5 == 4 => {
                let half = &line[..line.len() * 2 / 3];
                let _ = writeln!(log, "{half}{NOTE}\n{line}");
            }
            n if n % 7 == 6 => {
                let _ = writeln!(log, "{line}\n{NOTE}\n{line}");
            }
            _ => {
                let _ = writeln!(log, "{line}");
            }
        }
    }
    log.into_bytes()
}

/// The same by a serial driver that ends the half line.
fn replayed_below(messages: &[Message]) -> Vec<u8> {
    const NOTE: &str = "** replaying previous printk message **";
    let mut log = String::new();
    for (number, message) in messages.iter().enumerate() {
        let line = console(message);
        if number % 3 == 2 {
            let _ = writeln!(log, "{}\n{NOTE}", &line[..line.len() * 2 / 3]);
        }
        let _ = writeln!(log, "{line}");
    }
    log.into_bytes()
}

/// Two on a line.
fn run_together(messages: &[Message]) -> Vec<u8> {
    let pair = |pair: &[Message]| pair.iter().map(console).collect::<String>() + "\n";
    messages
        .chunks(2)
        .map(pair)
        .collect::<String>()
        .into_bytes()
}

/// The instruction bytes in pieces of sixteen, each with its stamp.
fn code_in_pieces(messages: &[Message]) -> Vec<u8> {
    lines(messages, |message| {
        match message.text.strip_prefix("Code: ") {
            None => console(message),
            Some(bytes) => {
                let bytes: Vec<_> = bytes.split(' ').collect();
                let pieces: Vec<_> = bytes
                    .chunks(16)
                    .map(|piece| format!("{} {}", stamp(message), piece.join(" ")))
                    .collect();
                pieces.join("\n").replacen("]  ", "] Code: ", 1)
            }
        }
    })
}
