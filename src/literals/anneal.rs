//! Finds fingerprints that let few places of a log through: simulated annealing, which takes a minute, beforehand.
//!
//! In: literals, and a sample of logs. Out: the fingerprint of each literal, for [`super::fingerprints`].

use super::fingerprints::{BUCKETS, Fingerprint, WIDTH};
use std::collections::HashMap;

/// Bytes of a log that windows are tried on.
const SAMPLE: usize = 200_000;

/// Changes that are tried.
const ROUNDS: u32 = 1_000_000;

/// What a window that is found costs beside a place that is let through for nothing: its literals are compared.
const FOUND: u32 = 10;

/// Places of a text, a bit each.
type Places = Vec<u64>;

/// For each place of a window and each half of a byte the places of the text where a window could begin.
struct Sample {
    low: Vec<[Places; 16]>,
    high: Vec<[Places; 16]>,
    words: usize,
    /// How often each window of four bytes is in the text.
    counts: HashMap<[u8; WIDTH], u32>,
}

impl Sample {
    fn of(text: &[u8]) -> Sample {
        let words = text.len().div_ceil(64);
        let halves = |shift: usize, half: fn(u8) -> u8| {
            let mut places: [Places; 16] = std::array::from_fn(|_| vec![0; words]);
            for (at, byte) in text.iter().skip(shift).enumerate() {
                if byte.is_ascii() {
                    places[usize::from(half(*byte))][at / 64] |= 1 << (at % 64);
                }
            }
            places
        };
        let mut counts = HashMap::new();
        for window in text.windows(WIDTH).filter_map(|all| all.first_chunk()) {
            *counts.entry(*window).or_insert(0) += 1;
        }
        Sample {
            counts,
            low: (0..WIDTH)
                .map(|place| halves(place, |byte| byte & 15))
                .collect(),
            high: (0..WIDTH)
                .map(|place| halves(place, |byte| byte >> 4))
                .collect(),
            words,
        }
    }

    /// Places that a bucket with these windows lets through.
    fn passed(&self, windows: &[&[u8]]) -> u32 {
        if windows.is_empty() {
            return 0;
        }
        let mut all = vec![u64::MAX; self.words];
        for place in 0..WIDTH {
            let bytes = windows.iter().map(|window| window[place]);
            let low = any(&self.low[place], bytes.clone().map(|byte| byte & 15));
            let high = any(&self.high[place], bytes.map(|byte| byte >> 4));
            for ((all, low), high) in all.iter_mut().zip(low).zip(high) {
                *all &= low & high;
            }
        }
        all.iter().map(|places| places.count_ones()).sum()
    }

    /// What a bucket with these windows costs.
    fn cost(&self, windows: &[&[u8]]) -> u32 {
        let found = distinct(windows);
        let found = found.iter().filter_map(|window| self.counts.get(window));
        self.passed(windows) + FOUND * found.sum::<u32>()
    }
}

/// The first four bytes of texts, each once.
fn distinct(texts: &[&[u8]]) -> Vec<[u8; WIDTH]> {
    let windows = texts.iter().filter_map(|text| text.first_chunk());
    let mut windows: Vec<[u8; WIDTH]> = windows.copied().collect();
    windows.sort_unstable();
    windows.dedup();
    windows
}

/// The places of any of some halves.
fn any(of: &[Places; 16], halves: impl Iterator<Item = u8>) -> Places {
    let set = halves.fold(0u16, |set, half| set | 1 << half);
    let mut places = vec![0; of[0].len()];
    for half in (0..16).filter(|half| set >> half & 1 == 1) {
        for (all, one) in places.iter_mut().zip(&of[half]) {
            *all |= one;
        }
    }
    places
}

/// A generator of the same numbers each time (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn fraction(&mut self) -> f64 {
        self.below(1 << 20) as f64 / f64::from(1 << 20)
    }
}

/// Lines of logs in no order, so many that they are as good as all.
pub fn sample(logs: &[u8]) -> Vec<u8> {
    let mut lines: Vec<_> = logs.split(|byte| *byte == b'\n').collect();
    let mut numbers = Random(1);
    for index in (1..lines.len()).rev() {
        lines.swap(index, numbers.below(index + 1));
    }
    let mut text = lines.join(&b'\n');
    text.truncate(SAMPLE);
    text
}

/// Places of the text that windows let through.
pub fn passed(text: &[u8], literals: &[&[u8]], windows: &[Fingerprint]) -> u32 {
    let sample = Sample::of(text);
    (0..BUCKETS)
        .map(|bucket| sample.passed(&members(literals, windows, bucket)))
        .sum()
}

/// Places of the text where windows are found, whose literals are compared.
pub fn found(text: &[u8], literals: &[&[u8]], windows: &[Fingerprint]) -> u32 {
    let counts = Sample::of(text).counts;
    let of_bucket = |bucket| distinct(&members(literals, windows, bucket));
    let mut all: Vec<_> = (0..BUCKETS).flat_map(of_bucket).collect();
    all.sort_unstable();
    all.dedup();
    all.iter().filter_map(|window| counts.get(window)).sum()
}

fn members<'l>(literals: &[&'l [u8]], windows: &[Fingerprint], bucket: usize) -> Vec<&'l [u8]> {
    let all = literals.iter().zip(windows);
    let own = all.filter(|(_, window)| window.bucket == bucket);
    own.map(|(literal, window)| &literal[window.offset..])
        .collect()
}

/// Windows for `literals`; those of the first ones are `known` and stay as they are.
pub fn improve(text: &[u8], literals: &[&[u8]], known: &[Fingerprint]) -> Vec<Fingerprint> {
    let sample = Sample::of(text);
    let fixed = known.len();
    let first = |literal: &&[u8]| Fingerprint {
        // A line feed ends the line, which must not be cut inside of a fingerprint.
        offset: literal
            .windows(WIDTH)
            .position(|bytes| !bytes.contains(&b'\n'))
            .unwrap_or(0),
        bucket: 0,
    };
    let others = literals[fixed..].iter().map(first);
    let mut windows: Vec<Fingerprint> = known.iter().copied().chain(others).collect();
    let cost = |windows: &[Fingerprint], bucket| {
        f64::from(sample.cost(&members(literals, windows, bucket)))
    };
    let mut costs: Vec<f64> = (0..BUCKETS).map(|bucket| cost(&windows, bucket)).collect();
    let mut numbers = Random(7);
    let mut best = (costs.iter().sum::<f64>(), windows.clone());
    for round in 0..ROUNDS {
        let number = fixed + numbers.below(literals.len() - fixed);
        let old = windows[number];
        let offset = numbers.below(literals[number].len() - WIDTH + 1);
        let new = Fingerprint {
            offset,
            bucket: numbers.below(BUCKETS),
        };
        if literals[number][offset..offset + WIDTH].contains(&b'\n') || new == old {
            continue;
        }
        windows[number] = new;
        let before: f64 = costs.iter().sum();
        let mut changed = costs.clone();
        for bucket in [old.bucket, new.bucket] {
            changed[bucket] = cost(&windows, bucket);
        }
        let after: f64 = changed.iter().sum();
        let left = 1. - f64::from(round) / f64::from(ROUNDS);
        // A change for the worse is taken now and then, ever more rarely: without that the search
        // stops at the first hollow.
        let heat = before * 0.01 * left * left + 0.5;
        if after <= before || numbers.fraction() < ((before - after) / heat).exp() {
            costs = changed;
            // The best of all rounds counts, not the last one.
            if after < best.0 {
                best = (after, windows.clone());
            }
        } else {
            windows[number] = old;
        }
    }
    best.1
}
