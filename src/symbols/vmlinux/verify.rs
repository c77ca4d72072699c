//! Whether a vmlinux is the kernel that printed a splat. In: both. Out: a [`Match`](crate::symbols::Match), with
//! the evidence in words.

use super::code::CodeMatch;
use super::evidence::{Says, Tally, Verdict};
use super::identity;
use super::stack::PrintedStack;
use crate::splat::Splat;
use crate::symbols::{BootFacts, Image};

pub(super) fn verify(
    image: &Image,
    splat: &Splat,
    boot: &BootFacts<'_>,
    stack: &PrintedStack,
    code: &CodeMatch,
) -> Verdict {
    let mut tally = Tally::default();
    let identity = [
        build_id(image, splat, boot),
        release(image, splat, boot),
        banner(image, boot),
        build(image, splat),
    ];
    for says in identity.into_iter().flatten() {
        tally.add(says);
    }
    tally.weigh(&stack.sizes, code)
}

/// What a kernel says of itself against a vmlinux, where there is no splat to compare.
pub(in crate::symbols) fn contradicts(
    image: &Image,
    release: Option<&str>,
    boot: &BootFacts<'_>,
) -> Option<String> {
    let mut splat = Splat::default();
    splat.kernel.release = release.map(str::to_owned);
    let identity = [
        build_id(image, &splat, boot),
        self::release(image, &splat, boot),
        banner(image, boot),
    ];
    identity.into_iter().flatten().find_map(|says| match says {
        Says::Against(why) => Some(why),
        _ => None,
    })
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
    let printed = crate::symbols::release(splat, boot)?;
    let says = format!("release {own} is the log's");
    Some(match own == printed {
        true if image.banner().is_none() => Says::AnyBuild(says),
        true => Says::Release(says),
        false => Says::Against(format!("the log is of {printed}, vmlinux is of {own}")),
    })
}

/// The whole banner holds compiler, builder, build number and date: nothing else is like it.
fn banner(image: &Image, boot: &BootFacts<'_>) -> Option<Says> {
    let own = words(&image.banner()?);
    let printed = words(boot.banner?);
    let release = identity::release_of(&printed)?;
    if own == printed {
        return Some(Says::Proof("the version banner is the log's".to_owned()));
    }
    // Another release is named elsewhere; a line that was cut off proves nothing.
    if identity::release_of(&own) != Some(release) || own.starts_with(&printed) {
        return None;
    }
    Some(Says::Against(format!(
        "another build of {release}: the log's banner is \"{printed}\", that of vmlinux \"{own}\""
    )))
}

fn words(text: &str) -> String {
    // Dates are padded with a second blank (`Jan  2`), which copies of a log lose.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn build(image: &Image, splat: &Splat) -> Option<Says> {
    let printed = splat.kernel.build.as_deref()?.split_whitespace().next()?;
    let own = image.build()?;
    // A garbled number must not rule out the right file.
    let readable =
        printed.starts_with('#') && identity::is_release(splat.kernel.release.as_deref()?);
    (readable && own != printed).then(|| {
        Says::Against(format!(
            "the log is of build {printed}, vmlinux is of build {own}"
        ))
    })
}
