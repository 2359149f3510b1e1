//! Pieces and a threshold → what becomes of the alert.

use super::AlertSeverity;

/// When the pieces available at one place are worth an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelRule {
    /// At so many or fewer.
    pub threshold: i32,
    /// So many above, it is over: stock that goes up and down by a piece is one alert and not many.
    pub clear_margin: i32,
}

/// What becomes of the alert of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It stays as it is, also when there is none.
    Keep,
    /// There is one now.
    Raise(AlertSeverity),
    /// It matters more or less than before.
    Change(AlertSeverity),
    /// It is over.
    Resolve,
}

impl LevelRule {
    /// Judges `available` pieces, with the alert that is open.
    #[must_use]
    pub fn judge(&self, available: i32, open: Option<AlertSeverity>) -> Verdict {
        let is_out = available <= 0;
        match open {
            None if is_out => Verdict::Raise(AlertSeverity::OutOfStock),
            None if available <= self.threshold => Verdict::Raise(AlertSeverity::LowStock),
            None => Verdict::Keep,
            Some(_) if available > self.threshold.saturating_add(self.clear_margin) => Verdict::Resolve,
            Some(AlertSeverity::LowStock) if is_out => Verdict::Change(AlertSeverity::OutOfStock),
            Some(AlertSeverity::OutOfStock) if available > self.clear_margin => {
                Verdict::Change(AlertSeverity::LowStock)
            }
            Some(_) => Verdict::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        AlertSeverity::{LowStock, OutOfStock},
        LevelRule, Verdict,
    };

    const RULE: LevelRule = LevelRule { threshold: 5, clear_margin: 2 };

    #[test]
    fn it_is_raised_at_the_threshold_and_is_over_above_the_margin() {
        assert_eq!(RULE.judge(6, None), Verdict::Keep);
        assert_eq!(RULE.judge(5, None), Verdict::Raise(LowStock));
        assert_eq!(RULE.judge(0, None), Verdict::Raise(OutOfStock));
        assert_eq!(RULE.judge(7, Some(LowStock)), Verdict::Keep);
        assert_eq!(RULE.judge(8, Some(LowStock)), Verdict::Resolve);
        assert_eq!(RULE.judge(8, Some(OutOfStock)), Verdict::Resolve);
    }

    #[test]
    fn a_piece_that_comes_and_goes_changes_nothing() {
        assert_eq!(RULE.judge(0, Some(LowStock)), Verdict::Change(OutOfStock));
        assert_eq!(RULE.judge(1, Some(OutOfStock)), Verdict::Keep);
        assert_eq!(RULE.judge(2, Some(OutOfStock)), Verdict::Keep);
        assert_eq!(RULE.judge(3, Some(OutOfStock)), Verdict::Change(LowStock));
    }

    #[test]
    fn with_a_threshold_of_zero_only_nothing_is_too_little() {
        let rule = LevelRule { threshold: 0, ..RULE };
        assert_eq!(rule.judge(1, None), Verdict::Keep);
        assert_eq!(rule.judge(0, None), Verdict::Raise(OutOfStock));
        assert_eq!(rule.judge(2, Some(OutOfStock)), Verdict::Keep);
        assert_eq!(rule.judge(3, Some(OutOfStock)), Verdict::Resolve);
    }

    proptest::proptest! {
        /// Whatever was before: the same pieces, judged twice, change nothing the second time, and what is open says the truth
        /// within the margin.
        #[test]
        fn a_verdict_is_stable(
            available in 0..40_i32, threshold in 0..20_i32, clear_margin in 0..5_i32, before in 0..3_u8,
        ) {
            let rule = LevelRule { threshold, clear_margin };
            let before = [None, Some(LowStock), Some(OutOfStock)][usize::from(before)];
            let after = match rule.judge(available, before) {
                Verdict::Keep => before,
                Verdict::Raise(severity) | Verdict::Change(severity) => Some(severity),
                Verdict::Resolve => None,
            };
            assert_eq!(rule.judge(available, after), Verdict::Keep);
            match after {
                None => assert!(available > threshold),
                Some(LowStock) => assert!(available > 0 && available <= threshold + clear_margin),
                Some(_) => assert!(available <= clear_margin),
            }
        }
    }
}
