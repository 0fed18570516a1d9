import * as fc from "fast-check";
import { stringify } from "yaml";
import { parseDocuments } from "../../runtime/config/documents.ts";
import { authorizationPolicies, peerAuthentications, requestAuthentications } from "../reference/random/policies.ts";
import { nearly, texts } from "../reference/random/texts.ts";

const project = `services:
  frontend: {run: [node, idle.mjs]}
  shop: {run: [node, idle.mjs], namespace: other}
  backend:
    run: [node, backend.mjs]
    ports:
      - {name: http, port: 8080}
      - {name: http-alt, port: 80, target: 8081}
      - {name: tcp, port: 9000}
      - {name: data, port: 9500}
  outsider: {run: [node, idle.mjs], sidecar: false}
  legacy: {run: [node, legacy.mjs], sidecar: false, ports: [{name: http, port: 8080}, {name: tcp, port: 9000}]}
mesh: ./mesh
`;

const program = (http: readonly number[], tcp: readonly number[]): string => `
import { createServer } from "node:http";
import { createServer as createTcp } from "node:net";
for (const port of ${JSON.stringify(http)}) createServer((request, response) => response.end("ok\\n")).listen(port);
for (const port of ${JSON.stringify(tcp)}) createTcp((socket) => {
  socket.on("error", () => undefined);
  socket.once("data", (bytes) => socket.end(/ HTTP\\/1/.test(String(bytes)) ? "HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n" : bytes));
}).listen(port);
`;

const claims = fc.record(
  {
    iss: fc.constantFrom(...texts.issuers, "https://nobody.example"),
    sub: fc.constantFrom(...texts.subjects),
    aud: fc.constantFrom<unknown>("api", ["web", "api"], "webx"),
    groups: fc.array(fc.constantFrom(...texts.words), { maxLength: 2 }),
    role: fc.constantFrom<unknown>("admin", "dev", "", 1, true),
    nested: fc.constantFrom<unknown>({ inner: "dev" }, { inner: ["ops", 1] }, {}),
    exp: fc.constant(1),
  },
  { requiredKeys: ["iss"] },
);

const request = fc.record({
  from: fc.constantFrom("frontend", "frontend", "shop.other", "shop.other", "outsider", "outside"),
  port: fc.constantFrom(8080, 8080, 80, 9500),
  method: fc.constantFrom(...texts.methods),
  path: fc.oneof(
    { weight: 4, arbitrary: nearly(texts.paths).map((path) => path.replaceAll(" ", "")) },
    fc.constantFrom(...texts.oddTargets),
  ),
  headers: fc.record(
    {
      "x-role": fc.constantFrom("admin", "administrator", "Admin", "", "user"),
      "x-forwarded-for": fc.constantFrom("203.0.113.7", "203.0.113.8", "203.0.113.7, 198.51.100.9", "unknown"),
    },
    { requiredKeys: [] },
  ),
  claims: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, claims),
  tls: fc.constantFrom("mesh", "mesh", "mesh", "plaintext", "no-certificate", "foreign-certificate"),
});

const raw = fc.record({
  from: fc.constantFrom("frontend", "shop.other", "outsider"),
  port: fc.constantFrom(9000, 9500),
  tcp: fc.constant("hello, world\n"),
  tls: fc.constantFrom("mesh", "mesh", "plaintext"),
});

/** To programs without a sidecar, which nobody guards. */
const unguarded = fc.record({
  to: fc.constant("legacy.default"),
  from: fc.constantFrom("frontend", "shop.other", "outsider", "outside"),
  path: fc.constantFrom("/", "/admin"),
});
const rawUnguarded = fc.record({
  to: fc.constant("legacy.default"),
  from: fc.constantFrom("frontend", "outsider"),
  port: fc.constant(9000),
  tcp: fc.constant("hello, world\n"),
});

const cases = fc.oneof(
  { weight: 24, arbitrary: request },
  { weight: 2, arbitrary: raw },
  { weight: 2, arbitrary: unguarded },
  rawUnguarded,
);

/** The files of a project with random policies, and `size` random cases, all of which expect to be allowed. */
export function randomProject({
  seed,
  size,
}: {
  readonly seed: number;
  readonly size: number;
}): Readonly<Record<string, string>> {
  const [documents = []] = fc.sample(
    fc.tuple(peerAuthentications, requestAuthentications, authorizationPolicies).map((lists) => lists.flat()),
    { seed, numRuns: 1 },
  );
  const drawn = fc.sample(cases, { seed, numRuns: size });
  const lines = drawn.map((each) => `  - ${JSON.stringify({ ...each, expect: "allow" })}\n`);
  return {
    "meshdev.yaml": project,
    "backend.mjs": program([8080, 8081], [9000, 9500]),
    "legacy.mjs": program([8080], [9000]),
    "idle.mjs": "setInterval(() => undefined, 1_000_000);\n",
    "mesh/policies.yaml": documents.map(writtenDocument).filter(isValid).join("---\n"),
    "random.mesh-test.yaml": `defaults: {to: backend.default}\ncases:\n${lines.join("")}`,
  };
}

/** Keys are those of `meshdev token`, so that real sidecars can verify what a case claims. */
function writtenDocument(document: object): string {
  const uri = "http://meshdev-issuer.istio-system.svc.cluster.local/jwks";
  return stringify(document).replaceAll(/jwks: .*/g, `jwksUri: ${uri}`);
}

/** The generator also writes what validation refuses; then there is no mesh to ask. */
function isValid(text: string): boolean {
  const { problems, documents } = parseDocuments({ path: "a.yaml", text });
  return ![...problems, ...documents.flatMap((each) => each.problems)].some(({ severity }) => severity === "error");
}
