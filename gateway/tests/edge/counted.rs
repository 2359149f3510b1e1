//! What the gateway counts while a test runs on this thread.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// Counters, by name and labels.
#[derive(Default)]
pub(crate) struct Counted(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

#[allow(dead_code, reason = "each crate of tests uses its own")]
impl Counted {
    /// The counter `name` with one label.
    pub(crate) fn get(&self, name: &'static str, label: (&'static str, &'static str)) -> u64 {
        let key = Key::from_parts(name, &[label]).to_string();
        self.0.lock().unwrap().get(&key).map_or(0, |count| count.load(Ordering::SeqCst))
    }
}

#[allow(dead_code, reason = "each crate of tests uses its own")]
impl Counted {
    /// All counters `name` together.
    pub(crate) fn sum(&self, name: &str) -> u64 {
        let all = self.0.lock().unwrap();
        all.iter()
            .filter(|(key, _)| key.contains(&format!("Key({name}")))
            .map(|(_, count)| count.load(Ordering::SeqCst))
            .sum()
    }
}

impl Recorder for Counted {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::clone(self.0.lock().unwrap().entry(key.to_string()).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
