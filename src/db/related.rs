//! What bugs have to do with each other: signatures of one title, and signatures of one incident.

use super::bugs::{Bug, Variant};
use crate::release::version;
use rusqlite::Connection;
use std::collections::{BTreeSet, HashMap};

/// Variants that are kept of a title: some have thousands.
const MAX_VARIANTS: usize = 64;

/// Says of each bug which others have its title. They come in the order of `bugs`.
pub fn name_variants(bugs: &mut [Bug]) {
    let mut titles: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, bug) in bugs.iter().enumerate() {
        titles.entry(&bug.title).or_default().push(index);
    }
    let alike: Vec<_> = titles.into_values().filter(|all| all.len() > 1).collect();
    for all in alike {
        let known = all.iter().take(MAX_VARIANTS + 1);
        let variants: Vec<_> = known.map(|index| variant(&bugs[*index])).collect();
        for index in all {
            let bug = &mut bugs[index];
            let others = variants
                .iter()
                .filter(|other| other.signature != bug.signature);
            bug.variants = others.take(MAX_VARIANTS).cloned().collect();
        }
    }
}

fn variant(bug: &Bug) -> Variant {
    Variant {
        signature: bug.signature.clone(),
        count: bug.count,
    }
}

/// Says of each bug which others were seen in one incident with it.
pub fn name_related(connection: &Connection, bugs: &mut [Bug]) -> rusqlite::Result<()> {
    let mut related: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut query = connection.prepare(
        "SELECT path, member, incident, signature FROM mention JOIN event ON event.id = mention.event \
         WHERE incident IS NOT NULL ORDER BY path, member, incident",
    )?;
    let mut rows = query.query([])?;
    let mut incident: (String, String, i64) = Default::default();
    let mut signatures = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let next = (row.get(0)?, row.get(1)?, row.get(2)?);
        if next != incident {
            join(&mut related, &mut signatures);
            incident = next;
        }
        signatures.insert(row.get(3)?);
    }
    join(&mut related, &mut signatures);
    for bug in bugs {
        let others = related.remove(&bug.signature).unwrap_or_default();
        bug.related = others.into_iter().collect();
    }
    Ok(())
}

/// Takes in the signatures of an incident, and empties them.
fn join(related: &mut HashMap<String, BTreeSet<String>>, signatures: &mut BTreeSet<String>) {
    let all = std::mem::take(signatures);
    for signature in all.iter().filter(|_| all.len() > 1) {
        let others = all.iter().filter(|other| *other != signature);
        let known = related.entry(signature.clone()).or_default();
        known.extend(others.cloned());
    }
}

/// Bugs of one title as one, in the place of the first of them; its variants are all of their signatures.
pub fn roll_up(bugs: Vec<Bug>) -> Vec<Bug> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut titles: Vec<Vec<Bug>> = Vec::new();
    for bug in bugs {
        let place = *places.entry(bug.title.clone()).or_insert(titles.len());
        match titles.get_mut(place) {
            Some(variants) => variants.push(bug),
            None => titles.push(vec![bug]),
        }
    }
    titles.into_iter().filter_map(merged).collect()
}

fn merged(mut variants: Vec<Bug>) -> Option<Bug> {
    if variants.len() == 1 {
        return variants.pop();
    }
    let names = variants.iter().map(variant).collect();
    let mut variants = variants.into_iter();
    let mut all = variants.next()?;
    for bug in variants {
        all.count += bug.count;
        all.mentions += bug.mentions;
        all.first = all.first.into_iter().chain(bug.first).min();
        all.last = all.last.into_iter().chain(bug.last).max();
        all.kernels.extend(bug.kernels);
        all.hardware.extend(bug.hardware);
        all.lists.extend(bug.lists);
        all.related.extend(bug.related);
        all.places.extend(bug.places);
        all.news.extend(bug.news);
        for (month, events) in bug.months {
            *all.months.entry(month).or_default() += events;
        }
        if (bug.weight, &bug.report) > (all.weight, &all.report) {
            (all.weight, all.report) = (bug.weight, bug.report);
        }
        for fix in bug.fixed_by {
            if !all.fixed_by.contains(&fix) {
                all.fixed_by.push(fix);
            }
        }
    }
    all.kernels.sort_by_cached_key(|release| version(release));
    all.hardware.sort();
    all.lists.sort();
    all.related.sort();
    all.news.sort();
    all.places
        .sort_by(|a, b| (a.date.is_none(), a).cmp(&(b.date.is_none(), b)));
    for names in [
        &mut all.kernels,
        &mut all.hardware,
        &mut all.lists,
        &mut all.related,
    ] {
        names.dedup();
    }
    let mails: BTreeSet<_> = all
        .places
        .iter()
        .filter_map(|place| place.message_id.as_ref())
        .collect();
    all.mails = mails.len() as u64;
    all.variants = names;
    Some(all)
}
