//! Compressed bodies, both ways.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use http::{HeaderMap, HeaderValue, header::CONTENT_ENCODING};
use ruzstd::{decoding::StreamingDecoder, encoding};

use crate::config::Encoding;

const BUFFER_BYTES: usize = 8 * 1024;
/// Bodies are compressed once each and not kept, so speed counts for more than size.
const BROTLI_QUALITY: u32 = 3;
const BROTLI_WINDOW_BITS: u32 = 20;

/// A body that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// It grows beyond the limit.
    TooLarge,
    /// It is not what its header says.
    Broken(String),
}

/// The body as it was before the subgraph compressed it, whether it was asked to or not; at most `max_bytes`.
pub(super) fn decompress(headers: &HeaderMap, body: Bytes, max_bytes: usize) -> Result<Bytes, DecodeError> {
    if !headers.contains_key(CONTENT_ENCODING) {
        return Ok(body);
    }
    let values = headers.get_all(CONTENT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    let codings: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    // Named in the order in which they were applied.
    codings.into_iter().rev().try_fold(body, |body, coding| match coding.to_ascii_lowercase().as_str() {
        "identity" | "" => Ok(body),
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(&*body), max_bytes),
        "br" => read(brotli::Decompressor::new(&*body, BUFFER_BYTES), max_bytes),
        "zstd" => {
            let decoder = StreamingDecoder::new(&*body).map_err(|error| DecodeError::Broken(error.to_string()))?;
            read(decoder, max_bytes)
        }
        other => Err(DecodeError::Broken(format!("unknown content-encoding `{other}`"))),
    })
}

fn read(decoder: impl Read, max_bytes: usize) -> Result<Bytes, DecodeError> {
    let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut out = Vec::new();
    decoder.take(limit).read_to_end(&mut out).map_err(|error| DecodeError::Broken(error.to_string()))?;
    if out.len() > max_bytes { Err(DecodeError::TooLarge) } else { Ok(Bytes::from(out)) }
}

/// `body` in the form of `encoding`.
pub(super) fn compress(encoding: Encoding, body: &[u8]) -> std::io::Result<Bytes> {
    let out = match encoding {
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::fast());
            encoder.write_all(body)?;
            encoder.finish()?
        }
        Encoding::Br => {
            let mut out = Vec::with_capacity(body.len() / 2);
            let mut encoder = brotli::CompressorWriter::new(&mut out, BUFFER_BYTES, BROTLI_QUALITY, BROTLI_WINDOW_BITS);
            encoder.write_all(body)?;
            // Dropping it writes the end.
            drop(encoder);
            out
        }
        Encoding::Zstd => encoding::compress_to_vec(body, encoding::CompressionLevel::Fastest),
    };
    Ok(Bytes::from(out))
}

/// The value of `accept-encoding`, or nothing when no form is asked for.
pub(super) fn accept_encoding(accepted: &[Encoding]) -> Option<HeaderValue> {
    if accepted.is_empty() {
        return None;
    }
    let names: Vec<&str> = accepted.iter().map(|encoding| encoding.as_str()).collect();
    HeaderValue::try_from(names.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(name: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_str(name).unwrap())])
    }

    const ALL: [Encoding; 3] = [Encoding::Gzip, Encoding::Br, Encoding::Zstd];

    #[test]
    fn every_form_goes_both_ways() {
        let text: String = (0..2_000).map(|number| format!("{{\"id\":{number}}},")).collect();
        for encoding in ALL {
            let small = compress(encoding, text.as_bytes()).unwrap();
            assert!(small.len() < text.len() / 2, "{encoding:?}: {} of {}", small.len(), text.len());
            assert_eq!(decompress(&encoded(encoding.as_str()), small, text.len()).unwrap(), text);
        }
        let twice = compress(Encoding::Br, &compress(Encoding::Gzip, b"{}").unwrap()).unwrap();
        assert_eq!(decompress(&encoded("gzip, br"), twice, 100).unwrap(), "{}");
        assert_eq!(decompress(&HeaderMap::new(), Bytes::from_static(b"{}"), 1).unwrap(), "{}");
    }

    #[test]
    fn a_bomb_is_refused_before_it_unfolds() {
        let zeros = vec![b'0'; 50 * 1024 * 1024];
        for encoding in ALL {
            let bomb = compress(encoding, &zeros).unwrap();
            assert!(bomb.len() < 500_000, "{encoding:?}: {}", bomb.len());
            assert_eq!(decompress(&encoded(encoding.as_str()), bomb, 1_000_000), Err(DecodeError::TooLarge));
        }
    }

    #[test]
    fn what_is_not_compressed_as_said_is_broken() {
        for encoding in ALL {
            let broken = decompress(&encoded(encoding.as_str()), Bytes::from_static(b"{\"data\":null}"), 1_000);
            assert!(matches!(broken, Err(DecodeError::Broken(_))), "{encoding:?}: {broken:?}");
            let mut cut = compress(encoding, &[b'1'; 5_000]).unwrap();
            cut.truncate(cut.len() - 3);
            assert!(decompress(&encoded(encoding.as_str()), cut, 10_000).is_err(), "{encoding:?}");
        }
        assert!(decompress(&encoded("compress"), Bytes::new(), 10).is_err());
    }

    #[test]
    fn the_best_form_is_named_first() {
        assert_eq!(accept_encoding(&[Encoding::Zstd, Encoding::Gzip]).unwrap(), "zstd, gzip");
        assert_eq!(accept_encoding(&[]), None);
    }
}
