import { createServer } from "node:http";
import { issuerKey } from "./host/issuer-store.ts";
import { issuerDocument } from "./identity/issuer.ts";
import { devIssuer } from "./model/issuer.ts";

/** The program of the workload `meshdev-issuer`: serves the public keys behind the tokens of `meshdev token`. Argument 1: folder of the key. */
function main(folder: string): void {
  const key = issuerKey(folder);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", devIssuer.url);
    const document = request.method === "GET" || request.method === "HEAD" ? issuerDocument(pathname, key) : undefined;
    response.setHeader("content-type", document === undefined ? "text/plain" : "application/json");
    response.statusCode = document === undefined ? 404 : 200;
    response.end(document ?? `nothing at ${pathname}; the keys are at ${devIssuer.keysPath}\n`);
  });
  server.listen(devIssuer.target, () => {
    process.stdout.write(`keys at ${devIssuer.url}${devIssuer.keysPath}\n`);
  });
}

main(process.argv[2] ?? "");
