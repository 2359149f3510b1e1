//! The newest value of a key, which all who listen share, and what one client has of the keys of a subscription.
//!
//! A change costs a client that has not taken the one before a look at one bit, and one that is behind with several keys is
//! read as one: with ten thousand clients that cannot follow, that is what a change of a key and a turn of a client come
//! to. What they take in the end is what is newest then.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use bytes::Bytes;
use parking_lot::Mutex;

/// Keys of a word.
const WORD: usize = u64::BITS as usize;

/// The newest encoded response of a key.
#[derive(Debug, Default)]
pub(super) struct Newest(Mutex<(u64, Bytes)>);

impl Newest {
    pub(super) fn set(&self, response: Bytes) {
        let mut newest = self.0.lock();
        *newest = (newest.0 + 1, response);
    }

    /// Puts another form of the same value in its place: whoever was given the value is not given it again.
    pub(super) fn refresh(&self, response: Bytes) {
        self.0.lock().1 = response;
    }

    fn get(&self) -> (u64, Bytes) {
        self.0.lock().clone()
    }
}

/// A key, and which of its values the client has been given, counted from 1.
#[derive(Debug)]
struct Mark {
    newest: Arc<Newest>,
    given: AtomicU64,
}

/// What one client has of the keys of a subscription.
#[derive(Debug)]
pub(super) struct Marks {
    /// Keys of which there is something new, a bit each; these of the first word,
    raised: AtomicU64,
    /// and these of the others. Most clients have no more than a few keys.
    more_raised: Box<[AtomicU64]>,
    /// Whether it stands in the client's mailbox.
    is_waiting: AtomicBool,
    /// Where the client has come to in its turn; of whoever reads the mailbox.
    turn: AtomicU32,
    marks: Box<[Mark]>,
}

/// Keys that had changed at some time, a bit each.
#[derive(Debug)]
pub(super) struct Sealed(Box<[u64]>);

/// What has become of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raised {
    /// The mailbox is to be told.
    First,
    /// The mailbox knows.
    Known,
    /// It takes the place of one that the client has not taken.
    Conflated,
}

impl Marks {
    /// Of keys with these values, in the order by which they are called.
    pub(super) fn new(newest: impl IntoIterator<Item = Arc<Newest>>) -> Arc<Self> {
        let marks: Box<[Mark]> = newest.into_iter().map(|newest| Mark { newest, given: AtomicU64::new(0) }).collect();
        Arc::new(Self {
            raised: AtomicU64::new(0),
            more_raised: (1..marks.len().div_ceil(WORD)).map(|_| AtomicU64::new(0)).collect(),
            is_waiting: AtomicBool::new(false),
            turn: AtomicU32::new(0),
            marks,
        })
    }

    fn word(&self, number: usize) -> Option<&AtomicU64> {
        number.checked_sub(1).map_or(Some(&self.raised), |number| self.more_raised.get(number))
    }

    /// Notes that there is something new of a key.
    pub(super) fn raise(&self, key: u32) -> Raised {
        let key = key as usize;
        let Some(word) = self.word(key / WORD) else { return Raised::Known };
        let bit = 1 << (key % WORD);
        // One order of all exchanges: either the client takes after this, and sees what was set before; or it is told.
        if word.fetch_or(bit, Ordering::AcqRel) & bit != 0 {
            return Raised::Conflated;
        }
        if self.is_waiting.swap(true, Ordering::AcqRel) { Raised::Known } else { Raised::First }
    }

    /// The newest of the next key of this turn of which there is something that the client has not been given. Each key
    /// comes once in a turn, so that one that changes all the time holds up no other.
    pub(super) fn take(&self) -> Option<Bytes> {
        loop {
            let key = self.next()?;
            self.turn.store(u32::try_from(key).unwrap_or(u32::MAX).saturating_add(1), Ordering::Relaxed);
            if let Some(response) = self.give(key) {
                return Some(response);
            }
        }
    }

