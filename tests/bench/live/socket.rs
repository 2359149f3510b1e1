//! One socket of a generator: a few dozen bytes, and a buffer only while a message is in pieces.

use std::{
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
};

use mio::net::TcpStream;

use super::frame::{self, Opcode};

/// What those who stall take into the kernel before the server notices.
const STALLED_RECEIVE_BYTES: usize = 4 * 1024;

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The upgrade was asked for.
    Upgrading,
    /// `connection_init` was sent.
    Initialising,
    /// It has subscribed.
    Live,
    /// It does not read any more.
    Stalled,
    /// A close frame was sent.
    Closing,
    /// It is over.
    Gone,
}

/// A connection.
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    pub(crate) phase: Phase,
    /// Which group it is of.
    pub(crate) group: usize,
    /// The place of its first badge among all that are held.
    pub(crate) held_at: usize,
    /// The SKU with which its first subscription begins.
    pub(crate) first_sku: usize,
    /// Whether its close frame was answered with one.
    pub(crate) was_answered: bool,
    unsent: Vec<u8>,
    partial: Vec<u8>,
}

impl Socket {
    /// Begins to connect.
    pub(crate) fn connect(address: SocketAddr, is_stalling: bool) -> std::io::Result<Self> {
        let stream = if is_stalling {
            let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
            socket.set_recv_buffer_size(STALLED_RECEIVE_BYTES)?;
            socket.connect(&address.into())?;
            socket.set_nonblocking(true)?;
            TcpStream::from_std(socket.into())
        } else {
            TcpStream::connect(address)?
        };
        let mut socket = Self {
            stream,
            phase: Phase::Upgrading,
            group: 0,
            held_at: 0,
            first_sku: 0,
            was_answered: false,
            unsent: Vec::new(),
            partial: Vec::new(),
        };
        // Goes out when it is connected.
        socket.unsent.extend(
            format!(
                "GET /graphql HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
            )
            .as_bytes(),
        );
        Ok(socket)
    }

    /// Adds frames to what is sent next.
    pub(crate) fn say(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.unsent);
    }

    /// Sends what the kernel takes; the rest waits until it can be written again.
    pub(crate) fn flush(&mut self) -> std::io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        // Sockets that have nothing to say hold nothing for it.
        self.unsent = Vec::new();
        Ok(())
    }

    /// Reads what there is, and gives each whole frame to `take`. Whether the connection is still there.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        mut take: impl FnMut(&mut Self, Opcode, &[u8]),
    ) -> std::io::Result<bool> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if self.partial.is_empty() {
                let rest = self.frames(&buffer[..read], &mut take);
                self.partial.extend(&buffer[read - rest..read]);
            } else {
                let mut pieces = std::mem::take(&mut self.partial);
                pieces.extend(&buffer[..read]);
                let rest = self.frames(&pieces, &mut take);
                self.partial = if rest == 0 { Vec::new() } else { pieces.split_off(pieces.len() - rest) };
            }
            // Less than there was room for: all of it was there. What comes now is told.
            if read < buffer.len() {
                return Ok(true);
            }
        }
    }

    /// Gives each whole frame to `take`; how many bytes are left.
    fn frames(&mut self, mut bytes: &[u8], take: &mut impl FnMut(&mut Self, Opcode, &[u8])) -> usize {
        if self.phase == Phase::Upgrading {
            let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return bytes.len() };
            let (head, rest) = bytes.split_at(head + 4);
            bytes = rest;
            take(self, Opcode::Other(0), head);
        }
        while let Some((opcode, payload)) = frame::read(bytes) {
            let end = payload.end;
            take(self, opcode, &bytes[payload]);
            bytes = &bytes[end..];
        }
        bytes.len()
    }
}
