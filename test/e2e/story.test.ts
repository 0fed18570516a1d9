import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, createSampleProject, parseNdjson, until, type Project } from "./support/project.ts";

/** The main job on the sample, through the built CLI. */
describe("frontend → backend", () => {
  let project: Project & { readonly port: number };
  let events: readonly Readonly<Record<string, unknown>>[] = [];

  beforeAll(async () => {
    project = await createSampleProject();
    const output = collect(project.start("up", "-o", "ndjson"));
    events = await until("an allow, a deny and a refused plaintext connection", () => {
      const seen = parseNdjson(output.stdout().slice(0, output.stdout().lastIndexOf("\n") + 1));
      const statuses = seen.filter((event) => event["side"] === "inbound").map((event) => event["status"]);
      return statuses.includes(200) &&
        statuses.includes(403) &&
        seen.some((event) => event["type"] === "handshake.failed")
        ? seen
        : undefined;
    });
  });
  afterAll(() => project[Symbol.asyncDispose]());

  const exchanges = (match: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] =>
    events.filter(
      (event) =>
        event["type"] === "exchange.completed" && Object.entries(match).every(([key, value]) => event[key] === value),
    );

  it("begins with the state", () => {
    expect(events[0]).toMatchObject({ type: "state", schemaVersion: 1 });
  });

  it("lets frontend in, by its verified identity, over mutual TLS 1.3", () => {
    const [allowed] = exchanges({ side: "inbound", proxy: "backend-1", status: 200 });
    expect(allowed).toMatchObject({
      path: "/api/data",
      from: { workload: "frontend-1", spiffe: "spiffe://cluster.local/ns/default/sa/frontend" },
      decision: { verdict: "allow", by: { resource: "AuthorizationPolicy default/backend-allow", rule: 0 } },
    });
    const handshakes = events.filter((event) => event["type"] === "handshake.completed");
    expect(handshakes).toContainEqual(
      expect.objectContaining({
        side: "server",
        tls: expect.objectContaining({
          version: "TLSv1.3",
          sni: "outbound_.8080_._.backend.default.svc.cluster.local",
        }) as unknown,
        local: expect.objectContaining({ spiffe: "spiffe://cluster.local/ns/default/sa/backend" }) as unknown,
        peer: expect.objectContaining({ spiffe: "spiffe://cluster.local/ns/default/sa/frontend" }) as unknown,
      }),
    );
  });

  it("refuses intruder by policy and says which clause missed, where", () => {
    const [denied] = exchanges({ side: "inbound", proxy: "backend-1", status: 403 });
    expect(denied).toMatchObject({
      details: "rbac_access_denied_matched_policy[none]",
      from: { spiffe: "spiffe://cluster.local/ns/default/sa/intruder" },
      decision: {
        verdict: "deny",
        reason: "no-allow-matched",
        tried: [
          {
            resource: "AuthorizationPolicy default/backend-allow",
            missed: { field: "from.source.principals", actual: "cluster.local/ns/default/sa/intruder", line: 26 },
          },
        ],
      },
    });
  });

  it("refuses the outsider's plaintext under STRICT and names the YAML that says so", () => {
    const refused = events.find((event) => event["type"] === "handshake.failed");
    expect(refused).toMatchObject({
      side: "server",
      to: { workload: "backend-1" },
      failure: { step: "plaintext", because: [{ resource: "PeerAuthentication default/backend", line: 11 }] },
    });
  });

  it("answers a browser on the published port through frontend's sidecar, and the backend sees who called", async () => {
    const body = await new Promise<string>((done, fail) => {
      get({ host: "127.0.0.1", port: project.port, path: "/" }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          expect(response.statusCode).toBe(200);
          expect(response.headers["server"]).toBe("istio-envoy");
          done(text);
        });
      }).on("error", fail);
    });
    expect(body).toMatch(
      /By=spiffe:\/\/cluster\.local\/ns\/default\/sa\/backend;Hash=[0-9a-f]{64};Subject=\\"\\";URI=spiffe:\/\/cluster\.local\/ns\/default\/sa\/frontend/,
    );
  });

  it("gives the intruder exactly Envoy's 403", async () => {
    const call = await project.meshdev(
      "exec",
      "--as",
      "intruder",
      "--",
      "node",
      "-e",
      "fetch('http://backend:8080/api/data').then(async r => console.log(JSON.stringify([r.status, r.headers.get('content-type'), await r.text()])))",
    );
    expect(call, call.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(call.stdout)).toEqual([403, "text/plain", "RBAC: access denied"]);
  });

  it("explains the last denial and answers questions without traffic", async () => {
    const why = await project.meshdev("why", "-o", "json");
    expect(why, why.stderr).toMatchObject({ code: 0 });
    expect(JSON.stringify(JSON.parse(why.stdout))).toMatch(/backend-allow|PeerAuthentication default\/backend/);
    expect(await project.meshdev("can", "frontend", "backend", "GET", "/api/data", "--expect", "allow")).toMatchObject({
      code: 0,
    });
    expect(await project.meshdev("can", "intruder", "backend", "GET", "/api/data", "--expect", "deny")).toMatchObject({
      code: 0,
    });
    expect(await project.meshdev("can", "frontend", "backend", "POST", "/api/data", "--expect", "allow")).toMatchObject(
      { code: 4 },
    );
  });

  it("lists every proxy's acknowledged generation", async () => {
    const ps = await project.meshdev("ps", "-o", "json");
    expect(ps, ps.stderr).toMatchObject({ code: 0 });
    expect(ps.stdout).toContain("spiffe://cluster.local/ns/default/sa/backend");
    const wide = await project.meshdev("ps", "-o", "wide");
    expect(wide.stdout).toContain("backend");
  });
});
