import { systemClock } from "../../runtime/core/clock.ts";
import { compileInbound } from "../../runtime/compile/inbound.ts";
import { bindHttpPolicies } from "../../runtime/policy/decide.ts";
import { httpFacts } from "../../runtime/traffic/facts.ts";
import { parseRequestHead } from "../../runtime/wire/http1/head.ts";
import { smallMesh } from "../support/paper-mesh.ts";
import { type Figure, figure } from "./figure.ts";

/** What the clauses that come first say: with them, all policies or all but one are out of the question. */
interface Discrimination {
  readonly by: string;
  /** YAML of the only rule of the policy with this number. */
  readonly rule: (number: number) => string;
}

const amount = 1000;
const action = ["ALLOW", "DENY"] as const;

const discriminations: readonly Discrimination[] = [
  { by: "identity", rule: (n) => `{from: [{source: {principals: [cluster.local/ns/default/sa/account-${n}]}}]}` },
  { by: "namespace", rule: (n) => `{from: [{source: {namespaces: [namespace-${n}]}}]}` },
  { by: "account", rule: (n) => `{from: [{source: {serviceAccounts: [default/account-${n}]}}]}` },
  { by: "port", rule: (n) => `{to: [{operation: {ports: ["${10_000 + n}"]}}]}` },
  { by: "method, the same in all", rule: () => `{to: [{operation: {methods: [DELETE]}}]}` },
  { by: "exact path", rule: (n) => `{to: [{operation: {paths: [/api/orders/${n}]}}]}` },
  {
    by: "method and path",
    rule: (n) => `{to: [{operation: {methods: [GET], paths: [/api/orders/${n}, "/api/carts/${n}/*"]}}]}`,
  },
  {
    by: "identity, then a header",
    rule: (n) =>
      `{from: [{source: {principals: [cluster.local/ns/default/sa/account-${n}]}}], when: [{key: "request.headers[x-tenant]", values: [a]}]}`,
  },
];

/** One decision on a workload with a thousand policies, compiled and bound as a sidecar does. */
export function decisions(): Promise<readonly Figure[]> {
  return Promise.resolve(
    action.flatMap((each) =>
      discriminations.flatMap(({ by, rule }) => {
        const text = Array.from({ length: amount }, (_, n) => policy(each, n, rule(n))).join("---\n");
        return measure(`${each} × ${amount}, told apart by ${by}`, text);
      }),
    ),
  );
}

function policy(action: string, number: number, rule: string): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p${number}, namespace: default}
spec: {action: ${action}, selector: {matchLabels: {app: backend}}, rules: [${rule}]}
`;
}

function measure(what: string, yaml: string): readonly Figure[] {
  const mesh = smallMesh(yaml);
  const backend = mesh.workloads.find(({ name }) => name === "backend");
  if (backend === undefined) throw new Error("the mesh has no backend");
  const decide = bindHttpPolicies(compileInbound(mesh, backend), systemClock);
  const parsed = parseRequestHead(
    Buffer.from(
      "GET /api/orders/512?expand=lines HTTP/1.1\r\nHost: backend:8080\r\nUser-Agent: bench\r\nx-tenant: b\r\n\r\n",
    ),
    0,
  );
  if (parsed.kind !== "head") throw new Error("the sample does not parse");
  const { head } = parsed;
  const connection = {
    peer: { uriSans: ["spiffe://cluster.local/ns/default/sa/account-512"], dnsSans: [], subject: "" },
    sourceIp: "10.244.0.2",
    destinationIp: "10.244.0.3",
    destinationPort: 8080,
    sni: "outbound_.8080_._.backend.default.svc.cluster.local",
  };
  // A request's facts are made once per request, as the sidecar does.
  const once = (): unknown => decide(httpFacts(connection, head, "/api/orders/512?expand=lines"));
  for (let i = 0; i < warm; i += 1) once();
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < perRound; i += 1) once();
    samples.push(Number(process.hrtime.bigint() - start) / perRound / 1000);
  }
  return [figure(what, "µs", samples, "≤ 2 µs")];
}

const warm = 20_000;
const rounds = 101;
const perRound = 2_000;
