//! One HTTP/1.1 request and its answer on a kept connection, within the task that asks.
//!
//! hyper runs each connection as a task of its own, which costs two hand-overs for each message; towards subgraphs, whose
//! answers are awaited anyway, that is a good part of what a request costs.

use std::{io, io::IoSlice};

use bytes::{Buf, Bytes, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const MAX_HEADERS: usize = 100;
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MIN_READ_BYTES: usize = 2 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    /// Nothing came back, so that the request may not have been read.
    #[error("no answer: {0}")]
    Silence(io::Error),
    /// The answer broke off.
    #[error("the answer broke off: {0}")]
    BrokeOff(io::Error),
    /// What came back is not HTTP.
    #[error("not HTTP/1.1: {0}")]
    Garbage(String),
    /// The body is longer than allowed.
    #[error("more than {max_bytes} bytes")]
    TooLarge { max_bytes: usize },
}

/// An answer.
#[derive(Debug)]
pub(super) struct Exchanged {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the connection can be used again.
    pub(super) keeps: bool,
}

/// A connection between exchanges.
pub(super) struct Kept<S> {
    pub(super) stream: S,
    received: BytesMut,
    /// How long the last answer was, which says how much to read at once.
    last_bytes: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Kept<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, received: BytesMut::new(), last_bytes: MIN_READ_BYTES }
    }

    /// Sends a request and reads its answer.
    ///
    /// # Cancellation
    ///
    /// The connection is of no use afterwards.
    pub(super) async fn exchange(
        &mut self,
        head: &[u8],
        body: &[u8],
        max_bytes: usize,
    ) -> Result<Exchanged, ExchangeError> {
        let sent = self.send(head, body).await;
        // A server may answer and close before it has read all; what it said counts.
        let (head, head_bytes) = match (self.read_head().await, sent) {
            (Ok(head), _) => head,
            (Err(ExchangeError::Silence(_)), Err(error)) => return Err(ExchangeError::Silence(error)),
            (Err(error), _) => return Err(error),
        };
        let Head { status, headers, keeps } = head;
        let (body, has_end) = self.read_body((status, &headers), max_bytes).await?;
        self.last_bytes = head_bytes + body.len();
        // What came behind the answer belongs to no request.
        let keeps = keeps && has_end && self.received.is_empty();
        Ok(Exchanged { status, headers, body, keeps })
    }

    async fn send(&mut self, mut head: &[u8], mut body: &[u8]) -> io::Result<()> {
        while !head.is_empty() || !body.is_empty() {
            let written = self.stream.write_vectored(&[IoSlice::new(head), IoSlice::new(body)]).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let of_head = written.min(head.len());
            head.advance(of_head);
            body.advance(written - of_head);
        }
        self.stream.flush().await
    }

    /// The head of the answer, behind those that only say that it will come; and how long it was.
    async fn read_head(&mut self) -> Result<(Head, usize), ExchangeError> {
        loop {
            if let Some(length) = head_length(&self.received)? {
                let bytes = self.received.split_to(length).freeze();
                let head = Head::parse(&bytes)?;
                if !head.status.is_informational() {
                    return Ok((head, length));
                }
                continue;
            }
            if self.received.len() > MAX_HEAD_BYTES {
                return Err(ExchangeError::Garbage("the head is too long".to_owned()));
            }
            let is_silent = self.received.is_empty();
            self.received.reserve(self.last_bytes.max(MIN_READ_BYTES));
            self.read_some().await.map_err(|error| {
                if is_silent { ExchangeError::Silence(error) } else { ExchangeError::BrokeOff(error) }
            })?;
        }
    }

    /// The body, and whether it said where it ends.
    async fn read_body(
        &mut self,
        (status, headers): (StatusCode, &HeaderMap),
        max_bytes: usize,
    ) -> Result<(Bytes, bool), ExchangeError> {
        if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
            return Ok((Bytes::new(), true));
        }
        if headers.contains_key(TRANSFER_ENCODING) {
            let is_chunked =
                headers.get(TRANSFER_ENCODING).is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"chunked"));
            if !is_chunked || headers.contains_key(CONTENT_LENGTH) {
                return Err(ExchangeError::Garbage("a transfer encoding other than chunks".to_owned()));
            }
            return Ok((self.read_chunks(max_bytes).await?, true));
        }
        match content_length(headers)? {
            Some(length) if length > max_bytes => Err(ExchangeError::TooLarge { max_bytes }),
            Some(length) => {
                self.read_until(length).await?;
                Ok((self.received.split_to(length).freeze(), true))
            }
            None => Ok((self.read_to_end(max_bytes).await?, false)),
        }
    }

    async fn read_chunks(&mut self, max_bytes: usize) -> Result<Bytes, ExchangeError> {
        let mut body = BytesMut::new();
        loop {
            let line = self.read_line().await?;
            let size = chunk_size(&line)?;
            if size == 0 {
                // Fields behind the last chunk say nothing that is asked for.
                while !self.read_line().await?.is_empty() {}
                return Ok(body.freeze());
            }
            if size > max_bytes.saturating_sub(body.len()) {
                return Err(ExchangeError::TooLarge { max_bytes });
            }
            self.read_until(size + 2).await?;
            let chunk = self.received.split_to(size);
            if self.received.split_to(2) != b"\r\n"[..] {
                return Err(ExchangeError::Garbage("a chunk of another length than it says".to_owned()));
            }
            // One chunk is handed on without a copy.
            if body.is_empty() { body = chunk } else { body.extend_from_slice(&chunk) }
        }
    }

    /// The next line, without its end.
    async fn read_line(&mut self) -> Result<BytesMut, ExchangeError> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.received) {
                let mut line = self.received.split_to(end + 1);
                line.truncate(if line.ends_with(b"\r\n") { end - 1 } else { end });
                return Ok(line);
            }
            if self.received.len() > MAX_HEAD_BYTES {
                return Err(ExchangeError::Garbage("a line is too long".to_owned()));
            }
            self.read_until(self.received.len() + 1).await?;
        }
    }

    async fn read_to_end(&mut self, max_bytes: usize) -> Result<Bytes, ExchangeError> {
        loop {
            if self.received.len() > max_bytes {
                return Err(ExchangeError::TooLarge { max_bytes });
            }
            self.received.reserve(MIN_READ_BYTES);
            match self.stream.read_buf(&mut self.received).await {
                Ok(0) => return Ok(self.received.split().freeze()),
                Ok(_) => {}
                Err(error) => return Err(ExchangeError::BrokeOff(error)),
            }
        }
    }

    /// Reads until `length` bytes are there.
    async fn read_until(&mut self, length: usize) -> Result<(), ExchangeError> {
        while self.received.len() < length {
            self.received.reserve(length - self.received.len());
            self.read_some().await.map_err(ExchangeError::BrokeOff)?;
        }
        Ok(())
    }

    async fn read_some(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

struct Head {
    status: StatusCode,
    headers: HeaderMap,
    /// Whether the server keeps the connection.
    keeps: bool,
}

impl Head {
    fn parse(bytes: &Bytes) -> Result<Self, ExchangeError> {
        let garbage = |error: &dyn std::fmt::Display| ExchangeError::Garbage(error.to_string());
        let mut found = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut found);
        response.parse(bytes).map_err(|error| garbage(&error))?;
        let status = StatusCode::from_u16(response.code.unwrap_or_default()).map_err(|error| garbage(&error))?;
        let mut headers = HeaderMap::with_capacity(response.headers.len());
        for header in &*response.headers {
            let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|error| garbage(&error))?;
            let value =
                HeaderValue::from_maybe_shared(bytes.slice_ref(header.value)).map_err(|error| garbage(&error))?;
            headers.append(name, value);
        }
        let says = |what: &str| {
            let values = headers.get_all(CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(what))
        };
        let keeps = if response.version == Some(1) { !says("close") } else { says("keep-alive") };
        Ok(Self { status, headers, keeps })
    }
}

