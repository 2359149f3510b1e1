//! A generator of repeatable numbers.
//!
//! SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014) written out here,
//! because the catalog of a seed must stay the same over versions of any library.

/// Repeatable numbers from a seed.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// Numbers of the stream `stream` of `seed`; streams do not depend on each other, so product 17 is the same in a
    /// catalog of 20 and of 20,000.
    pub(super) const fn of(seed: u64, stream: u64) -> Self {
        let mut start = Self(seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03));
        start.next();
        start
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is at least 1. The bias of the multiplication is far below what a catalog shows.
    pub(super) const fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * bound as u64) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(super) const fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below(high.abs_diff(low) + 1).cast_signed()
    }

    /// True in `percent` of a hundred.
    pub(super) const fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`, which is not empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.index(choices.len()))
    }

    /// `count` different ones of `choices`, in their order; all when there are fewer.
    pub(super) fn some<'a, T>(&mut self, choices: &'a [T], count: usize) -> Vec<&'a T> {
        let mut left = count.min(choices.len());
        let mut taken = Vec::with_capacity(left);
        for (position, choice) in choices.iter().enumerate() {
            if self.index(choices.len() - position) < left {
                taken.push(choice);
                left -= 1;
            }
        }
        taken
    }

    fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX).max(1)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_repeat_and_stay_in_range() {
        let mut first = Random::of(7, 3);
        let mut second = Random::of(7, 3);
        for _ in 0..1_000 {
            let number = first.between(-3, 12);
            assert_eq!(number, second.between(-3, 12));
            assert!((-3..=12).contains(&number));
        }
        assert_ne!(Random::of(7, 4).below(u32::MAX), Random::of(7, 3).below(u32::MAX));
    }

    #[test]
    fn some_gives_that_many_in_order() {
        let choices = [1, 2, 3, 4, 5, 6];
        let mut random = Random::of(1, 1);
        for count in 0..8 {
            let taken = random.some(&choices, count);
            assert_eq!(taken.len(), count.min(6));
            assert!(taken.is_sorted());
        }
    }
}
