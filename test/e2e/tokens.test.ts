import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProject, freePort, until, type Project } from "./support/project.ts";

const backend = `
import { createServer } from "node:http";
createServer(({ url, headers }, response) => {
  response.end(JSON.stringify({ url, sub: headers["x-sub"] ?? null, authorization: headers.authorization ?? null }));
}).listen(8080);
`;

/** An application that fetches keys by itself. */
const reader = `
import { createServer } from "node:http";
createServer(async (_request, response) => {
  try {
    response.end(await (await fetch("http://meshdev-issuer.istio-system/jwks")).text());
  } catch (error) {
    response.writeHead(599).end(String(error.cause ?? error));
  }
}).listen(8080);
`;

/** Somebody else's issuer, in the mesh. */
const other = `
import { createServer } from "node:http";
createServer((request, response) => {
  if (request.url !== "/keys") response.statusCode = 404;
  response.end(request.url === "/keys" ? process.env.KEYS : "");
}).listen(8080);
`;

const mesh = `
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: jwt, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  jwtRules:
    - issuer: https://dev.example
      jwksUri: http://meshdev-issuer.istio-system.svc.cluster.local/jwks
      outputClaimToHeaders: [{header: x-sub, claim: sub}]
    - issuer: https://other.example
      jwksUri: http://other.default:8080/keys
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: admins, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  rules:
    - to: [{operation: {paths: [/open]}}]
    - to: [{operation: {paths: [/admin]}}]
      when: [{key: "request.auth.claims[role]", values: [admin]}]
`;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly challenge: string | undefined;
}

/** `meshdev token`, and requests with what it prints, through a published port. */
describe("tokens of the issuer for development", () => {
  let project: Project;
  let port = 0;
  let readerPort = 0;

  beforeAll(async () => {
    [port, readerPort] = [await freePort(), await freePort()];
    project = createProject({
      "backend.mjs": backend,
      "reader.mjs": reader,
      "other.mjs": other,
      "mesh/policies.yaml": mesh,
      "meshdev.yaml": `
services:
  backend: {run: [node, backend.mjs], port: 8080, publish: ${port}}
  reader: {run: [node, reader.mjs], port: 8080, publish: ${readerPort}}
  other: {run: [node, other.mjs], port: 8080, env: {KEYS: '{"keys":[]}'}}
mesh: ./mesh
`,
    });
    expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(() => project[Symbol.asyncDispose]());

  function ask(path: string, token?: string, at = port): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const asked = request({ host: "127.0.0.1", port: at, path, headers }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, body, challenge: response.headers["www-authenticate"] });
        });
      });
      asked.on("error", reject);
      asked.end();
    });
  }

  async function mint(...options: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await project.meshdev("token", ...options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.trim();
  }

  it("opens what its claims open", async () => {
    expect(await ask("/open")).toMatchObject({ status: 200 });
    expect(await ask("/admin")).toMatchObject({ status: 403, body: "RBAC: access denied" });
    const answer = await ask("/admin", await mint("--sub", "alice", "--claim", "role=admin"));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ url: "/admin", sub: "alice", authorization: null });
    expect(await ask("/admin", await mint("--claim", "role=guest"))).toMatchObject({ status: 403 });
  });

  it("is refused in Envoy's words when it has run out, is forged, or is somebody else's", async () => {
    const challenge = `Bearer realm="http://127.0.0.1:${port}/open", error="invalid_token"`;
    const refused = async (...options: readonly string[]): Promise<string> => {
      const answer = await ask("/open", await mint(...options));
      expect(answer).toMatchObject({ status: 401, challenge });
      return answer.body;
    };
    expect(await refused("--expires=-5m")).toBe("Jwt is expired");
    expect(await refused("--not-before", "5m")).toBe("Jwt not yet valid");
    expect(await refused("--bad-sig")).toBe("Jwt verification fails");
    expect(await refused("--claim", "sub=5")).toBe("Jwt payload [sub] field is not a string");
  });

  it("is told in why, and nobody sees it", async () => {
    const token = await mint("--sub", "mallory", "--expires=-5m");
    await ask(`/open?access_token=${token}`);
    const why = await until("the refusal", async () => {
      const { stdout } = await project.meshdev("why");
      return stdout.includes("mallory") ? stdout : undefined;
    });
    expect(why).toContain("the token was refused: Jwt is expired");
    expect(why).toContain("token refused from param access_token: Jwt is expired");
    expect(why).toContain("issuer https://dev.example, subject mallory");
    expect(why).toContain("mesh/policies.yaml:8");
    expect(why).not.toContain(token.slice(0, 20));
  });

  it("has keys that applications fetch from the mesh", async () => {
    const { status, body } = await ask("/", undefined, readerPort);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ keys: [{ kty: "RSA", alg: "RS256", use: "sig" }] });
    const { stdout } = await project.meshdev("ps");
    expect(stdout).toContain("meshdev-issuer-1.istio-system");
  });

  it("is asked about without traffic", async () => {
    const can = (...options: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }> =>
      project.meshdev("can", "reader", "backend", "GET", "/admin", ...options);
    expect((await can("--expect", "deny")).code).toBe(0);
    expect((await can("--expect", "allow", "--claim", "role=admin")).code).toBe(0);
    project.write("token.jwt", `${await mint("--claim", "role=admin")}\n`);
    const asked = await can("--expect", "allow", "--jwt", "token.jwt");
    expect(asked.code).toBe(0);
    expect(asked.stdout).toContain("token verified from header authorization");
    project.write("token.jwt", await mint("--claim", "role=admin", "--bad-sig"));
    const refused = await can("--expect", "deny", "--jwt", "token.jwt");
    expect(refused.code).toBe(0);
    expect(refused.stdout).toContain("401 Jwt verification fails");
  });

  it("speaks of keys that cannot be had, and takes them when they come", async () => {
    const token = await mint("--iss", "https://other.example", "--claim", "role=admin").catch(() => undefined);
    expect(token).toBeUndefined();
    const { stdout, stderr } = await project.meshdev(
      "token",
      "--iss",
      "https://other.example",
      "--claim",
      "role=admin",
    );
    expect(stderr).toContain("no RequestAuthentication here takes tokens of https://other.example");
    expect(await ask("/admin", stdout.trim())).toMatchObject({
      status: 401,
      body: "Jwks doesn't have any valid public key",
    });
    const own = await ask("/", undefined, readerPort);
    project.write("meshdev.yaml", project.read("meshdev.yaml").replace("'{\"keys\":[]}'", `'${own.body}'`));
    project.write("mesh/policies.yaml", mesh.replace("/keys", "/none"));
    await until("keys are missed", async () => {
      const { body } = await ask("/admin", stdout.trim());
      return body === "Jwt verification fails" ? true : undefined;
    });
    await until("the problem", async () => {
      const problems = (await project.meshdev("ps", "-o", "json")).stdout;
      return problems.includes("MD7010") && problems.includes("it answers 404") ? true : undefined;
    });
    project.write("mesh/policies.yaml", mesh);
    await until("the token is good", async () => {
      const { status } = await ask("/admin", stdout.trim());
      return status === 200 ? true : undefined;
    });
  });
});
