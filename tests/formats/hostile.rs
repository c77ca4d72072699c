//! Input that means harm: what comes before the harm is still read, nothing panics.

use super::containers::{CONTAINERS, gzip, tar, tar_of, xz, zip};
use super::framings::{FRAMINGS, messages};
use super::mails::{MAILS, attached, mbox, plain};
use super::triage::{read, read_within};
use ksplat::stages::input::container::Limits;
use proptest::prelude::*;

pub const SPLAT: &str = "[    1.000000] ------------[ cut here ]------------\n\
[    1.000000] WARNING: CPU: 1 PID: 7 at a/b.c:3 f+0x1/0x20\n\
[    1.000000] Call Trace:\n\
[    1.000000]  g+0x3/0x40\n\
[    1.000000] ---[ end trace 0000000000000000 ]---\n";

fn limits(max_size: u64) -> Limits {
    Limits {
        max_size,
        ..Limits::default()
    }
}

#[test]
fn a_bomb_is_said_to_be_one_and_what_came_before_is_read() {
    let mut log = SPLAT.as_bytes().to_vec();
    log.resize(4 << 20, b'\n');
    let answer = read_within(&xz(&log), limits(16 << 20));
    assert_eq!(answer.reports.len(), 1);
    assert_eq!(answer.errors.len(), 1);
    assert!(
        answer.errors[0].contains("times its size") && answer.errors[0].contains("--max-size"),
        "{:?}",
        answer.errors
    );
}

#[test]
fn the_total_is_limited_over_all_members() {
    let log = [SPLAT.as_bytes(), &vec![b'x'; 600_000]].concat();
    let packed = gzip(&log);
    let archive = tar_of(&[("a.gz", &packed), ("b.gz", &packed), ("c.gz", &packed)]);
    let answer = read_within(&archive, limits(1_000_000));
    assert_eq!(
        answer.reports.len(),
        2,
        "the second is cut behind its splat: {:?}",
        answer.errors
    );
    assert_eq!(
        answer.errors,
        [
            "log: b.gz: unpacks to more than 1000000 bytes; what came before was read; raise --max-size to read all of it"
        ]
    );
}

#[test]
fn containers_within_containers_have_an_end() {
    let deep = (0..9).fold(SPLAT.as_bytes().to_vec(), |inner, _| tar(&inner));
    let answer = read(&deep);
    assert!(answer.reports.is_empty());
    assert_eq!(answer.errors.len(), 1);
    assert!(
        answer.errors[0].contains("nested more than 8 deep"),
        "{:?}",
        answer.errors
    );
}

