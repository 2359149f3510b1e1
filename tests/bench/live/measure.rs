//! One round: a gateway is started, subscribers come, stock is changed, they leave.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    changes,
    gateways::{Kind, Running},
    load::Load,
    orders::Group,
    processor_time,
    results::Results,
    scenarios::{Scenario, Shows},
    shop::Shop,
};

/// Sockets that come and go before anything is measured.
const WARM_UP: usize = 100;
/// After everyone has come, before memory is read; and after they have left.
const SETTLE: Duration = Duration::from_secs(4);
/// After the last change, before it is looked at who has it.
const QUIET: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// One round of a scenario.
pub(crate) async fn measure((kind, binary): (Kind, &Path), shop: &Arc<Shop>, scenario: &Scenario) -> Results {
    let mut results = Results::new();
    let mut gateways = Vec::new();
    let mut loads = Vec::new();
    for _ in 0..scenario.gateways {
        gateways.push(Running::start(kind, binary, shop).await);
        loads.push(Load::start());
    }
    if let Err(problem) = run(&gateways, &mut loads, (shop, scenario), &mut results).await {
        println!("  {}: {problem}", kind.name());
        results.problem = Some(problem);
    }
    results
}

async fn run(
    gateways: &[Running],
    loads: &mut [Load],
    (shop, scenario): (&Arc<Shop>, &Scenario),
    results: &mut Results,
) -> Result<(), String> {
    let skus = shop.skus();
    let warm_up = Group { sockets: WARM_UP, subscriptions: 1, skus: 1, first: 0, of: skus.len(), stalls: false };
    for (gateway, load) in gateways.iter().zip(loads.iter_mut()) {
        load.open(gateway.address, (&skus, &shop.identity(&[])), vec![warm_up.clone()]).await?;
        load.close().await;
    }
    tokio::time::sleep(SETTLE).await;
    results.start_bytes = resident(gateways);
    for (gateway, load) in gateways.iter().zip(loads.iter_mut()) {
        let (opened_ms, without_first) =
            load.open(gateway.address, (&skus, &shop.identity(&[])), scenario.groups.clone()).await?;
        results.opened_ms = results.opened_ms.max(opened_ms);
        results.without_first += without_first;
    }
    tokio::time::sleep(SETTLE).await;
    results.idle_bytes = resident(gateways);
    change(gateways, loads, (shop, scenario), results).await;
    for load in loads.iter_mut() {
        results.close(load.close().await);
    }
    tokio::time::sleep(SETTLE).await;
    results.left_bytes = resident(gateways);
    Ok(())
}

/// Changes stock, and counts what comes of it.
async fn change(
    gateways: &[Running],
    loads: &mut [Load],
    (shop, scenario): (&Arc<Shop>, &Scenario),
    results: &mut Results,
) {
    let mut available = shop.available().await;
    for load in loads.iter_mut() {
        load.stall().await;
        load.begin().await;
    }
    let generators: Vec<u32> = loads.iter().map(Load::process).collect();
    let cpu = || gateways.iter().map(Running::cpu).sum::<Duration>();
    let generator_cpu = || generators.iter().map(|generator| processor_time::cpu(*generator)).sum::<Duration>();
    let before = (cpu(), generator_cpu());
    let began = tokio::time::Instant::now();
    let mut peak = 0;
    let watching = async {
        loop {
            peak = peak.max(resident(gateways));
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let changes = tokio::select! {
        changes = changes::run(shop, scenario.rate, &mut available, scenario.duration) => changes,
        () = watching => unreachable!("it watches until it is dropped"),
    };
    results.elapsed = began.elapsed();
    (results.cpu, results.generator_cpu) = (cpu() - before.0, generator_cpu() - before.1);
    for load in loads.iter_mut() {
        load.stop().await;
    }
    tokio::time::sleep(QUIET).await;
    results.peak_bytes = peak.max(resident(gateways));
    results.changes = changes.len() as u64;
    for load in loads.iter_mut() {
        let counted = load.end(&changes, &available).await;
        results.count(&counted);
    }
    if scenario.shows == Shows::Memory {
        // A proof of life, no load.
        results.elapsed = Duration::ZERO;
    }
}

fn resident(gateways: &[Running]) -> u64 {
    gateways.iter().map(Running::resident_bytes).sum()
}
