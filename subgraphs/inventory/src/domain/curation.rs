//! Orders that are made by hand. Pure; none of them repeats an id.

use std::collections::HashSet;

/// `old` with those of `ids` that are not in it before place `position`, counted from 1; behind all without one.
#[must_use]
pub fn insert(old: &[String], ids: &[String], position: Option<usize>) -> Vec<String> {
    let there: HashSet<&String> = old.iter().collect();
    let new: Vec<String> = ids.iter().filter(|id| !there.contains(id)).cloned().collect();
    place(old, &new, position)
}

/// `old` without `ids`.
#[must_use]
pub fn without(old: &[String], ids: &[String]) -> Vec<String> {
    let gone: HashSet<&String> = ids.iter().collect();
    old.iter().filter(|id| !gone.contains(id)).cloned().collect()
}

/// Those of `ids` that are in `old`, in the order of `ids`, put so that the first is at `position`, counted from 1, among
/// the others.
#[must_use]
pub fn bring(old: &[String], ids: &[String], position: usize) -> Vec<String> {
    let there: HashSet<&String> = old.iter().collect();
    let moved: Vec<String> = ids.iter().filter(|id| there.contains(id)).cloned().collect();
    place(&without(old, &moved), &moved, Some(position))
}

fn place(old: &[String], new: &[String], position: Option<usize>) -> Vec<String> {
    let before = position.map_or(old.len(), |position| position.saturating_sub(1).min(old.len()));
    let (front, back) = old.split_at_checked(before).unwrap_or((old, &[]));
    let mut seen = HashSet::new();
    front.iter().chain(new).chain(back).filter(|id| seen.insert(*id)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::{bring, insert, without};

    fn list(ids: &str) -> Vec<String> {
        ids.chars().map(String::from).collect()
    }

    #[test]
    fn each_stands_once() {
        assert_eq!(insert(&list("abc"), &list("cddb"), None), list("abcd"));
        assert_eq!(insert(&list("abc"), &list("dce"), Some(2)), list("adebc"));
        assert_eq!(insert(&list("abc"), &list("d"), Some(9)), list("abcd"));
        assert_eq!(without(&list("abcd"), &list("bxd")), list("ac"));
        assert_eq!(bring(&list("abcd"), &list("dxbd"), 1), list("dbac"));
        assert_eq!(bring(&list("abcd"), &list("a"), 3), list("bcad"));
        assert_eq!(bring(&list("abcd"), &list("a"), 99), list("bcda"));
    }
}
