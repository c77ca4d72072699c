//! Windows: the few bytes of each literal that the vector search looks for.
//!
//! In: literals. Out: for each a stretch of [`WIDTH`] bytes, and the bucket that it shares with others. The
//! search knows of a bucket only which low and which high halves of a byte may stand at each of its
//! places, so windows that share one should be alike, and made of bytes that logs seldom have. For the literals of the
//! grammar a long search beforehand found what lets the fewest places of a log through ([`super::chosen`]); others
//! join them by what is known of the bytes of logs.

use super::chosen::CHOSEN;

/// Bytes of a window.
pub const WIDTH: usize = 4;

/// Buckets, a bit each.
pub const BUCKETS: usize = 8;

/// Windows of a literal that are tried: those that are rarest by themselves.
const TRIED: usize = 6;

/// What logs are full of: windows of it find too much.
const COMMON: &[u8] = b"[    0.000000] able to table enable stable handle register initialized ACPI BIOS CPU _cpu _caps \
    cpu_info irq IRQ function at is of be not for all page allocated memory order: node: info configuration type clock \
    lock interface rating the version Linux early initial enabled kernel: Kernel param CPI: secondary identify feature \
    context segment default: fault : se: : pa: : Cl: protected expected packet detected interrupt corrupt device Intel \
    internal external sector serial returned Hardware name: WARNING: Tainted: hardware watchdog Booting aligned Align failed \
    generation general purpose taking linking stack code: Code: error: VFS: FS: PCI mount point counter critical check";

/// Such a window counts as if one of a thousand places had it.
const COMMON_WEIGHT: f32 = 1e13;

/// Small letters come in words, more often than each by itself.
const LETTER_WEIGHT: f32 = 2.;

/// The high half that small letters begin with.
const SMALL_LETTERS: usize = 6;

/// How often a byte stands in 10,000 of a kernel log (counted in `corpus/`, one added): rows by the high half.
const FREQUENCY: [[f32; 16]; 8] = [
    [
        1., 1., 1., 1., 1., 1., 1., 1., 1., 3., 152., 1., 1., 135., 1., 1.,
    ],
    [1.; 16],
    [
        1632., 2., 2., 3., 1., 1., 1., 9., 25., 25., 2., 21., 39., 66., 194., 36.,
    ],
    [
        1179., 245., 186., 129., 139., 115., 129., 104., 132., 102., 195., 3., 9., 27., 10., 4.,
    ],
    [
        2., 51., 31., 74., 26., 26., 19., 11., 10., 63., 1., 17., 14., 39., 23., 20.,
    ],
    [
        80., 5., 50., 60., 32., 27., 8., 7., 18., 2., 1., 193., 1., 193., 1., 83.,
    ],
    [
        1., 266., 93., 197., 171., 453., 251., 84., 55., 271., 5., 42., 172., 110., 200., 224.,
    ],
    [
        147., 12., 268., 227., 257., 110., 43., 22., 96., 56., 12., 1., 2., 1., 2., 1.,
    ],
];

/// Where a literal is looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// Offset in the literal.
    pub offset: usize,
    /// The bucket that it is in.
    pub bucket: usize,
}

/// What may stand at one place of a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    /// Low halves of a byte, a bit each.
    low: u16,
    /// High halves.
    high: u16,
}

impl Place {
    /// With one more byte.
    fn with(self, byte: u8) -> Place {
        Place {
            low: self.low | 1 << (byte & 15),
            high: self.high | 1 << (byte >> 4),
        }
    }

    /// Of 10,000 bytes of a log so many fit.
    fn weight(self) -> f32 {
        let of_row = |high: usize| {
            let row = FREQUENCY.get(high).unwrap_or(&[0.; 16]);
            let fits: f32 = bits(self.low).map(|low| row[low]).sum();
            if high >= SMALL_LETTERS {
                LETTER_WEIGHT * fits
            } else {
                fits
            }
        };
        bits(self.high).map(of_row).sum()
    }
}

/// The bits that are set, lowest first.
fn bits(set: u16) -> impl Iterator<Item = usize> {
    let mut rest = set;
    std::iter::from_fn(move || {
        let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
        rest &= rest - 1;
        Some(bit)
    })
}

/// The places of a bucket, and the weight of each.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    places: [(Place, f32); WIDTH],
}

