//! Our way: the command, as a resolver calls it, with everything that it writes.

use selvedge_inventory::command::{Caller, ReserveLine, ReserveStock};
use uuid::Uuid;

use super::{Way, stock::Warehouse};

#[derive(Clone)]
pub(crate) struct Ours {
    pub(crate) warehouse: Warehouse,
}

impl Ours {
    pub(crate) const fn new(warehouse: Warehouse) -> Self {
        Self { warehouse }
    }

    /// One piece, for so many seconds.
    pub(crate) fn input(&self, sku: usize, ttl_seconds: i32) -> ReserveStock {
        let line = ReserveLine { sku: self.warehouse.skus[sku].clone(), quantity: 1, location_id: None };
        ReserveStock { lines: vec![line], ttl_seconds: Some(ttl_seconds), ..ReserveStock::default() }
    }
}

pub(crate) fn shopper() -> Caller {
    Caller {
        actor: Caller::ANONYMOUS.to_owned(),
        correlation_id: "bench".to_owned(),
        manages_stock: false,
        manages_orders: false,
    }
}

impl Way for Ours {
    type Client = Caller;

    async fn client(&self) -> Caller {
        shopper()
    }

    async fn reserve(&self, caller: &mut Caller, sku: usize) {
        let key = Uuid::now_v7().to_string();
        let answer = self.warehouse.commands.reserve(caller, &self.input(sku, 86_400), &key).await;
        answer.unwrap().unwrap();
    }
}
