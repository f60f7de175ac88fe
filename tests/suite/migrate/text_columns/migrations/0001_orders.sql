-- Ids are hyphenated lower-case UUIDs in text, times whole microseconds since 1970 in 64 bits. Text that
-- lists sort by has the collation "C", which sorts by bytes whatever language the database was made for.

CREATE TABLE products (
    sku        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    currency   TEXT NOT NULL CHECK (length(currency) = 3),
    unit_price BIGINT NOT NULL CHECK (unit_price BETWEEN 0 AND 1000000000),
    active     BOOLEAN NOT NULL,
    version    BIGINT NOT NULL CHECK (version >= 1),
    updated_at BIGINT NOT NULL
);

CREATE TABLE orders (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner_tenant TEXT COLLATE "C" NOT NULL,
    owner_object TEXT COLLATE "C" NOT NULL,
    reference    TEXT NOT NULL,
    status       TEXT NOT NULL
        CHECK (status IN ('placed', 'queued', 'fulfilled', 'rejected', 'failed', 'cancelled')),
    currency     TEXT NOT NULL CHECK (length(currency) = 3),
    total        BIGINT NOT NULL CHECK (total >= 0),
    note         TEXT,
    version      BIGINT NOT NULL CHECK (version >= 1),
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);

CREATE INDEX orders_by_owner ON orders (owner_tenant, owner_object, id DESC);

CREATE TABLE order_lines (
    order_id   TEXT COLLATE "C" NOT NULL REFERENCES orders (id),
    position   BIGINT NOT NULL CHECK (position BETWEEN 0 AND 99),
    sku        TEXT COLLATE "C" NOT NULL REFERENCES products (sku),
    quantity   BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    unit_price BIGINT NOT NULL CHECK (unit_price BETWEEN 0 AND 1000000000),
    line_total BIGINT NOT NULL CHECK (line_total = quantity * unit_price),
    PRIMARY KEY (order_id, position),
    UNIQUE (order_id, sku)
);

-- One row for each version of an order: the change that made it.
CREATE TABLE order_history (
    order_id      TEXT COLLATE "C" NOT NULL REFERENCES orders (id),
    version       BIGINT NOT NULL CHECK (version >= 1),
    at            BIGINT NOT NULL,
    action        TEXT NOT NULL
        CHECK (action IN ('place', 'update', 'cancel', 'process', 'fulfil', 'reject', 'fail', 'replay')),
    from_status   TEXT
        CHECK (from_status IN ('placed', 'queued', 'fulfilled', 'rejected', 'failed', 'cancelled')),
    to_status     TEXT NOT NULL
        CHECK (to_status IN ('placed', 'queued', 'fulfilled', 'rejected', 'failed', 'cancelled')),
    actor_kind    TEXT NOT NULL CHECK (actor_kind IN ('user', 'app', 'system')),
    actor_object  TEXT,
    invocation_id TEXT NOT NULL,
    PRIMARY KEY (order_id, version)
);

-- A row is open until the message's consumer commits, or the message is recorded dead.
CREATE TABLE outbox (
    message_id  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    binding     TEXT NOT NULL CHECK (binding IN ('fulfilment', 'incoming')),
    payload     BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    sent        INTEGER NOT NULL CHECK (sent >= 0),
    consumed_at BIGINT
);

CREATE INDEX outbox_open ON outbox (created_at, message_id, due_at) WHERE consumed_at IS NULL;

CREATE TABLE inbox (
    binding     TEXT NOT NULL CHECK (binding IN ('fulfilment', 'incoming')),
    message_id  TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (binding, message_id)
);

-- No reference to orders: a dead letter may point at an order that never existed.
CREATE TABLE dead_letters (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    queue         TEXT NOT NULL,
    message_id    TEXT,
    order_id      TEXT,
    reason        TEXT NOT NULL,
    dequeue_count BIGINT CHECK (dequeue_count >= 0),
    payload       BYTEA NOT NULL,
    digest        TEXT NOT NULL,
    recorded_at   BIGINT NOT NULL,
    replayed_at   BIGINT
);

-- A digest, because a payload is too long for an index. A letter that was replayed makes room for
-- the next, or a message that fails again after its replay would be lost.
CREATE UNIQUE INDEX dead_letters_once ON dead_letters (queue, digest) WHERE replayed_at IS NULL;
