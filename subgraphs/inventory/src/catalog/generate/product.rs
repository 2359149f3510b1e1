//! One product of the sample catalog.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    garments::{GARMENTS, Garment},
    random::Random,
    sizes::SizeRun,
    stock::{VariantStock, stock},
    words::{COLORS, FITS, NAMES, ORIGINS, VENDORS, care_of, hand_of},
};
use crate::catalog::{
    draft::{LocationDraft, OptionDraft, ProductDraft, VariantDraft},
    slug::slug,
};

const CURRENCY: &str = "EUR";

/// Product `number` of the catalog of `seed`.
pub(super) fn product(seed: u64, number: u32, locations: &[LocationDraft], newest: DateTime<Utc>) -> ProductDraft {
    let mut random = Random::of(seed, u64::from(number) + 1);
    let cast = Cast::draw(&mut random);
    let title = cast.title();
    let sizes = sizes_of(&mut random, cast.garment.sizes);
    let wanted = if cast.garment.sizes == SizeRun::One { 4 } else { random.between(2, 4) };
    let colors: Vec<&str> = random.some(COLORS, usize::try_from(wanted).unwrap_or(2)).into_iter().copied().collect();
    let prices = prices(&mut random, &cast);
    let mut variants = Vec::with_capacity(sizes.len() * colors.len());
    for (color_number, color) in colors.iter().enumerate() {
        for (size_number, size) in sizes.iter().enumerate() {
            let middle = size_number.abs_diff(sizes.len() / 2) <= 1;
            let stock = stock(&mut random, locations, middle);
            let sku = format!(
                "SV{number:05}-{}{color_number}-{}",
                color_code(color),
                size.replace([' ', '/'], "").to_uppercase()
            );
            let barcode = ean13(number, variants.len());
            variants.push(variant(VariantParts { sku, barcode, color, size, prices, stock }, newest));
        }
    }
    ProductDraft {
        handle: format!("{}-{number}", slug(&title)),
        description: cast.description(&mut random),
        title,
        vendor: cast.vendor.to_owned(),
        category: cast.garment.category.to_owned(),
        taxonomy: Vec::new(),
        gender: Some(cast.gender.to_owned()),
        material: Some(cast.material.to_owned()),
        style: Some(cast.style.to_owned()),
        occasion: Some(cast.occasion.to_owned()),
        tags: cast.tags(&mut random, prices.1.is_some()),
        options: vec![option("Color", &colors), option("Size", &sizes)],
        images: Vec::new(),
        variants,
        published: true,
        featured_rank: random.between(1, 1_000_000),
        created_at: newest - TimeDelta::minutes(i64::from(random.between(0, 2 * 365 * 24 * 60))),
    }
}

/// What a product is, before its variants.
struct Cast {
    garment: &'static Garment,
    vendor: &'static str,
    price_level_percent: i32,
    name: &'static str,
    fit: (&'static str, &'static str),
    fit_in_title: bool,
    material: &'static str,
    gender: &'static str,
    style: &'static str,
    occasion: &'static str,
}

