//! Collections as tables.

/// Makes what is missing; nothing when all is there.
pub(super) const CREATE: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS customer (
        id TEXT NOT NULL PRIMARY KEY,
        document TEXT NOT NULL CHECK (json_valid(document)),
        write_version INTEGER NOT NULL GENERATED ALWAYS AS (document ->> '$.writeVersion') VIRTUAL,
        pending_since TEXT GENERATED ALWAYS AS (document ->> '$.outboxPendingSince') VIRTUAL,
        retained INTEGER GENERATED ALWAYS AS (document ->> '$.outboxRetained') VIRTUAL,
        erasure_due INTEGER GENERATED ALWAYS AS (document ->> '$.erasureDue') VIRTUAL,
        CHECK (id = document ->> '$._id')
    ) STRICT",
    "CREATE INDEX IF NOT EXISTS customer_pending ON customer (pending_since) WHERE pending_since IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS customer_retained ON customer (id) WHERE retained = 1",
    "CREATE INDEX IF NOT EXISTS customer_erasure_due ON customer (id) WHERE erasure_due = 1",
    "CREATE TABLE IF NOT EXISTS behaviour_event (
        id TEXT NOT NULL PRIMARY KEY,
        document TEXT NOT NULL CHECK (json_valid(document)),
        published_id TEXT NOT NULL GENERATED ALWAYS AS (document ->> '$.publishedId') VIRTUAL,
        published INTEGER NOT NULL GENERATED ALWAYS AS (document ->> '$.published') VIRTUAL,
        customer_id TEXT GENERATED ALWAYS AS (document ->> '$.customerId') VIRTUAL,
        kind TEXT NOT NULL GENERATED ALWAYS AS (document ->> '$.kind') VIRTUAL,
        product_id TEXT NOT NULL GENERATED ALWAYS AS (document ->> '$.productId') VIRTUAL,
        occurred_at TEXT NOT NULL GENERATED ALWAYS AS (document ->> '$.occurredAt') VIRTUAL,
        expires_at TEXT NOT NULL GENERATED ALWAYS AS (document ->> '$.expiresAt') VIRTUAL,
        CHECK (id = document ->> '$._id')
    ) STRICT",
    "CREATE UNIQUE INDEX IF NOT EXISTS behaviour_publication ON behaviour_event (published_id)",
    "CREATE INDEX IF NOT EXISTS behaviour_pending ON behaviour_event (published_id) WHERE published = 0",
    "CREATE INDEX IF NOT EXISTS behaviour_customer ON behaviour_event (customer_id, kind, product_id, occurred_at)
        WHERE customer_id IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS behaviour_expiry ON behaviour_event (expires_at)",
    "CREATE TABLE IF NOT EXISTS lease (
        id TEXT NOT NULL PRIMARY KEY,
        document TEXT NOT NULL CHECK (json_valid(document))
    ) STRICT",
];
