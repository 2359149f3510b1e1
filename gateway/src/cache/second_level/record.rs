//! Pieces as bytes, and what they are found by.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use sha2::{Digest, Sha256};

use super::{super::piece::KeyRef, store::SharedKey};

/// The form of keys and values; another one is another piece.
const VERSION: u8 = 1;
const PRIVATE: u8 = 1;

/// SHA-256 over everything that makes the question: nothing else tells two of them apart, so it must not collide. Each
/// part goes in with its length, so that no two questions have the same bytes.
pub(super) fn shared_key(key: &KeyRef<'_>) -> SharedKey {
    let mut digest = Sha256::new();
    digest.update([VERSION]);
    let mut feed = |part: &[u8]| {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    key.question.for_each_part(&mut feed);
    feed(key.representation);
    SharedKey(digest.finalize().into())
}

/// The bytes of a piece's parts.
pub(super) fn encode(parts: &[Bytes], is_private: bool) -> Bytes {
    let length: usize = parts.iter().map(|part| part.len() + size_of::<u64>()).sum();
    let mut bytes = BytesMut::with_capacity(length + 2);
    bytes.put_u8(VERSION);
    bytes.put_u8(if is_private { PRIVATE } else { 0 });
    for part in parts {
        bytes.put_u64(part.len() as u64);
        bytes.put_slice(part);
    }
    bytes.freeze()
}

/// The parts, each in memory of its own, and whether they are a caller's alone; `None` when these are no parts.
pub(super) fn decode(mut bytes: Bytes) -> Option<(Box<[Bytes]>, bool)> {
    if bytes.len() < 2 || bytes.get_u8() != VERSION {
        return None;
    }
    let is_private = bytes.get_u8() == PRIVATE;
    let mut parts = Vec::new();
    while bytes.has_remaining() {
        let length = usize::try_from(bytes.try_get_u64().ok()?).ok()?;
        if length > bytes.len() {
            return None;
        }
        parts.push(Bytes::copy_from_slice(&bytes.split_to(length)));
    }
    Some((parts.into(), is_private))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back_and_what_is_cut_off_does_not() {
        let parts = [Bytes::from_static(b"{\"a\":1}"), Bytes::new(), Bytes::from_static(b"null")];
        let bytes = encode(&parts, true);
        assert_eq!(decode(bytes.clone()), Some((parts.to_vec().into(), true)));
        for length in [0, 1, 5, bytes.len() - 1] {
            assert_eq!(decode(bytes.slice(..length)), None, "{length}");
        }
    }
}
