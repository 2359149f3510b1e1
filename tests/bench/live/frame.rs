//! As much of RFC 6455 as a client of short messages needs.

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    Text,
    Close,
    Ping,
    Pong,
    Other(u8),
}

/// A frame of the server at the beginning of `bytes`: what it is, where its payload is, and where it ends. `None` when it
/// is not whole yet.
pub(crate) fn read(bytes: &[u8]) -> Option<(Opcode, std::ops::Range<usize>)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (head, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap()))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap())).unwrap()),
        short => (2, usize::from(short)),
    };
    let opcode = match first {
        0x81 => Opcode::Text,
        0x88 => Opcode::Close,
        0x89 => Opcode::Ping,
        0x8a => Opcode::Pong,
        other => Opcode::Other(other),
    };
    (bytes.len() >= head + length).then_some((opcode, head..head + length))
}

/// A text frame of a client.
pub(crate) fn text(payload: &str, into: &mut Vec<u8>) {
    write(0x81, payload.as_bytes(), into);
}

/// The answer to a ping.
pub(crate) fn pong(payload: &[u8], into: &mut Vec<u8>) {
    write(0x8a, payload, into);
}

/// A close frame that says that all is well.
pub(crate) fn close(into: &mut Vec<u8>) {
    write(0x88, &1000_u16.to_be_bytes(), into);
}

/// Masked with zeroes, which is a mask as good as any other, and leaves the payload as it is.
fn write(first: u8, payload: &[u8], into: &mut Vec<u8>) {
    into.push(first);
    match u16::try_from(payload.len()).expect("messages of clients are short") {
        length @ 0..126 => into.push(0x80 | length.to_be_bytes()[1]),
        length => {
            into.push(0x80 | 126);
            into.extend(length.to_be_bytes());
        }
    }
    into.extend([0; 4]);
    into.extend(payload);
}
