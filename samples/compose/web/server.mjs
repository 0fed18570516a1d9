import { createServer } from "node:http";
import { query } from "./postgres.mjs";

const host = process.env.DATABASE_HOST ?? "db";
await query(host, "create table if not exists visits (at timestamptz default now())");

const server = createServer(async (_request, response) => {
  try {
    const [[count]] = await query(host, "insert into visits default values; select count(*) from visits");
    response.end(`visit ${count}\n`);
  } catch (error) {
    response.writeHead(502).end(`${error.message}\n`);
  }
});
server.listen(Number(process.env.PORT ?? 8080));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
