//! "Did you mean …?"

use std::cmp::Ordering;

/// How many names are suggested at most.
const MAX_SUGGESTIONS: usize = 5;

/// ` Did you mean "a", "b", or "c"?` for the names that are near to `written`; empty when none is.
pub(super) fn did_you_mean<'a>(subject: &str, written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    sentence(subject, &near(written, known))
}

/// ` Did you mean "a" or "b"?` for these names; empty when there are none.
pub(super) fn sentence(subject: &str, names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().take(MAX_SUGGESTIONS).map(|name| format!("\"{name}\"")).collect();
    let subject = if subject.is_empty() { String::new() } else { format!("{subject} ") };
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => format!(" Did you mean {subject}{only}?"),
        Some((last, [first])) => format!(" Did you mean {subject}{first} or {last}?"),
        Some((last, others)) => format!(" Did you mean {subject}{}, or {last}?", others.join(", ")),
    }
}

/// The known names that are a few letters away from what was written, the nearest first.
fn near<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let most = written.len() * 2 / 5 + 1;
    let lower = written.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let distance = distance(written, &lower, name, most);
            (distance <= most).then_some((distance, name))
        })
        .collect();
    near.sort_by(|left, right| left.0.cmp(&right.0).then_with(|| natural_order(left.1, right.1)));
    near.dedup();
    near.into_iter().map(|(_, name)| name).collect()
}

/// Insertions, deletions, substitutions and swaps of neighbours; another case counts one.
fn distance(written: &str, lower: &str, name: &str, most: usize) -> usize {
    if written == name {
        return 0;
    }
    let name = name.to_lowercase();
    if lower == name {
        return 1;
    }
    // Names that differ more in length than that cannot be near, and long ones would cost much.
    if lower.len().abs_diff(name.len()) > most { usize::MAX } else { strsim::osa_distance(lower, &name) }
}

/// Orders digits by their number, everything else by its letters: `a2` before `a10`.
pub(super) fn natural_order(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let (Some(a), Some(b)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len());
        };
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let (number, rest) = split_number(left);
            let (other, other_rest) = split_number(right);
            let by_number = number.len().cmp(&other.len()).then_with(|| number.cmp(other));
            if by_number != Ordering::Equal {
                return by_number;
            }
            (left, right) = (rest, other_rest);
        } else if a == b {
            left = left.get(a.len_utf8()..).unwrap_or_default();
            right = right.get(b.len_utf8()..).unwrap_or_default();
        } else {
            return a.cmp(&b);
        }
    }
}

/// The number that a text starts with, without leading zeros, and the rest.
fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    (number.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_the_nearest_first() {
        let known = ["ab", "abc", "abcd", "xyz", "ABC", "acb"];
        assert_eq!(near("abc", known), ["abc", "ABC", "ab", "abcd", "acb"]);
        assert_eq!(near("nothing", known), [""; 0]);
        assert_eq!(near("item", ["item10", "item2", "item1"]), ["item1", "item2", "item10"]);
    }

    #[test]
    fn names_are_listed_as_in_english() {
        assert_eq!(sentence("", &[]), "");
        assert_eq!(sentence("", &["a"]), " Did you mean \"a\"?");
        assert_eq!(sentence("the enum value", &["a", "b"]), " Did you mean the enum value \"a\" or \"b\"?");
        assert_eq!(
            sentence("", &["a", "b", "c", "d", "e", "f"]),
            " Did you mean \"a\", \"b\", \"c\", \"d\", or \"e\"?"
        );
    }
}
