import * as fc from "fast-check";
import type { ConnectionFacts } from "../../runtime/traffic/facts.ts";
import type { CaseToken } from "../conformance/case.ts";
import { noteNames } from "./authorizer.ts";
import { mint } from "../conformance/tokens.ts";
import { token } from "../reference/random/requests.ts";
import { texts, nearly } from "../reference/random/texts.ts";

/** A connection that anybody may open: with a certificate or none, from and to any address. */
export interface Lane {
  /** URI or DNS name; undefined: plaintext. */
  readonly certificate: string | undefined;
  readonly sourceIp: string;
  readonly destinationIp: string;
  readonly destinationPort: number;
  readonly sni: string | undefined;
}

const certificates = [...texts.identities.map((each) => `spiffe://${each}`), "frontend.default.example"];
const ports = texts.ports.map(Number).filter((port) => port > 0);

export const lane: fc.Arbitrary<Lane> = fc
  .record({
    certificate: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...certificates) }, fc.constant(undefined)),
    sourceIp: fc.constantFrom(...texts.addresses, "10.244.0.9", "10.244.1.32", "2001:db8::8", "203.0.113.8"),
    port: fc.constantFrom(...ports),
    sni: fc.option(fc.constantFrom(...texts.names), { nil: undefined }),
  })
  .map(({ certificate, sourceIp, port, sni }) => ({
    certificate,
    sourceIp,
    destinationIp: sourceIp.includes(":") ? "2001:db8::15" : "10.244.0.21",
    destinationPort: port,
    sni: certificate === undefined ? undefined : sni,
  }));

/** The same connection as our engine is told of it. */
export function factsOf({ certificate, sni, ...rest }: Lane): ConnectionFacts {
  const isUri = certificate?.includes("://") === true;
  const uriSans = certificate !== undefined && isUri ? [certificate] : [];
  const dnsSans = certificate !== undefined && !isUri ? [certificate] : [];
  return {
    ...rest,
    sni: sni?.toLowerCase(),
    peer: certificate === undefined ? undefined : { uriSans, dnsSans, subject: "" },
  };
}

const target = fc.oneof({ weight: 3, arbitrary: nearly(texts.paths) }, fc.constantFrom(...texts.oddTargets));
const forwarded = [
  "203.0.113.7",
  "203.0.113.8",
  "10.244.0.11, 198.51.100.9",
  "2001:db8::5",
  "unknown",
  "1.2.3.4:80",
  "",
];
const line = fc.oneof(
  fc.constantFrom(...noteNames).map((name) => `x-note: ${name}`),
  fc.constantFrom(...texts.roles).map((role) => `x-set-role: ${role}`),
  fc.constantFrom(...texts.roles).map((role) => `x-role: ${role}`),
  fc.constantFrom(...texts.roles).map((role) => `X-ROLE: ${role}`),
  fc.constantFrom(...forwarded).map((value) => `x-forwarded-for: ${value}`),
);

/** An HTTP request as text, without its end. */
export const question: fc.Arbitrary<string> = fc
  .record({
    method: fc.constantFrom(...texts.methods),
    target,
    host: nearly(texts.hosts),
    lines: fc.array(line, { maxLength: 5 }),
    asking: fc.constantFrom("allow", "allow", "allow", "allow", "deny", "error", undefined),
    jwt: fc.option(fc.tuple(token, fc.nat({ max: 7 })), { nil: undefined, freq: 2 }),
  })
  .map(({ method, target: path, host, lines, asking, jwt }) => {
    const carried = jwt === undefined ? undefined : signed(jwt[0]);
    const isParameter = carried !== undefined && jwt?.[1] === 0 && !/[?#]/.test(path);
    const asked = isParameter ? `${path}?access_token=${carried}` : path;
    const header = carried === undefined || isParameter ? [] : [`Authorization: Bearer ${carried}`];
    const verdict = asking === undefined ? [] : [`x-ext-authz: ${asking}`];
    return [`${method} ${asked} HTTP/1.1`, `Host: ${host}`, ...verdict, ...lines, ...header].join("\r\n");
  });

const minted = new Map<string, string>();

/** Signing costs more than a decision: the same token is minted once. */
function signed(jwt: CaseToken): string {
  const key = JSON.stringify(jwt);
  const found = minted.get(key) ?? mint(jwt, Math.floor(Date.now() / 1000));
  minted.set(key, found);
  return found;
}
