use super::*;
use crate::line::kind::who;
use proptest::prelude::*;
use std::sync::LazyLock;

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(Grammar::builtin);

proptest! {
    #[test]
    fn the_usual_line_is_read_as_any_other(
        text in "CPU: [0-9]{1,3}( UID: [0-9]{1,2})? PID: [0-9]{1,10} Comm:( [a-zW/]{1,3}| Kdump: loaded| Tainted:| Not tainted){1,3}( [A-Z]| [-]{1,3}| {1,3}){0,5} {0,2}(6.1|W)( #| 6| )[0-9]{0,2}( SMP| [0-9a-f]{39,41}){0,2}",
    ) {
        if let Some(line) = usual(&text) {
            prop_assert_eq!(Some(line), by_form(&GRAMMAR, &text), "{}", text);
        }
    }
}

fn head_line(text: &str) -> Option<CpuLine> {
    cpu_line(&GRAMMAR, text).or_else(|| who(&GRAMMAR, text, false))
}

fn read(text: &str) -> CpuLine {
    head_line(text).unwrap_or_else(|| panic!("no CPU line: {text}"))
}

/// CPU, PID, comm, taint, release, build.
type Told<'a> = (
    Option<u32>,
    Option<i32>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
    Option<&'a str>,
);

fn told(line: &CpuLine) -> Told<'_> {
    let kernel = &line.kernel;
    (
        line.cpu,
        line.pid,
        line.comm.as_deref(),
        kernel.taint.as_deref(),
        kernel.release.as_deref(),
        kernel.build.as_deref(),
    )
}

#[test]
fn kernels_of_every_vendor() {
    for (text, taint, release, build) in [
        (
            "Not tainted 6.16.9+deb14-amd64 #1 PREEMPT(lazy)  Debian 6.16.9-1",
            "",
            "6.16.9+deb14-amd64",
            "#1",
        ),
        (
            "Tainted: P          IO       6.8.0-31-generic #31-Ubuntu",
            "PIO",
            "6.8.0-31-generic",
            "#31-Ubuntu",
        ),
        // RHEL 6, 7, 8, 9 and 10
        (
            "Tainted: P           ---------------    2.6.32-431.el6.x86_64 #1 Dell Inc.",
            "P",
            "2.6.32-431.el6.x86_64",
            "#1",
        ),
        (
            "Tainted: G        W      ------------ T 3.10.0-1160.el7.x86_64 #1",
            "WT",
            "3.10.0-1160.el7.x86_64",
            "#1",
        ),
        (
            "Kdump: loaded Tainted: G           OE    --------- -t - 4.18.0-513.el8.x86_64 #1",
            "OEt",
            "4.18.0-513.el8.x86_64",
            "#1",
        ),
        (
            "Kdump: loaded Tainted: G        W        -------  --- 5.14.0-362.8.1.el9_3.x86_64 #1",
            "W",
            "5.14.0-362.8.1.el9_3.x86_64",
            "#1",
        ),
        (
            "Kdump: loaded Tainted: G        W        --------------------------------  6.12.0-55.el10.x86_64 #1 PREEMPT(voluntary)",
            "W",
            "6.12.0-55.el10.x86_64",
            "#1",
        ),
        (
            "Tainted: G           OE      5.15.0-101.103.2.1.el9uek.x86_64 #2",
            "OE",
            "5.15.0-101.103.2.1.el9uek.x86_64",
            "#2",
        ),
        (
            "Tainted: G           OE     N 5.3.18-59-default #1 SLE15-SP3",
            "OEN",
            "5.3.18-59-default",
            "#1",
        ),
        (
            "Tainted: G        W  O       5.15.104-android14-11-g1234abcd5678-ab10567890 #1",
            "WO",
            "5.15.104-android14-11-g1234abcd5678-ab10567890",
            "#1",
        ),
        (
            "Not tainted 5.15.136-20598-gd2cfd06c1e6c #1 SMP PREEMPT Thu, 2 Nov 2023",
            "",
            "5.15.136-20598-gd2cfd06c1e6c",
            "#1",
        ),
        (
            "Not tainted 5.15.153.1-microsoft-standard-WSL2 #1",
            "",
            "5.15.153.1-microsoft-standard-WSL2",
            "#1",
        ),
        (
            "Tainted: P           O       6.5.11-7-pve #1",
            "PO",
            "6.5.11-7-pve",
            "#1",
        ),
        (
            "Tainted: G         C         6.1.21-v8+ #1642",
            "C",
            "6.1.21-v8+",
            "#1642",
        ),
        (
            "Tainted: G S   UD W   L      6.9.0-rc3-00001-gee8962082a44 #1",
            "SUDWL",
            "6.9.0-rc3-00001-gee8962082a44",
            "#1",
        ),
    ] {
        let text = format!("CPU: 3 UID: 0 PID: 7 Comm: mytool {text}");
        let wanted = (
            Some(3),
            Some(7),
            Some("mytool"),
            Some(taint),
            Some(release),
            Some(build),
        );
        assert_eq!(told(&read(&text)), wanted, "{text}");
    }
}

