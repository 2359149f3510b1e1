//! Names, brands, colours and sentences of the sample shop.

/// Brands, each with its price level in per cent.
pub(super) const VENDORS: &[(&str, i32)] = &[
    ("Alder & Finch", 110),
    ("Northmere", 120),
    ("Casa Oliva", 95),
    ("Hollin", 85),
    ("Saltmarsh Supply", 90),
    ("Atelier Brune", 150),
    ("Kestrel Works", 100),
    ("Loom & Tide", 105),
    ("Maren Holt", 140),
    ("Field Notes Apparel", 80),
    ("Oda Studio", 125),
    ("Ridgeline", 115),
    ("Piper Lane", 75),
    ("Société Nord", 135),
    ("Tallow", 90),
    ("Umbra Tailoring", 160),
    ("Vale & Vine", 100),
    ("Wren Cottage", 85),
    ("Yarrow", 95),
    ("Zephyr Athletics", 80),
    ("Bramble Knit Co.", 105),
    ("Cobalt Harbour", 90),
    ("Dune Collective", 85),
    ("Ember & Ash", 110),
    ("Fjordkind", 130),
];

/// First words of product names.
pub(super) const NAMES: &[&str] = &[
    "Alba", "Arlo", "Aster", "Bay", "Birch", "Calder", "Cedar", "Clove", "Cove", "Darcy", "Delta", "Dover", "Elm",
    "Ember", "Esme", "Fallow", "Fern", "Flint", "Galway", "Garnet", "Glen", "Harbour", "Hazel", "Heath", "Indre",
    "Iris", "Isla", "Jasper", "Juniper", "Kelso", "Lark", "Linden", "Lowell", "Maple", "Marlow", "Mesa", "Mira",
    "Nell", "Nova", "Oakley", "Olive", "Orla", "Pebble", "Perry", "Quill", "Reed", "Rowan", "Rye", "Sage", "Selkie",
    "Sorrel", "Tarn", "Thea", "Tilda", "Umber", "Vesper", "Wells", "Willow", "Wyatt", "Yves", "Zinnia",
];

/// Cuts that stand between name and garment in some titles.
pub(super) const FITS: &[(&str, &str)] = &[
    ("Relaxed", "relaxed with room to layer"),
    ("Slim", "close to the body without pulling"),
    ("Cropped", "cropped to sit at the waist"),
    ("Oversized", "oversized with dropped shoulders"),
    ("Tailored", "tailored and slightly shaped"),
    ("Classic", "straight and true to size"),
];

/// Colours with the materials' neutral ones first, as shops order them.
pub(super) const COLORS: &[&str] = &[
    "Black",
    "White",
    "Ecru",
    "Grey Melange",
    "Navy",
    "Indigo",
    "Sky Blue",
    "Olive",
    "Forest Green",
    "Sage",
    "Camel",
    "Tobacco",
    "Chocolate",
    "Burgundy",
    "Rust",
    "Terracotta",
    "Mustard",
    "Blush",
    "Lilac",
    "Charcoal",
];

/// Where things are made.
pub(super) const ORIGINS: &[&str] = &["Portugal", "Italy", "Scotland", "Japan", "Lithuania", "Turkey", "Spain"];

/// What each fabric is like.
pub(super) fn hand_of(material: &str) -> &'static str {
    let known = [
        ("Cashmere", "soft and light, yet warm"),
        ("Merino", "fine, breathable and warm"),
        ("Lambswool", "springy and warm"),
        ("Alpaca", "brushed and airy"),
        ("Wool", "warm with a dry hand"),
        ("Linen", "cool, crisp and better with every wash"),
        ("Silk", "smooth with a quiet sheen"),
        ("Satin", "fluid with a soft sheen"),
        ("Denim", "sturdy and made to fade with wear"),
        ("Leather", "supple and made to age well"),
        ("Suede", "soft with a velvety nap"),
        ("Nylon", "light, quick to dry and windproof"),
        ("Waxed", "water-repellent and full of character"),
        ("Corduroy", "ridged, warm and soft"),
        ("Tencel", "fluid, cool and easy to care for"),
        ("Viscose", "fluid with a matt finish"),
    ];
    known
        .iter()
        .find(|(word, _)| material.contains(word))
        .map_or("soft, durable and easy to care for", |(_, hand)| hand)
}

/// How to look after each fabric.
pub(super) fn care_of(material: &str) -> &'static str {
    if ["Wool", "Cashmere", "Alpaca", "Merino"].iter().any(|word| material.contains(word)) {
        "Hand wash cold, dry flat."
    } else if material.contains("Leather") || material.contains("Suede") {
        "Brush clean, treat with wax or spray."
    } else if ["Silk", "Satin", "Viscose"].iter().any(|word| material.contains(word)) {
        "Wash cold on delicate, iron inside out."
    } else {
        "Machine wash at 30 °C, hang to dry."
    }
}
