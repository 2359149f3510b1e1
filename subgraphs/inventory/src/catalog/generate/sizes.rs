//! The sizes that garments come in.

/// Which sizes a garment comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SizeRun {
    /// XS to XXL.
    Letters,
    /// 28 to 38, waist in inches.
    Waist,
    /// EU 36 to 46.
    Shoes,
    /// EU dress sizes.
    Dress,
    /// S/M and L/XL.
    Pair,
    /// One size.
    One,
}

impl SizeRun {
    pub(super) const fn sizes(self) -> &'static [&'static str] {
        match self {
            Self::Letters => &["XS", "S", "M", "L", "XL", "XXL"],
            Self::Waist => &["28", "30", "31", "32", "33", "34", "36", "38"],
            Self::Shoes => &["36", "37", "38", "39", "40", "41", "42", "43", "44", "45"],
            Self::Dress => &["34", "36", "38", "40", "42", "44"],
            Self::Pair => &["S/M", "L/XL"],
            Self::One => &["One Size"],
        }
    }
}
