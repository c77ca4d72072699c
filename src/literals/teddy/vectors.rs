//! What the CPU's vectors see in a step.
//!
//! In: the tables of a [`Teddy`], and bytes. Out: for each step the places that may be those of windows, and the
//! line feeds.

use super::{STEP, StepBytes, Teddy, WIDTH};
use std::arch::x86_64::*;

/// True where the CPU has the instructions: vectors of 32 bytes, and a count of bits.
///
/// With the 64 bytes of AVX-512 a scan took less than a hundredth less time, which a second function of unsafe code is
/// not worth.
pub(super) fn are_there() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt")
}

/// What is seen in a step, a bit for each byte.
#[derive(Clone, Copy)]
pub(super) struct Candidates {
    /// Where a window may begin.
    pub places: u64,
    /// Line feeds.
    pub feeds: u64,
}

/// What counts the line feeds on the way. It is a type, so that the search without a count has no instruction of it.
pub(super) trait FeedCounter {
    /// Adds some, a bit each.
    fn add(&mut self, feeds: u64);
}

/// Nobody.
impl FeedCounter for () {
    fn add(&mut self, _: u64) {}
}

impl FeedCounter for u64 {
    #[inline(always)]
    fn add(&mut self, feeds: u64) {
        *self += u64::from(feeds.count_ones());
    }
}

impl Teddy {
    /// The first window of a literal at or after `from`, and the literal.
    pub(super) fn find_by(
        &self,
        bytes: &[u8],
        from: usize,
        count: &mut impl FeedCounter,
    ) -> Option<(usize, usize)> {
        // SAFETY: only a CPU that has the instructions gets as far as to a `Teddy`.
        unsafe { self.find_with_avx2(bytes, from, count) }
    }

    #[target_feature(enable = "avx2,popcnt")]
    fn find_with_avx2(
        &self,
        bytes: &[u8],
        from: usize,
        count: &mut impl FeedCounter,
    ) -> Option<(usize, usize)> {
        // SAFETY: a table has as many bytes as are loaded.
        let table = |table: &[u8; 16]| {
            _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
        };
        let low: [__m256i; WIDTH] = std::array::from_fn(|place| table(&self.low[place]));
        let high: [__m256i; WIDTH] = std::array::from_fn(|place| table(&self.high[place]));
        let nibble = _mm256_set1_epi8(15);
        let buckets = |step: &StepBytes, lane: usize| {
            let mut all = _mm256_set1_epi8(-1);
            for place in 0..WIDTH {
                // SAFETY: a step is long enough for every lane and place.
                let chunk = unsafe { _mm256_loadu_si256(step.as_ptr().add(lane + place).cast()) };
                // There is no shift of single bytes; what comes in from the neighbour is masked
                // off.
                let halves = _mm256_and_si256(_mm256_srli_epi16::<4>(chunk), nibble);
                // Of bytes beyond ASCII it gives 0: no literal has any.
                let of_low = _mm256_shuffle_epi8(low[place], chunk);
                let of_high = _mm256_shuffle_epi8(high[place], halves);
                all = _mm256_and_si256(all, _mm256_and_si256(of_low, of_high));
            }
            all
        };
        let bits = |one, two| {
            let mask = |lanes| u64::from(_mm256_movemask_epi8(lanes) as u32);
            mask(two) << 32 | mask(one)
        };
        let feed = _mm256_set1_epi8(b'\n' as i8);
        let seen = |step: &StepBytes| {
            // SAFETY: a step is long enough for both lanes.
            let load = |lane| unsafe { _mm256_loadu_si256(step.as_ptr().add(lane).cast()) };
            let feeds = |lane| _mm256_cmpeq_epi8(load(lane), feed);
            let feeds = bits(feeds(0), feeds(32));
            let (one, two) = (buckets(step, 0), buckets(step, 32));
            let any = _mm256_or_si256(one, two);
            let none = |lanes| _mm256_cmpeq_epi8(lanes, _mm256_setzero_si256());
            // Nearly every step has no place: one test saves the making of the bits.
            let places = match _mm256_testz_si256(any, any) {
                1 => 0,
                _ => !bits(none(one), none(two)),
            };
            Candidates { places, feeds }
        };
        self.walk(bytes, from, count, seen, |rest| {
            // The rest is put into a whole step of zeros, which no literal has.
            let mut step = [0; STEP + WIDTH - 1];
            step[..rest.len()].copy_from_slice(rest);
            seen(&step)
        })
    }
}
