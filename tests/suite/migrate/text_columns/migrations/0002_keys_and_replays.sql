-- One row for each request that its caller named. The prices, a JSON array in the sequence of the request's lines,
-- and the request itself make the answer that was given.
CREATE TABLE idempotency_keys (
    owner_tenant TEXT COLLATE "C" NOT NULL,
    owner_object TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    content      TEXT NOT NULL CHECK (length(content) = 64),
    order_id     TEXT COLLATE "C" NOT NULL REFERENCES orders (id),
    unit_prices  TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (owner_tenant, owner_object, key)
);

-- What a message said, where its id alone does not tell it from another.
ALTER TABLE inbox ADD COLUMN content TEXT CHECK (length(content) = 64);

-- Set where a dead letter's payload goes out as it came in: its consumer knows it by its bytes.
ALTER TABLE outbox ADD COLUMN digest TEXT CHECK (length(digest) = 64);

CREATE INDEX outbox_open_digests ON outbox (binding, digest) WHERE consumed_at IS NULL AND digest IS NOT NULL;

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
CREATE INDEX inbox_by_age ON inbox (received_at);
CREATE INDEX outbox_consumed ON outbox (consumed_at) WHERE consumed_at IS NOT NULL;
CREATE INDEX dead_letters_replayed ON dead_letters (replayed_at) WHERE replayed_at IS NOT NULL;
CREATE INDEX dead_letters_by_digest ON dead_letters (queue, digest) WHERE replayed_at IS NOT NULL;
