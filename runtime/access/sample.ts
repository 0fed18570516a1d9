import type { RequestFacts } from "../model/decision.ts";
import type { JsonObject } from "../model/jwt.ts";
import type { InboundListener, InboundSection, TrustSection } from "../model/snapshot.ts";
import { claimTexts } from "../policy/clause.ts";
import { reservedHeaders } from "../policy/jwt/authenticate.ts";
import { payloadForPolicies } from "../policy/jwt/outputs.ts";
import { plainAudience } from "../policy/jwt/provider.ts";
import { normalizePath } from "../policy/normalize.ts";

/** A workload port as its sidecar guards it: one version of it. */
export interface GuardedPort {
  /** Address of the workload. */
  readonly address: string;
  /** Workload port; the listener may be that of all ports that nobody declares. */
  readonly port: number;
  readonly listener: InboundListener;
  readonly inbound: Pick<InboundSection, "http" | "tcp" | "jwt">;
  readonly trust: Pick<TrustSection, "trustDomains" | "pathNormalization">;
}

export type Layer = "http" | "tcp";

/** A token in its place. `refused`: one that no rule takes. */
export type SampleToken =
  | { readonly kind: "none" }
  | { readonly kind: "refused" }
  | { readonly kind: "accepted"; readonly claims: JsonObject };

/** A request that can be sent, in words of the model. */
export interface SampleRequest {
  readonly layer: Layer;
  /** SPIFFE id of a caller that offers mutual TLS; undefined: it calls in plaintext. Where TLS is off, nobody's identity arrives. */
  readonly peer: string | undefined;
  readonly sourceIp: string;
  readonly sni: string | undefined;
  readonly method: string;
  readonly host: string;
  /** The path as policies shall see it, with its query. */
  readonly path: string;
  /** Names in lower case; a header may have several lines. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly token: SampleToken;
}

/** What a sidecar sees of a request. */
export interface Seen {
  readonly plaintext: boolean;
  readonly token: "none" | "refused" | "accepted";
  /** As policies see it: behind the verification of tokens. */
  readonly facts: RequestFacts;
}

/** How one version of the port sees a request. */
export function seenBy(port: GuardedPort, sample: SampleRequest): Seen {
  const blind = port.listener.mode === "DISABLE" || sample.peer === undefined;
  const token =
    port.inbound.jwt.length === 0 || sample.layer === "tcp"
      ? ({ kind: "none" } as const)
      : acceptedBy(port, sample.token);
  const facts: RequestFacts = {
    layer: sample.layer,
    peer: blind || sample.peer === undefined ? undefined : { uriSans: [sample.peer], dnsSans: [], subject: "" },
    sourceIp: sample.sourceIp,
    destinationIp: port.address,
    destinationPort: port.port,
    sni: hasServerName(port, sample) ? sample.sni : undefined,
    method: () => sample.method,
    authority: () => sample.host,
    path: () => sample.path,
    header: (name) => writtenHeader(port, token, name) ?? sample.headers[name] ?? [],
    ...(token.kind === "accepted" ? { claims: payloadForPolicies(token.claims, token.spaceDelimited) } : {}),
  };
  return { plaintext: sample.peer === undefined, token: token.kind, facts };
}

/** A header that only an accepted token fills (spec RA-11), as far as claims are texts; undefined: callers write it themselves. */
function writtenHeader({ inbound }: GuardedPort, token: TakenToken, name: string): readonly string[] | undefined {
  if (!reservedHeaders(inbound.jwt).includes(name)) return undefined;
  if (token.kind !== "accepted") return [];
  const { claims } = token;
  const texts = inbound.jwt
    .filter(({ issuer }) => issuer === "" || issuer === claims["iss"])
    .flatMap(({ claimHeaders }) => claimHeaders.filter(({ header }) => header === name))
    .flatMap(({ claim }) => claimTexts(claims, claim.split(".")));
  return [...new Set(texts)].filter((text) => text !== "");
}

/** Under PERMISSIVE, TLS that is not the mesh's passes a TCP port untouched, and its SNI is read (spec PA-13). */
function hasServerName({ listener: { mode } }: GuardedPort, { layer, peer }: SampleRequest): boolean {
  return mode !== "DISABLE" && (peer !== undefined || (layer === "tcp" && mode === "PERMISSIVE"));
}

/** A token, and which of its claims the rule that takes it splits into words. */
type TakenToken =
  | Exclude<SampleToken, { readonly kind: "accepted" }>
  | (Extract<SampleToken, { readonly kind: "accepted" }> & { readonly spaceDelimited: readonly string[] });

function acceptedBy({ inbound }: GuardedPort, token: SampleToken): TakenToken {
  if (token.kind !== "accepted") return token;
  const { iss, aud } = token.claims;
  const audiences = [aud ?? []].flat();
  const rule = inbound.jwt.find(
    (rule) =>
      (rule.issuer === "" || rule.issuer === iss) &&
      (rule.audiences.length === 0 ||
        audiences.some((each) => typeof each === "string" && rule.audiences.includes(plainAudience(each)))),
  );
  return rule === undefined ? { kind: "refused" } : { ...token, spaceDelimited: rule.spaceDelimited };
}

/** What a caller has to write so that policies see this path; undefined: nothing that we know of. */
export function targetOf(path: string, { trust }: GuardedPort): string | undefined {
  const arrives = (target: string): boolean => {
    const normalized = normalizePath(target, trust.pathNormalization);
    return normalized.ok && normalized.path === path;
  };
  if (arrives(path)) return path;
  // A segment such as `.;x` is cut as written, and survives with its dot escaped.
  const escaped = path.replaceAll(/\/\.(\.?;)/g, "/%2e$1");
  return arrives(escaped) ? escaped : undefined;
}
