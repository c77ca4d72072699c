//! The other WARN of the function that warns of late clears: that the number of the feature is out of range, where
//! nothing is cleared. What separates the two is the printed condition, the code in front of the trap, the registers,
//! the line of the source, and the release; where none of them does, that is said.

use super::site::ClearPlace;
use super::{Case, Confidence, Evidence, FeatureFrom, NamedFeature};
use crate::grammar::{ClearSite, RangeCheck};
use crate::splat::{Registers, is_fragment};

/// Which of the two WARNs it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichWarn {
    /// The one about late clears; the evidence where it needs words.
    LateClear(Option<Evidence>),
    /// The other one.
    RangeCheck,
    /// The head of the report does not decide; the feature may.
    Open,
}

/// Looks at all that separates the two WARNs, the surest first.
pub fn tell(case: &Case<'_>, rule: &ClearSite) -> WhichWarn {
    let splat = case.splat;
    let Some(other) = &rule.range_check else {
        return WhichWarn::LateClear(None);
    };
    let told = |is_late| match is_late {
        true => WhichWarn::LateClear(None),
        false => WhichWarn::RangeCheck,
    };
    let says = |text: &str| splat.message.iter().any(|line| line.contains(text));
    if says(&other.condition) {
        return WhichWarn::RangeCheck;
    }
    if says(&rule.patched_flag) {
        return WhichWarn::LateClear(None);
    }
    if let Some(reads_flag) = case.vmlinux.tests_variable(splat, &rule.patched_flag) {
        let says = format!(
            "the code in front of the trap reads {} (vmlinux)",
            rule.patched_flag
        );
        return match reads_flag {
            true => WhichWarn::LateClear(Some(Case::note(0, says, "late clear"))),
            false => WhichWarn::RangeCheck,
        };
    }
    if let Some((is_late, item)) = by_bug_table(case, rule) {
        return match is_late {
            true => WhichWarn::LateClear(Some(item)),
            false => WhichWarn::RangeCheck,
        };
    }
    let limit = case.features.max_feature_bits();
    // The code shows what was tested; the registers may have changed since.
    if let Some(is_late) = by_code(case, limit) {
        return told(is_late);
    }
    if is_out_of_range(case, limit) {
        return WhichWarn::RangeCheck;
    }
    if let Some(is_late) = by_line(case, rule, other) {
        return told(is_late);
    }
    // Older kernels have only the range check; a candidate may be older or newer than its number.
    if case.features.is_before(&other.alone_before) && is_released(case) {
        return WhichWarn::RangeCheck;
    }
    WhichWarn::Open
}

/// Decides where nothing else in the report separates the WARNs: a number in range can only be the late clear's. Else
/// the verdict is no more than likely.
pub fn settle(
    case: &Case<'_>,
    place: &ClearPlace<'_>,
    feature: Option<&NamedFeature>,
    evidence: &mut Vec<Evidence>,
) -> Confidence {
    let rule = place.rule;
    let is_own = !is_fragment(case.splat) && !place.in_passing;
    let open = is_own && tell(case, rule) == WhichWarn::Open;
    let Some(other) = rule.range_check.as_ref().filter(|_| open) else {
        return Confidence::Certain;
    };
    // A feature that is only known by its requester proves nothing of the number.
    let printed = |feature: &&NamedFeature| feature.from != FeatureFrom::Caller;
    let number = feature.filter(printed).and_then(|feature| feature.number);
    let (says, confidence) = match number {
        Some(number) => (
            format!(
                "feature {number} is in range: not the WARN about {}",
                other.condition
            ),
            Confidence::Certain,
        ),
        None => (
            format!(
                "{}() has another WARN, about {}, and nothing here tells the two apart",
                rule.function, other.condition
            ),
            Confidence::Likely,
        ),
    };
    evidence.push(Case::note(case.splat.header_line, says, "late clear"));
    confidence
}

/// The instructions in front of the trap: true where they test a variable for zero, false where they compare a register
/// with a number that may be the limit.
fn by_code(case: &Case<'_>, limit: Option<u32>) -> Option<bool> {
    let code = case.splat.code.as_ref()?;
    let before = code.bytes.get(..code.trap_offset?)?;
    if tests_variable(before) {
        return Some(true);
    }
    let highest = limit.map(|limit| (limit - 1).to_le_bytes());
    let tail = &before[before.len().saturating_sub(12)..];
    let holds_limit = highest.is_some_and(|bytes| memchr::memmem::find(tail, &bytes).is_some());
    (holds_limit || limit.is_none() && compares_with_limit(before)).then_some(false)
}

