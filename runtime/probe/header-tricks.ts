import { type Attempt, http1, type Shot } from "./attempt.ts";

/** Methods in other spellings, and headers that ask the application to take another one. */
function methodAttempts(shot: Shot): readonly Attempt[] {
  const { method } = shot;
  const harmless = method === "GET" ? "HEAD" : "GET";
  const carried = ["x-http-method-override", "x-http-method", "x-method-override"].map((name) =>
    http1(
      shot,
      "method",
      `${name} on POST`,
      { method: "POST", headers: [[name, method]] },
      { shown: `POST ${shot.path} ${name}: ${method}` },
    ),
  );
  return [
    http1(shot, "method", "lower case", { method: method.toLowerCase() }),
    http1(shot, "method", "first letter only", { method: method.charAt(0) + method.slice(1).toLowerCase() }),
    http1(shot, "method", `${harmless} instead`, { method: harmless }),
    http1(shot, "method", "an unknown method", { method: "PROBE" }),
    http1(shot, "method", "_method in the query", { method: "POST", target: `${shot.path}?_method=${method}` }),
    ...carried,
  ];
}

/** Other names of the same host; rules about hosts compare the whole text. */
function hostAttempts(shot: Shot): readonly Attempt[] {
  const [name = "", port = "80"] = shot.authority.split(":");
  const hosts: readonly (readonly [string, readonly string[]])[] = [
    ["without a port", [name]],
    ["with a port", [`${name}:${port}`]],
    ["with another port", [`${name}:1`]],
    ["upper case", [shot.authority.toUpperCase()]],
    ["a dot at the end", [`${name}.:${port}`]],
    ["localhost", [`localhost:${port}`]],
    ["an address", [`127.0.0.1:${port}`]],
    ["empty", [""]],
    ["none", []],
    ["twice", [shot.authority, "localhost"]],
    ["twice, the other first", ["localhost", shot.authority]],
    ["with a user", [`x@${shot.authority}`]],
    ["with a path", [`${shot.authority}/x`]],
  ];
  return [
    ...hosts.map(([words, host]) =>
      http1(
        shot,
        "host",
        words,
        { host },
        { shown: `${shot.method} ${shot.path} host: ${host.join(" and ") || "(none)"}` },
      ),
    ),
    withHeaders(shot, "host", "x-forwarded-host", [["x-forwarded-host", "localhost"]]),
  ];
}

/** Headers from which applications and gateways take another path than that of the request line. */
const pathHeaders = ["x-original-url", "x-rewrite-url", "x-forwarded-uri", "x-forwarded-path", "x-envoy-original-path"];

function pathHeaderAttempts(shot: Shot): readonly Attempt[] {
  return pathHeaders.map((name) =>
    http1(
      shot,
      "header",
      name,
      { target: shot.open, headers: [[name, shot.path]] },
      { shown: `${shot.method} ${shot.open} ${name}: ${shot.path}`, carriers: [name] },
    ),
  );
}

/** Claims to be somebody else. */
function identityAttempts(shot: Shot): readonly Attempt[] {
  const spiffe = `spiffe://${shot.trusted}`;
  const cert = `By=${spiffe};Hash=${"0".repeat(64)};Subject="";URI=${spiffe}`;
  const claims = Buffer.from(JSON.stringify({ iss: "https://issuer.example", sub: "admin", exp: 4_102_444_800 }));
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims.toString("base64url")}.`;
  return [
    ...["127.0.0.1", "::1", "10.0.0.1"].map((address) =>
      withHeaders(shot, "identity", `x-forwarded-for ${address}`, [["x-forwarded-for", address]]),
    ),
    withHeaders(shot, "identity", "x-forwarded-for twice", [
      ["x-forwarded-for", "10.0.0.1"],
      ["x-forwarded-for", "127.0.0.1"],
    ]),
    withHeaders(shot, "identity", "x-envoy-external-address", [["x-envoy-external-address", "127.0.0.1"]]),
    withHeaders(shot, "identity", "x-envoy-internal", [["x-envoy-internal", "true"]]),
    withHeaders(shot, "identity", "x-real-ip", [["x-real-ip", "127.0.0.1"]]),
    withHeaders(shot, "identity", "forwarded", [["forwarded", "for=127.0.0.1;proto=https;by=127.0.0.1"]]),
    withHeaders(shot, "identity", "x-forwarded-client-cert", [["x-forwarded-client-cert", cert]]),
    withHeaders(shot, "identity", "x-forwarded-client-cert twice", [
      ["x-forwarded-client-cert", cert],
      ["x-forwarded-client-cert", cert],
    ]),
    withHeaders(shot, "identity", "x-forwarded-proto https", [["x-forwarded-proto", "https"]]),
    withHeaders(shot, "identity", "an unsigned token", [["authorization", `Bearer ${unsigned}`]]),
    withHeaders(shot, "identity", "two authorizations", [
      ["authorization", `Bearer ${unsigned}`],
      ["authorization", "Basic eDp4"],
    ]),
    withHeaders(shot, "identity", "headers of the sidecar named in connection", [
      ["connection", "x-forwarded-client-cert, x-forwarded-for, authorization"],
    ]),
  ];
}

function withHeaders(
  shot: Shot,
  technique: "host" | "identity",
  name: string,
  headers: readonly (readonly [string, string])[],
): Attempt {
  const shown = headers.map(([header, value]) => `${header}: ${value.length > 40 ? `${value.slice(0, 40)}…` : value}`);
  return http1(shot, technique, name, { headers }, { shown: `${shot.method} ${shot.path} ${shown.join(", ")}` });
}

/** Attempts that change headers and method and leave the path alone. */
export function headerAttempts(shot: Shot): readonly Attempt[] {
  return [...methodAttempts(shot), ...hostAttempts(shot), ...pathHeaderAttempts(shot), ...identityAttempts(shot)];
}
