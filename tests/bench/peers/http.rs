//! As much of HTTP/1.1 as both ends of a benchmark need: bodies with a length, or in chunks.

/// Where the first message in `bytes` ends and where its body is; `None` when it is not whole yet.
pub(crate) fn whole_message(bytes: &[u8]) -> Option<Message> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let value = |name: &str| {
        text.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    if value("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return chunked(bytes, head);
    }
    let length: usize = value("content-length").map_or(0, |length| length.parse().unwrap());
    let end = head + length;
    (bytes.len() >= end).then_some(Message { head, end, chunks: None })
}

/// A message in a buffer.
pub(crate) struct Message {
    head: usize,
    pub(crate) end: usize,
    chunks: Option<Vec<std::ops::Range<usize>>>,
}

impl Message {
    /// Status line or request line.
    pub(crate) fn first_line<'b>(&self, bytes: &'b [u8]) -> &'b str {
        std::str::from_utf8(&bytes[..self.head]).unwrap().lines().next().unwrap()
    }

    pub(crate) fn body<'b>(&self, bytes: &'b [u8]) -> std::borrow::Cow<'b, [u8]> {
        match &self.chunks {
            None => bytes[self.head..self.end].into(),
            Some(chunks) => chunks.iter().flat_map(|chunk| &bytes[chunk.clone()]).copied().collect::<Vec<_>>().into(),
        }
    }
}

fn chunked(bytes: &[u8], head: usize) -> Option<Message> {
    let mut at = head;
    let mut chunks = Vec::new();
    loop {
        let line = bytes[at..].windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..at + line]).unwrap();
        let size = usize::from_str_radix(size.split(';').next().unwrap().trim(), 16).unwrap();
        let start = at + line + 2;
        at = start + size + 2;
        if bytes.len() < at {
            return None;
        }
        if size == 0 {
            return Some(Message { head, end: at, chunks: Some(chunks) });
        }
        chunks.push(start..start + size);
    }
}