    /// The same of keys that were [sealed](Self::seal).
    pub(super) fn take_sealed(&self, sealed: &mut Sealed) -> Option<Bytes> {
        sealed.0.iter_mut().enumerate().find_map(|(number, word)| {
            while *word != 0 {
                let key = number * WORD + word.trailing_zeros() as usize;
                *word &= *word - 1;
                if let Some(response) = self.give(key) {
                    return Some(response);
                }
            }
            None
        })
    }

    /// The newest of a key, unless the client was given that.
    fn give(&self, key: usize) -> Option<Bytes> {
        let mark = self.marks.get(key)?;
        let (number, response) = mark.newest.get();
        (mark.given.swap(number, Ordering::AcqRel) < number).then_some(response)
    }

    /// Keeps apart what has changed by now, so that something else can be put behind it: for what changes from now on the
    /// mailbox is to be told.
    pub(super) fn seal(&self) -> Sealed {
        self.turn.store(0, Ordering::Relaxed);
        // First: whoever raises a key that is not kept any more finds that nobody waits.
        self.is_waiting.swap(false, Ordering::AcqRel);
        let words = std::iter::once(&self.raised).chain(&self.more_raised);
        Sealed(words.map(|word| word.swap(0, Ordering::AcqRel)).collect())
    }

    /// Takes the next key from those that are raised.
    fn next(&self) -> Option<usize> {
        let turn = self.turn.load(Ordering::Relaxed) as usize;
        let first = turn / WORD;
        (first..=self.more_raised.len()).find_map(|number| {
            let word = self.word(number)?;
            let from = if number == first { u64::MAX << (turn % WORD) } else { u64::MAX };
            let raised = word.load(Ordering::Relaxed) & from;
            if raised == 0 {
                return None;
            }
            let place = raised.trailing_zeros();
            word.fetch_and(!(1 << place), Ordering::AcqRel);
            Some(number * WORD + place as usize)
        })
    }