#[test]
fn a_cut_off_archive_gives_what_came_before_and_one_error() {
    let filler: Vec<u8> = (0..400_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let log = [SPLAT.as_bytes(), &filler].concat();
    for (name, pack) in CONTAINERS {
        let is_text = ["utf-16le", "utf-16be", "utf-8-mark"].contains(name);
        // Tables of contents stand at the end of a zip; an ar and an old cpio say how long a member is; a legacy frame
        // of lz4 has blocks of 8 MiB; no part of a dump is as large.
        let needs_end =
            name.contains("zip") && !name.starts_with("gzip") && !name.starts_with("bzip2")
                || ["ar", "deb", "cpio-odc", "lz4-legacy"].contains(name)
                || name.starts_with("pstore");
        if is_text || needs_end {
            continue;
        }
        let whole = pack(&log);
        let answer = read(&whole[..whole.len() * 3 / 4]);
        assert_eq!(answer.reports.len(), 1, "{name}");
        assert_eq!(answer.errors.len(), 1, "{name}: {:?}", answer.errors);
        assert!(
            answer.errors[0].contains("what came before was read"),
            "{name}: {:?}",
            answer.errors
        );
    }
}

#[test]
fn one_broken_member_does_not_hide_the_next() {
    let mut broken = xz(SPLAT.as_bytes());
    broken.truncate(40);
    for archive in [
        tar_of(&[("a.xz", &broken), ("b.log", SPLAT.as_bytes())]),
        mbox(&[&attached(&broken, "a.xz"), &plain(SPLAT.as_bytes())]),
    ] {
        let answer = read(&archive);
        assert_eq!(answer.reports.len(), 1);
        assert_eq!(answer.errors.len(), 1, "{:?}", answer.errors);
        assert!(answer.errors[0].contains("a.xz"), "{:?}", answer.errors);
    }
}

#[test]
fn an_error_is_one_line_whatever_a_member_is_called() {
    let mut broken = xz(SPLAT.as_bytes());
    broken.truncate(40);
    let answer = read(&tar_of(&[("a\nb\x1b[2J", &broken)]));
    assert_eq!(answer.errors.len(), 1);
    assert!(
        answer.errors[0].chars().all(|c| !c.is_control()),
        "{:?}",
        answer.errors
    );
}

#[test]
fn a_member_is_named_by_the_chain_that_leads_to_it() {
    let log = SPLAT.as_bytes();
    for (packed, name) in [
        (log.to_vec(), None),
        (gzip(log), None),
        (plain(log), None),
        (gzip(&tar(log)), Some("logs/console.log")),
        (tar(&zip(log)), Some("logs/console.log in logs/console.log")),
        (
            mbox(&[&plain(b"x"), &plain(b"y"), &attached(&xz(log), "dmesg.xz")]),
            Some("dmesg.xz in mail 3"),
        ),
        (mbox(&[&plain(log)]), Some("mail 1")),
    ] {
        let answer = read(&packed);
        let members: Vec<_> = answer
            .reports
            .iter()
            .map(|report| report.splat.source.member.as_deref())
            .collect();
        assert_eq!(members, [name]);
    }
}

#[test]
fn a_mailbox_of_many_tiny_mails_is_read_mail_by_mail() {
    let mail = plain(b"nothing");
    let mails: Vec<&[u8]> = std::iter::repeat_n(mail.as_slice(), 4_000).collect();
    let mut all = mbox(&mails);
    all.extend(mbox(&[&plain(SPLAT.as_bytes())]));
    let answer = read(&all);
    assert_eq!((answer.members, answer.reports.len()), (4_001, 1));
    assert_eq!(
        answer.reports[0].splat.source.member.as_deref(),
        Some("mail 4001")
    );
}

#[test]
fn too_many_members_end_the_input() {
    let mail = plain(b"nothing");
    let mails: Vec<&[u8]> = std::iter::repeat_n(mail.as_slice(), 50).collect();
    let answer = read_within(
        &mbox(&mails),
        Limits {
            max_members: 10,
            ..Limits::default()
        },
    );
    assert_eq!(answer.errors.len(), 1);
    assert!(
        answer.errors[0].contains("more than 10 members"),
        "{:?}",
        answer.errors
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Bytes of any container, damaged anywhere.
    #[test]
    fn damage_never_panics(
        container in prop::sample::select(CONTAINERS.iter().chain(MAILS).collect::<Vec<_>>()),
        framing in prop::sample::select(FRAMINGS),
        cut in 0.0..1.0,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let mut bytes = container.1(&framing.1(&messages(SPLAT)));
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate((bytes.len() as f64 * cut) as usize + 1);
        read_within(&bytes, limits(1 << 20));
    }

    /// The mark of a container, then anything.
    #[test]
    fn anything_behind_a_mark_never_panics(
        mark in prop::sample::select(MARKS),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        read_within(&[mark, rest.as_slice()].concat(), limits(1 << 20));
    }
}

const MARKS: &[&[u8]] = &[
    b"",
    b"\x1f\x8b\x08",
    b"\xfd7zXZ\0",
    b"\x5d\0\0\x80\0",
    b"BZh91AY&SY",
    b"\x28\xb5\x2f\xfd",
    b"\x50\x2a\x4d\x18",
    b"\x04\x22\x4d\x18",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"070701",
    b"070702",
    b"!<arch>\n",
    b"\xff\xfe",
    b"\xfe\xff",
    b"From a@b Mon Nov 23 14:20:48 2026\nFrom: a\nTo: b\n",
    b"From: a\nSubject: b\nContent-Type: multipart/mixed; boundary=x\n\n--x\n",
];
