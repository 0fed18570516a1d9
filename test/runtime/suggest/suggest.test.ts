import { expect, it } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { parseDocuments } from "../../../runtime/config/documents.ts";
import type { PredictedCall } from "../../../runtime/predict/call.ts";
import { askCall } from "../../../runtime/suggest/ask.ts";
import { type Suggested, suggestEdits } from "../../../runtime/suggest/suggest.ts";
import { paperMesh, paperService, paperWorkload } from "../../support/paper-mesh.ts";

const workloads = [
  paperWorkload("web", "10.244.0.1"),
  paperWorkload("shop", "10.244.0.2"),
  paperWorkload("orders", "10.244.0.3"),
  paperWorkload("outsider", "10.244.1.1", { sidecar: false }),
];
const services = [paperService("orders", "10.96.0.1", [[80, 8080, "http"]])];

function suggested(yaml: string, call: Partial<PredictedCall> = {}): Suggested {
  const asked = { from: "web", to: "orders", method: "POST", path: "/pay", port: undefined, headers: [], ...call };
  return suggestEdits({
    mesh: paperMesh({ workloads, services, yaml }),
    files: [{ path: "mesh.yaml", text: yaml }],
    ask: askCall(asked, systemClock),
    load: ([file]) => {
      const text = file?.text ?? "";
      const isValid = parseDocuments({ path: "", text }).documents.every(({ resource }) => resource !== undefined);
      return isValid ? paperMesh({ workloads, services, yaml: text }) : undefined;
    },
  });
}

/** Lines that come and go, and what is opened. */
function told({ suggestions }: Suggested): readonly (readonly string[])[] {
  return suggestions.map(({ diff, opens }) => [
    ...diff
      .split("\n")
      .filter((line) => /^[+-](?![+-])/.test(line))
      .map((line) => line.replace(/^([+-]) */, "$1 ")),
    ...opens.classes.map(
      ({ conditions, ports }) =>
        `${ports.map((port) => port ?? "any").join(" ")}: ${conditions.map(({ text }) => text).join("; ")}`,
    ),
  ]);
}

function policy(name: string, action: string, ...rules: readonly string[]): string {
  return [
    "apiVersion: security.istio.io/v1",
    "kind: AuthorizationPolicy",
    `metadata: { name: ${name}, namespace: default }`,
    "spec:",
    `  action: ${action}`,
    "  rules:",
    ...rules.map((rule) => `  - ${rule}`),
    "",
  ].join("\n");
}

const web = "cluster.local/ns/default/sa/web";

it("widens an ALLOW rule by one value, or adds what means this call alone; the narrower first", () => {
  const yaml = policy(
    "p",
    "ALLOW",
    `from: [{ source: { principals: ["${web}"] } }]\n    to: [{ operation: { methods: ["GET"], paths: ["/*"] } }]`,
  );
  expect(told(suggested(yaml)).slice(1)).toEqual([
    [
      `- to: [{ operation: { methods: ["GET"], paths: ["/*"] } }]`,
      `+ to: [{ operation: { methods: ["GET"], paths: ["/*"] } }, { operation: { methods: ["POST"], paths: ["/pay"], ports: ["8080"] } }]`,
      `8080: ${web}; POST; /pay`,
    ],
    [
      `- to: [{ operation: { methods: ["GET"], paths: ["/*"] } }]`,
      `+ to: [{ operation: { methods: ["GET", "POST"], paths: ["/*"] } }]`,
      `8080 any: ${web}; POST`,
    ],
  ]);
});

it("has an edit for every DENY rule in the way and one for ALLOW; none of them alone is enough", () => {
  const yaml = [
    policy("d", "DENY", `to: [{ operation: { paths: ["/pay", "/refund"] } }]`),
    policy("e", "DENY", `from: [{ source: { notPrincipals: ["cluster.local/ns/default/sa/shop"] } }]`),
    policy("a", "ALLOW", `to: [{ operation: { methods: ["GET"] } }]`),
  ].join("---\n");
  const { suggestions } = suggested(yaml);
  expect(suggestions.length).toBe(3);
  for (const { parts } of suggestions)
    expect(parts.map(({ resource }) => resource.replace(/.*\/(?:orders-)?/, "").charAt(0))).toEqual(["d", "e", "a"]);
});

