//! Which kernels a release may be of.
//!
//! In: a release as `uname -r` prints it. Out: a range of [`Version`]s, as small as the release allows.

/// `MAJOR.MINOR.PATCH`; a series' own release and its `-rc` have patch 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub major: u16,
    pub minor: u16,
    pub patch: u16,
}

impl Version {
    pub const MIN: Version = Version::new(0, 0, 0);
    pub const MAX: Version = Version::new(u16::MAX, u16::MAX, u16::MAX);

    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Version {
            major,
            minor,
            patch,
        }
    }

    /// The first version of the series.
    pub const fn series_start(self) -> Self {
        Version::new(self.major, self.minor, 0)
    }

    /// A bound that no stable release of the series exceeds.
    pub const fn series_end(self) -> Self {
        Version::new(self.major, self.minor, u16::MAX)
    }

    /// Splits off a leading `X.Y` or `X.Y.Z`: the version, whether Z was given, and the rest.
    pub fn split_from(text: &str) -> Option<(Self, bool, &str)> {
        let (major, rest) = split_number(text)?;
        let (minor, rest) = split_number(rest.strip_prefix('.')?)?;
        let patch = rest.strip_prefix('.').and_then(split_number);
        let (patch, has_patch, rest) = match patch {
            Some((patch, rest)) => (patch, true, rest),
            None => (0, false, rest),
        };
        Some((Version::new(major, minor, patch), has_patch, rest))
    }
}

fn split_number(text: &str) -> Option<(u16, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

/// How closely a release names its kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    /// One version. An `-rcN` counts as its release: new bits come in the merge window before -rc1.
    Exact(Version),
    /// Some stable release of the series: distributions put an ABI number where the patch level
    /// would be (Debian `6.1.0-47-amd64` is 6.1.170, Ubuntu `6.8.0-45-generic`).
    Series(Version),
    /// Between this series and the next one. Commits on top of a release (`6.8.0-05243-gHASH`,
    /// `6.8.0+`) may be those of the next merge window; linux-next holds the fixes for this
    /// series and what waits for the next.
    Onward(Version),
}

impl Release {
    /// Reads a release; `None` where it does not begin with a version (`syzkaller`).
    pub fn parse(release: &str) -> Option<Self> {
        let (version, has_patch, suffix) = Version::split_from(release)?;
        // Asked first, since a release of linux-next has an `-rc` as well.
        Some(if suffix.contains(NEXT) {
            Release::Onward(version.series_start())
        } else if suffix.starts_with("-rc") || version.patch > 0 {
            Release::Exact(version)
        } else if suffix == "+" || counts_commits(suffix) {
            Release::Onward(version)
        } else if !has_patch || has_abi_number(suffix) {
            Release::Series(version)
        } else {
            Release::Exact(version)
        })
    }

    /// The version it begins with.
    pub fn version(self) -> Version {
        match self {
            Release::Exact(version) | Release::Series(version) | Release::Onward(version) => {
                version
            }
        }
    }
}

/// What linux-next puts in front of its date.
const NEXT: &str = "-next-";

/// True for a kernel that was built of commits after its tag: `6.12.0-rc3-00001-gee8962082a44`, `-next-20251102`, `+`.
pub(crate) fn is_between_tags(release: &str) -> bool {
    release.ends_with('+') || release.contains(NEXT) || counts_commits(release)
}

/// Whether a suffix has the `-COUNT-gHASH` of scripts/setlocalversion.
fn counts_commits(suffix: &str) -> bool {
    let hash = |part: &str| {
        part.strip_prefix('g').is_some_and(|hash| {
            hash.bytes()
                .take_while(u8::is_ascii_hexdigit)
                .nth(6)
                .is_some()
        })
    };
    let parts = suffix.split('-');
    parts.clone().zip(parts.skip(1)).any(|(count, next)| {
        !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()) && hash(next)
    })
}

fn has_abi_number(suffix: &str) -> bool {
    suffix
        .strip_prefix('-')
        .is_some_and(|abi| abi.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_name_kernels_more_or_less_closely() {
        use Release::{Exact, Onward, Series};
        let cases = [
            (
                "6.12.111+deb12-cloud-amd64",
                Exact(Version::new(6, 12, 111)),
            ),
            ("6.16.9+deb14-amd64", Exact(Version::new(6, 16, 9))),
            (
                "6.9.0-rc3-00001-gee8962082a44",
                Exact(Version::new(6, 9, 0)),
            ),
            ("6.9.0", Exact(Version::new(6, 9, 0))),
            ("6.9.0-dirty", Exact(Version::new(6, 9, 0))),
            (
                "6.6.0-rc6-next-20231018-build3",
                Onward(Version::new(6, 6, 0)),
            ),
            (
                "6.8.0-syzkaller-05243-g14bb1e8c8d4a",
                Onward(Version::new(6, 8, 0)),
            ),
            ("6.8.0+", Onward(Version::new(6, 8, 0))),
            ("6.1.0-47-amd64", Series(Version::new(6, 1, 0))),
            (
                "5.14.0-427.13.1.el9_4.x86_64",
                Series(Version::new(5, 14, 0)),
            ),
            ("6.12-amd64", Series(Version::new(6, 12, 0))),
        ];
        for (release, expected) in cases {
            assert_eq!(Release::parse(release), Some(expected), "{release}");
        }
    }

    #[test]
    fn text_without_a_version_names_no_kernel() {
        for release in ["syzkaller", "", "6", "6.", ".1", "6.x", "99999999.1", "६.१"] {
            assert_eq!(Release::parse(release), None, "{release}");
        }
    }
}
