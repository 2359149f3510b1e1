//! The kinds of garment that the sample shop sells.

use super::sizes::SizeRun;

/// A kind of garment.
#[derive(Debug)]
pub(super) struct Garment {
    pub(super) noun: &'static str,
    pub(super) category: &'static str,
    pub(super) genders: &'static [&'static str],
    pub(super) sizes: SizeRun,
    pub(super) materials: &'static [&'static str],
    /// Whole euros.
    pub(super) price: (i32, i32),
    pub(super) styles: &'static [&'static str],
    pub(super) occasions: &'static [&'static str],
    pub(super) details: &'static [&'static str],
    /// How many of a hundred products are of this kind.
    pub(super) share: u32,
}

const ALL: &[&str] = &["women", "men", "unisex"];
const WOMEN: &[&str] = &["women"];
const BOTH: &[&str] = &["women", "men"];

macro_rules! garment {
    ($noun:literal, $category:literal, $genders:expr, $sizes:ident, $share:literal, $low:literal..$high:literal,
     [$($material:literal),+], [$($style:literal),+], [$($occasion:literal),+], [$($detail:literal),+]) => {
        Garment {
            noun: $noun, category: $category, genders: $genders, sizes: SizeRun::$sizes, share: $share,
            price: ($low, $high), materials: &[$($material),+], styles: &[$($style),+],
            occasions: &[$($occasion),+], details: &[$($detail),+],
        }
    };
}

