// GetOrder, ListOrders and CreateOrder as a custom handler in Node: with the worker's answers, as far as the bench asks.

import { randomBytes, randomUUID } from 'node:crypto';
import Fastify, { LogController } from 'fastify';
import { caller } from './identity.mjs';
import { listQuery, newOrder, order, page } from './schemas.mjs';
import * as store from './store.mjs';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const KEY = /^[\x21-\x7e]{1,255}$/;
const BEFORE_NEWEST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const PROBLEM = 'application/problem+json; charset=utf-8';
const SLUGS = {
  400: 'malformed', 401: 'unauthenticated', 403: 'insufficient-scope', 404: 'not-found', 409: 'conflict',
  413: 'too-large', 415: 'media-type', 422: 'invalid-fields', 500: 'internal', 503: 'unavailable',
};

const app = Fastify({
  bodyLimit: 64 * 1024,
  // One line an invocation, written below, as the worker does.
  logController: new LogController({ disableRequestLogging: true }),
  genReqId: (request) => invocationId(request.headers['x-azure-functions-invocationid']),
  logger: { level: 'info', messageKey: 'message', base: null },
  ajv: { customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false } },
});

app.get('/', { logLevel: 'silent' }, async () => 'ready');

app.register(async (api) => {
  api.decorateRequest('caller', null);
  api.addHook('onRequest', async (request) => {
    request.caller = caller(request, 'Orders.ReadWrite');
    if (!request.caller) throw problem(401);
    if (!request.caller.inScope) throw problem(403);
  });
  api.addHook('onSend', async (request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  api.addHook('onResponse', async (request, reply) => {
    const { statusCode } = reply;
    const outcome = statusCode >= 500 ? 'failed' : statusCode >= 400 ? 'refused' : 'ok';
    const line = {
      invocation_id: request.id,
      function: request.routeOptions.config.name,
      trace_id: traceId(request.headers.traceparent),
      tenant_id: request.caller?.tenant,
      object_id: request.caller?.object,
      outcome,
      status: statusCode,
      duration_ms: Math.floor(reply.elapsedTime),
    };
    app.log.info(line, 'invocation ended');
  });

  const get = { config: { name: 'GetOrder' }, schema: { response: { 200: order } } };
  api.get('/api/orders/:id', get, async (request, reply) => {
    const found = ID.test(request.params.id) && (await store.read(request.caller, request.params.id));
    if (!found) throw problem(404);
    return answered(reply, found);
  });

  const list = { config: { name: 'ListOrders' }, schema: { querystring: listQuery, response: { 200: page } } };
  api.get('/api/orders', list, async (request, reply) => {
    const { limit = '25', cursor } = request.query;
    const after = cursor === undefined ? BEFORE_NEWEST : Buffer.from(cursor, 'base64url').toString();
    if (cursor !== undefined && !ID.test(after)) throw problem(400);
    const { items, more } = await store.list(request.caller, after, Number(limit));
    const next = more ? Buffer.from(items.at(-1).id).toString('base64url') : null;
    reply.type('application/json; charset=utf-8');
    return { items, next };
  });

  const create = { config: { name: 'CreateOrder' }, schema: { body: newOrder, response: { 201: order } } };
  api.post('/api/orders', create, async (request, reply) => {
    const key = requestKey(request.raw.headersDistinct['idempotency-key']);
    const { lines } = request.body;
    if (new Set(lines.map(({ sku }) => sku)).size < lines.length) throw problem(422);
    const placed = await store.place(request.caller, newId(), request.body, key, request.id);
    if (placed.refused) throw problem(422);
    if (placed.twin) throw problem(409);
    reply.code(201).header('location', `/api/orders/${placed.order.id}`);
    return answered(reply, placed.order);
  });
});

app.setErrorHandler((error, request, reply) => {
  const status = error.validation
    ? (error.validationContext === 'body' ? 422 : 400)
    : (error.statusCode ?? (error.code ? 503 : 500));
  const type = `urn:orders:problem:${SLUGS[status] ?? 'internal'}`;
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const body = { type, title: SLUGS[status], status, instance: `urn:uuid:${request.id}` };
  reply.code(status).header('content-type', PROBLEM).send(JSON.stringify(body));
});

function problem(statusCode) {
  return Object.assign(new Error(SLUGS[statusCode]), { statusCode });
}

function answered(reply, found) {
  reply.header('etag', `"${found.version}"`).type('application/json; charset=utf-8');
  return found;
}

function requestKey(values) {
  if (values === undefined) return undefined;
  if (values.length > 1 || !KEY.test(values[0])) throw problem(400);
  return values[0];
}

function invocationId(header) {
  const last = header?.split(',').at(-1).trim();
  return last && ID.test(last) ? last : randomUUID();
}

function traceId(traceparent) {
  return traceparent?.split('-')[1] ?? randomBytes(16).toString('hex');
}

/** A UUID of version 7. */
function newId() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

await app.listen({ host: '127.0.0.1', port: Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT) });