impl Cast {
    fn draw(random: &mut Random) -> Self {
        let garment = draw_garment(random);
        let one = |random: &mut Random, words: &[&'static str]| random.pick(words).copied().unwrap_or_default();
        let (vendor, price_level_percent) = random.pick(VENDORS).copied().unwrap_or(("Selvedge", 100));
        Self {
            garment,
            vendor,
            price_level_percent,
            name: one(random, NAMES),
            fit: random.pick(FITS).copied().unwrap_or_default(),
            fit_in_title: !matches!(garment.sizes, SizeRun::One | SizeRun::Pair | SizeRun::Shoes) && random.chance(35),
            material: one(random, garment.materials),
            gender: one(random, garment.genders),
            style: one(random, garment.styles),
            occasion: one(random, garment.occasions),
        }
    }

    fn title(&self) -> String {
        let mut words = vec![self.name];
        if self.fit_in_title && !self.garment.noun.contains("Slim") && !self.garment.noun.contains("Straight") {
            words.push(self.fit.0);
        }
        // "Linen Linen Shirt" is what a machine would write.
        let said = self
            .material
            .split(' ')
            .any(|word| self.garment.noun.contains(word) || word == "Denim" && self.garment.category == "Jeans");
        if !said {
            words.push(self.material);
        }
        words.push(self.garment.noun);
        words.join(" ")
    }

    fn description(&self, random: &mut Random) -> String {
        let details: Vec<&str> = random.some(self.garment.details, 2).into_iter().copied().collect();
        let noun = self.garment.noun.to_lowercase();
        let material = self.material.to_lowercase();
        let fit = if matches!(self.garment.sizes, SizeRun::Shoes | SizeRun::One | SizeRun::Pair) {
            String::new()
        } else {
            format!(" The cut is {}.", self.fit.1)
        };
        let origin = random.pick(ORIGINS).copied().unwrap_or_default();
        let verb = if noun.ends_with('s') { "come" } else { "comes" };
        format!(
            "The {name} {noun} {verb} in {material}, {hand}, with {details}.{fit} A {style} piece for {occasion}. Made in {origin}. {care}",
            name = self.name,
            hand = hand_of(self.material),
            details = details.join(" and "),
            style = self.style,
            occasion = match self.occasion {
                "everyday" => "every day",
                "wedding guest" => "wedding guests",
                other => other,
            },
            care = care_of(self.material),
        )
    }

    fn tags(&self, random: &mut Random, on_sale: bool) -> Vec<String> {
        let mut tags = vec![self.gender.to_owned(), self.style.to_owned(), self.occasion.to_owned()];
        if self.material.contains("Organic") || self.material.contains("Recycled") {
            tags.push("lower impact".to_owned());
        }
        if random.chance(10) {
            tags.push("editor's pick".to_owned());
        }
        if on_sale {
            tags.push("sale".to_owned());
        }
        tags
    }
}

fn draw_garment(random: &mut Random) -> &'static Garment {
    let mut left = random.below(100);
    for garment in GARMENTS {
        if left < garment.share {
            return garment;
        }
        left -= garment.share;
    }
    // The shares add up to 100 (a test says so), so this is only for the type.
    #[expect(clippy::indexing_slicing, reason = "the list is a constant that is not empty")]
    &GARMENTS[0]
}

/// A run of neighbouring sizes; most products have most of the run.
fn sizes_of(random: &mut Random, run: SizeRun) -> Vec<&'static str> {
    let all = run.sizes();
    let skip_first = usize::from(all.len() > 3 && random.chance(30));
    let skip_last = usize::from(all.len() > 3 && random.chance(40));
    all.iter().take(all.len() - skip_last).skip(skip_first).copied().collect()
}

/// Price and former price in cents.
fn prices(random: &mut Random, cast: &Cast) -> (i64, Option<i64>) {
    let (low, high) = cast.garment.price;
    let euros = random.between(low, high) * cast.price_level_percent / 100;
    let euros = (euros / 5 * 5).max(15) + if random.chance(50) { 0 } else { 4 };
    let full = i64::from(euros) * 100;
    if random.chance(18) {
        let percent = i64::from(random.between(2, 5) * 10);
        ((full * (100 - percent) / 100 / 100 * 100).max(500), Some(full))
    } else {
        (full, None)
    }
}

struct VariantParts<'a> {
    sku: String,
    barcode: String,
    color: &'a str,
    size: &'a str,
    prices: (i64, Option<i64>),
    stock: VariantStock,
}

fn variant(parts: VariantParts<'_>, newest: DateTime<Utc>) -> VariantDraft {
    VariantDraft {
        sku: parts.sku,
        title: format!("{} / {}", parts.color, parts.size),
        barcode: Some(parts.barcode),
        options: vec![("Color".to_owned(), parts.color.to_owned()), ("Size".to_owned(), parts.size.to_owned())],
        size: Some(parts.size.to_owned()),
        color: Some(parts.color.to_owned()),
        price_minor: parts.prices.0,
        compare_at_minor: parts.prices.1,
        currency_code: CURRENCY.to_owned(),
        stock_policy: parts.stock.policy,
        expected_at: parts.stock.expected_in_days.map(|days| newest + TimeDelta::days(i64::from(days))),
        levels: parts.stock.levels,
    }
}

fn option(name: &str, values: &[&str]) -> OptionDraft {
    OptionDraft { name: name.to_owned(), values: values.iter().map(|&value| value.to_owned()).collect() }
}

fn color_code(color: &str) -> String {
    color.chars().filter(char::is_ascii_alphabetic).take(3).collect::<String>().to_uppercase()
}

/// An EAN-13 of the range 20 to 29, which is for use inside a company, with its check digit.
fn ean13(product: u32, variant: usize) -> String {
    let digits = format!("20{product:07}{variant:03}");
    let sum: u32 =
        digits.bytes().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    #[test]
    fn check_digits_are_those_of_the_standard() {
        // 2000017 000 03 → the sum of the weighted digits and the check digit is a multiple of ten.
        let code = super::ean13(17, 3);
        let sum: u32 =
            code.bytes().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        assert_eq!(code.len(), 13);
        assert_eq!(sum % 10, 0);
    }
}
