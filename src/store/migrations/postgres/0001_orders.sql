-- Times are whole microseconds since 1970 in 64 bits: timestamptz takes as many. Digests are SHA-256. Within a table the
-- widest numbers stand first, then the UUIDs, then what varies: so no row holds padding. Text that lists sort by has the
-- collation "C", which sorts by bytes whatever language the database was made for.
--
-- fillfactor leaves room in each page of orders for the next version of its rows, so that an update touches no index (HOT).
-- Closing a message always touches one, and a received message never changes: their pages are filled. Autovacuum comes
-- after so many dead rows, not after a share of a table that grows for years. docs/scale.md has the figures, under Bloat.

CREATE TABLE products (
    sku        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    currency   TEXT NOT NULL CHECK (length(currency) = 3),
    unit_price INTEGER NOT NULL CHECK (unit_price BETWEEN 0 AND 1000000000),
    active     BOOLEAN NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    updated_at BIGINT NOT NULL
);

CREATE TABLE orders (
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    total        BIGINT NOT NULL CHECK (total >= 0),
    version      INTEGER NOT NULL CHECK (version >= 1),
    id           UUID NOT NULL PRIMARY KEY,
    owner_tenant UUID NOT NULL,
    owner_object UUID NOT NULL,
    status       TEXT NOT NULL
        CHECK (status IN ('placed', 'queued', 'fulfilled', 'rejected', 'failed', 'cancelled')),
    currency     TEXT NOT NULL CHECK (length(currency) = 3),
    reference    TEXT NOT NULL,
    note         TEXT
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50000);

CREATE INDEX orders_by_owner ON orders (owner_tenant, owner_object, id);

-- A product stands in an order once. No index holds the positions: they are counted by the one statement that writes all
-- lines of an order, and which has made the order or deleted its former lines under the order's lock.
CREATE TABLE order_lines (
    line_total BIGINT NOT NULL CHECK (line_total = CAST(quantity AS BIGINT) * unit_price),
    unit_price INTEGER NOT NULL CHECK (unit_price BETWEEN 0 AND 1000000000),
    position   SMALLINT NOT NULL CHECK (position BETWEEN 0 AND 99),
    quantity   SMALLINT NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    order_id   UUID NOT NULL REFERENCES orders (id),
    sku        TEXT COLLATE "C" NOT NULL REFERENCES products (sku),
    PRIMARY KEY (order_id, sku)
);

-- One row for each version of an order: the change that made it.
CREATE TABLE order_history (
    at            BIGINT NOT NULL,
    version       INTEGER NOT NULL CHECK (version >= 1),
    order_id      UUID NOT NULL REFERENCES orders (id),
    invocation_id UUID NOT NULL,
    actor_object  UUID,
    action        TEXT NOT NULL
        CHECK (action IN ('place', 'update', 'cancel', 'process', 'fulfil', 'reject', 'fail', 'replay')),
    from_status   TEXT
        CHECK (from_status IN ('placed', 'queued', 'fulfilled', 'rejected', 'failed', 'cancelled')),
    to_status     TEXT NOT NULL
        CHECK (to_status IN ('placed', 'queued', 'fulfilled', 'rejected', 'failed', 'cancelled')),
    actor_kind    TEXT NOT NULL CHECK (actor_kind IN ('user', 'app', 'system')),
    PRIMARY KEY (order_id, version)
);

-- A row is open until the message's consumer commits, or the message is recorded dead. No index holds when it is due, so
-- a relay that puts it off touches none.
CREATE TABLE outbox (
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    consumed_at BIGINT,
    sent        INTEGER NOT NULL CHECK (sent >= 0),
    message_id  UUID NOT NULL PRIMARY KEY,
    binding     TEXT NOT NULL CHECK (binding IN ('fulfilment', 'incoming')),
    -- Set where a dead letter's payload goes out as it came in: its consumer knows it by its bytes.
    digest      BYTEA CHECK (octet_length(digest) = 32),
    payload     BYTEA NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

CREATE INDEX outbox_open ON outbox (created_at, message_id) WHERE consumed_at IS NULL;
CREATE INDEX outbox_open_digests ON outbox (binding, digest) WHERE consumed_at IS NULL AND digest IS NOT NULL;
CREATE INDEX outbox_consumed ON outbox (consumed_at) WHERE consumed_at IS NOT NULL;

CREATE TABLE inbox (
    received_at BIGINT NOT NULL,
    message_id  UUID NOT NULL,
    binding     TEXT NOT NULL CHECK (binding IN ('fulfilment', 'incoming')),
    -- What a message said, where its id alone does not tell it from another.
    content     BYTEA CHECK (octet_length(content) = 32),
    PRIMARY KEY (binding, message_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

CREATE INDEX inbox_by_age ON inbox (received_at);

-- No reference to orders: a dead letter may point at an order that never existed.
CREATE TABLE dead_letters (
    recorded_at   BIGINT NOT NULL,
    replayed_at   BIGINT,
    dequeue_count BIGINT CHECK (dequeue_count >= 0),
    id            UUID NOT NULL PRIMARY KEY,
    message_id    UUID,
    order_id      UUID,
    digest        BYTEA NOT NULL CHECK (octet_length(digest) = 32),
    queue         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    payload       BYTEA NOT NULL
);

-- A digest, because a payload is too long for an index. A letter that was replayed makes room for
-- the next, or a message that fails again after its replay would be lost.
CREATE UNIQUE INDEX dead_letters_once ON dead_letters (queue, digest) WHERE replayed_at IS NULL;
CREATE INDEX dead_letters_by_digest ON dead_letters (queue, digest) WHERE replayed_at IS NOT NULL;
CREATE INDEX dead_letters_replayed ON dead_letters (replayed_at) WHERE replayed_at IS NOT NULL;

-- One row for each request that its caller named. The prices, a JSON array in the sequence of the request's lines,
-- and the request itself make the answer that was given.
CREATE TABLE idempotency_keys (
    created_at   BIGINT NOT NULL,
    owner_tenant UUID NOT NULL,
    owner_object UUID NOT NULL,
    order_id     UUID NOT NULL REFERENCES orders (id),
    content      BYTEA NOT NULL CHECK (octet_length(content) = 32),
    key          TEXT COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    unit_prices  TEXT NOT NULL,
    PRIMARY KEY (owner_tenant, owner_object, key)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