    /// The turn is over; whether another one is due, for which the mailbox is to be told.
    pub(super) fn end_turn(&self) -> bool {
        self.turn.store(0, Ordering::Relaxed);
        self.is_waiting.swap(false, Ordering::AcqRel);
        let is_raised = |word: &AtomicU64| word.load(Ordering::Acquire) != 0;
        let any = is_raised(&self.raised) || self.more_raised.iter().any(is_raised);
        any && !self.is_waiting.swap(true, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(newest: &Newest, text: &'static str) {
        newest.set(Bytes::from_static(text.as_bytes()));
    }

    fn take(marks: &Marks) -> Option<String> {
        marks.take().map(|response| String::from_utf8(response.to_vec()).unwrap())
    }

    #[test]
    fn a_client_takes_the_newest_once() {
        let newest = Arc::<Newest>::default();
        let marks = Marks::new([Arc::clone(&newest)]);
        set(&newest, "1");
        assert_eq!(marks.raise(0), Raised::First);
        set(&newest, "2");
        assert_eq!(marks.raise(0), Raised::Conflated);
        assert_eq!(take(&marks).as_deref(), Some("2"));
        assert_eq!(take(&marks), None);
        assert!(!marks.end_turn());
        set(&newest, "3");
        assert_eq!(marks.raise(0), Raised::First);
        set(&newest, "4");
        assert_eq!(take(&marks).as_deref(), Some("4"));
        // Told of what it has taken already.
        assert_eq!(marks.raise(0), Raised::Known);
        assert!(marks.end_turn());
        assert_eq!(take(&marks), None);
    }

    #[test]
    fn another_form_of_a_value_is_not_another_value() {
        let newest = Arc::<Newest>::default();
        let marks = Marks::new([Arc::clone(&newest)]);
        set(&newest, "1");
        assert_eq!(marks.raise(0), Raised::First);
        set(&newest, "2");
        assert_eq!(take(&marks).as_deref(), Some("2"));
        // Told of what it has by now, it looks again, and there is another form of it.
        marks.raise(0);
        newest.refresh(Bytes::from_static(b"2, again"));
        assert_eq!(take(&marks), None);
        let newcomer = Marks::new([newest]);
        newcomer.raise(0);
        assert_eq!(take(&newcomer).as_deref(), Some("2, again"));
    }

    #[test]
    fn of_many_keys_each_comes_once_in_a_turn() {
        let keys: Vec<Arc<Newest>> = (0..200).map(|_| Arc::default()).collect();
        let marks = Marks::new(keys.iter().map(Arc::clone));
        let change = |key: usize, text: &'static str| {
            set(&keys[key], text);
            marks.raise(u32::try_from(key).unwrap())
        };
        let raised = [(130, "a"), (3, "b"), (63, "c"), (64, "d"), (199, "e")].map(|(key, text)| change(key, text));
        assert_eq!(raised, [Raised::First, Raised::Known, Raised::Known, Raised::Known, Raised::Known]);
        assert_eq!((take(&marks).as_deref(), take(&marks).as_deref()), (Some("b"), Some("c")));
        // Behind where it is: not in this turn. Before it: in this turn.
        assert_eq!((change(3, "f"), change(199, "g")), (Raised::Known, Raised::Conflated));
        let rest: Vec<String> = std::iter::from_fn(|| take(&marks)).collect();
        assert_eq!(rest, ["d", "a", "g"]);
        assert!(marks.end_turn());
        assert_eq!((take(&marks).as_deref(), take(&marks)), (Some("f"), None));
        assert!(!marks.end_turn());
    }

    #[test]
    fn what_is_sealed_is_given_before_what_changes_later() {
        let keys: Vec<Arc<Newest>> = (0..70).map(|_| Arc::default()).collect();
        let marks = Marks::new(keys.iter().map(Arc::clone));
        let change = |key: usize, text: &'static str| {
            set(&keys[key], text);
            marks.raise(u32::try_from(key).unwrap())
        };
        assert_eq!([change(5, "a"), change(69, "b"), change(9, "c")], [Raised::First, Raised::Known, Raised::Known]);
        assert_eq!(take(&marks).as_deref(), Some("a"));
        // Behind where it is: it is kept apart all the same.
        change(2, "d");
        let mut sealed = marks.seal();
        assert_eq!([change(9, "e"), change(1, "f")], [Raised::First, Raised::Known]);
        let mut rest = std::iter::from_fn(|| marks.take_sealed(&mut sealed));
        // The newest, which is not given once more.
        assert_eq!([rest.next().unwrap(), rest.next().unwrap(), rest.next().unwrap()], ["d", "e", "b"]);
        assert_eq!(rest.next(), None);
        assert_eq!((take(&marks).as_deref(), take(&marks)), (Some("f"), None));
        assert!(!marks.end_turn());
    }

    /// Whatever is set last is taken, however raising and taking meet.
    #[test]
    fn nothing_is_missed_while_others_raise() {
        let keys: Vec<Arc<Newest>> = (0..100).map(|_| Arc::default()).collect();
        let marks = Marks::new(keys.iter().map(Arc::clone));
        let (told, telling) = std::sync::mpsc::channel();
        let taken = std::thread::scope(|scope| {
            for first in 0..2 {
                let (keys, marks, told) = (&keys, &marks, told.clone());
                scope.spawn(move || {
                    for number in 0..20_000_usize {
                        let key = (number * 7 % 50) * 2 + first;
                        keys[key].set(Bytes::from(format!("{key}:{number}")));
                        if marks.raise(u32::try_from(key).unwrap()) == Raised::First {
                            told.send(()).unwrap();
                        }
                    }
                });
            }
            drop(told);
            let taking = scope.spawn(|| {
                let mut taken = Vec::new();
                for () in telling {
                    loop {
                        taken.extend(std::iter::from_fn(|| take(&marks)));
                        if !marks.end_turn() {
                            break;
                        }
                    }
                }
                taken
            });
            taking.join().unwrap()
        });
        for (key, newest) in keys.iter().enumerate() {
            let (count, newest) = newest.get();
            let prefix = format!("{key}:");
            let last = taken.iter().rfind(|text| text.starts_with(&prefix));
            assert_eq!((count, last.map(String::as_bytes)), (400, Some(&newest[..])));
        }
    }
}
