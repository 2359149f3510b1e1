//! The tokens of JSON, checked and passed over; nothing is decoded or copied.

use super::{
    Span,
    read::{ReadError, Reader},
};

impl Reader<'_> {
    pub(super) fn string(&mut self) -> Result<(), ReadError> {
        self.expect(b'"')?;
        loop {
            // Eight bytes at a time as long as none of them means anything.
            while let Some(bytes) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
                match first_special(u64::from_le_bytes(*bytes)) {
                    None => self.at += 8,
                    Some(at) => {
                        self.at += at;
                        break;
                    }
                }
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(0x20..) => self.at += 1,
                _ => return Err(self.error()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ReadError> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 1..self.at + 5).unwrap_or_default();
                if digits.len() < 4 || !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.error());
                }
                self.at += 5;
            }
            _ => return Err(self.error()),
        }
        Ok(())
    }

    pub(super) fn number(&mut self) -> Result<(), ReadError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ReadError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.error()) } else { Ok(()) }
    }

    #[inline]
    pub(super) fn word(&mut self, word: &[u8]) -> Result<(), ReadError> {
        if self.bytes.get(self.at..self.at + word.len()) == Some(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.error())
        }
    }

    #[inline]
    pub(super) fn span(&mut self, read: impl FnOnce(&mut Self) -> Result<(), ReadError>) -> Result<Span, ReadError> {
        let start = u32::try_from(self.at).map_err(|_| ReadError::TooLarge)?;
        read(self)?;
        let end = u32::try_from(self.at).map_err(|_| ReadError::TooLarge)?;
        Ok(Span { buffer: self.buffer, start, end })
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), ReadError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.error())
        }
    }

    #[inline]
    pub(super) fn space(&mut self) {
        // Most answers have none, and everything else is above.
        while self.peek().is_some_and(|byte| byte <= b' ' && matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub(super) const fn error(&self) -> ReadError {
        ReadError::Json { at: self.at }
    }
}

/// Which of eight bytes, the lowest first, is the first quote, backslash or control character.
///
/// A byte is marked in its highest bit. A borrow may mark bytes above the first one that is marked rightly, never below.
const fn first_special(bytes: u64) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_le_bytes([0x80; 8]);
    const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
    const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);
    let controls = bytes.wrapping_sub(0x20 * ONES);
    let quotes = (bytes ^ QUOTES).wrapping_sub(ONES);
    let backslashes = (bytes ^ BACKSLASHES).wrapping_sub(ONES);
    // Bytes from 0x80 on are parts of characters, and never special.
    let marked = (controls | quotes | backslashes) & !bytes & HIGHEST;
    if marked == 0 { None } else { Some((marked.trailing_zeros() / 8) as usize) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_the_first_special_byte(bytes in proptest::array::uniform8(proptest::num::u8::ANY)) {
            let slow = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(first_special(u64::from_le_bytes(bytes)), slow);
        }
    }
}
