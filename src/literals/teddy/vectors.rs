//! What the CPU's vectors see in a step.
//!
//! In: the tables of a [`Teddy`], and bytes. Out: for each step the places that may be those of windows, and the
//! line feeds. One function for each width of vectors: their instructions have nothing in common but the order.

use super::{STEP, Step, Teddy, WIDTH, ones};
use std::arch::x86_64::*;

/// The vectors that the CPU has.
#[derive(Debug, Clone, Copy)]
pub enum Vectors {
    /// Of 32 bytes.
    Avx2,
    /// Of 64 bytes.
    Avx512,
}

impl Vectors {
    /// `None` where it has neither.
    pub fn of_cpu() -> Option<Vectors> {
        if is_x86_feature_detected!("popcnt") {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") {
                return Some(Vectors::Avx512);
            } else if is_x86_feature_detected!("avx2") {
                return Some(Vectors::Avx2);
            }
        }
        None
    }
}

/// What is seen in a step, a bit for each byte.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// Where a window may begin.
    pub places: u64,
    /// Line feeds.
    pub feeds: u64,
}

/// Who counts the line feeds on the way.
pub(super) trait Count {
    /// Adds some, a bit each.
    fn add(&mut self, feeds: u64);
}

/// Nobody.
impl Count for () {
    fn add(&mut self, _: u64) {}
}

impl Count for u64 {
    #[inline(always)]
    fn add(&mut self, feeds: u64) {
        *self += u64::from(feeds.count_ones());
    }
}

/// The truth table of "all three".
const AND: i32 = 0x80;

impl Teddy {
    /// The first window of a literal at or behind `from`, and the literal.
    pub(super) fn find_by(
        &self,
        bytes: &[u8],
        from: usize,
        count: &mut impl Count,
    ) -> Option<(usize, usize)> {
        // SAFETY: only a CPU that has the instructions gets as far as to a `Teddy`.
        match self.vectors {
            Vectors::Avx512 => unsafe { self.find_with_avx512(bytes, from, count) },
            Vectors::Avx2 => unsafe { self.find_with_avx2(bytes, from, count) },
        }
    }

    #[target_feature(enable = "avx2,popcnt")]
    fn find_with_avx2(
        &self,
        bytes: &[u8],
        from: usize,
        count: &mut impl Count,
    ) -> Option<(usize, usize)> {
        // SAFETY: a table has as many bytes as are loaded.
        let table = |table: &[u8; 16]| {
            _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
        };
        let low: [__m256i; WIDTH] = std::array::from_fn(|place| table(&self.low[place]));
        let high: [__m256i; WIDTH] = std::array::from_fn(|place| table(&self.high[place]));
        let nibble = _mm256_set1_epi8(15);
        let buckets = |step: &Step, lane: usize| {
            let mut all = _mm256_set1_epi8(-1);
            for place in 0..WIDTH {
                // SAFETY: a step is long enough for every lane and place.
                let chunk = unsafe { _mm256_loadu_si256(step.as_ptr().add(lane + place).cast()) };
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
        let seen = |step: &Step| {
            // SAFETY: a step is long enough for both lanes.
            let load = |lane| unsafe { _mm256_loadu_si256(step.as_ptr().add(lane).cast()) };
            let feeds = |lane| _mm256_cmpeq_epi8(load(lane), feed);
            let feeds = bits(feeds(0), feeds(32));
            let (one, two) = (buckets(step, 0), buckets(step, 32));
            let any = _mm256_or_si256(one, two);
            let none = |lanes| _mm256_cmpeq_epi8(lanes, _mm256_setzero_si256());
            let places = match _mm256_testz_si256(any, any) {
                1 => 0,
                _ => !bits(none(one), none(two)),
            };
            Seen { places, feeds }
        };
        self.walk(bytes, from, count, seen, |rest| {
            let mut step = [0; STEP + WIDTH - 1];
            step[..rest.len()].copy_from_slice(rest);
            seen(&step)
        })
    }

    #[target_feature(enable = "avx512f,avx512bw,popcnt")]
    fn find_with_avx512(
        &self,
        bytes: &[u8],
        from: usize,
        count: &mut impl Count,
    ) -> Option<(usize, usize)> {
        // SAFETY: a table has as many bytes as are loaded.
        let table = |table: &[u8; 16]| {
            _mm512_broadcast_i32x4(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
        };
        let low: [__m512i; WIDTH] = std::array::from_fn(|place| table(&self.low[place]));
        let high: [__m512i; WIDTH] = std::array::from_fn(|place| table(&self.high[place]));
        let nibble = _mm512_set1_epi8(15);
        let feed = _mm512_set1_epi8(b'\n' as i8);
        let seen = |chunk: &dyn Fn(usize) -> __m512i| {
            let mut all = _mm512_set1_epi8(-1);
            for place in 0..WIDTH {
                let chunk = chunk(place);
                let halves = _mm512_and_si512(_mm512_srli_epi16::<4>(chunk), nibble);
                let of_low = _mm512_shuffle_epi8(low[place], chunk);
                let of_high = _mm512_shuffle_epi8(high[place], halves);
                all = _mm512_ternarylogic_epi32::<AND>(all, of_low, of_high);
            }
            Seen {
                places: _mm512_test_epi8_mask(all, all),
                feeds: _mm512_cmpeq_epi8_mask(chunk(0), feed),
            }
        };
        let whole = |step: &Step| {
            // SAFETY: a step is long enough for every place.
            seen(&|place| unsafe { _mm512_loadu_si512(step.as_ptr().add(place).cast()) })
        };
        let last = |rest: &[u8]| {
            // SAFETY: what the mask leaves out is not read.
            seen(&|place| unsafe {
                let read = ones(rest.len().saturating_sub(place));
                _mm512_maskz_loadu_epi8(read, rest.as_ptr().wrapping_add(place).cast())
            })
        };
        self.walk(bytes, from, count, whole, last)
    }
}