#[test]
fn the_head_lines_of_every_time_and_architecture() {
    let rows: &[(&str, Told<'_>)] = &[
        (
            "Pid: 1, comm: init Not tainted 3.2.0-4-amd64 #1 Debian 3.2.57",
            (
                None,
                Some(1),
                Some("init"),
                Some(""),
                Some("3.2.0-4-amd64"),
                Some("#1"),
            ),
        ),
        (
            "Pid: 4711, comm: mytool Tainted: P           ---------------    2.6.32-431.el6.x86_64 #1 Box",
            (
                None,
                Some(4711),
                Some("mytool"),
                Some("P"),
                Some("2.6.32-431.el6.x86_64"),
                Some("#1"),
            ),
        ),
        (
            "Pid: 2, comm: x Not tainted (2.6.18-8.el5 #1)",
            (
                None,
                Some(2),
                Some("x"),
                Some(""),
                Some("2.6.18-8.el5"),
                Some("#1"),
            ),
        ),
        (
            "Pid: 1322, comm: mytool Not tainted 6.1.0",
            (
                None,
                Some(1322),
                Some("mytool"),
                Some(""),
                Some("6.1.0"),
                None,
            ),
        ),
        (
            "CPU: 0    Not tainted  (2.6.35 #1)",
            (Some(0), None, None, Some(""), Some("2.6.35"), Some("#1")),
        ),
        (
            "Pid : 1, Comm: \t\tswapper",
            (None, Some(1), Some("swapper"), None, None, None),
        ),
        (
            "CPU : 0        \t\tNot tainted  (2.6.35 #1)",
            (Some(0), None, None, Some(""), Some("2.6.35"), Some("#1")),
        ),
        ("CPU 2 ", (Some(2), None, None, None, None, None)),
        ("CPU:    0", (Some(0), None, None, None, None, None)),
        ("CPU #: 1", (Some(1), None, None, None, None, None)),
        (
            "Process mytool (pid: 1322, threadinfo=5bd1e4c7, task=a2f1b3c4, tls=77e37490)",
            (None, Some(1322), Some("mytool"), None, None, None),
        ),
        (
            "Process: my tool (pid: 1322, stack limit = 8f82a001)",
            (None, Some(1322), Some("my tool"), None, None, None),
        ),
        (
            "mytool(1322): Oops 0",
            (None, Some(1322), Some("mytool"), None, None, None),
        ),
        (
            "CPU 1 mytool(1322): Kernel Bug 1",
            (Some(1), Some(1322), Some("mytool"), None, None, None),
        ),
        (
            "mytool (pid 1322): Illegal instruction (code 8)",
            (None, Some(1322), Some("mytool"), None, None, None),
        ),
        (
            "COMM=mytool PID=1322",
            (None, Some(1322), Some("mytool"), None, None, None),
        ),
        (
            "CPU#1, mytool/1322, Call Trace:",
            (Some(1), Some(1322), Some("mytool"), None, None, None),
        ),
        (
            "TASK = c3d7a000[1322] 'mytool' THREAD: c3d7a000 CPU: 1",
            (Some(1), Some(1322), Some("mytool"), None, None, None),
        ),
        (
            "3.4.0 #3275 Tainted: G        W   ",
            (None, None, None, Some("W"), Some("3.4.0"), Some("#3275")),
        ),
        (
            "Tainted: P          IO       6.8.0-31-generic #31-Ubuntu",
            (
                None,
                None,
                None,
                Some("PIO"),
                Some("6.8.0-31-generic"),
                Some("#31-Ubuntu"),
            ),
        ),
        (
            "Tainted: [W]=WARN, [O]=OOT_MODULE",
            (None, None, None, Some("WO"), None, None),
        ),
    ];
    for (text, wanted) in rows {
        assert_eq!(told(&read(text)), *wanted, "{text}");
    }
}

#[test]
fn a_name_may_have_any_bytes() {
    for comm in [
        "Web Content",
        "kworker/u16:3+mydrv",
        "(sd-pam)",
        "",
        "a Comm: b",
        "caf\u{e9} \u{1f600}",
        "x\u{7f}y",
        "#1",
    ] {
        let line = read(&format!(
            "CPU: 0 PID: 7 Comm: {comm} Not tainted 6.1.0 #2 SMP"
        ));
        assert_eq!(line.comm.as_deref(), Some(comm));
        assert_eq!(line.kernel.release.as_deref(), Some("6.1.0"), "{comm}");
    }
}

#[test]
fn a_build_id_ends_the_line() {
    let id = "c76c09082e833299bbcc71b75dc4abf37758b94a";
    let line = read(&format!(
        "CPU: 0 PID: 7 Comm: Web Content Kdump: loaded Not tainted 6.1.0 #2 SMP  {id}"
    ));
    assert_eq!(line.comm.as_deref(), Some("Web Content"));
    assert_eq!(line.kernel.build_id.as_deref(), Some(id));
}

#[test]
fn a_cut_line_gives_what_is_left() {
    let line = read("CPU: 1 PID: 0 Comm: swapper/1 Not tain");
    assert_eq!(line.cpu, Some(1));
    assert_eq!(line.kernel.release, None);
    assert_eq!(line.kernel.taint, None);
}

#[test]
fn prose_is_no_head_line() {
    for text in [
        "CPU 1 Unable to handle kernel paging request at virtual address 00000038",
        "Process accounting resumed",
        "CPU: ARMv7 Processor [412fc0f1] revision 1",
        "CPU0: Thread -1, Socket -1",
        "x (pid 12): hello",
        "Tainted: see above",
        "f(2): nothing",
    ] {
        assert!(head_line(text).is_none(), "{text}");
    }
}

/// arch/x86/kernel/process.c, `show_regs_common()`: vendor, product and board, each of which may be missing.
#[test]
fn the_machine_at_the_end_of_the_line_of_old() {
    let machine = |text: &str| {
        let said = cpu_line(&Grammar::builtin(), text).unwrap_or_else(|| panic!("{text}"));
        (said.kernel.build, said.hardware)
    };
    let rows = [
        (
            "2.6.32-431.el6.x86_64 #1 Dell Inc. PowerEdge R720/0X6H47",
            "#1",
            Some("Dell Inc. PowerEdge R720/0X6H47"),
        ),
        ("(2.6.27 #12) VirtualBox", "#12", Some("VirtualBox")),
        ("3.2.0-4-amd64 #1   /", "#1", None),
        ("2.6.32 #1", "#1", None),
    ];
    for (kernel, build, hardware) in rows {
        let (found, named) = machine(&format!("Pid: 2345, comm: mount Not tainted {kernel}"));
        assert_eq!(found.as_deref(), Some(build), "{kernel}");
        assert_eq!(named.as_deref(), hardware, "{kernel}");
    }
}
