//! Kernel releases (`uname -r`, and git's tags without their `v`): their order, and what that proves.

use crate::grammar::features::release::{Release, is_between_tags};
use std::cmp::Ordering;

/// The place of a release in the order of all: 6.9 before 6.12, 6.12-rc3 before 6.12.
pub type ReleaseOrder = (Vec<u64>, bool, u64, String);

/// A release in the order of its numbers.
pub fn version(release: &str) -> ReleaseOrder {
    let (numbers, rest) = release.split_at(release.find('-').unwrap_or(release.len()));
    // `6.12.5+` was built from a tree with changes (scripts/setlocalversion), `6.12.5_1` is a distribution's.
    let digits = |number: &str| {
        let end = number.find(|c: char| !c.is_ascii_digit());
        number[..end.unwrap_or(number.len())].parse()
    };
    let numbers = numbers
        .split('.')
        .map(|number| digits(number).unwrap_or_default());
    // So that 6.12 and 6.12.0 are one.
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.resize(3, 0);
    let candidate = rest.strip_prefix("-rc").map(|rest| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
        digits
            .and_then(|digits| digits.parse().ok())
            .unwrap_or_default()
    });
    (
        numbers,
        candidate.is_none(),
        candidate.unwrap_or_default(),
        release.to_owned(),
    )
}

/// The release that a tag of Linus Torvalds or of the stable tree names: `v6.12-rc3`, `v6.12.5`.
pub fn of_tag(tag: &str) -> Option<&str> {
    let release = tag.strip_prefix('v')?;
    let (numbers, candidate) = release.split_once("-rc").unwrap_or((release, "0"));
    let is_number =
        |text: &str| !text.is_empty() && text.len() < 6 && text.bytes().all(|b| b.is_ascii_digit());
    let is_release = numbers.contains('.') && numbers.split('.').all(is_number);
    (is_release && is_number(candidate)).then_some(release)
}

/// What a kernel's release says of a commit that the tag of the release `since` holds first: `Less` where the kernel is
/// older, `Greater` or `Equal` where it has the commit, `None` where the release does not decide. A commit of a stable
/// series is in no other series, what was built between two tags may be on either side of the commit, and a distribution
/// that puts an ABI number in the place of the patch level (Debian's `6.1.0-47-amd64` is 6.1.170) does not say where in
/// its series it is.
pub fn against(kernel: &str, since: &str) -> Option<Ordering> {
    let (own, first) = (version(kernel), version(since));
    let is_known = own.0[0] > 0 && first.0[0] > 0;
    let series = |version: &ReleaseOrder| (version.0[0], version.0[1]);
    let is_stable = first.0[2] > 0;
    if !is_known || (is_stable && series(&own) != series(&first)) {
        return None;
    }
    // Its patch level is not in the name, so that only what the whole series has is certain.
    if let Some(Release::Series(_)) =
        Release::parse(kernel).filter(|_| series(&own) == series(&first))
    {
        // All of its series have what came before the first release of it.
        return (!is_stable).then_some(Ordering::Greater);
    }
    // A repository without tags of candidates names the release for all that came into it.
    if own.0 == first.0 && kernel.contains("-rc") && !since.contains("-rc") {
        return None;
    }
    let order = (&own.0, own.1, own.2).cmp(&(&first.0, first.1, first.2));
    // A kernel that was built between two tags may have the commit, though its release is older.
    (order != Ordering::Less || !is_between_tags(kernel)).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_in_the_order_of_their_versions() {
        let mut kernels = [
            "6.12",
            "6.9.0",
            "6.12-rc3",
            "6.12.1",
            "6.12-rc11",
            "5.15.0-91-generic",
            "6.12.5+",
        ];
        kernels.sort_by_cached_key(|release| version(release));
        let sorted = [
            "5.15.0-91-generic",
            "6.9.0",
            "6.12-rc3",
            "6.12-rc11",
            "6.12",
            "6.12.1",
            "6.12.5+",
        ];
        assert_eq!(kernels, sorted);
    }

    #[test]
    fn only_tags_of_releases_name_one() {
        let rows = [
            ("v6.12-rc3", Some("6.12-rc3")),
            ("v6.12.5", Some("6.12.5")),
            ("v6", None),
            ("v2.6.11-tree", None),
            ("next-20251102", None),
            ("v6.12-rcx", None),
        ];
        for (tag, release) in rows {
            assert_eq!(of_tag(tag), release, "{tag}");
        }
    }

    #[test]
    fn a_release_says_no_more_of_a_commit_than_it_proves() {
        use Ordering::{Equal, Greater, Less};
        let rows = [
            ("6.9.0", "6.12-rc1", Some(Less)),
            ("6.12.0", "6.12-rc1", Some(Greater)),
            ("6.12.0-rc3", "6.12-rc3", Some(Equal)),
            ("6.12.0-rc3", "6.12-rc4", Some(Less)),
            ("6.12.0-rc7", "6.12", None),
            ("6.11.0-rc7", "6.12", Some(Less)),
            ("5.15.0-91-generic", "6.12-rc1", Some(Less)),
            // Built between two tags.
            ("6.12.0-rc3-00001-gee8962082a44", "6.12-rc4", None),
            ("6.12.0-rc3-00001-gee8962082a44", "6.12-rc3", Some(Equal)),
            ("6.18.0-rc3-next-20251102", "6.19-rc1", None),
            ("6.12.0-rc3+", "6.12-rc4", None),
            // Of a stable series.
            ("6.12.4", "6.12.5", Some(Less)),
            ("6.13.1", "6.12.5", None),
            ("linux", "6.12.5", None),
            // An ABI number is no patch level.
            ("6.1.0-47-amd64", "6.1.100", None),
            ("6.1.0-47-amd64", "6.1-rc3", Some(Greater)),
            ("6.1.0-47-amd64", "6.12-rc1", Some(Less)),
        ];
        for (kernel, since, order) in rows {
            assert_eq!(against(kernel, since), order, "{kernel} {since}");
        }
    }
}
