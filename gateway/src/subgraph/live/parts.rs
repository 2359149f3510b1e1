//! Takes the body of an HTTP answer that goes on apart into GraphQL responses.
//!
//! Server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html> with
//! <https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverSSE.md>; multipart:
//! <https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The boundary where the answer names none.
const DEFAULT_BOUNDARY: &str = "-";

/// In which form a subgraph answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    EventStream,
    Multipart,
}

impl Form {
    /// The `accept` header that asks for it.
    pub(super) const fn accepted(self) -> &'static str {
        match self {
            Self::EventStream => "text/event-stream",
            Self::Multipart => "multipart/mixed;subscriptionSpec=\"1.0\", application/json;q=0.9",
        }
    }

    /// What reads an answer with this content type; `None` when it is not in this form.
    pub(super) fn reader(self, content_type: &str, max_bytes: usize) -> Option<Parts> {
        let mut parameters = content_type.split(';').map(str::trim);
        let kind = parameters.next().unwrap_or_default().to_ascii_lowercase();
        match (self, &*kind) {
            (Self::EventStream, "text/event-stream") => {
                let event = Event { name: String::new(), data: Vec::new() };
                Some(Parts { buffer: BytesMut::new(), searched: 0, max_bytes, state: State::Events(event) })
            }
            (Self::Multipart, "multipart/mixed") => {
                let boundary = parameters.find_map(|parameter| {
                    let (name, value) = parameter.split_once('=')?;
                    name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
                });
                let delimiter = format!("--{}", boundary.unwrap_or(DEFAULT_BOUNDARY)).into_bytes();
                Some(Parts { buffer: BytesMut::new(), searched: 0, max_bytes, state: State::Preamble(delimiter) })
            }
            _ => None,
        }
    }
}

/// A piece of the answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// One GraphQL response.
    Response(Bytes),
    /// Nothing follows.
    End,
}

/// Why the answer cannot be read further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PartError {
    #[error("more than {0} bytes in one event")]
    TooLarge(usize),
    #[error("{0}")]
    Malformed(String),
}

struct Event {
    name: String,
    data: Vec<u8>,
}

enum State {
    Events(Event),
    /// Before the first delimiter, which this is.
    Preamble(Vec<u8>),
    /// After one, with its line.
    Body(Vec<u8>),
}

/// What was read of an answer and is not taken yet.
pub(super) struct Parts {
    buffer: BytesMut,
    /// So much of it holds no end of anything.
    searched: usize,
    max_bytes: usize,
    state: State,
}

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    errors: Option<&'a RawValue>,
}

impl Parts {
    /// Adds what was read.
    pub(super) fn push(&mut self, read: &[u8]) {
        self.buffer.extend_from_slice(read);
    }

    /// The next piece; `None` when more has to be read for it.
    pub(super) fn next(&mut self) -> Result<Option<Part>, PartError> {
        let part = if matches!(self.state, State::Events(_)) { self.next_event() } else { self.next_of_multipart() }?;
        if part.is_none() && self.buffer.len() > self.max_bytes {
            return Err(PartError::TooLarge(self.max_bytes));
        }
        Ok(part)
    }

    fn next_event(&mut self) -> Result<Option<Part>, PartError> {
        while let Some(line) = take_line(&mut self.buffer, &mut self.searched) {
            let State::Events(event) = &mut self.state else { return Ok(None) };
            if let Some(part) = event.read(&line) {
                return Ok(Some(part));
            }
            if event.data.len() > self.max_bytes {
                return Err(PartError::TooLarge(self.max_bytes));
            }
        }
        Ok(None)
    }

    fn next_of_multipart(&mut self) -> Result<Option<Part>, PartError> {
        loop {
            let (delimiter, is_preamble) = match &self.state {
                State::Preamble(delimiter) => (delimiter, true),
                State::Body(delimiter) => (delimiter, false),
                State::Events(_) => return Ok(None),
            };
            // A delimiter that ends everything goes on with two hyphens.
            if !is_preamble && self.buffer.starts_with(b"--") {
                return Ok(Some(Part::End));
            }
            let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
            let Some(at) = memmem::find(unsearched, delimiter).map(|at| at + self.searched) else {
                // It may have begun.
                self.searched = self.buffer.len().saturating_sub(delimiter.len());
                return Ok(None);
            };
            let body = self.buffer.split_to(at).freeze();
            self.buffer.advance(delimiter.len());
            self.searched = 0;
            if let State::Preamble(delimiter) = &self.state {
                self.state = State::Body([b"\r\n", &**delimiter].concat());
            }
            if !is_preamble && let Some(response) = read_body(&body)? {
                return Ok(Some(Part::Response(response)));
            }
        }
    }
}