impl Bucket {
    /// With one more window.
    fn with(&self, window: &[u8]) -> Bucket {
        let add = |number: usize| {
            let (old, weight) = self.places[number];
            let place = old.with(window[number]);
            let is_new = place != old;
            (place, if is_new { place.weight() } else { weight })
        };
        Bucket {
            places: std::array::from_fn(add),
        }
    }

    /// How many of 10,000^WIDTH stretches of a log fit.
    fn weight(&self) -> f32 {
        self.places.iter().map(|(_, weight)| weight).product()
    }
}

/// A window that may be chosen.
struct Trial {
    offset: usize,
    /// What it costs that it is found again and again.
    commonness: f32,
    /// That and its weight by itself.
    rarity: f32,
}

/// Chooses a window for each literal, none of which is shorter than one.
pub fn choose(literals: &[&[u8]]) -> Vec<Window> {
    let mut common: Vec<&[u8]> = COMMON.windows(WIDTH).collect();
    common.sort_unstable();
    let others = literals.iter().enumerate();
    let others = others.filter(|(_, literal)| chosen(literal).is_none());
    let trials = others.map(|(number, literal)| (number, rarest(literal, &common)));
    let mut trials: Vec<(usize, Vec<Trial>)> = trials.collect();
    // Those first that have no rare window: the others will find a bucket beside them.
    let least = |trials: &[Trial]| trials.first().map_or(0., |trial| trial.rarity);
    trials.sort_by(|a, b| least(&b.1).total_cmp(&least(&a.1)).then(a.0.cmp(&b.0)));
    let mut windows = vec![Window::default(); literals.len()];
    let mut buckets = [Bucket::default(); BUCKETS];
    for (number, literal) in literals.iter().enumerate() {
        if let Some(window) = chosen(literal) {
            let bucket = &mut buckets[window.bucket];
            *bucket = bucket.with(&literal[window.offset..]);
            windows[number] = window;
        }
    }
    for (number, trials) in trials {
        let literal = literals[number];
        if let Some(window) = cheapest(&buckets, literal, &trials) {
            let bucket = &mut buckets[window.bucket];
            *bucket = bucket.with(&literal[window.offset..]);
            windows[number] = window;
        }
    }
    windows
}

/// The window that was found beforehand.
fn chosen(literal: &[u8]) -> Option<Window> {
    let found = CHOSEN.binary_search_by(|(known, ..)| known.as_bytes().cmp(literal));
    let (_, offset, bucket) = CHOSEN[found.ok()?];
    Some(Window { offset, bucket })
}

/// The rarest windows of a literal.
fn rarest(literal: &[u8], common: &[&[u8]]) -> Vec<Trial> {
    let trial = |(offset, window): (usize, &[u8])| {
        let commonness = match common.binary_search(&window) {
            Ok(_) => COMMON_WEIGHT,
            Err(_) => 0.,
        };
        Trial {
            offset,
            commonness,
            rarity: Bucket::default().with(window).weight() + commonness,
        }
    };
    let windows = literal.windows(WIDTH).enumerate();
    // What ends a line must stand behind the place that is found.
    let windows = windows.filter(|(_, window)| !window.contains(&b'\n'));
    let mut trials: Vec<_> = windows.map(trial).collect();
    trials.sort_by(|a, b| a.rarity.total_cmp(&b.rarity));
    trials.truncate(TRIED);
    trials
}

/// The window and the bucket that let the fewest stretches more through.
fn cheapest(buckets: &[Bucket; BUCKETS], literal: &[u8], trials: &[Trial]) -> Option<Window> {
    let priced = |trial: &Trial, number: usize| {
        let bucket = &buckets[number];
        let more = bucket.with(&literal[trial.offset..]).weight() - bucket.weight();
        let window = Window {
            offset: trial.offset,
            bucket: number,
        };
        (more + trial.commonness, window)
    };
    let pairs = trials
        .iter()
        .flat_map(|trial| (0..BUCKETS).map(move |bucket| (trial, bucket)));
    let priced = pairs.map(|(trial, bucket)| priced(trial, bucket));
    let cheapest = priced.min_by(|a, b| a.0.total_cmp(&b.0));
    cheapest.map(|(_, window)| window)
}

#[cfg(test)]
#[path = "windows_tests.rs"]
mod tests;
