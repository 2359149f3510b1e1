//! What a customer told of sizes and taste, and what of it a product meets.

use super::Product;

/// What a customer agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    /// Whether behaviour and profile may shape recommendations.
    pub personalisation: bool,
}

/// The size that a customer wears of a kind of garment.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct GarmentSize {
    /// Such as `shirts`; compared with the category of a product.
    pub garment: String,
    /// Such as `M`.
    pub size: String,
}

/// The style profile of a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StyleProfile {
    /// Sizes per garment.
    pub sizes: Vec<GarmentSize>,
    /// Liked styles.
    pub styles: Vec<String>,
    /// Liked colours.
    pub colors: Vec<String>,
    /// Liked brands.
    pub brands: Vec<String>,
}

/// What of a profile a product meets.
#[derive(Debug, Clone, PartialEq)]
pub struct Affinity {
    /// 0 to 1: the share of the kinds of wishes that are met.
    pub score: f32,
    /// The wishes met, in the customer's words.
    pub matched: Vec<String>,
}

const STYLE_WEIGHT: f32 = 0.5;
const BRAND_WEIGHT: f32 = 0.3;
const COLOR_WEIGHT: f32 = 0.2;

impl StyleProfile {
    /// Whether it holds any wish of taste (sizes are none).
    #[must_use]
    pub const fn has_taste(&self) -> bool {
        !(self.styles.is_empty() && self.colors.is_empty() && self.brands.is_empty())
    }

    /// The sizes that the customer wears of `category`; empty when nothing is known of it.
    pub fn sizes_for<'a>(&'a self, category: &'a str) -> impl Iterator<Item = &'a str> {
        self.sizes.iter().filter(move |own| is_garment_of(&own.garment, category)).map(|own| own.size.as_str())
    }

    /// Whether `product` can be worn: `available(i)` tells whether its variant `i` lies in stock. A product without
    /// sizes, or of a category for which no size is known, can.
    #[must_use]
    pub fn fits(&self, product: &Product, available: impl Fn(usize) -> bool) -> bool {
        let mut wanted = self.sizes_for(&product.category).peekable();
        if wanted.peek().is_none() || product.variants.iter().all(|variant| variant.size.is_none()) {
            return true;
        }
        let wanted: Vec<&str> = wanted.collect();
        product.variants.iter().enumerate().any(|(index, variant)| {
            available(index)
                && variant.size.as_deref().is_some_and(|size| wanted.iter().any(|own| size.eq_ignore_ascii_case(own)))
        })
    }

    /// What of this profile `product` meets; `None` when nothing.
    #[must_use]
    pub fn affinity(&self, product: &Product) -> Option<Affinity> {
        let mut asked = 0.0;
        let mut met = 0.0;
        let mut matched = Vec::new();
        let colors = product.colors();
        let mut weigh = |wishes: &[String], weight: f32, meets: &dyn Fn(&str) -> bool| {
            if wishes.is_empty() {
                return;
            }
            asked += weight;
            if let Some(wish) = wishes.iter().find(|wish| meets(wish)) {
                met += weight;
                matched.push(wish.clone());
            }
        };
        weigh(&self.styles, STYLE_WEIGHT, &|wish| {
            product.style.as_deref().is_some_and(|style| style.eq_ignore_ascii_case(wish))
                || product.tags.iter().any(|tag| tag.eq_ignore_ascii_case(wish))
        });
        weigh(&self.brands, BRAND_WEIGHT, &|wish| product.vendor.eq_ignore_ascii_case(wish));
        weigh(&self.colors, COLOR_WEIGHT, &|wish| colors.iter().any(|color| color.eq_ignore_ascii_case(wish)));
        (!matched.is_empty()).then(|| Affinity { score: met / asked, matched })
    }
}

/// Whether `garment` (in a customer's words) names `category`: the same words but for case and plural, or one of the
/// words of the category.
fn is_garment_of(garment: &str, category: &str) -> bool {
    let garment = singular(garment);
    singular(category) == garment
        || category.split(|c: char| !c.is_alphanumeric()).any(|word| singular(word) == garment)
}

fn singular(text: &str) -> String {
    let text = text.trim().to_lowercase();
    // `dress` is no plural; `dresses`, `shirts` and `jeans` lose their ending on both sides of a comparison alike.
    if let Some(stem) = text.strip_suffix("sses") {
        return format!("{stem}ss");
    }
    if text.ends_with("ss") {
        return text;
    }
    text.strip_suffix('s').map_or_else(|| text.clone(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Variant;

    fn shirt(sizes: &[&str]) -> Product {
        Product {
            id: "p1".into(),
            title: "Linen Shirt".into(),
            description: String::new(),
            vendor: "Nordhafen".into(),
            category: "Shirts".into(),
            gender: None,
            material: None,
            style: Some("minimal".into()),
            occasion: None,
            tags: vec![],
            created_at: chrono::DateTime::UNIX_EPOCH,
            variants: sizes
                .iter()
                .map(|size| Variant {
                    sku: format!("S-{size}").into(),
                    size: Some((*size).into()),
                    color: Some("Navy".into()),
                })
                .collect(),
        }
    }

    fn wears(garment: &str, size: &str) -> StyleProfile {
        StyleProfile {
            sizes: vec![GarmentSize { garment: garment.into(), size: size.into() }],
            ..StyleProfile::default()
        }
    }

    #[test]
    fn a_known_size_must_lie_in_stock() {
        let product = shirt(&["S", "M"]);
        assert!(wears("shirt", "m").fits(&product, |index| index == 1));
        assert!(!wears("SHIRTS", "M").fits(&product, |index| index == 0));
        assert!(wears("trousers", "50").fits(&product, |_| false));
    }

    #[test]
    fn plural_and_compound_categories_are_the_same_garment() {
        assert!(is_garment_of("dress", "Dresses"));
        assert!(is_garment_of("dresses", "Summer Dresses"));
        assert!(!is_garment_of("shirt", "T-Sweaters"));
    }

    #[test]
    fn affinity_names_what_matched() {
        let profile = StyleProfile {
            styles: vec!["Minimal".into()],
            colors: vec!["navy".into()],
            brands: vec!["Other".into()],
            ..StyleProfile::default()
        };
        let affinity = profile.affinity(&shirt(&["M"])).unwrap();
        assert_eq!(affinity.matched, ["Minimal", "navy"]);
        assert!((affinity.score - 0.7).abs() < 1e-6);
        assert_eq!(wears("shirts", "M").affinity(&shirt(&["M"])), None);
    }
}
