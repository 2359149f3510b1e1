//! Category and gender where the file does not say them in a column of their own.

use crate::store::taxonomy::LEVELS_MAX;

/// Garment words and their category; the last match in a title counts, because English puts the noun last.
const NOUNS: &[(&str, &str)] = &[
    ("shirt", "Shirts"),
    ("blouse", "Shirts"),
    ("tee", "T-Shirts"),
    ("t-shirt", "T-Shirts"),
    ("tshirt", "T-Shirts"),
    ("polo", "T-Shirts"),
    ("tank", "T-Shirts"),
    ("top", "Tops"),
    ("tops", "Tops"),
    ("tunic", "Tops"),
    ("camisole", "Tops"),
    ("jumper", "Knitwear"),
    ("sweater", "Knitwear"),
    ("pullover", "Knitwear"),
    ("cardigan", "Knitwear"),
    ("hoodie", "Sweatshirts"),
    ("sweatshirt", "Sweatshirts"),
    ("jeans", "Jeans"),
    ("trousers", "Trousers"),
    ("pants", "Trousers"),
    ("chinos", "Trousers"),
    ("leggings", "Trousers"),
    ("shorts", "Shorts"),
    ("skirt", "Skirts"),
    ("dress", "Dresses"),
    ("gown", "Dresses"),
    ("jumpsuit", "Dresses"),
    ("jacket", "Jackets"),
    ("blazer", "Jackets"),
    ("vest", "Jackets"),
    ("tuxedo", "Suits"),
    ("suit", "Suits"),
    ("coat", "Coats"),
    ("parka", "Coats"),
    ("shoe", "Shoes"),
    ("shoes", "Shoes"),
    ("sneaker", "Shoes"),
    ("sneakers", "Shoes"),
    ("boot", "Shoes"),
    ("boots", "Shoes"),
    ("sandal", "Shoes"),
    ("sandals", "Shoes"),
    ("heels", "Shoes"),
    ("loafers", "Shoes"),
    ("bag", "Bags"),
    ("backpack", "Bags"),
    ("tote", "Bags"),
    ("scarf", "Accessories"),
    ("belt", "Accessories"),
    ("hat", "Accessories"),
    ("cap", "Accessories"),
    ("beanie", "Accessories"),
    ("gloves", "Accessories"),
    ("tie", "Accessories"),
    ("socks", "Accessories"),
    ("sunglasses", "Accessories"),
    ("necklace", "Jewellery"),
    ("bracelet", "Jewellery"),
    ("earrings", "Jewellery"),
    ("ring", "Jewellery"),
    ("watch", "Accessories"),
    ("swimsuit", "Swimwear"),
    ("bikini", "Swimwear"),
];

/// What a product is filed under when nothing tells.
pub(super) const UNFILED: &str = "Other";

/// The category of a product: its type, the leaf of its taxonomy path, or the garment that its title or description
/// names.
pub(super) fn category(product_type: Option<&str>, taxonomy: Option<&str>, title: &str, description: &str) -> String {
    if let Some(named) = product_type {
        return named.to_owned();
    }
    // `Apparel & Accessories > Clothing > Shirts & Tops`; a bare number is Google's id, which says nothing to people.
    let leaf = taxonomy.and_then(|path| path.rsplit('>').next()).map(str::trim);
    if let Some(leaf) = leaf.filter(|leaf| !leaf.is_empty() && !leaf.bytes().all(|byte| byte.is_ascii_digit())) {
        return leaf.to_owned();
    }
    garment(title, true).or_else(|| garment(description, false)).unwrap_or(UNFILED).to_owned()
}

/// The names on the way down the taxonomy, as Shopify writes it; nothing for a bare number, which is Google's id.
pub(super) fn taxonomy(path: Option<&str>) -> Vec<String> {
    let path = path.filter(|path| !path.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or_default();
    let names = path.split('>').map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).take(LEVELS_MAX).collect()
}

fn garment(text: &str, last: bool) -> Option<&'static str> {
    let lower = text.to_lowercase();
    // "shoes" in a description outranks "high top": in a title the last noun counts, in prose the first.
    let mut found = lower
        .split(|letter: char| !letter.is_alphanumeric() && letter != '-')
        .filter_map(|word| NOUNS.iter().find(|(noun, _)| *noun == word).map(|(_, category)| *category));
    if last { found.next_back() } else { found.next() }
}

/// `women`, `men` or `unisex` from Google's column or the tags.
pub(super) fn gender(column: Option<&str>, tags: &[String]) -> Option<String> {
    let words = column.into_iter().chain(tags.iter().map(String::as_str));
    let mut found: Option<&str> = None;
    for word in words {
        let gender = match word.to_lowercase().as_str() {
            "women" | "female" | "womens" | "women's" | "ladies" => "women",
            "men" | "male" | "mens" | "men's" => "men",
            "unisex" => "unisex",
            _ => continue,
        };
        // Tagged for both is for everyone.
        found = Some(match found {
            Some(before) if before != gender => "unisex",
            _ => gender,
        });
    }
    found.map(str::to_owned)
}

/// Fabrics that titles and descriptions name.
const FABRICS: &[&str] = &[
    "cashmere",
    "merino",
    "wool",
    "silk",
    "linen",
    "leather",
    "suede",
    "denim",
    "flannel",
    "fleece",
    "polyester",
    "nylon",
    "viscose",
    "corduroy",
    "velvet",
    "cotton",
];

/// The fabric that the title, or else the description, names.
pub(super) fn material(column: Option<&str>, title: &str, description: &str) -> Option<String> {
    column.map(str::to_owned).or_else(|| {
        [title, description].into_iter().find_map(|text| {
            let lower = text.to_lowercase();
            let fabric = lower
                .split(|letter: char| !letter.is_alphanumeric())
                .find_map(|word| FABRICS.iter().find(|fabric| **fabric == word))?;
            let mut letters = fabric.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{category, gender, material};

    #[test]
    fn the_category_comes_from_the_best_source() {
        assert_eq!(category(Some("Tops"), None, "x", ""), "Tops");
        assert_eq!(category(None, Some("Apparel & Accessories > Clothing > Outerwear"), "x", ""), "Outerwear");
        assert_eq!(category(None, Some("1604"), "Striped Skirt and Top", ""), "Tops");
        assert_eq!(category(None, None, "Black Leather Bag", ""), "Bags");
        assert_eq!(category(None, None, "Vintage", "A jacket with pockets."), "Jackets");
        assert_eq!(category(None, None, "Vintage", ""), "Other");
    }

    #[test]
    fn the_gender_comes_from_column_or_tags() {
        assert_eq!(gender(None, &["men".into()]).as_deref(), Some("men"));
        assert_eq!(gender(Some("Female"), &[]).as_deref(), Some("women"));
        assert_eq!(gender(None, &["men".into(), "women".into()]).as_deref(), Some("unisex"));
        assert_eq!(gender(None, &["summer".into()]), None);
    }

    #[test]
    fn the_fabric_is_read_from_the_words() {
        assert_eq!(material(None, "Yellow Wool Jumper", "").as_deref(), Some("Wool"));
        assert_eq!(material(None, "Jumper", "Soft cotton.").as_deref(), Some("Cotton"));
    }
}
