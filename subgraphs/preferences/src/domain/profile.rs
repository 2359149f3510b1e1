//! Sizes and tastes.

use std::collections::HashSet;

use super::{Announcement, Customer, Refusal, RefusalCode, customer::Decided};

const MAX_SIZES: usize = 50;
const MAX_TASTES: usize = 50;
const MAX_GARMENT_CHARACTERS: usize = 40;
const MAX_SIZE_CHARACTERS: usize = 20;
const MAX_TASTE_CHARACTERS: usize = 60;
const MAX_NAME_CHARACTERS: usize = 80;

/// The size that fits a customer in one kind of garment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GarmentSize {
    /// Such as `jeans`; unique in a profile.
    pub garment: String,
    /// Such as `M` or `32/34`.
    pub size: String,
}

/// What a customer wears and likes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StyleProfile {
    /// At most one per garment.
    pub sizes: Vec<GarmentSize>,
    /// Such as `minimalist`.
    pub styles: Vec<String>,
    /// Such as `navy`.
    pub colors: Vec<String>,
    /// Vendors.
    pub brands: Vec<String>,
    /// Grows by one with every change of the profile; 0 for a profile that was never set.
    pub version: i32,
}

/// A wish to change a profile: what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChange {
    /// Replaces all sizes.
    pub sizes: Option<Vec<GarmentSize>>,
    /// Replaces all styles.
    pub styles: Option<Vec<String>>,
    /// Replaces all colours.
    pub colors: Option<Vec<String>>,
    /// Replaces all brands.
    pub brands: Option<Vec<String>>,
    /// Replaces the name; `Some(None)` takes it away.
    pub display_name: Option<Option<String>>,
    /// The version that the caller has read; the change is refused when there is a newer one.
    pub expected_version: Option<i32>,
}

