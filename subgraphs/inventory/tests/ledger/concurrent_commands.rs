//! Many at once, with retries, keys sent twice, callers who go away and processes that die: what everybody was told adds up
//! to what is there.

use std::{collections::BTreeMap, fmt::Debug, time::Duration};

use futures::future::join_all;
use proptest::{
    prelude::{Strategy, any},
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use selvedge_inventory::{
    command::{AdjustQuantities, AdjustmentReason, Commands, ReserveStock},
    domain::{Change, QuantityName, UserError},
    entity::{reservation, reservation_line},
    store::{Store, StoreOptions, reservations::ReservationWithLines},
};
use selvedge_kit::outbox::RelaySignal;
use tokio::{runtime::Builder, time::timeout};

use crate::warehouse::{FAR, LOW_STOCK_THRESHOLD, NEAR, Warehouse, line, new_key, shopper, staff};

on_each_engine!(what_everybody_was_told_adds_up_to_what_is_there);

/// Rounds per engine, workers in each, and commands of each worker.
const ROUNDS: usize = 3;
const WORKERS: usize = 8;
const STEPS: usize = 15;
const SKUS: u8 = 3;
const STOCK: i32 = 40;

/// How a command is sent.
#[derive(Debug, Clone, Copy)]
enum Sending {
    Once,
    /// Twice at the same time, under one key.
    Twice,
    /// Given up after so many microseconds, and sent again under the same key.
    GivenUpAfter(u64),
    /// To a process of its own, which dies after so many microseconds with all that it was doing; then to another under the
    /// same key.
    DiesAfter(u64),
}

#[derive(Debug, Clone)]
enum Step {
    Reserve { lines: Vec<(u8, i32)>, allow_partial: bool },
    Release { which: usize },
    Extend { which: usize },
    Adjust { sku: u8, far: bool, delta: i32 },
}

fn step() -> impl Strategy<Value = (Step, Sending)> {
    let lines = proptest::collection::vec((0..SKUS, 1..4_i32), 1..4);
    let step = proptest::prop_oneof![
        4 => (lines, any::<bool>()).prop_map(|(lines, allow_partial)| Step::Reserve { lines, allow_partial }),
        2 => any::<usize>().prop_map(|which| Step::Release { which }),
        1 => any::<usize>().prop_map(|which| Step::Extend { which }),
        1 => (0..SKUS, any::<bool>(), -6..9_i32).prop_map(|(sku, far, delta)| Step::Adjust { sku, far, delta }),
    ];
    let sending = proptest::prop_oneof![
        2 => proptest::strategy::Just(Sending::Once),
        1 => proptest::strategy::Just(Sending::Twice),
        1 => (0..6_000_u64).prop_map(Sending::GivenUpAfter),
        1 => (0..12_000_u64).prop_map(Sending::DiesAfter),
    ];
    (step, sending)
}

/// On hand and committed by SKU and location, as far as a worker was told.
type Told = BTreeMap<(String, String), (i32, i32)>;

async fn what_everybody_was_told_adds_up_to_what_is_there(warehouse: Warehouse) {
    let mut told = Told::new();
    for sku in 0..SKUS {
        for place in [NEAR, FAR] {
            warehouse.stock(&format!("SKU-{sku}"), place, STOCK).await;
            told.insert((format!("variant-SKU-{sku}"), place.to_owned()), (STOCK, 0));
        }
    }
    let (_, second) = warehouse.second_process().await;
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]));
    let scripts = proptest::collection::vec(proptest::collection::vec(step(), STEPS), WORKERS);
    for _ in 0..ROUNDS {
        let scripts = scripts.new_tree(&mut runner).unwrap().current();
        let workers = scripts.into_iter().enumerate().map(async |(place, script)| {
            let commands = if place % 2 == 0 { warehouse.commands.clone() } else { second.clone() };
            let road = Road { commands, options: warehouse.options.clone() };
            let mut worker = Worker { road, told: Told::new(), held: Vec::new() };
            for (step, sending) in script {
                worker.perform(step, sending).await;
            }
            worker.told
        });
        // Whoever compares the ledger meanwhile sees each moment as a whole.
        let (workers, rounds) = warehouse.while_compared(join_all(workers)).await;
        assert!(rounds > 0);
        for worker in workers {
            for (level, (on_hand, committed)) in worker {
                let sum = told.get_mut(&level).unwrap();
                *sum = (sum.0 + on_hand, sum.1 + committed);
            }
        }
        for ((variant, location), (on_hand, committed)) in &told {
            let level = warehouse.level(variant.trim_start_matches("variant-"), location).await;
            assert_eq!((level.on_hand, level.committed), (*on_hand, *committed), "{variant} at {location}");
        }
        warehouse.assert_verified().await;
        warehouse.assert_nothing_found().await;
    }
}

struct Worker {
    road: Road,
    told: Told,
    held: Vec<Held>,
}

