const { createServer } = require("node:http");

const server = createServer((request, response) => {
  const name = new URL(request.url, "http://localhost").searchParams.get("name") ?? "world";
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(`Hello, ${name}!\n`);
});
server.listen(process.env.FUNCTIONS_CUSTOMHANDLER_PORT, "127.0.0.1");