it("never takes the last value of a DENY rule: the rule would match more", () => {
  const { suggestions } = suggested(policy("d", "DENY", `to: [{ operation: { paths: ["/pay"] } }]`));
  expect(suggestions.length).toBeGreaterThan(0);
  for (const { diff } of suggestions) expect(diff).toContain(`paths: ["/pay"]`);
});

it("says what token is missing instead of giving a door without one", () => {
  const yaml = policy("a", "ALLOW", `when: [{ key: "request.auth.claims[role]", values: ["admin"] }]`);
  const { advice, suggestions } = suggested(yaml);
  expect(suggestions).toEqual([]);
  expect(advice).toMatchObject([
    { kind: "send-token", needs: [{ field: "when request.auth.claims[role]", values: ["admin"] }] },
  ]);
  expect(advice[0]?.text).toContain("no RequestAuthentication verifies tokens here");
});

it("lets plaintext in only as the last resort, at one port, and says that it is dangerous", () => {
  const yaml = `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: all, namespace: istio-system }
spec: { mtls: { mode: STRICT } }
`;
  const { advice, suggestions } = suggested(yaml, { from: "outsider" });
  expect(advice).toMatchObject([{ kind: "join-mesh" }]);
  const [first, second] = suggestions;
  expect(first).toMatchObject({ dangerous: true });
  expect(first?.diff).toContain('+  portLevelMtls:\n+    "8080":\n+      mode: PERMISSIVE\n');
  expect(first?.diff).toContain("+    matchLabels:\n+      app: orders\n");
  expect(second?.diff).toContain("+spec: { mtls: { mode: PERMISSIVE } }");
});

it.each([
  [
    "a DestinationRule of the caller",
    `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: orders, namespace: default }
spec: { host: orders, trafficPolicy: { tls: { mode: DISABLE } } }
`,
    "+spec: { host: orders, trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }",
  ],
  [
    "the server's mode",
    `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: open, namespace: default }
spec: { mtls: { mode: DISABLE } }
`,
    "+spec: { mtls: { mode: PERMISSIVE } }",
  ],
])(
  "lets the caller's sidecar speak mutual TLS where %s keeps it from an identity that a rule wants",
  (_what, why, line) => {
    const yaml = `${policy("p", "ALLOW", `from: [{ source: { principals: ["${web}"] } }]`)}---\n${why}`;
    const { advice, suggestions } = suggested(yaml);
    expect(advice).toMatchObject([{ kind: "join-mesh", at: [{ file: "mesh.yaml" }] }]);
    expect(advice[0]?.text).toContain("its own sidecar sends plaintext");
    const [first] = suggestions;
    expect(first).toMatchObject({ dangerous: false, parts: [{}] });
    expect(first?.diff).toContain(line);
  },
);

it("knows what no policy can change", () => {
  const custom = policy("c", "CUSTOM", "{}").replace(
    "  action: CUSTOM",
    "  action: CUSTOM\n  provider: { name: nobody }",
  );
  expect(suggested(custom)).toMatchObject({ advice: [{ kind: "ask-authorizer" }], suggestions: [] });
  expect(suggested(policy("a", "ALLOW", "{}"))).toMatchObject({ reply: { kind: "allowed" }, suggestions: [] });
});

it("adds a policy for the workload alone where the others are for all", () => {
  const yaml = policy("a", "ALLOW", `to: [{ operation: { methods: ["GET"] } }]`).replace("default", "istio-system");
  const [first] = suggested(yaml).suggestions;
  expect(first?.parts).toMatchObject([{ resource: "AuthorizationPolicy default/orders-allow" }]);
  expect(first?.opens.classes).toMatchObject([{ workloads: ["orders"], ports: [8080], asked: true }]);
});