/// Without the conditional jump around the trap (`je`, `jbe`): short, or with 32 bits.
fn before_jump(before: &[u8]) -> &[u8] {
    match before {
        [rest @ .., 0x0f, 0x84 | 0x86, _, _, _, _] | [rest @ .., 0x74 | 0x76, _] => rest,
        _ => &[],
    }
}

/// `mov VARIABLE,%reg; test %reg,%reg` or `cmpl $0,VARIABLE`, as `WARN_ON(alternatives_patched)` compiles.
fn tests_variable(before: &[u8]) -> bool {
    match before_jump(before) {
        [.., 0x8b, modrm, _, _, _, _, 0x85, _] => modrm & 0xc7 == 0x05,
        [.., 0xa1, _, _, _, _, 0x85, 0xc0] | [.., 0x83, 0x3d, _, _, _, _, 0x00] => true,
        _ => false,
    }
}

/// `cmp $imm32,%reg` with a number that MAX_FEATURE_BITS - 1 may be: whole words, of which kernels have 20 to 40.
fn compares_with_limit(before: &[u8]) -> bool {
    const WORDS: std::ops::Range<u32> = 20..40;
    let (a, b, c, d) = match before_jump(before) {
        [.., 0x81, 0xf8..=0xff, a, b, c, d] | [.., 0x3d, a, b, c, d] => (*a, *b, *c, *d),
        _ => return false,
    };
    let highest = u32::from_le_bytes([a, b, c, d]);
    highest % 32 == 31 && WORDS.contains(&(highest / 32))
}

/// The register that carries the feature into the function holds what no kernel knows as a feature.
fn is_out_of_range(case: &Case<'_>, limit: Option<u32>) -> bool {
    let registers: &Registers = &case.splat.registers;
    // The second argument is in RSI on x86-64, in EDX on i386 (`-mregparm=3`, arch/x86/Makefile).
    let value = registers.value("rsi").or_else(|| {
        let is_i386 = registers.text("eax").is_some();
        registers.value("edx").filter(|_| is_i386)
    });
    // More than 32 bits are no number of a feature: the register holds something else by now.
    let beyond = |value: u64| {
        limit.is_some_and(|limit| value >= u64::from(limit) && value < u64::from(u32::MAX))
    };
    value.is_some_and(beyond)
}

/// The line of the header or of RIP, in the table of the vmlinux, which has the lines of both WARNs: the range check is
/// above the other one (arch/x86/kernel/cpu/cpuid-deps.c since 6.10).
fn by_bug_table(case: &Case<'_>, rule: &ClearSite) -> Option<(bool, Evidence)> {
    let sites = case.vmlinux.warn_sites(&rule.function)?;
    let [range_check, late_clear] = sites.lines[..] else {
        return None;
    };
    let in_file = case.splat.at_file.as_deref() == Some(rule.file.as_str());
    let line = case.splat.at_line.filter(|_| in_file).or(sites.at_rip)?;
    let says = format!(
        "{}() has its WARNs in lines {range_check} and {late_clear} (__bug_table of vmlinux): this is the one in line {line}",
        rule.function
    );
    let item = Case::note(0, says, "late clear");
    match line {
        line if line == late_clear => Some((true, item)),
        line if line == range_check => Some((false, item)),
        _ => None,
    }
}

/// The line of the header, in a series of which both lines are known.
fn by_line(case: &Case<'_>, rule: &ClearSite, other: &RangeCheck) -> Option<bool> {
    let splat = case.splat;
    let line = splat.at_line?;
    let in_file = splat.at_file.as_deref() == Some(rule.file.as_str());
    let mut known = other.lines.iter();
    let known = known.find(|lines| in_file && case.features.is_of(&lines.series))?;
    match line {
        line if line == known.late_clear => Some(true),
        line if line == known.range_check => Some(false),
        _ => None,
    }
}

