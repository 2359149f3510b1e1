//! Which pieces that are on their way are whose: first promised first, and the earliest first.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

/// Pieces that are on their way and promised to nobody yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// The inbound line.
    pub line_id: String,
    /// Where they go.
    pub location_id: String,
    /// When they are expected.
    pub expected_at: DateTime<Utc>,
    /// How many.
    pub quantity: i32,
}

/// What one who waits is given of what is coming.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assigned {
    /// Pieces by inbound line.
    pub parts: Vec<(String, i32)>,
    /// Pieces for which nothing is coming.
    pub missing: i32,
    /// When all of them are there; `None` when some are missing, or none are wanted.
    pub expected_at: Option<DateTime<Utc>>,
}

/// Takes `quantity` pieces that go to one of `places` out of `coming`, which is ordered by time, the earliest first.
pub fn assign(coming: &mut [Coming], places: &BTreeSet<String>, quantity: i32) -> Assigned {
    let mut assigned = Assigned { missing: quantity.max(0), ..Assigned::default() };
    let mut latest = None;
    for one in coming.iter_mut() {
        if assigned.missing == 0 {
            break;
        }
        let take = one.quantity.min(assigned.missing);
        if take <= 0 || !places.contains(&one.location_id) {
            continue;
        }
        one.quantity -= take;
        assigned.missing -= take;
        assigned.parts.push((one.line_id.clone(), take));
        latest = Some(one.expected_at);
    }
    assigned.expected_at = latest.filter(|_| assigned.missing == 0);
    assigned
}

/// The earliest pieces that are promised to nobody and go to one of `places`.
#[must_use]
pub fn earliest(coming: &[Coming], places: &BTreeSet<String>) -> Option<DateTime<Utc>> {
    coming.iter().find(|one| one.quantity > 0 && places.contains(&one.location_id)).map(|one| one.expected_at)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::{Coming, assign, earliest};

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(number)
    }

    fn coming(lines: &[(&str, &str, i64, i32)]) -> Vec<Coming> {
        let one = |(line, place, at, quantity): &(&str, &str, i64, i32)| Coming {
            line_id: (*line).to_owned(),
            location_id: (*place).to_owned(),
            expected_at: day(*at),
            quantity: *quantity,
        };
        lines.iter().map(one).collect()
    }

    fn places(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_earliest_that_goes_there_is_given_first() {
        let mut coming = coming(&[("a", "near", 1, 3), ("b", "far", 2, 5), ("c", "near", 3, 5)]);
        let everywhere = places(&["near", "far"]);
        let first = assign(&mut coming, &everywhere, 4);
        assert_eq!(first.parts, [("a".to_owned(), 3), ("b".to_owned(), 1)]);
        assert_eq!((first.missing, first.expected_at), (0, Some(day(2))));
        assert_eq!(earliest(&coming, &everywhere), Some(day(2)));
        let fetched = assign(&mut coming, &places(&["near"]), 1);
        assert_eq!((fetched.parts, fetched.expected_at), (vec![("c".to_owned(), 1)], Some(day(3))));
        let too_many = assign(&mut coming, &everywhere, 10);
        assert_eq!((too_many.missing, too_many.expected_at), (2, None));
        assert_eq!(earliest(&coming, &everywhere), None);
        assert_eq!(assign(&mut coming, &everywhere, 0).expected_at, None);
    }

    proptest::proptest! {
        /// No piece is given twice, and none is given that is not coming; who asks first is never later than without those
        /// behind.
        #[test]
        fn no_piece_is_given_twice(
            lines in proptest::collection::vec((0..3_usize, 0..9_i64, 0..6_i32), 0..8),
            asked in proptest::collection::vec((0..7_u8, 1..6_i32), 0..8),
        ) {
            let names = ["x", "y", "z"];
            let mut all: Vec<Coming> = lines.iter().enumerate().map(|(index, (place, at, quantity))| Coming {
                line_id: index.to_string(),
                location_id: names[*place].to_owned(),
                expected_at: day(*at),
                quantity: *quantity,
            }).collect();
            all.sort_by_key(|one| one.expected_at);
            let before = all.clone();
            let mut given = vec![0; lines.len()];
            for (mask, quantity) in asked {
                let chosen: Vec<&str> = (0..3).filter(|bit| mask & (1 << bit) != 0).map(|bit| names[bit]).collect();
                let assigned = assign(&mut all, &places(&chosen), quantity);
                let sum: i32 = assigned.parts.iter().map(|(_, pieces)| pieces).sum();
                assert_eq!(sum + assigned.missing, quantity);
                for (line, pieces) in &assigned.parts {
                    given[line.parse::<usize>().unwrap()] += pieces;
                }
            }
            for (one, left) in before.iter().zip(&all) {
                let given = given[one.line_id.parse::<usize>().unwrap()];
                assert_eq!(one.quantity, left.quantity + given);
                assert!(left.quantity >= 0);
            }
        }
    }
}
