//! Counting what could not be sold.

use chrono::{DateTime, Utc};

/// How long a window is in which attempts are counted together.
pub const WINDOW_SECONDS: i64 = 300;

/// Words of a sketch.
const WORDS: usize = 16;
/// Bits of a sketch.
const BITS: u64 = 1_024;

/// About how many different shoppers there were: a bit is set for each (linear counting; Whang, Vander-Zanden and Taylor,
/// "A linear-time probabilistic counting algorithm", 1990). A few percent off up to some thousand, and of fixed size. Who
/// they were cannot be read out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shoppers([u64; WORDS]);

impl Shoppers {
    /// Notes the shopper with this hash.
    pub fn note(&mut self, hash: u64) {
        let bit = hash % BITS;
        // Below 16 and below 64.
        let word = usize::try_from(bit / 64).unwrap_or(0);
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (bit % 64);
        }
    }

    /// Adds those of another sketch.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own |= other;
        }
    }

    /// About how many there were; at most some 7,000, when every bit is set.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7,100")]
    pub fn estimate(&self) -> u64 {
        let set: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        let bits = f64::from(u32::try_from(BITS).unwrap_or(u32::MAX));
        let zeros = (bits - f64::from(set)).max(1.0);
        (bits * (bits / zeros).ln()).round() as u64
    }

    /// As it is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// From what was stored; bytes of another length are none of ours and count nobody.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = [0; WORDS];
        let (chunks, rest) = bytes.as_chunks::<8>();
        if rest.is_empty() && chunks.len() == WORDS {
            for (word, chunk) in words.iter_mut().zip(chunks) {
                *word = u64::from_le_bytes(*chunk);
            }
        }
        Self(words)
    }
}

/// Refused attempts to buy one variant through one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many.
    pub attempts: i64,
    /// Pieces that were wanted.
    pub units_wanted: i64,
    /// Of these, how many were not sold.
    pub units_missed: i64,
    /// By whom.
    pub shoppers: Shoppers,
}

impl Tally {
    /// Counts an attempt of the shopper with this hash.
    pub fn note(&mut self, wanted: i32, missed: i32, shopper: u64) {
        let mut shoppers = Shoppers::default();
        shoppers.note(shopper);
        self.merge(&Self { attempts: 1, units_wanted: wanted.into(), units_missed: missed.into(), shoppers });
    }

    /// Adds another one.
    pub fn merge(&mut self, other: &Self) {
        self.attempts = self.attempts.saturating_add(other.attempts);
        self.units_wanted = self.units_wanted.saturating_add(other.units_wanted);
        self.units_missed = self.units_missed.saturating_add(other.units_missed);
        self.shoppers.merge(&other.shoppers);
    }
}

/// The beginning of the window that `time` is in.
#[must_use]
pub fn window_start(time: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = time.timestamp();
    DateTime::from_timestamp(seconds - seconds.rem_euclid(WINDOW_SECONDS), 0).unwrap_or(time)
}

/// Whether `attempts` are worth telling: at the threshold, and then whenever there are twice as many as were last told. So a
/// rush of any size is told a few times and not once a second.
#[must_use]
pub fn is_news(attempts: i64, threshold: i64, told: Option<i64>) -> bool {
    match told {
        None => attempts >= threshold,
        Some(told) => attempts >= told.saturating_mul(2).max(threshold),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{Shoppers, Tally, is_news, window_start};

    /// A hash as good as any, and always the same.
    fn hash(number: u64) -> u64 {
        let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 20
    }

    #[test]
    fn shoppers_are_estimated_and_repetitions_do_not_count() {
        for wanted in [0_u64, 1, 5, 100, 1_000] {
            let mut sketch = Shoppers::default();
            for number in (0..wanted).chain(0..wanted) {
                sketch.note(hash(number));
            }
            let estimate = sketch.estimate();
            assert!(estimate.abs_diff(wanted) <= wanted / 10 + 1, "{estimate} for {wanted}");
            assert_eq!(Shoppers::from_bytes(&sketch.to_bytes()), sketch);
        }
        assert_eq!(Shoppers::from_bytes(b"short").estimate(), 0);
    }

    #[test]
    fn tallies_of_two_processes_add_up() {
        let (mut one, mut other) = (Tally::default(), Tally::default());
        one.note(2, 2, hash(1));
        other.note(5, 3, hash(1));
        other.note(1, 1, hash(2));
        one.merge(&other);
        assert_eq!((one.attempts, one.units_wanted, one.units_missed, one.shoppers.estimate()), (3, 8, 6, 2));
    }

    #[test]
    fn a_window_begins_every_five_minutes() {
        let time = DateTime::UNIX_EPOCH + TimeDelta::seconds(1_000);
        assert_eq!(window_start(time), DateTime::UNIX_EPOCH + TimeDelta::seconds(900));
        assert_eq!(window_start(window_start(time)), window_start(time));
    }

    #[test]
    fn a_rush_is_told_each_time_it_has_doubled() {
        assert!(!is_news(9, 10, None));
        assert!(is_news(10, 10, None));
        assert!(!is_news(19, 10, Some(10)));
        assert!(is_news(20, 10, Some(10)));
        assert!(!is_news(5, 10, Some(1)), "a new window begins small");
    }
}
