// A custom handler with nothing but Node: each function is a path.
const { createServer } = require('node:http');

const port = process.env.FUNCTIONS_CUSTOMHANDLER_PORT;

const functions = {
  // Forwarded: the caller's own request.
  '/api/SimpleHttpTrigger': (url) =>
    ['text/plain', `${process.env.GREETING}, ${url.searchParams.get('name')}`],
  '/HttpTriggerWithOutputs': (_, { Data }) =>
    json({ Outputs: { res: { statusCode: 202, body: 'sent' }, message: JSON.stringify(Data.req.Body) } }),
  '/QueueTrigger': (_, { Data }) => json({ Logs: [`queue: ${JSON.parse(Data.myQueueItem)}`] }),
  '/TimerTrigger': (_, { Data }) => json({ Logs: [`timer: ${Data.myTimer.IsPastDue}`] }),
};

const json = (value) => ['application/json', JSON.stringify(value)];

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://127.0.0.1');
  const chunks = await request.toArray();
  const text = Buffer.concat(chunks).toString();
  const handle = functions[url.pathname];
  if (!handle) return response.writeHead(404).end();
  const [type, body] = handle(url, text && JSON.parse(text));
  response.writeHead(200, { 'content-type': type }).end(body);
}).listen(port, '127.0.0.1');
