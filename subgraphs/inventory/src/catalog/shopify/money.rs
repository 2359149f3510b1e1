//! Decimal prices to minor units.

/// Digits after the point of a currency (ISO 4217); two where it is not one of the exceptions.
pub(super) fn minor_digits(currency_code: &str) -> u32 {
    match currency_code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// The largest price in minor units: what GraphQL's 32-bit `Int` holds.
const MAX_MINOR: i64 = i32::MAX as i64;

/// `49.9` in EUR is 4,990. Exact: no floating point, and a fraction smaller than the minor unit is an error.
pub(super) fn to_minor(text: &str, currency_code: &str) -> Result<i64, String> {
    let digits = minor_digits(currency_code);
    let expected = || format!("is `{text}`; expected a price such as 49.90");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return Err(expected());
    }
    if fraction.len() > digits as usize {
        return Err(format!("is `{text}`, but {currency_code} has {digits} decimals"));
    }
    let padded = format!("{whole}{fraction:0<width$}", width = digits as usize);
    let minor: i64 = padded.parse().map_err(|_| expected())?;
    if minor > MAX_MINOR {
        Err(format!("is `{text}`, above the largest price of {MAX_MINOR} minor units"))
    } else {
        Ok(minor)
    }
}

#[cfg(test)]
mod tests {
    use super::to_minor;

    #[test]
    fn decimals_become_minor_units() {
        assert_eq!(to_minor("50", "EUR"), Ok(5_000));
        assert_eq!(to_minor("49.9", "EUR"), Ok(4_990));
        assert_eq!(to_minor("0.07", "USD"), Ok(7));
        assert_eq!(to_minor("1200", "JPY"), Ok(1_200));
        assert_eq!(to_minor("1.234", "KWD"), Ok(1_234));
        assert_eq!(to_minor("10.500", "EUR"), Ok(1_050));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in ["", "-1", "1,50", "abc", "1.2.3", "1.005", ".5", "99999999999999999999", "21474836.48"] {
            assert!(to_minor(text, "EUR").is_err(), "{text}");
        }
    }
}