impl Event {
    /// Reads a line; the event when it is the empty one after it.
    fn read(&mut self, line: &[u8]) -> Option<Part> {
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            return match &*name {
                "complete" => Some(Part::End),
                // Servers that name nothing send responses alone.
                "next" | "" | "message" if !data.is_empty() => Some(Part::Response(Bytes::from(data))),
                _ => None,
            };
        }
        let (field, value) = line.split_at(memchr::memchr(b':', line).unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            b"data" => {
                if !self.data.is_empty() {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            // Comments, which keep the connection alive, among others.
            _ => {}
        }
        None
    }
}

/// The first whole line of `buffer`, which may end with a line feed, a carriage return, or both.
fn take_line(buffer: &mut BytesMut, searched: &mut usize) -> Option<Bytes> {
    let unsearched = buffer.get(*searched..).unwrap_or_default();
    let Some(end) = memchr::memchr2(b'\n', b'\r', unsearched).map(|at| at + *searched) else {
        *searched = buffer.len();
        return None;
    };
    *searched = end;
    let ending = match (buffer.get(end), buffer.get(end + 1)) {
        (Some(b'\r'), Some(b'\n')) => 2,
        // The line feed may be on its way.
        (Some(b'\r'), None) => return None,
        _ => 1,
    };
    let line = buffer.split_to(end).freeze();
    buffer.advance(ending);
    *searched = 0;
    Some(line.strip_prefix("\u{feff}".as_bytes()).map_or(line.clone(), |rest| line.slice_ref(rest)))
}

/// The response in a part of a multipart answer: none in one that only keeps the connection alive.
fn read_body(part: &Bytes) -> Result<Option<Bytes>, PartError> {
    let malformed = |what: &dyn std::fmt::Display| PartError::Malformed(format!("a part that is none: {what}"));
    let head_end = memmem::find(part, b"\r\n\r\n").ok_or_else(|| malformed(&"it has no head"))?;
    let body = part.slice(head_end + 4..);
    let Wrapped { payload, errors } = serde_json::from_slice(&body).map_err(|error| malformed(&error))?;
    Ok(match (payload, errors) {
        (Some(payload), _) => Some(Bytes::copy_from_slice(payload.get().as_bytes())),
        (None, Some(errors)) => Some(Bytes::from(format!("{{\"errors\":{}}}", errors.get()))),
        (None, None) => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVENTS: &str = "\u{feff}: hello\r\n\r\nevent: next\ndata: {\"data\":\ndata:1}\n\nevent: ping\ndata: x\n\n\
        data: {\"data\":2}\r\n\r\nevent: complete\ndata:\n\n";
    const MULTIPART: &str = "preamble\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql\r\n\
        content-type: application/json\r\n\r\n{\"payload\":{\"data\":{\"a\":\"--graphql\"}}}\r\n--graphql\r\n\
        content-type: application/json\r\n\r\n{\"payload\":null,\"errors\":[{\"message\":\"gone\"}]}\r\n--graphql--\r\n";

    fn read(form: Form, content_type: &str, chunks: &[&[u8]]) -> Vec<Part> {
        let mut reader = form.reader(content_type, 1_000).unwrap();
        let mut parts = Vec::new();
        for chunk in chunks {
            reader.push(chunk);
            while let Some(part) = reader.next().unwrap() {
                let is_end = part == Part::End;
                parts.push(part);
                if is_end {
                    return parts;
                }
            }
        }
        parts
    }

    fn response(text: &'static str) -> Part {
        Part::Response(Bytes::from_static(text.as_bytes()))
    }

    fn expected(form: Form) -> (&'static str, &'static str, Vec<Part>) {
        match form {
            Form::EventStream => (
                "Text/Event-Stream; charset=utf-8",
                EVENTS,
                vec![response("{\"data\":\n1}"), response("{\"data\":2}"), Part::End],
            ),
            Form::Multipart => (
                "multipart/mixed; boundary=\"graphql\"; subscriptionSpec=1.0",
                MULTIPART,
                vec![
                    response("{\"data\":{\"a\":\"--graphql\"}}"),
                    response("{\"errors\":[{\"message\":\"gone\"}]}"),
                    Part::End,
                ],
            ),
        }
    }

    proptest! {
        #[test]
        fn an_answer_is_read_however_it_is_cut(cuts in prop::collection::vec(0_usize..400, 0..20), is_events: bool) {
            let form = if is_events { Form::EventStream } else { Form::Multipart };
            let (content_type, text, expected) = expected(form);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let edges: Vec<usize> = [0].into_iter().chain(cuts).chain([text.len()]).collect();
            let chunks: Vec<&[u8]> = edges.windows(2).map(|edge| &text.as_bytes()[edge[0]..edge[1]]).collect();
            prop_assert_eq!(read(form, content_type, &chunks), expected);
        }

        #[test]
        fn nothing_that_a_subgraph_may_send_is_fatal(bytes: Vec<u8>, is_events: bool) {
            let form = if is_events { Form::EventStream } else { Form::Multipart };
            let mut reader = form.reader(expected(form).0, 100).unwrap();
            reader.push(&bytes);
            while let Ok(Some(_)) = reader.next().map(|part| part.filter(|part| *part != Part::End)) {}
        }
    }

    #[test]
    fn a_response_comes_as_soon_as_its_delimiter_has() {
        let (content_type, text, _) = expected(Form::Multipart);
        let until = text.find("\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{\"payload\":null").unwrap();
        let parts = read(Form::Multipart, content_type, &[&text.as_bytes()[..until + "\r\n--graphql".len()]]);
        assert_eq!(parts.len(), 1);
    }

    #[test]
    fn what_is_too_large_or_none_is_an_error() {
        let mut events = Form::EventStream.reader("text/event-stream", 10).unwrap();
        events.push(b"data: longer than ten");
        assert_eq!(events.next(), Err(PartError::TooLarge(10)));
        let mut parts = Form::Multipart.reader("multipart/mixed; boundary=x", 100).unwrap();
        parts.push(b"--x\r\n\r\nnonsense\r\n--x");
        assert!(matches!(parts.next(), Err(PartError::Malformed(_))));
        assert!(Form::Multipart.reader("application/json", 10).is_none());
        assert!(Form::EventStream.reader("multipart/mixed", 10).is_none());
    }
}