/// A candidate's successors hold commits of the next series (`6.9.0-rc3-00001-gee8962082a44`).
fn is_released(case: &Case<'_>) -> bool {
    let release = case.splat.kernel.release.as_deref();
    let release = release.or(case.boot.release());
    release.is_some_and(|release| !release.contains("-rc"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boot::Boot;
    use crate::cpus::Listings;
    use crate::grammar::Grammar;
    use crate::late_clear::{Target, Vmlinux};
    use crate::splat::Splat;
    use crate::symbols::WarnSites;

    #[test]
    fn a_variable_tested_for_zero_is_the_late_clear() {
        let by_register = [0x8b, 0x15, 0x0a, 0x72, 0xe0, 0x01, 0x85, 0xd2];
        let in_memory = [0x83, 0x3d, 0x0a, 0x72, 0xe0, 0x01, 0x00];
        let short = [0x74, 0x02];
        let long = [0x0f, 0x84, 0x6e, 0xff, 0xff, 0xff];
        for test in [&by_register[..], &in_memory] {
            for jump in [&short[..], &long] {
                assert!(tests_variable(&[test, jump].concat()));
            }
            assert!(!tests_variable(test));
        }
        assert!(!tests_variable(&[0x8b, 0x45, 0x0a, 0x85, 0xd2, 0x74, 0x02]));
    }

    #[test]
    fn a_register_compared_with_whole_words_is_the_range_check() {
        let compare = |highest: u32, jump: &[u8]| {
            let bytes = [&[0x81, 0xfe][..], &highest.to_le_bytes(), jump].concat();
            compares_with_limit(&bytes)
        };
        assert!(compare(24 * 32 - 1, &[0x76, 0x02]));
        assert!(compare(22 * 32 - 1, &[0x0f, 0x86, 1, 0, 0, 0]));
        assert!(!compare(24 * 32, &[0x76, 0x02]));
        assert!(!compare(31, &[0x76, 0x02]));
        assert!(!compare(24 * 32 - 1, &[0x90, 0x90]));
    }

    /// A vmlinux that has a table of WARN()s and nothing else.
    struct Table(WarnSites);

    impl Vmlinux for Table {
        fn parameter(&self, _: &Splat, _: &str, _: &str) -> Result<(u64, String), String> {
            Err(String::new())
        }

        fn cpuinfo(&self, _: u64, _: Option<u64>) -> Option<Target> {
            None
        }

        fn tests_variable(&self, _: &Splat, _: &str) -> Option<bool> {
            None
        }

        fn warn_sites(&self, _: &str) -> Option<WarnSites> {
            Some(self.0.clone())
        }

        fn flag(&self, _: u32) -> Option<Option<String>> {
            None
        }

        fn gap(&self, _: u64) -> Option<&str> {
            None
        }
    }

    /// Which WARN it is by the table, of a kernel whose lines no rule knows; `line` is the header's.
    fn by_table(lines: &[u32], at_rip: Option<u32>, line: Option<u32>) -> WhichWarn {
        let grammar = Grammar::builtin();
        let features = grammar.features().for_release(Some("6.14.2"));
        let rule = &grammar.sites[0];
        let splat = Splat {
            at_file: line.map(|_| rule.file.clone()),
            at_line: line,
            ..Splat::default()
        };
        let table = Table(WarnSites {
            lines: lines.to_vec(),
            at_rip,
        });
        let case = Case {
            grammar: &grammar,
            features: &features,
            splat: &splat,
            boot: &Boot::default(),
            vmlinux: &table,
            earlier: &[],
            index: 0,
            listings: &Listings::default(),
        };
        tell(&case, rule)
    }

    #[test]
    fn the_table_of_a_vmlinux_has_the_lines_of_both() {
        let is_late = |told| matches!(told, WhichWarn::LateClear(Some(_)));
        assert!(is_late(by_table(&[114, 118], None, Some(118))));
        assert_eq!(
            by_table(&[114, 118], None, Some(114)),
            WhichWarn::RangeCheck
        );
        // The header is lost, and RIP is known.
        assert!(is_late(by_table(&[114, 118], Some(118), None)));
        assert_eq!(
            by_table(&[114, 118], Some(114), None),
            WhichWarn::RangeCheck
        );
        // A table that fits nothing leaves it open.
        for (lines, line) in [(&[114][..], 114), (&[114, 118], 120), (&[1, 2, 3], 2)] {
            assert_eq!(by_table(lines, None, Some(line)), WhichWarn::Open);
        }
    }
}
