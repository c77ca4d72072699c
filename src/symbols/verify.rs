//! Whether a vmlinux is the kernel that printed a splat. In: both. Out: a [`Match`], with the evidence in
//! words.

use super::code::CodeMatch;
use super::facts;
use super::image::Image;
use super::stack::Stack;
use super::{BootFacts, Match};
use crate::splat::Splat;

/// Functions whose sizes agree that stand in for a `Code:` line.
const ENOUGH_SIZES: usize = 3;

/// Functions whose sizes agree that stand in for the release, where the log does not name it.
const MANY_SIZES: usize = 6;

/// The verdict on one image.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) matched: Match,
    pub(super) evidence: Vec<String>,
}

/// One piece of evidence.
enum Says {
    /// This very build.
    Proof(String),
    /// Agrees, but other builds would too.
    For(String),
    Against(String),
}

pub(super) fn verify(
    image: &Image,
    splat: &Splat,
    boot: &BootFacts<'_>,
    stack: &Stack,
    code: &CodeMatch,
) -> Verdict {
    let release = release(image, splat, boot);
    let identity = [
        build_id(image, splat, boot),
        release,
        banner(image, boot),
        build(image, splat),
    ];
    let released = matches!(identity, [_, Some(Says::For(_)), ..]);
    let sizes = sizes(stack);
    let mut verdict = Tally::default();
    for says in identity.into_iter().flatten() {
        verdict.add(says);
    }
    // What the kernel says of itself outweighs frames, which a console may have mangled.
    if verdict.proof {
        verdict.evidence.extend(sizes.map(Says::text));
        verdict.evidence.extend(code_says(code).map(Says::text));
        return verdict.finish(released, 0, code);
    }
    let damaged = verdict.against.is_empty() && released && outweigh_damage(stack, code);
    for says in sizes {
        match says {
            Says::Against(text) if damaged => {
                verdict.evidence.push(format!("{text}: damaged in the log?"));
            }
            says => verdict.add(says),
        }
    }
    for says in code_says(code) {
        verdict.add(says);
    }
    verdict.finish(released, stack.agreeing.len(), code)
}

/// Frames with another size that count as damaged lines of the log: consoles lose and mix up characters. Each
/// of them needs several others that agree, and the code at RIP has to be that of vmlinux. Else the sizes mean
/// another build.
fn outweigh_damage(stack: &Stack, code: &CodeMatch) -> bool {
    let same_code = matches!(code, CodeMatch::Same { .. });
    let against = stack.contradictions.len() + stack.missing.len();
    same_code && stack.agreeing.len() >= ENOUGH_SIZES * against
}

#[derive(Default)]
struct Tally {
    evidence: Vec<String>,
    against: Vec<String>,
    proof: bool,
}

impl Tally {
    fn add(&mut self, says: Says) {
        match says {
            Says::Proof(text) => {
                self.proof = true;
                self.evidence.push(text);
            }
            Says::For(text) => self.evidence.push(text),
            Says::Against(text) => self.against.push(text),
        }
    }

    fn finish(self, released: bool, sizes: usize, code: &CodeMatch) -> Verdict {
        const NAMED: usize = 3;
        let same_code = matches!(code, CodeMatch::Same { .. });
        let matched = if !self.against.is_empty() {
            let why = self
                .against
                .iter()
                .take(NAMED)
                .cloned()
                .collect::<Vec<_>>()
                .join("; ");
            Match::Mismatch { why }
        } else if self.proof
            || released && (same_code || sizes >= ENOUGH_SIZES)
            || same_code && sizes >= ENOUGH_SIZES
            || sizes >= MANY_SIZES
        {
            Match::Exact
        } else if released {
            Match::ReleaseOnly
        } else {
            Match::None
        };
        Verdict {
            matched,
            evidence: self.evidence.into_iter().chain(self.against).collect(),
        }
    }
}

impl Says {
    fn text(self) -> String {
        match self {
            Says::Proof(text) | Says::For(text) | Says::Against(text) => text,
        }
    }
}

fn build_id(image: &Image, splat: &Splat, boot: &BootFacts<'_>) -> Option<Says> {
    let printed = splat.kernel.build_id.as_deref().or(boot.build_id)?;
    let own = image.build_id()?;
    Some(match own.eq_ignore_ascii_case(printed) {
        true => Says::Proof(format!("build-id {own} is the log's")),
        false => Says::Against(format!(
            "the log's build-id is {printed}, that of vmlinux is {own}"
        )),
    })
}

fn release(image: &Image, splat: &Splat, boot: &BootFacts<'_>) -> Option<Says> {
    let own = image.release()?;
    let printed = super::release(splat, boot)?;
    Some(match own == printed {
        true => Says::For(format!("release {own} is the log's")),
        false => Says::Against(format!("the log is of {printed}, vmlinux is of {own}")),
    })
}

/// The whole banner holds compiler, builder, build number and date: nothing else is like it.
fn banner(image: &Image, boot: &BootFacts<'_>) -> Option<Says> {
    let own = words(&image.banner()?);
    let printed = words(boot.banner?);
    let release = facts::release_of(&printed)?;
    if own == printed {
        return Some(Says::Proof("the version banner is the log's".to_owned()));
    }
    // Another release is named elsewhere; a line that was cut off proves nothing.
    if facts::release_of(&own) != Some(release) || own.starts_with(&printed) {
        return None;
    }
    Some(Says::Against(format!(
        "another build of {release}: the log's banner is \"{printed}\", that of vmlinux \"{own}\""
    )))
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn build(image: &Image, splat: &Splat) -> Option<Says> {
    let printed = splat.kernel.build.as_deref()?.split_whitespace().next()?;
    let own = image.build()?;
    let readable = printed.starts_with('#') && facts::is_release(splat.kernel.release.as_deref()?);
    (readable && own != printed).then(|| {
        Says::Against(format!(
            "the log is of build {printed}, vmlinux is of build {own}"
        ))
    })
}

fn sizes(stack: &Stack) -> impl Iterator<Item = Says> {
    let agreeing = stack.agreeing.len();
    let agree = (agreeing > 0).then(|| {
        let functions = if agreeing == 1 {
            "function has"
        } else {
            "functions have"
        };
        Says::For(format!("{agreeing} {functions} the log's size in vmlinux"))
    });
    // Names that are in no vmlinux (BPF programs, trampolines) are rare; many of them mean another
    // kernel.
    let missing = (stack.missing.len() > agreeing).then(|| {
        let names: Vec<&str> = stack.missing.iter().map(String::as_str).take(3).collect();
        Says::Against(format!("vmlinux has no {}", names.join(", no ")))
    });
    let against: Vec<Says> = stack
        .contradictions
        .iter()
        .cloned()
        .map(Says::Against)
        .collect();
    agree.into_iter().chain(against).chain(missing)
}

fn code_says(code: &CodeMatch) -> impl Iterator<Item = Says> {
    let says = match code {
        CodeMatch::Same { patched: 0, .. } => {
            Some(Says::For("the Code: bytes are those of vmlinux".to_owned()))
        }
        CodeMatch::Same { .. } => Some(Says::For(
            "the Code: bytes are those of vmlinux, but for run-time patches".to_owned(),
        )),
        CodeMatch::Differs(why) => Some(Says::Against(why.clone())),
        CodeMatch::Unknown => None,
    };
    says.into_iter()
}