impl Customer {
    /// This customer with `change` made.
    ///
    /// # Errors
    ///
    /// Every value that is not well formed, or the one conflict of versions.
    pub fn with_profile(&self, change: &ProfileChange) -> Decided {
        if let Some(expected) = change.expected_version
            && expected != self.style_profile.version
        {
            let current = self.style_profile.version;
            let message = format!("The profile is at version {current}, not at {expected}; read it again.");
            return Err(vec![Refusal::new(RefusalCode::VersionConflict, message).at(["input", "expectedVersion"])]);
        }
        let mut refusals = Vec::new();
        let mut changed = self.clone();
        let profile = &mut changed.style_profile;
        if let Some(sizes) = &change.sizes {
            profile.sizes = checked_sizes(sizes, &mut refusals);
        }
        let tastes = [
            ("styles", &change.styles, &mut profile.styles),
            ("colors", &change.colors, &mut profile.colors),
            ("brands", &change.brands, &mut profile.brands),
        ];
        for (field, wished, kept) in tastes {
            if let Some(wished) = wished {
                *kept = checked_tastes(field, wished, &mut refusals);
            }
        }
        if let Some(name) = &change.display_name {
            changed.display_name = checked_name(name.as_deref(), &mut refusals);
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        if changed != *self {
            changed.style_profile.version = changed.style_profile.version.saturating_add(1);
        }
        Ok(self.decide(changed, vec![Announcement::ProfileChanged]))
    }
}

fn refuse(message: String) -> Refusal {
    Refusal::new(RefusalCode::InvalidProfile, message)
}

/// `text` trimmed, when it is 1 to `most` characters long and has no control characters.
fn checked_text(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    let fits = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

fn checked_sizes(sizes: &[GarmentSize], refusals: &mut Vec<Refusal>) -> Vec<GarmentSize> {
    if sizes.len() > MAX_SIZES {
        refusals.push(refuse(format!("Give at most {MAX_SIZES} sizes.")).at(["input", "sizes"]));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(sizes.len());
    for (index, wished) in sizes.iter().enumerate() {
        let index = index.to_string();
        let garment = checked_text(&wished.garment, MAX_GARMENT_CHARACTERS);
        let size = checked_text(&wished.size, MAX_SIZE_CHARACTERS);
        if garment.is_none() {
            let message = format!("A garment has 1 to {MAX_GARMENT_CHARACTERS} characters.");
            refusals.push(refuse(message).at(["input", "sizes", &index, "garment"]));
        }
        if size.is_none() {
            let message = format!("A size has 1 to {MAX_SIZE_CHARACTERS} characters.");
            refusals.push(refuse(message).at(["input", "sizes", &index, "size"]));
        }
        if let (Some(garment), Some(size)) = (garment, size) {
            if seen.insert(garment.to_lowercase()) {
                checked.push(GarmentSize { garment, size });
            } else {
                let message = format!("The garment `{garment}` has a size already.");
                refusals.push(refuse(message).at(["input", "sizes", &index, "garment"]));
            }
        }
    }
    checked
}

/// `wished` trimmed; of values that differ in letter case alone the first is kept.
fn checked_tastes(field: &str, wished: &[String], refusals: &mut Vec<Refusal>) -> Vec<String> {
    if wished.len() > MAX_TASTES {
        refusals.push(refuse(format!("Give at most {MAX_TASTES} values.")).at(["input", field]));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(wished.len());
    for (index, text) in wished.iter().enumerate() {
        match checked_text(text, MAX_TASTE_CHARACTERS) {
            Some(text) if seen.insert(text.to_lowercase()) => checked.push(text),
            Some(_) => {}
            None => {
                let message = format!("A value has 1 to {MAX_TASTE_CHARACTERS} characters.");
                refusals.push(refuse(message).at(["input", field, &index.to_string()]));
            }
        }
    }
    checked
}

fn checked_name(name: Option<&str>, refusals: &mut Vec<Refusal>) -> Option<String> {
    let name = name?;
    let checked = checked_text(name, MAX_NAME_CHARACTERS);
    if checked.is_none() {
        let message = format!("A name has 1 to {MAX_NAME_CHARACTERS} characters.");
        refusals.push(refuse(message).at(["input", "displayName"]));
    }
    checked
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::Decision;

    fn customer() -> Customer {
        Customer::new("c1", DateTime::UNIX_EPOCH)
    }

    fn size(garment: &str, size: &str) -> GarmentSize {
        GarmentSize { garment: garment.to_owned(), size: size.to_owned() }
    }

    #[test]
    fn what_is_given_replaces_and_what_is_absent_stays() {
        let mut before = customer();
        before.style_profile.brands = vec!["Nordvik".to_owned()];
        let change = ProfileChange {
            sizes: Some(vec![size(" jeans ", "32/34")]),
            styles: Some(vec!["Casual".to_owned(), "casual".to_owned(), "retro".to_owned()]),
            ..ProfileChange::default()
        };
        let Decision::Changed(after, announcements) = before.with_profile(&change).unwrap() else { panic!() };
        assert_eq!(after.style_profile.sizes, [size("jeans", "32/34")]);
        assert_eq!(after.style_profile.styles, ["Casual", "retro"]);
        assert_eq!(after.style_profile.brands, ["Nordvik"]);
        assert_eq!(after.style_profile.version, 1);
        assert_eq!(announcements, [Announcement::ProfileChanged]);
        assert_eq!(after.with_profile(&change).unwrap(), Decision::Unchanged);
    }

    #[test]
    fn every_bad_value_is_named() {
        let change = ProfileChange {
            sizes: Some(vec![size("", "M"), size("shirt", "M"), size("Shirt", "L")]),
            colors: Some(vec!["x".repeat(61)]),
            display_name: Some(Some("a\u{0}b".to_owned())),
            ..ProfileChange::default()
        };
        let refusals = customer().with_profile(&change).unwrap_err();
        let fields: Vec<String> = refusals.iter().map(|refusal| refusal.field.clone().unwrap().join(".")).collect();
        assert_eq!(fields, ["input.sizes.0.garment", "input.sizes.2.garment", "input.colors.0", "input.displayName"]);
    }

    #[test]
    fn a_stale_version_is_refused() {
        let change = ProfileChange { expected_version: Some(3), ..ProfileChange::default() };
        let refusals = customer().with_profile(&change).unwrap_err();
        assert_eq!(refusals[0].code, RefusalCode::VersionConflict);
    }
}
