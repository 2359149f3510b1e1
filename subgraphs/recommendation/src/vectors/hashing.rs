//! A hash that never changes: vectors must be the same in every process and every version.

/// The 64-bit FNV-1a hash of `parts`, told apart by their borders, with a finaliser so that all bits are usable.
pub(super) fn stable_hash(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash ^= u64::from(byte);
            hash = hash.wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Where a feature goes in a vector of `dimensions`, and with which sign.
pub(super) fn place_of(feature: u64, dimensions: usize) -> (usize, f32) {
    let sign = if feature >> 63 == 0 { 1.0 } else { -1.0 };
    let wide = u64::try_from(dimensions.max(1)).unwrap_or(1);
    (usize::try_from(feature % wide).unwrap_or(0), sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_pinned() {
        assert_eq!(stable_hash(&["style", "minimal"]), stable_hash(&["style", "minimal"]));
        assert_ne!(stable_hash(&["ab", "c"]), stable_hash(&["a", "bc"]));
        assert_eq!(stable_hash(&[]), 0xefd0_1f60_ba99_2926);
    }
}
