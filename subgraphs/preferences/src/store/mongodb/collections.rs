//! Collections and their indexes.

use bson::{Document, doc};
use mongodb::{Client, Collection, Database, IndexModel, error::Error, options::IndexOptions};

use super::store::LeaseDocument;
use crate::store::{BehaviourDocument, CustomerDocument};

#[derive(Debug, Clone)]
pub(super) struct Collections {
    pub(super) database: Database,
    pub(super) customer: Collection<CustomerDocument>,
    pub(super) behaviour_event: Collection<BehaviourDocument>,
    pub(super) lease: Collection<LeaseDocument>,
}

impl Collections {
    /// The collections of `database`, with their indexes made where they are missing.
    pub(super) async fn open(client: &Client, database: &str) -> Result<Self, Error> {
        let database = client.database(database);
        let collections = Self {
            customer: database.collection("customer"),
            behaviour_event: database.collection("behaviour_event"),
            lease: database.collection("lease"),
            database,
        };
        let of_customers = [
            index("customer_pending", doc! { "outboxPending": 1, "outboxPendingSince": 1 }),
            index("customer_retained", doc! { "outboxRetained": 1, "_id": 1 }),
            index("customer_erasure_due", doc! { "erasureDue": 1 }),
        ];
        let of_behaviour = [
            index("behaviour_publication", doc! { "published": 1, "publishedId": 1 }),
            index("behaviour_customer", doc! { "customerId": 1, "kind": 1, "occurredAt": -1 }),
            index("behaviour_expiry", doc! { "expiresAt": 1 }),
        ];
        // One by one: FerretDB 1.x breaks off the connection at several in one command.
        for index in of_customers {
            collections.customer.create_index(index).await?;
        }
        for index in of_behaviour {
            collections.behaviour_event.create_index(index).await?;
        }
        Ok(collections)
    }
}

fn index(name: &str, keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).options(IndexOptions::builder().name(name.to_owned()).build()).build()
}
