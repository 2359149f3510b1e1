//! A load generator: a process with one thread that holds as many sockets as it may, and counts what comes.

use std::{
    collections::HashMap,
    io::{BufRead, Write},
    net::SocketAddr,
    sync::mpsc,
    time::Duration,
};

use mio::{Events, Interest, Poll, Token, Waker};
use serde_json::{Value, json};

use super::{
    count::Count,
    frame::{self, Opcode},
    message::{self, Message},
    orders::{Closed, Group, Order, Report, now_us},
    socket::{Phase, Socket},
};

/// So many sockets are on their way in at a time.
const OPENING: usize = 200;
/// Nothing more came for so long: it will not.
const GIVE_UP_AFTER_US: u64 = 60_000_000;
/// The same for first badges, once everyone has subscribed.
const NO_MORE_AFTER_US: u64 = 3_000_000;
const CLOSE_WITHIN_US: u64 = 10_000_000;
const WAKER: Token = Token(usize::MAX);
pub(crate) const BADGES: &str =
    "subscription Badges($skus:[String!]!){stockBadges(skus:$skus){sku state available revision}}";

struct Generator {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    sockets: Vec<Socket>,
    groups: Vec<Group>,
    skus: Vec<String>,
    by_name: HashMap<Vec<u8>, usize>,
    init: Value,
    count: Count,
    /// Sockets that have not subscribed yet.
    opening: usize,
    /// First badges that have not come.
    awaited: usize,
    closed: Closed,
    /// The first thing that went wrong.
    problem: Option<String>,
}

/// Takes orders from the standard input until it ends.
pub(crate) fn run() {
    let poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), WAKER).unwrap();
    let (sender, orders) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let order: Order = serde_json::from_str(&line.unwrap()).unwrap();
            sender.send(Some(order)).unwrap();
            waker.wake().unwrap();
        }
        sender.send(None).unwrap();
        waker.wake().unwrap();
    });
    let mut generator = Generator {
        poll,
        events: Events::with_capacity(1_024),
        buffer: vec![0; 64 * 1024],
        sockets: Vec::new(),
        groups: Vec::new(),
        skus: Vec::new(),
        by_name: HashMap::new(),
        init: Value::Null,
        count: Count::default(),
        opening: 0,
        awaited: 0,
        closed: Closed::default(),
        problem: None,
    };
    loop {
        match orders.try_recv() {
            Ok(Some(order)) => {
                let report = generator.follow(order);
                let mut out = std::io::stdout().lock();
                writeln!(out, "{}", serde_json::to_string(&report).unwrap()).unwrap();
                out.flush().unwrap();
            }
            Ok(None) | Err(mpsc::TryRecvError::Disconnected) => return,
            Err(mpsc::TryRecvError::Empty) => generator.turn(Duration::from_secs(1)),
        }
    }
}

impl Generator {
    fn follow(&mut self, order: Order) -> Report {
        match order {
            Order::Open { address, init, skus, groups } => {
                self.by_name = skus.iter().enumerate().map(|(place, sku)| (sku.clone().into_bytes(), place)).collect();
                (self.skus, self.init, self.groups) = (skus, init, groups);
                self.open(address)
            }
            Order::Stall => {
                for socket in &mut self.sockets {
                    if self.groups[socket.group].stalls && socket.phase == Phase::Live {
                        self.poll.registry().deregister(&mut socket.stream).unwrap();
                        socket.phase = Phase::Stalled;
                    }
                }
                Report::Done
            }
            Order::Begin => {
                self.count.begin();
                Report::Done
            }
            Order::Stop => {
                self.count.stop();
                Report::Done
            }
            Order::End { changes, available } => Report::Counted(self.count.end(&changes, &available)),
            Order::Close => self.close(),
        }
    }

    fn open(&mut self, address: SocketAddr) -> Report {
        let began = now_us();
        self.closed = Closed::default();
        self.problem = None;
        self.count = Count::default();
        for number in 0..self.groups.len() {
            let group = self.groups[number].clone();
            for place in 0..group.sockets {
                while self.opening >= OPENING && self.problem.is_none() {
                    self.turn(Duration::from_millis(100));
                }
                if let Err(error) = self.add(address, number, place) {
                    return self.failed(&error.to_string());
                }
            }
        }
        let mut progress = (now_us(), self.opening, self.awaited);
        while (self.opening > 0 || self.awaited > 0) && self.problem.is_none() {
            self.turn(Duration::from_millis(100));
            if (self.opening, self.awaited) != (progress.1, progress.2) {
                progress = (now_us(), self.opening, self.awaited);
            }
            let silent_us = now_us() - progress.0;
            if self.opening > 0 && silent_us > GIVE_UP_AFTER_US {
                return self.failed(&format!("{} sockets have not subscribed", self.opening));
            }
            if self.opening == 0 && silent_us > NO_MORE_AFTER_US {
                break;
            }
        }
        match self.problem.take() {
            Some(problem) => self.failed(&problem),
            None => Report::Opened { within_ms: (progress.0 - began) / 1_000, without_first: self.awaited as u64 },
        }
    }

    fn failed(&self, reason: &str) -> Report {
        Report::Failed { reason: format!("{reason} ({} sockets were opened)", self.sockets.len()) }
    }

