// What requests may hold, and how answers are written; Fastify compiles both.

const SKU = '^[A-Z0-9][A-Z0-9-]{0,31}$';
const PLAIN = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';

export const newOrder = {
  type: 'object',
  additionalProperties: false,
  required: ['reference', 'currency', 'lines'],
  properties: {
    reference: { type: 'string', minLength: 1, maxLength: 64, pattern: PLAIN },
    currency: { type: 'string', pattern: '^[A-Z]{3}$' },
    lines: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['sku', 'quantity'],
        properties: {
          sku: { type: 'string', pattern: SKU },
          quantity: { type: 'integer', minimum: 1, maximum: 10000 },
        },
      },
    },
    note: { type: 'string', nullable: true, maxLength: 500, pattern: PLAIN },
  },
};

export const order = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    reference: { type: 'string' },
    status: { type: 'string' },
    currency: { type: 'string' },
    lines: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          sku: { type: 'string' },
          quantity: { type: 'integer' },
          unitPrice: { type: 'integer' },
          lineTotal: { type: 'integer' },
        },
      },
    },
    total: { type: 'integer' },
    note: { type: 'string', nullable: true },
    version: { type: 'integer' },
    createdAt: { type: 'string' },
    updatedAt: { type: 'string' },
  },
};

export const page = {
  type: 'object',
  properties: { items: { type: 'array', items: order }, next: { type: 'string', nullable: true } },
};

export const listQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    limit: { type: 'string', pattern: '^([1-9][0-9]?|100)$' },
    cursor: { type: 'string' },
    scope: { type: 'string', enum: ['own'] },
    code: { type: 'string' },
  },
};