impl Worker {
    async fn perform(&mut self, step: Step, sending: Sending) {
        match step {
            Step::Reserve { lines, allow_partial } => {
                let lines = lines.iter().map(|(sku, quantity)| line(&format!("SKU-{sku}"), *quantity)).collect();
                let input = ReserveStock { lines, allow_partial, ..ReserveStock::default() };
                if let Some(held) = self.road.send(sending, Deed::Reserve(input)).await.held {
                    self.hear_of(&held.lines, 1);
                    self.held.push(held);
                }
            }
            Step::Release { which } if !self.held.is_empty() => {
                let held = self.held.remove(which % self.held.len());
                let released = self.road.send(sending, Deed::Release(held.reservation.id)).await.held;
                assert_eq!(released.unwrap().reservation.status, "RELEASED");
                self.hear_of(&held.lines, -1);
            }
            Step::Extend { which } if !self.held.is_empty() => {
                let held = self.held[which % self.held.len()].reservation.clone();
                let extended = self.road.send(sending, Deed::Extend(held.id)).await.held;
                assert!(extended.unwrap().reservation.expires_at > held.created_at);
            }
            Step::Adjust { sku, far, delta } => {
                let location_id = if far { FAR } else { NEAR }.to_owned();
                let change = Change { sku: format!("SKU-{sku}"), location_id, delta, ..Change::default() };
                let level = (format!("variant-SKU-{sku}"), change.location_id.clone());
                let input = AdjustQuantities {
                    name: QuantityName::OnHand,
                    reason: AdjustmentReason::CycleCount,
                    reference: None,
                    changes: vec![change],
                };
                let is_done = self.road.send(sending, Deed::Adjust(input)).await.is_done;
                self.told.entry(level).or_default().0 += if is_done { delta } else { 0 };
            }
            Step::Release { .. } | Step::Extend { .. } => {}
        }
    }

    fn hear_of(&mut self, lines: &[reservation_line::Model], sign: i32) {
        for line in lines {
            let level = (line.variant_id.clone(), line.location_id.clone());
            self.told.entry(level).or_default().1 += sign * line.quantity;
        }
    }
}

/// What is asked for.
#[derive(Clone)]
enum Deed {
    Reserve(ReserveStock),
    Release(String),
    Extend(String),
    Adjust(AdjustQuantities),
}

#[derive(Debug, PartialEq)]
struct Held {
    reservation: reservation::Model,
    lines: Vec<reservation_line::Model>,
}

/// What was answered.
#[derive(Debug, PartialEq)]
struct Answer {
    is_done: bool,
    held: Option<Held>,
    /// All of it.
    text: String,
}

impl Answer {
    fn of<T: Debug>(answer: Result<T, Vec<UserError>>, held: impl FnOnce(T) -> Option<Held>) -> Self {
        let text = format!("{answer:?}");
        Self { is_done: answer.is_ok(), held: answer.ok().and_then(held), text }
    }
}

impl Deed {
    async fn ask(self, commands: Commands, key: String) -> Answer {
        let hold = |one: ReservationWithLines| Some(Held { reservation: one.reservation, lines: one.lines });
        match self {
            Self::Reserve(input) => {
                let answer = commands.reserve(&shopper(), &input, &key).await.unwrap();
                Answer::of(answer, |one| Some(Held { reservation: one.reservation, lines: one.lines }))
            }
            Self::Release(id) => Answer::of(commands.release(&shopper(), &id, &key).await.unwrap(), hold),
            Self::Extend(id) => Answer::of(commands.extend(&shopper(), (&id, 1_000), &key).await.unwrap(), hold),
            Self::Adjust(input) => Answer::of(commands.adjust(&staff(), &input, &key).await.unwrap(), |_| None),
        }
    }
}

/// How commands are sent.
#[derive(Clone)]
struct Road {
    commands: Commands,
    /// Where a process that dies finds the store.
    options: StoreOptions,
}

impl Road {
    /// The answer, however often it is asked for.
    async fn send(&self, sending: Sending, deed: Deed) -> Answer {
        let key = new_key();
        let ask = || deed.clone().ask(self.commands.clone(), key.clone());
        match sending {
            Sending::Once => {}
            Sending::Twice => {
                let (first, second) = tokio::join!(ask(), ask());
                assert_eq!(first, second);
                return first;
            }
            Sending::GivenUpAfter(microseconds) => {
                let _ = timeout(Duration::from_micros(microseconds), ask()).await;
            }
            Sending::DiesAfter(microseconds) => {
                let (options, deed, key) = (self.options.clone(), deed.clone(), key.clone());
                let life = move || ask_one_who_dies(&options, Duration::from_micros(microseconds), deed, key);
                tokio::task::spawn_blocking(life).await.unwrap();
            }
        }
        ask().await
    }
}

/// A runtime that is shut down stops everything in it wherever it is, and its connections with it.
fn ask_one_who_dies(options: &StoreOptions, after: Duration, deed: Deed, key: String) {
    let process = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    process.block_on(async {
        let store = Store::open(options).await.unwrap();
        let commands = Commands::new(store, RelaySignal::default(), LOW_STOCK_THRESHOLD);
        let _ = timeout(after, deed.ask(commands, key)).await;
    });
    process.shutdown_background();
}