/// Every kind; the shares add up to 100.
pub(super) const GARMENTS: &[Garment] = &[
    garment!(
        "Oxford Shirt",
        "Shirts",
        BOTH,
        Letters,
        5,
        59..119,
        ["Cotton", "Organic Cotton"],
        ["classic", "preppy"],
        ["work", "everyday"],
        ["a button-down collar", "mother-of-pearl buttons", "a single chest pocket", "a box pleat at the back"]
    ),
    garment!(
        "Linen Shirt",
        "Shirts",
        ALL,
        Letters,
        5,
        69..139,
        ["Linen", "Linen Blend"],
        ["minimal", "bohemian"],
        ["holiday", "everyday"],
        ["a band collar", "rolled-sleeve tabs", "coconut buttons", "a curved hem"]
    ),
    garment!(
        "Flannel Shirt",
        "Shirts",
        ALL,
        Letters,
        3,
        65..129,
        ["Brushed Cotton", "Wool Blend"],
        ["workwear", "heritage"],
        ["outdoor", "everyday"],
        ["two flap pockets", "a yarn-dyed check", "triple-stitched seams"]
    ),
    garment!(
        "T-Shirt",
        "T-Shirts",
        ALL,
        Letters,
        8,
        25..59,
        ["Organic Cotton", "Cotton", "Hemp Blend"],
        ["minimal", "streetwear"],
        ["everyday", "sport"],
        ["a ribbed crew neck", "a boxy cut", "a heavyweight 240 g jersey", "flatlock seams"]
    ),
    garment!(
        "Polo Shirt",
        "T-Shirts",
        BOTH,
        Letters,
        3,
        49..99,
        ["Cotton Piqué", "Merino Wool"],
        ["preppy", "classic"],
        ["everyday", "work"],
        ["a knitted collar", "a two-button placket", "side vents"]
    ),
    garment!(
        "Crew Neck Sweater",
        "Knitwear",
        ALL,
        Letters,
        6,
        89..229,
        ["Merino Wool", "Lambswool", "Cashmere", "Cotton"],
        ["classic", "minimal", "heritage"],
        ["everyday", "work"],
        ["ribbed cuffs and hem", "a saddle shoulder", "a fully-fashioned body"]
    ),
    garment!(
        "Cardigan",
        "Knitwear",
        ALL,
        Letters,
        4,
        99..249,
        ["Lambswool", "Alpaca Blend", "Cotton"],
        ["heritage", "bohemian"],
        ["everyday", "evening"],
        ["horn buttons", "two patch pockets", "a shawl collar"]
    ),
    garment!(
        "Roll Neck",
        "Knitwear",
        BOTH,
        Letters,
        2,
        95..219,
        ["Merino Wool", "Cashmere"],
        ["minimal", "classic"],
        ["work", "evening"],
        ["a fold-over neck", "a fine 12-gauge knit"]
    ),
    garment!(
        "Hoodie",
        "Sweatshirts",
        ALL,
        Letters,
        4,
        69..139,
        ["Organic Cotton", "Cotton Fleece"],
        ["streetwear", "athleisure"],
        ["everyday", "sport"],
        ["a double-layer hood", "a kangaroo pocket", "loopback fleece"]
    ),
    garment!(
        "Sweatshirt",
        "Sweatshirts",
        ALL,
        Letters,
        3,
        59..119,
        ["Organic Cotton", "Cotton Fleece"],
        ["athleisure", "minimal"],
        ["everyday", "sport"],
        ["a V-insert at the neck", "raglan sleeves"]
    ),
    garment!(
        "Slim Jeans",
        "Jeans",
        BOTH,
        Waist,
        4,
        89..179,
        ["Stretch Denim", "Selvedge Denim"],
        ["classic", "streetwear"],
        ["everyday"],
        ["a five-pocket cut", "copper rivets", "a chain-stitched hem"]
    ),
    garment!(
        "Straight Jeans",
        "Jeans",
        ALL,
        Waist,
        4,
        95..199,
        ["Selvedge Denim", "Organic Denim"],
        ["heritage", "workwear"],
        ["everyday"],
        ["a mid rise", "a leather patch", "a button fly"]
    ),
    garment!(
        "Chinos",
        "Trousers",
        BOTH,
        Waist,
        4,
        79..149,
        ["Cotton Twill", "Stretch Cotton"],
        ["classic", "preppy"],
        ["work", "everyday"],
        ["slant pockets", "a tapered leg", "a hidden coin pocket"]
    ),
    garment!(
        "Wide-Leg Trousers",
        "Trousers",
        WOMEN,
        Dress,
        3,
        89..189,
        ["Wool Blend", "Tencel", "Linen"],
        ["minimal", "tailored"],
        ["work", "evening"],
        ["pressed pleats", "a high waist", "side pockets"]
    ),
    garment!(
        "Wrap Dress",
        "Dresses",
        WOMEN,
        Dress,
        4,
        99..229,
        ["Viscose", "Silk", "Tencel"],
        ["romantic", "bohemian"],
        ["evening", "wedding guest", "holiday"],
        ["a tie waist", "fluted sleeves", "a midi length"]
    ),
    garment!(
        "Shirt Dress",
        "Dresses",
        WOMEN,
        Dress,
        4,
        89..199,
        ["Cotton Poplin", "Linen", "Denim"],
        ["classic", "minimal"],
        ["work", "everyday"],
        ["a removable belt", "deep pockets", "a pointed collar"]
    ),
    garment!(
        "Slip Skirt",
        "Skirts",
        WOMEN,
        Dress,
        3,
        69..149,
        ["Satin", "Silk", "Viscose"],
        ["romantic", "minimal"],
        ["evening", "everyday"],
        ["a bias cut", "an elasticated waist"]
    ),
    garment!(
        "Blazer",
        "Jackets",
        BOTH,
        Letters,
        4,
        169..399,
        ["Wool", "Linen Blend", "Corduroy"],
        ["tailored", "classic"],
        ["work", "wedding guest", "evening"],
        ["a half canvas", "notch lapels", "a two-button front", "patch pockets"]
    ),
    garment!(
        "Denim Jacket",
        "Jackets",
        ALL,
        Letters,
        3,
        119..219,
        ["Selvedge Denim", "Organic Denim"],
        ["heritage", "streetwear"],
        ["everyday"],
        ["adjustable waist tabs", "contrast stitching"]
    ),
    garment!(
        "Chore Jacket",
        "Jackets",
        ALL,
        Letters,
        3,
        129..239,
        ["Cotton Canvas", "Moleskin", "Corduroy"],
        ["workwear", "heritage"],
        ["everyday", "outdoor"],
        ["three patch pockets", "a corozo-button front"]
    ),
    garment!(
        "Wool Coat",
        "Coats",
        BOTH,
        Letters,
        4,
        249..549,
        ["Wool", "Recycled Wool", "Cashmere Blend"],
        ["tailored", "classic", "minimal"],
        ["work", "evening"],
        ["a full lining", "a deep back vent", "peak lapels"]
    ),
    garment!(
        "Rain Parka",
        "Coats",
        ALL,
        Letters,
        3,
        179..349,
        ["Recycled Nylon", "Waxed Cotton"],
        ["outdoor", "minimal"],
        ["outdoor", "everyday"],
        ["taped seams", "a storm hood", "a two-way zip"]
    ),
    garment!(
        "Leather Sneakers",
        "Shoes",
        ALL,
        Shoes,
        5,
        99..219,
        ["Leather", "Recycled Leather", "Suede"],
        ["minimal", "streetwear"],
        ["everyday", "sport"],
        ["a stitched cup sole", "a padded collar", "a natural rubber sole"]
    ),
    garment!(
        "Chelsea Boots",
        "Shoes",
        BOTH,
        Shoes,
        3,
        159..329,
        ["Leather", "Suede"],
        ["classic", "heritage"],
        ["work", "everyday"],
        ["a Goodyear welt", "elastic side panels", "a pull tab"]
    ),
    garment!(
        "Loafers",
        "Shoes",
        BOTH,
        Shoes,
        2,
        139..279,
        ["Leather", "Suede"],
        ["preppy", "classic"],
        ["work", "wedding guest"],
        ["a penny strap", "a hand-sewn apron"]
    ),
    garment!(
        "Scarf",
        "Accessories",
        ALL,
        One,
        2,
        39..129,
        ["Lambswool", "Cashmere", "Silk"],
        ["classic", "bohemian"],
        ["everyday", "outdoor"],
        ["fringed ends", "a woven border"]
    ),
    garment!(
        "Beanie",
        "Accessories",
        ALL,
        One,
        1,
        25..69,
        ["Merino Wool", "Recycled Wool"],
        ["minimal", "streetwear"],
        ["outdoor", "everyday"],
        ["a folded cuff"]
    ),
    garment!(
        "Leather Belt",
        "Accessories",
        ALL,
        Pair,
        1,
        49..119,
        ["Leather", "Recycled Leather"],
        ["classic", "workwear"],
        ["work", "everyday"],
        ["a solid brass buckle"]
    ),
];

#[cfg(test)]
mod tests {
    use super::GARMENTS;

    #[test]
    fn the_shares_add_up_to_a_hundred() {
        assert_eq!(GARMENTS.iter().map(|garment| garment.share).sum::<u32>(), 100);
    }
}
