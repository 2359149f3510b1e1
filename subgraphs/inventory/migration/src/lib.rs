//! The database schema of the inventory subgraph, step by step, for PostgreSQL and SQLite.
//!
//! Ids are UUIDv7 text, money is in minor units, times are UTC. A step that was released is never edited; a change is
//! a new step.

mod m0001_catalog;
mod m0002_stock;
mod m0003_reservations;
mod m0004_outbox;
mod m0005_quantities;
mod m0007_ledger_reading;
mod m0007_reconciliation;
mod m0009_orders;
mod m0012_pricing;
mod m0014_channels;
mod m0015_supply;
mod m0016_alerts;
mod m0017_collections;
mod m0017_media;
mod m0017_quoted_orders;
mod m0017_taxonomy;
mod m0018_sold_in_place;
mod m0019_anomalies;

use async_trait::async_trait;
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// All steps in order.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_catalog::Migration),
            Box::new(m0002_stock::Migration),
            Box::new(m0003_reservations::Migration),
            Box::new(m0004_outbox::Migration),
            Box::new(m0005_quantities::Migration),
            Box::new(m0007_ledger_reading::Migration),
            Box::new(m0007_reconciliation::Migration),
            Box::new(m0009_orders::Migration),
            Box::new(m0012_pricing::Migration),
            Box::new(m0014_channels::Migration),
            Box::new(m0015_supply::Migration),
            Box::new(m0016_alerts::Migration),
            Box::new(m0017_quoted_orders::Migration),
            Box::new(m0017_collections::Migration),
            Box::new(m0017_taxonomy::Migration),
            Box::new(m0017_media::Migration),
            Box::new(m0018_sold_in_place::Migration),
            Box::new(m0019_anomalies::Migration),
        ]
    }
}
