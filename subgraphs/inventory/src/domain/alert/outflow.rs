//! How much of a SKU usually goes within a window, and when it is far more.

/// With fewer windows before it, nothing is usual yet.
pub const WINDOWS_MIN: usize = 7;
/// Times the median absolute deviation makes a standard deviation, where values are spread normally.
const NORMAL: f64 = 1.4826;

/// When much more goes than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutflowRule {
    /// Fewer pieces are never unusual.
    pub pieces: i64,
    /// So many robust standard deviations above the median are.
    pub deviations: u32,
}

/// What is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    /// The median of the windows before.
    pub median: f64,
    /// More pieces than this are unusual.
    pub bound: i64,
}

impl OutflowRule {
    /// What is usual after windows with so many pieces each; `None` when they are too few to say.
    ///
    /// The bound is the median plus some robust standard deviations: 1.4826 times the median absolute deviation (Hampel, "The
    /// influence curve and its role in robust estimation", 1974; as an outlier test in Iglewicz and Hoaglin, "How to detect and
    /// handle outliers", 1993). A few windows that were odd themselves do not move it. Pieces that go independently of each
    /// other vary by the square root of their number (Poisson), so that the deviation is never taken for less: without that,
    /// a SKU that sells the same each day, or nothing on most, would have a deviation of zero, and a piece more were odd.
    #[must_use]
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "numbers of pieces")]
    pub fn usual(&self, windows: &[i64]) -> Option<Usual> {
        if windows.len() < WINDOWS_MIN {
            return None;
        }
        let pieces: Vec<f64> = windows.iter().map(|pieces| (*pieces).max(0) as f64).collect();
        let median = median_of(pieces.clone());
        let deviation = NORMAL * median_of(pieces.iter().map(|one| (one - median).abs()).collect());
        let deviation = deviation.max(median.max(1.0).sqrt());
        let bound = f64::from(self.deviations).mul_add(deviation, median).ceil() as i64;
        // At the least number of pieces it is unusual, and not one above.
        Some(Usual { median, bound: bound.max(self.pieces.saturating_sub(1)) })
    }
}

fn median_of(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or_default();
    if values.len() % 2 == 1 {
        return upper;
    }
    let lower = middle.checked_sub(1).and_then(|index| values.get(index)).copied().unwrap_or(upper);
    f64::midpoint(lower, upper)
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::SmallRng};

    use super::{OutflowRule, Usual, median_of};

    const RULE: OutflowRule = OutflowRule { pieces: 50, deviations: 6 };

    #[test]
    fn medians() {
        let of = |values: &[f64]| median_of(values.to_vec()).to_bits();
        assert_eq!(of(&[]), 0.0_f64.to_bits());
        assert_eq!(of(&[3.0, 1.0, 2.0]), 2.0_f64.to_bits());
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), 2.5_f64.to_bits());
    }

    #[test]
    fn nothing_is_usual_after_a_few_windows() {
        assert_eq!(RULE.usual(&[5; 6]), None);
        assert_eq!(RULE.usual(&[5; 7]), Some(Usual { median: 5.0, bound: 49 }));
    }

    #[test]
    fn windows_that_were_odd_themselves_move_nothing() {
        let quiet = [100, 104, 96, 99, 101, 103, 97, 100, 98, 102];
        let usual = RULE.usual(&quiet).unwrap();
        assert_eq!(usual, Usual { median: 100.0, bound: 160 });
        let mut with_rushes = quiet.to_vec();
        with_rushes.extend([5_000, 9_000]);
        assert!(RULE.usual(&with_rushes).unwrap().bound < 200);
    }

    #[test]
    fn what_never_sold_is_judged_by_the_least_number() {
        assert_eq!(RULE.usual(&[0; 28]).unwrap().bound, 49);
        assert_eq!(OutflowRule { pieces: 1, ..RULE }.usual(&[0; 28]).unwrap().bound, 6);
        assert_eq!(RULE.usual(&[-4; 28]).unwrap().bound, 49, "more came back than went");
    }

    /// Sales that are independent of each other, at the same rate, are usual: of 20,000 days of shops that sell a few or
    /// hundreds a day none is told. Without a least number of pieces it were one in thousands, of SKUs that sell a few: their
    /// numbers are spread further up than down.
    #[test]
    fn independent_sales_raise_nothing() {
        let mut random = SmallRng::seed_from_u64(7);
        for rate in [0.3, 4.0, 40.0, 300.0] {
            let days: Vec<i64> = (0..5_028).map(|_| poisson(&mut random, rate)).collect();
            let told = |rule: OutflowRule| {
                let is_told = |window: &&[i64]| window[28] > rule.usual(&window[..28]).unwrap().bound;
                days.windows(29).filter(is_told).count()
            };
            assert_eq!(told(RULE), 0, "at a rate of {rate}");
            assert!(told(OutflowRule { pieces: 1, ..RULE }) <= 2, "at a rate of {rate}");
        }
    }

    /// Counts how many exponential waiting times fit into one unit of time.
    fn poisson(random: &mut SmallRng, rate: f64) -> i64 {
        let mut time = 0.0;
        let mut count = -1;
        while time < 1.0 {
            time -= (1.0 - random.random::<f64>()).ln() / rate;
            count += 1;
        }
        count
    }
}