/// How long the head is at the start of `received`, if it is whole.
fn head_length(received: &[u8]) -> Result<Option<usize>, ExchangeError> {
    if received.is_empty() {
        return Ok(None);
    }
    let mut found = [httparse::EMPTY_HEADER; MAX_HEADERS];
    match httparse::Response::new(&mut found).parse(received) {
        Ok(httparse::Status::Complete(length)) => Ok(Some(length)),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(error) => Err(ExchangeError::Garbage(error.to_string())),
    }
}

fn content_length(headers: &HeaderMap) -> Result<Option<usize>, ExchangeError> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).into_iter();
    let Some(first) = lengths.next() else { return Ok(None) };
    let digits = first.to_str().ok().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let length = digits.and_then(|digits| digits.parse().ok());
    match length.filter(|_| lengths.all(|other| other == first)) {
        Some(length) => Ok(Some(length)),
        None => Err(ExchangeError::Garbage("a content-length that is none".to_owned())),
    }
}

fn chunk_size(line: &[u8]) -> Result<usize, ExchangeError> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let size = digits.and_then(|digits| usize::from_str_radix(digits, 16).ok());
    // Room for what is added to it.
    let size = size.filter(|&size| size < usize::MAX / 2);
    size.ok_or_else(|| ExchangeError::Garbage("a chunk without its length".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of an answer that arrives in pieces of `piece` bytes.
    async fn answered(text: &str, piece: usize) -> Result<(u16, String, bool), String> {
        let mut stream = tokio_test_stream();
        let text = text.as_bytes().to_vec();
        let writing = async {
            for piece in text.chunks(piece) {
                stream.1.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
            drop(stream.1);
        };
        let mut kept = Kept::new(stream.0);
        let asking = kept.exchange(b"POST / HTTP/1.1\r\n\r\n", b"{}", 100);
        let (answer, ()) = tokio::join!(asking, writing);
        answer
            .map(|it| (it.status.as_u16(), String::from_utf8(it.body.to_vec()).unwrap(), it.keeps))
            .map_err(|error| error.to_string())
    }

    fn tokio_test_stream() -> (tokio::io::DuplexStream, tokio::io::DuplexStream) {
        tokio::io::duplex(1024)
    }

    #[tokio::test]
    async fn reads_every_kind_of_body_in_any_pieces() {
        let cases = [
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab", (200, "ab", true)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\nab", (200, "ab", false)),
            ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nab", (200, "ab", false)),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", (500, "", true)),
            ("HTTP/1.1 204 None\r\n\r\n", (204, "", true)),
            ("HTTP/1.1 200 OK\r\n\r\nto the end", (200, "to the end", false)),
            (
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nt: u\r\n\r\n",
                (200, "abcde", true),
            ),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabHTTP/1.1", (200, "ab", false)),
        ];
        for (text, (status, body, keeps)) in cases {
            // What comes behind an answer is seen when it comes with it.
            for piece in if keeps { vec![1, 3, 7, 1000] } else { vec![1000] } {
                assert_eq!(answered(text, piece).await, Ok((status, body.to_owned(), keeps)), "{text} by {piece}");
            }
        }
    }

    #[tokio::test]
    async fn says_why_there_is_no_answer() {
        let reason = |text: &'static str| async move { answered(text, 1000).await.unwrap_err() };
        assert!(reason("").await.starts_with("no answer"));
        assert!(reason("HTTP/1.1 200").await.starts_with("the answer broke off"));
        assert!(reason("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab").await.starts_with("the answer broke off"));
        assert_eq!(reason("HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n").await, "more than 100 bytes");
        assert_eq!(reason("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n65\r\n").await, "more than 100 bytes");
        for garbage in [
            "SSH-2.0-x\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        ] {
            assert!(reason(garbage).await.starts_with("not HTTP/1.1"), "{garbage}");
        }
    }
}
