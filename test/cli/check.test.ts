import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { check, type CheckOptions } from "../../cli/commands/check.ts";
import { checkSchema } from "../../runtime/analysis/check-schema.ts";
import { captured, type Captured } from "./support/captured.ts";

const root = mkdtempSync(join(tmpdir(), "meshdev-check-"));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ledger, namespace: bank }
spec:
  host: ledger.example
  trafficPolicy: { tls: { mode: SIMPLE } }
`;
const badPolicy = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: orders, namespace: bank }
spec:
  action: DENY
  rules:
    - to: [{ operation: { methodz: [GET] } }]
`;

async function run(
  files: Readonly<Record<string, string | Uint8Array>>,
  paths: readonly string[],
  options: Partial<CheckOptions> = {},
  stdin = "",
): Promise<Captured> {
  const folder = mkdtempSync(join(root, "case-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return captured(folder, (context) => check(paths, { color: "never", ...options }, context, Readable.from([stdin])));
}

describe("meshdev check on files without a project", () => {
  it("shows what istioctl analyze finds, at its line, and what kubectl would refuse", async () => {
    const { code, out, err } = await run({ "a/rule.yaml": rule, "policy.yaml": badPolicy }, ["."]);
    expect(code).toBe(3);
    expect(out).toContain(
      "a/rule.yaml:6:20 warning IST0128 DestinationRule bank/ledger in namespace bank has TLS mode set to SIMPLE but no caCertificates are set to validate server identity for host: ledger.example",
    );
    expect(out).toMatch(/policy\.yaml:7:\d+ error MD1006 unknown field spec\.rules\[0\]\.to\[0\]\.operation\.methodz/);
    expect(err).toContain("2 documents in 2 files");
  });

  it("fails for findings at --fail-on and above", async () => {
    const files = { "rule.yaml": rule };
    expect((await run(files, ["."])).code).toBe(0);
    expect((await run(files, ["."], { failOn: "warning" })).code).toBe(4);
    const gateway = rule
      .replace("DestinationRule", "VirtualService")
      .replace(
        /spec:[^]*/,
        "spec: {hosts: [a.example], gateways: [nowhere], http: [{route: [{destination: {host: a.example}}]}]}\n",
      );
    expect((await run({ "v.yaml": gateway }, ["v.yaml"])).code).toBe(4);
    expect((await run({ "v.yaml": gateway }, ["v.yaml"], { failOn: "never" })).code).toBe(0);
  });

  it("leaves out what is suppressed, by flag and by annotation", async () => {
    const suppress = ["IST0128=DestinationRule bank/*", "IST0174=*"];
    const { out, err } = await run({ "rule.yaml": rule }, ["."], { suppress });
    expect({ out, err }).toMatchObject({ out: "" });
    const annotated = rule.replace(
      "namespace: bank }",
      'namespace: bank, annotations: { galley.istio.io/analyze-suppress: "IST0128,IST0174" } }',
    );
    expect((await run({ "rule.yaml": annotated }, ["."])).out).toBe("");
    await expect(run({ "rule.yaml": rule }, ["."], { suppress: ["IST0128"] })).rejects.toThrow(/<code>=<resource>/);
  });

  it("reads standard input, several documents, and counts kinds that it passes over", async () => {
    const text = `${rule}---\n# nothing\n---\napiVersion: batch/v1\nkind: CronJob\nmetadata: { name: a }\n`;
    const { out, err } = await run({}, ["-"], {}, text);
    expect(out).toContain("-:6:20 warning IST0128");
    expect(err).toContain("passed over: 1 CronJob");
  });

  it("takes the pods of Deployments and looks no further with --files-only", async () => {
    const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: ledger, namespace: bank }
spec: { selector: { matchLabels: { app: ledger } }, template: { metadata: { labels: { app: ledger, sidecar.istio.io/inject: "true" } }, spec: { containers: [{ name: a }] } } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: p, namespace: bank }
spec: { selector: { matchLabels: { app: LABEL } }, rules: [{}] }
`;
    expect((await run({ "a.yaml": deployment.replace("LABEL", "ledger") }, ["."])).out).toBe("");
    const other = { "a.yaml": deployment.replace("LABEL", "other") };
    expect((await run(other, ["."])).out).toContain("IST0127 No matching workloads");
    expect((await run(other, ["."], { filesOnly: true })).out).toBe("");
  });

  it.each([
    ["nothing", ""],
    ["a byte order mark", `\uFEFF${rule}`],
    ["CRLF", rule.replaceAll("\n", "\r\n")],
    ["tabs", "a:\n\tb: 1\n"],
    ["bytes that are no text", Uint8Array.from({ length: 4096 }, (_, index) => (index * 37) % 256)],
    ["a key twice", rule.replace("spec:", "spec: {}\nspec:")],
    ["aliases", `${rule}---\na: &a [x]\nb: [*a, *a, *nowhere]\n`],
    ["lists, scalars and nulls", "- 1\n---\nhello\n---\nnull\n---\napiVersion: 1\nkind: {}\n"],
    ["a spec that is no map", rule.replace(/spec:[^]*/, "spec: [1]\n")],
    ["a broken document among good ones", `${rule}---\na: [\n---\n${badPolicy}`],
  ])("never crashes: %s", async (_, content) => {
    const { code } = await run({ "a.yaml": content }, ["."]);
    expect([0, 3, 4]).toContain(code);
  });

  it("judges the other documents of a file that cannot be parsed as a whole", async () => {
    const { out } = await run({ "a.yaml": `${rule}---\na: [\n---\n${badPolicy}` }, ["."]);
    expect(out).toContain("MD1001");
    expect(out).toContain("IST0128");
    expect(out).toContain("methodz");
  });
});

describe("formats of meshdev check", () => {
  const files = { "a b/rule.yaml": rule, "policy.yaml": badPolicy };

  it("prints JSON by its schema", async () => {
    const { out } = await run(files, ["."], { json: true });
    const value: Record<string, unknown> = JSON.parse(out);
    expect(Object.keys(value).toSorted()).toEqual([...checkSchema.required].toSorted());
    expect(value).toMatchObject({
      schemaVersion: 1,
      counts: { files: 2, documents: 2, unknownKinds: {}, suppressed: 0 },
    });
    const known = Object.keys(checkSchema.$defs.problem.properties);
    for (const problem of value["problems"] as Record<string, unknown>[]) {
      expect(Object.keys(problem).filter((key) => !known.includes(key))).toEqual([]);
      expect(problem["code"]).toMatch(new RegExp(checkSchema.$defs.problem.properties.code.pattern));
    }
  });

  it("prints annotations for GitHub", async () => {
    const { out } = await run(files, ["."], { output: "github" });
    expect(out).toContain("::warning file=a b/rule.yaml,line=6,col=20,title=IST0128 DestinationRule bank/ledger::");
    expect(
      out
        .split("\n")
        .filter((line) => line !== "")
        .every((line) => /^::(?:error|warning|notice) /.test(line)),
    ).toBe(true);
  });

  it("prints a SARIF log whose results refer to its rules", async () => {
    const { out } = await run(files, ["."], { output: "sarif" });
    const log = JSON.parse(out) as {
      version: string;
      runs: { tool: { driver: { name: string; rules: { id: string }[] } }; results: Record<string, unknown>[] }[];
    };
    expect(log.version).toBe("2.1.0");
    const [first] = log.runs;
    expect(first?.tool.driver.name).toBe("meshdev");
    for (const result of first?.results ?? []) {
      expect(first?.tool.driver.rules[Number(result["ruleIndex"])]?.id).toBe(result["ruleId"]);
      expect(["error", "warning", "note"]).toContain(result["level"]);
      expect(result).toMatchObject({ message: { text: expect.any(String) } });
    }
    expect(first?.results[0]).toMatchObject({
      ruleId: "IST0174",
      locations: [{ physicalLocation: { artifactLocation: { uri: "a%20b/rule.yaml" } } }],
    });
  });
});