    fn add(&mut self, address: SocketAddr, number: usize, place: usize) -> std::io::Result<()> {
        let group = &self.groups[number];
        let mut socket = Socket::connect(address, group.stalls)?;
        let badges = group.subscriptions * group.skus;
        socket.group = number;
        socket.first_sku = group.first + place * badges;
        socket.held_at = self.count.hold(badges, group.stalls);
        let token = Token(self.sockets.len());
        self.poll.registry().register(&mut socket.stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.sockets.push(socket);
        self.opening += 1;
        self.awaited += badges;
        Ok(())
    }

    fn close(&mut self) -> Report {
        let before = now_us();
        for socket in &mut self.sockets {
            if matches!(socket.phase, Phase::Live | Phase::Initialising) {
                socket.phase = Phase::Closing;
                socket.say(frame::close);
                // Whoever cannot be told is gone.
                let _ = socket.flush();
            }
        }
        while self.sockets.iter().any(|socket| socket.phase == Phase::Closing) && now_us() - before < CLOSE_WITHIN_US {
            self.turn(Duration::from_millis(100));
        }
        self.closed.sockets = self.sockets.len() as u64;
        self.closed.answered = self.sockets.iter().filter(|socket| socket.was_answered).count() as u64;
        self.sockets = Vec::new();
        (self.opening, self.awaited) = (0, 0);
        Report::Closed(self.closed)
    }

    /// Handles what has happened, waiting for it at most so long.
    fn turn(&mut self, wait: Duration) {
        if let Err(error) = self.poll.poll(&mut self.events, Some(wait)) {
            assert_eq!(error.kind(), std::io::ErrorKind::Interrupted, "{error}");
            return;
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            let Token(place) = event.token();
            if event.token() != WAKER && place < self.sockets.len() {
                self.serve(place, event.is_readable());
            }
        }
        self.events = events;
    }

    fn serve(&mut self, place: usize, is_readable: bool) {
        let mut buffer = std::mem::take(&mut self.buffer);
        let Self { sockets, groups, skus, by_name, init, count, opening, awaited, problem, .. } = self;
        let socket = &mut sockets[place];
        if matches!(socket.phase, Phase::Gone | Phase::Stalled) {
            self.buffer = buffer;
            return;
        }
        let mut served = socket.flush().map(|()| true);
        if served.is_ok() && is_readable {
            let group = &groups[socket.group];
            let mut heard = Heard { group, skus, by_name, init, count, opening, awaited, problem };
            served = socket.read(&mut buffer, |socket, opcode, payload| heard.take(socket, opcode, payload));
            served = served.and_then(|is_there| socket.flush().map(|()| is_there));
        }
        if !matches!(served, Ok(true)) {
            match socket.phase {
                Phase::Closing => {}
                Phase::Upgrading | Phase::Initialising => {
                    problem.get_or_insert_with(|| format!("a socket was closed while {:?}: {served:?}", socket.phase));
                }
                _ => count.lose(groups[socket.group].stalls),
            }
            socket.phase = Phase::Gone;
        }
        self.buffer = buffer;
    }
}

/// What is needed to take a frame.
struct Heard<'g> {
    group: &'g Group,
    skus: &'g [String],
    by_name: &'g HashMap<Vec<u8>, usize>,
    init: &'g Value,
    count: &'g mut Count,
    opening: &'g mut usize,
    awaited: &'g mut usize,
    problem: &'g mut Option<String>,
}

impl Heard<'_> {
    fn take(&mut self, socket: &mut Socket, opcode: Opcode, payload: &[u8]) {
        match (socket.phase, opcode) {
            (Phase::Upgrading, _) => {
                if payload.starts_with(b"HTTP/1.1 101 ") {
                    let init = json!({ "type": "connection_init", "payload": self.init }).to_string();
                    socket.say(|into| frame::text(&init, into));
                    socket.phase = Phase::Initialising;
                } else {
                    self.fail(&String::from_utf8_lossy(payload));
                }
            }
            (_, Opcode::Ping) => socket.say(|into| frame::pong(payload, into)),
            (Phase::Closing, Opcode::Close) => {
                socket.was_answered = true;
                socket.phase = Phase::Gone;
            }
            (_, Opcode::Text) => self.take_text(socket, payload),
            (_, Opcode::Pong) => {}
            (phase, opcode) => {
                let text = String::from_utf8_lossy(payload);
                self.fail(&format!("{opcode:?} while {phase:?}: {text}"));
            }
        }
    }

    fn take_text(&mut self, socket: &mut Socket, text: &[u8]) {
        match message::read(text) {
            Message::Badge { subscription, sku, available } => {
                let sku = self.by_name[sku];
                let first = socket.first_sku + subscription * self.group.skus;
                // SKUs repeat after the last one of them.
                let place = (sku + self.group.of - first % self.group.of) % self.group.of;
                let held = socket.held_at + subscription * self.group.skus + place;
                if self.count.take(held, (sku, available), text.len()) {
                    *self.awaited -= 1;
                }
            }
            Message::Acknowledged => {
                socket.phase = Phase::Live;
                *self.opening -= 1;
                for subscription in 0..self.group.subscriptions {
                    let first = socket.first_sku + subscription * self.group.skus;
                    let skus = (first..first + self.group.skus).map(|place| &self.skus[place % self.group.of]);
                    let variables = json!({ "skus": skus.collect::<Vec<_>>() });
                    let payload = json!({ "query": BADGES, "variables": variables });
                    let id = subscription.to_string();
                    let message = json!({ "id": id, "type": "subscribe", "payload": payload }).to_string();
                    socket.say(|into| frame::text(&message, into));
                }
            }
            Message::Ping => socket.say(|into| frame::text("{\"type\":\"pong\"}", into)),
            Message::Other => self.fail(&String::from_utf8_lossy(text)),
        }
    }

    /// While sockets are opened nothing may go wrong; later it is counted.
    fn fail(&mut self, what: &str) {
        self.count.lose(self.group.stalls);
        self.problem.get_or_insert_with(|| what.to_owned());
    }
}
