import { describe, expect, it } from "vitest";
import { bindJwtRules } from "../../../runtime/compile/request-authentication.ts";
import { keySourceOf } from "../../../runtime/compile/key-source.ts";
import type { JwtProvider } from "../../../runtime/model/jwt.ts";
import { paperMesh, paperWorkload } from "../../support/paper-mesh.ts";

const backend = paperWorkload("backend", "10.244.0.3");

function authentication(spec: unknown, namespace = "default", name = "jwt"): string {
  return JSON.stringify({
    apiVersion: "security.istio.io/v1",
    kind: "RequestAuthentication",
    metadata: { name, namespace },
    spec,
  });
}

function rules(documents: readonly string[], keySets?: ReadonlyMap<string, string>): readonly JwtProvider[] {
  return bindJwtRules(paperMesh({ workloads: [backend], yaml: documents.join("\n---\n") }), keySets)(backend);
}

const jwks = '{"keys":[]}';

describe("which policies apply", () => {
  const spec = { jwtRules: [{ issuer: "a", jwks }] };
  it.each<[string, unknown, string, number]>([
    ["own namespace", spec, "default", 1],
    ["root namespace", spec, "istio-system", 1],
    ["selector in the root namespace", { ...spec, selector: { matchLabels: { app: "backend" } } }, "istio-system", 1],
    ["other namespace", spec, "other", 0],
    ["other selector", { ...spec, selector: { matchLabels: { app: "x" } } }, "default", 0],
    ["targets", { ...spec, targetRefs: [{ kind: "Service", name: "backend" }] }, "default", 0],
    ["no rules", {}, "default", 0],
  ])("%s", (_name, given, namespace, count) => {
    expect(rules([authentication(given, namespace)])).toHaveLength(count);
  });

  it("all together, sorted by issuer, each with its place", () => {
    const found = rules([
      authentication(
        {
          jwtRules: [
            { issuer: "c", jwks },
            { issuer: "a", jwks },
          ],
        },
        "istio-system",
        "first",
      ),
      authentication({
        jwtRules: [
          { issuer: "b", jwks },
          { issuer: "a", jwks },
        ],
      }),
    ]);
    expect(
      found.map(({ name, issuer, provenance }) => `${name} ${issuer} ${provenance.resource} ${provenance.field}`),
    ).toEqual([
      "origins-0 a RequestAuthentication istio-system/first spec.jwtRules[1]",
      "origins-1 a RequestAuthentication default/jwt spec.jwtRules[1]",
      "origins-2 b RequestAuthentication default/jwt spec.jwtRules[0]",
      "origins-3 c RequestAuthentication istio-system/first spec.jwtRules[0]",
    ]);
  });
});

describe("one rule", () => {
  const rule = (fields: object): JwtProvider | undefined =>
    rules([authentication({ jwtRules: [{ issuer: "a", jwks, ...fields }] })])[0];

  it("has the usual places when it names none", () => {
    expect(rule({})).toMatchObject({
      headers: [{ name: "authorization", prefix: "Bearer " }],
      params: ["access_token"],
      cookies: [],
      forward: false,
      spaceDelimited: ["scope", "permission"],
    });
  });

  it("has only the places that it names", () => {
    expect(rule({ fromHeaders: [{ name: "X-Tok", prefix: "T " }, { name: "y" }] })).toMatchObject({
      headers: [
        { name: "x-tok", prefix: "T " },
        { name: "y", prefix: "" },
      ],
      params: [],
    });
    expect(rule({ fromCookies: ["sid"] })).toMatchObject({ headers: [], params: [], cookies: ["sid"] });
  });

  it("writes no header on which the meaning of a message hangs", () => {
    const claims = ["X-Sub", "host", "Content-Length"].map((header) => ({ header, claim: "sub" }));
    expect(rule({ outputClaimToHeaders: claims, outputPayloadToHeader: "Transfer-Encoding" })).toMatchObject({
      claimHeaders: [{ header: "x-sub", claim: "sub" }],
      payloadHeader: undefined,
    });
  });

  it("plain audiences, and every list of words once", () => {
    expect(rule({ audiences: ["https://api/", "b"], spaceDelimitedClaims: ["teams", "scope"] })).toMatchObject({
      audiences: ["api", "b"],
      spaceDelimited: ["scope", "permission", "teams"],
    });
  });
});

describe("keys", () => {
  const url = "https://id.example/jwks";
  const mesh = paperMesh({ workloads: [], yaml: "" });
  it("are those that were fetched, or none", () => {
    const document = authentication({ jwtRules: [{ issuer: "a", jwksUri: url }] });
    expect(rules([document])[0]?.keys).toEqual({ kind: "unavailable", url, by: "istiod" });
    expect(rules([document], new Map([[url, jwks]]))[0]?.keys).toEqual({ kind: "set", text: jwks });
  });

  it("come from the issuer's configuration when no rule says where", () => {
    expect(keySourceOf(mesh, { issuer: "https://id.example/" })).toMatchObject({
      kind: "discovery",
      url: "https://id.example/.well-known/openid-configuration",
    });
    expect(keySourceOf(mesh, { issuer: "x", jwks_uri: url })).toMatchObject({ kind: "keys", url });
  });

  const entry = JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "ServiceEntry",
    metadata: { name: "id", namespace: "default" },
    spec: { hosts: ["id.example"], ports: [{ number: 443, name: "https", protocol: "HTTPS" }], resolution: "DNS" },
  });
  it.each([
    [undefined, "", "istiod", false],
    ["istiod", entry, "istiod", false],
    ["true", entry, "proxy", false],
    ["hybrid", "", "istiod", false],
    ["envoy", entry, "proxy", false],
    ["envoy", "", "proxy", true],
  ] as const)("are fetched by whom istiod's switch %s says: %#", (switched, yaml, by, isBarred) => {
    const features = switched === undefined ? {} : { PILOT_JWT_ENABLE_REMOTE_JWKS: switched };
    const source = keySourceOf({ ...paperMesh({ workloads: [], yaml }), features }, { jwksUri: url });
    expect([source.by, source.barred !== undefined]).toEqual([by, isBarred]);
  });
});
