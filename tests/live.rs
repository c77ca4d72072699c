//! Streams that are being watched, through the real binary: a pipe that is held open.

mod common;

use common::ksplat;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

const HUNG: &str = "[  243.100000] INFO: task kworker/0:1:12 blocked for more than 120 seconds.\n\
    [  243.100001]       Not tainted 6.1.0 #1\n\
    [  243.100003] task:kworker/0:1     state:D stack:    0 pid:   12 ppid:     2 flags:0x00004000\n\
    [  243.100004] Call Trace:\n\
    [  243.100005]  <TASK>\n\
    [  243.100006]  __schedule+0x2eb/0x8d0\n\
    [  243.100008]  foo_wait+0x10/0x20 [foo]\n";

const PANIC: &str = "[    1.000000] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n\
    [    1.000001] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0 #1\n\
    [    1.000002] Call Trace:\n\
    [    1.000003]  panic+0x107/0x2b9\n\
    [    1.000004]  mount_block_root+0x1/0x2\n";

struct Watched {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Watched {
    fn new() -> Watched {
        let mut child = ksplat(Path::new("/"))
            .args(["--format", "ndjson", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ksplat runs");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let sent = |line: std::io::Result<String>| sender.send(line.expect("a text")).is_ok();
            out.lines().map(sent).all(|sent| sent)
        });
        Watched {
            stdin: child.stdin.take(),
            child,
            lines,
        }
    }

    fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("open");
        stdin.write_all(text.as_bytes()).expect("written");
    }

    /// The next report, which must come soon.
    fn report(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(4));
        let line = line.expect("a report while the pipe is open");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Closes the pipe; gives what comes then.
    fn rest(mut self) -> Vec<String> {
        self.stdin = None;
        self.child.wait().expect("it ends");
        self.lines.iter().collect()
    }
}

#[test]
fn a_report_that_has_no_more_lines_is_printed_and_its_rest_is_no_second_one() {
    for (text, kind, rest) in [
        (
            HUNG,
            "hung-task",
            "[  246.0] bar_late+0x1/0x2 [foo]\n[  246.0]  </TASK>\n",
        ),
        (
            PANIC,
            "panic",
            "[    3.0]  prepare_namespace+0x1/0x2\n[    3.0] ---[ end Kernel panic - not syncing: VFS ]---\n",
        ),
    ] {
        let mut watched = Watched::new();
        watched.write(text);
        assert_eq!(watched.report()["kind"], kind);
        watched.write(rest);
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(watched.rest(), Vec::<String>::new(), "{kind}");
    }
}

#[test]
fn a_report_is_printed_while_other_lines_go_on() {
    let mut watched = Watched::new();
    watched.write(HUNG);
    let begun = Instant::now();
    for number in 0..9 {
        std::thread::sleep(Duration::from_millis(400));
        watched.write(&format!("[  250.{number:06}] usb 1-{number}: new device\n"));
        if let Ok(line) = watched.lines.try_recv() {
            assert!(line.contains("hung-task"));
            assert!(begun.elapsed() > Duration::from_millis(900));
            // What comes then is a report of its own.
            watched.write(&HUNG.replace("foo_wait", "other_wait"));
            assert_eq!(watched.report()["kind"], "hung-task");
            assert_eq!(watched.rest().len(), 0);
            return;
        }
    }
    panic!("nothing was printed");
}

#[test]
fn records_of_the_journal_are_read_as_they_come() {
    let record = |line: &str| {
        let text = line.split_once("] ").expect("a stamp").1;
        json!({"MESSAGE": text, "PRIORITY": "3", "SYSLOG_IDENTIFIER": "kernel", "_TRANSPORT": "kernel"})
    };
    let compact: String = HUNG
        .lines()
        .map(|line| format!("{}\n", record(line)))
        .collect();
    let spaced = compact
        .replace("\":\"", "\": \"")
        .replace("\",\"", "\", \"");
    let sequence: String = compact
        .lines()
        .map(|line| format!("\x1e{line}\n"))
        .collect();
    for text in [compact, spaced, sequence] {
        let mut watched = Watched::new();
        watched.write(&text);
        assert_eq!(watched.report()["kind"], "hung-task", "{text}");
        assert_eq!(watched.rest().len(), 0);
    }
}

#[test]
fn a_stream_whose_first_line_is_like_a_mail_s_is_no_mail() {
    let mut watched = Watched::new();
    watched.write(&format!("microcode: updated early\n{HUNG}"));
    assert_eq!(watched.report()["kind"], "hung-task");
    assert_eq!(watched.rest().len(), 0);
}

#[test]
fn a_short_pause_within_a_report_cuts_nothing_off() {
    let mut watched = Watched::new();
    let (first, second) = HUNG.split_at(HUNG.len() / 2);
    watched.write(first);
    std::thread::sleep(Duration::from_millis(300));
    watched.write(second);
    let report = watched.report();
    assert_eq!(report["frames"].as_array().map(Vec::len), Some(2));
    assert_eq!(watched.rest().len(), 0);
}
