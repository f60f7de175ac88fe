// The worker's own statements through pg: prepared once a connection, one round trip each.

import { createHash } from 'node:crypto';
import pg from 'pg';

const DAY = 24 * 3600 * 1e6;
const text = (name) => process.env[name];

// Every number of ours is below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

const pool = new pg.Pool({
  connectionString: text('DATABASE_URL'),
  max: Number(text('DATABASE_POOL')),
  connectionTimeoutMillis: 2000,
  idleTimeoutMillis: 0,
  statement_timeout: 5000,
});
pool.on('error', () => {});

export async function read(caller, id) {
  const values = [id, caller.tenant, caller.object];
  const { rows } = await pool.query({ name: 'get', text: text('STATEMENT_GET'), values });
  return rows.length === 1 ? view(rows[0]) : null;
}

/** A page and whether more follows: one row more than wanted says so. */
export async function list(caller, after, limit) {
  const values = [caller.tenant, caller.object, after, limit + 1];
  const { rows } = await pool.query({ name: 'list', text: text('STATEMENT_LIST'), values });
  return { items: rows.slice(0, limit).map(view), more: rows.length > limit };
}

/** The order; or `refused`, with the indexes of lines that cannot be had; or `twin`, for a key that is taken. */
export async function place(caller, id, draft, key, invocation) {
  const now = Date.now() * 1000;
  const content = key && createHash('sha256').update(JSON.stringify(draft)).digest();
  const values = [
    id, caller.tenant, caller.object, draft.reference, draft.currency, draft.note ?? null, now,
    draft.lines.map(({ sku }) => sku), draft.lines.map(({ quantity }) => quantity),
    'user', caller.object, invocation, key ?? null, content ?? null, now - DAY,
  ];
  const { rows } = await pool.query({ name: 'create', text: text('STATEMENT_CREATE'), values });
  const refused = rows.flatMap(({ fits }, index) => (fits === true ? [] : [index]));
  if (refused.length > 0) return { refused };
  if (!rows[0].placed) return { twin: true };
  const lines = draft.lines.map(({ sku, quantity }, index) => {
    const unitPrice = rows[index].unit_price;
    return { sku, quantity, unitPrice, lineTotal: quantity * unitPrice };
  });
  const total = lines.reduce((sum, { lineTotal }) => sum + lineTotal, 0);
  const { reference, currency, note = null } = draft;
  const at = time(now);
  const order = { id, reference, status: 'placed', currency, lines, total, note, version: 1 };
  return { order: { ...order, createdAt: at, updatedAt: at } };
}

function view(row) {
  const lines = row.skus.map((sku, index) => ({
    sku,
    quantity: Number(row.quantities[index]),
    unitPrice: Number(row.unit_prices[index]),
    lineTotal: Number(row.line_totals[index]),
  }));
  const { id, reference, status, currency, total, note, version } = row;
  const [createdAt, updatedAt] = [time(row.created_at), time(row.updated_at)];
  return { id, reference, status, currency, lines, total, note, version, createdAt, updatedAt };
}

/** Whole microseconds as clients read them. */
function time(micros) {
  const seconds = new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1e6).padStart(6, '0')}Z`;
}
