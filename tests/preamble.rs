//! What the kernel says is wrong before it prints the header of the report: the reason of it.

mod common;

use common::{splat, splats};

/// A BUG() of `place` in `function`, with what was printed in front of it.
fn bug(said: &str, place: &str, function: &str) -> String {
    let rest = format!(
        "------------[ cut here ]------------
kernel BUG at {place}!
invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
CPU: 2 PID: 501 Comm: foo Not tainted 6.5.0 #1
RIP: 0010:{function}+0x9d/0xb0
Call Trace:
 <TASK>
 zeta_open+0x10/0x20
 do_syscall_64+0x5d/0x90
 </TASK>
---[ end trace 0000000000000000 ]---"
    );
    let lines = said.lines().chain(rest.lines());
    lines.map(|line| format!("[  100.5] {line}\n")).collect()
}

/// (what was said, the place and the function of BUG(), what a person reads first)
const ROWS: [(&str, &str, &str, &str); 9] = [
    (
        "usercopy: Kernel memory exposure attempt detected from SLUB object 'zeta' (offset 0, size 4096)!",
        "mm/usercopy.c:102",
        "usercopy_abort",
        "OUT OF BOUNDS: zeta_open() copied between a program and memory beyond the end of SLUB object 'zeta'; foo was killed",
    ),
    (
        "skbuff: skb_over_panic: text:ffffffffc0a81234 len:4177 put:1500 head:ffff88810c6e0000 data:ffff88810c6e0040 tail:0x1091 end:0x6c0 dev:eth0",
        "net/core/skbuff.c:120",
        "skb_panic",
        "OUT OF BOUNDS: zeta_open() wanted to put 1500 bytes into a packet of eth0 that has no room for them; foo was killed",
    ),
    (
        "skb_under_panic: text:ffffffffc0a81234 len:60 put:14 head:ffff88810c6e0000 data:ffff88810c6dfff2 tail:0x2e end:0x6c0 dev:wlan0",
        "net/core/skbuff.c:109",
        "skb_panic",
        "OUT OF BOUNDS: zeta_open() wanted to put 14 bytes in front of a packet of wlan0 that has no room there; foo was killed",
    ),
    (
        "list_del corruption. prev->next should be ffff88800b04a000, but was dead000000000100. (prev=ffff88800b04b000)",
        "lib/list_debug.c:62",
        "__list_del_entry_valid_or_report",
        "MEMORY CORRUPTED: zeta_open() found a list of the kernel damaged; foo was killed",
    ),
    (
        "assertion failed: PageLocked(page), in fs/btrfs/inode.c:1234",
        "fs/btrfs/ctree.h:3542",
        "assertfail",
        "KERNEL BUG: zeta_open() needs \"PageLocked(page)\", and that is not so; foo was killed",
    ),
    (
        "XFS (dm-0): Assertion failed: ip->i_nblocks == 0, file: fs/xfs/xfs_inode.c, line: 1774",
        "fs/xfs/xfs_message.c:102",
        "assfail",
        "KERNEL BUG: assfail() needs \"ip->i_nblocks == 0\", and that is not so; foo was killed",
    ),
    (
        "Assertion failure in jbd2_journal_commit_transaction() at fs/jbd2/commit.c:412: \"journal->j_running_transaction != NULL\"",
        "fs/jbd2/commit.c:412",
        "jbd2_journal_commit_transaction",
        "KERNEL BUG: jbd2_journal_commit_transaction() needs \"journal->j_running_transaction != NULL\", and that is not so; foo was killed",
    ),
    (
        "page:ffffea0004a3d2c0 refcount:0 mapcount:0 mapping:0000000000000000 index:0x1 pfn:0x128f4b
flags: 0x17ffffc0000000(node=0|zone=2|lastcpupid=0x1fffff)
raw: 0017ffffc0000000 dead000000000100 dead000000000122 0000000000000000
page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)",
        "include/linux/mm.h:1110",
        "zeta_put",
        "KERNEL BUG: zeta_put() found a page in a state that must not be (page_ref_count(page) == 0); foo was killed",
    ),
    (
        "CRED: Invalid credentials
CRED: At fs/open.c:340
CRED: Specified credentials: 00000000c1d1b2a3
CRED: ->magic=5f4c4753, put_addr=0000000000000000",
        "kernel/cred.c:768",
        "__invalid_creds",
        "KERNEL BUG: __invalid_creds() found a state in which the kernel cannot go on; foo was killed",
    ),
];

#[test]
fn what_is_said_in_front_of_a_bug_is_a_part_of_it() {
    for (said, place, function, sentence) in ROWS {
        let report = splat(bug(said, place, function));
        assert_eq!(report["summary"], sentence);
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(
            report["message"].as_array().expect("lines")[..lines.len()],
            lines
        );
        assert_eq!(report["source"]["first_line"], 1, "{said}");
        // What only prints for others is not where to look.
        let prints = [
            "lib/list_debug.c",
            "mm/usercopy.c",
            "net/core/skbuff.c",
            "fs/xfs/xfs_message.c",
        ];
        assert!(
            !prints.iter().any(|file| report["guilty_file"] == *file),
            "{said}"
        );
    }
}

/// The same without stamps, behind a journal's prefix, and with a report right before.
#[test]
fn it_is_found_in_every_framing() {
    for (said, place, function, sentence) in ROWS {
        let log = bug(said, place, function);
        let bare = log.replace("[  100.5] ", "");
        let journal = log.replace("[  100.5] ", "Nov 27 21:00:00 host kernel: ");
        for form in [bare, journal, format!("{log}{log}")] {
            let all = splats(&form);
            let last = all.last().expect("a report");
            assert_eq!(last["summary"], sentence, "{form}");
            assert_eq!(
                last["message"][0],
                said.lines().next().expect("a line"),
                "{form}"
            );
        }
    }
}

/// OpenZFS prints no "cut here" (module/os/linux/spl/spl-err.c).
#[test]
fn a_failed_verify_is_the_reason_of_its_panic() {
    let log = "\
[   24.392879] VERIFY3(0 == dsl_dataset_get_snapname(ds)) failed (0 == 2)
[   24.393304] PANIC at dsl_dataset.c:577:dsl_dataset_name()
[   24.393502] Showing stack for process 1643
[   24.393527] CPU: 3 PID: 1643 Comm: txg_sync Tainted: P O 6.1.0 #21
[   24.393560] Call Trace:
[   24.393581]  spl_panic+0xf9/0x110 [spl]
[   24.393680]  dsl_dataset_name+0x105/0x110 [zfs]
";
    let report = splat(log);
    assert_eq!(
        report["message"][0],
        "VERIFY3(0 == dsl_dataset_get_snapname(ds)) failed (0 == 2)"
    );
    assert_eq!(report["source"]["first_line"], 1);
}

/// A line of long ago, or one far above, has nothing to do with the report.
#[test]
fn what_was_said_earlier_is_of_something_else() {
    let (said, place, function, _) = ROWS[3];
    let log = bug(said, place, function);
    let late = log.replacen("[  100.5]", "[   98.5]", 1);
    let (first, rest) = log.split_once('\n').expect("lines");
    let far = format!("{first}\n[  100.5] eth0: link up\n[  100.5] eth0: link down\n{rest}");
    for form in [late, far] {
        let report = splat(&form);
        assert_eq!(
            report["message"].as_array().map(Vec::len),
            Some(0),
            "{form}"
        );
        assert_ne!(report["source"]["first_line"], 1, "{form}");
    }
}
