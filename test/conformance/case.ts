import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";

/** A recorded case as its files hold it; see the conformance README for the meaning of every key. */

export interface Case {
  readonly id: string;
  readonly mesh: Readonly<Record<string, unknown>>;
  readonly features: Readonly<Record<string, string>>;
  readonly namespaces: Readonly<Record<string, CaseNamespace>>;
  readonly workloads: readonly CaseWorkload[];
  readonly services: readonly CaseService[];
  readonly dns: Readonly<Record<string, string | readonly string[]>>;
  readonly config: string;
  readonly requests: readonly CaseRequest[];
}

export interface CaseNamespace {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface CaseWorkload {
  readonly name: string;
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly sidecar?: boolean;
  readonly gateway?: unknown;
  readonly external?: boolean;
  readonly ip?: string;
  readonly notReady?: boolean;
  readonly trustDomain?: string;
  readonly cert?: string;
  readonly kind?: string;
  readonly proxyMetadata?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly { readonly port: number; readonly name?: string; readonly mode?: string }[];
}

export interface CaseService {
  readonly name: string;
  readonly namespace?: string;
  readonly ports?: readonly {
    readonly name?: string;
    readonly port: number;
    readonly targetPort?: number;
    readonly protocol?: string;
    readonly appProtocol?: string;
  }[];
  readonly selector?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly clusterIP?: string;
  readonly type?: string;
  readonly externalName?: string;
}

export interface CaseRequest {
  readonly id: string;
  readonly from: string;
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | readonly (readonly [string, string])[];
  readonly body?: string;
  readonly proto?: string;
  /** Name of a connection that several requests use. */
  readonly conn?: string;
  readonly timeoutMs?: number;
  readonly connect?: string;
  readonly repeat?: number;
  readonly parallel?: number | boolean;
  /** In cases of our own: what the specification says. A text stands for the outcome alone. */
  readonly expect?: string | OwnExpectation;
  readonly jwt?: CaseToken;
  readonly raw?: string;
  readonly tcp?: {
    readonly host: string;
    readonly port: number;
    readonly send?: string;
    readonly sends?: readonly string[];
  };
  readonly tls?: {
    readonly alpn?: readonly string[];
    readonly cert?: string;
    readonly sni?: string;
    readonly minVersion?: string;
    readonly maxVersion?: string;
    readonly expired?: boolean;
  };
}

/** A token that the runner mints. */
export interface CaseToken {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  /** Seconds from now; null: the claim is left out. */
  readonly exp?: number | null;
  readonly nbf?: number;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly badSignature?: boolean;
  /** Sent instead of a token. */
  readonly raw?: string;
  readonly location?: "header" | "query" | "cookie";
  /** Of the header, parameter or cookie. */
  readonly name?: string;
  readonly prefix?: string;
}

export interface Expected {
  /** `area/family/name` */
  readonly id: string;
  readonly addresses?: Readonly<Record<string, string>>;
  readonly config?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
    readonly rejected?: unknown;
  }[];
  readonly requests: Readonly<Record<string, ExpectedRequest>>;
}

/** What a case of our own compares; what it leaves out may be anything. */
export interface OwnExpectation {
  readonly outcome: string;
  readonly deniedBy?: string;
  readonly allowedBy?: string;
  readonly body?: string;
  /** Of the answer; null: the header is absent, `*`: it has any value. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** The same of the request that reached the application. */
  readonly received?: Readonly<Record<string, string | null>>;
  /** Request target that reached the application. */
  readonly uri?: string;
  /** Response code details of the server's sidecar. */
  readonly details?: string;
}

export interface ExpectedRequest {
  /** Set in cases of our own, which compare nothing else. */
  readonly own?: OwnExpectation;
  readonly outcome: string;
  readonly client: {
    readonly status?: number;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly received?: unknown;
    readonly error?: string;
    readonly tls?: Readonly<Record<string, unknown>>;
  };
  readonly upstream: readonly Readonly<Record<string, unknown>>[];
  readonly deniedBy?: string;
  readonly allowedBy?: string;
  readonly proxies: readonly Readonly<Record<string, unknown>>[];
  readonly unstable?: readonly string[];
  readonly counts?: Readonly<Record<string, number>>;
  /** Rounded; 0 is less than 0.15. */
  readonly seconds?: number;
}

export interface LoadedCase {
  readonly case: Case;
  readonly expected: Expected;
}

/** Reads a case and its recording; the files are ours and trusted to have this shape. */
export function loadCase(path: string): LoadedCase {
  const raw: Partial<Case> & Pick<Case, "id" | "requests"> = parse(readFileSync(path, "utf8"));
  const recording = path.replace(/\.yaml$/, ".expected.json");
  if (!existsSync(recording)) return ownCase(raw, dirname(path));
  const expected: Expected = JSON.parse(readFileSync(recording, "utf8"));
  const empty = { mesh: {}, features: {}, namespaces: {}, workloads: [], services: [], dns: {}, config: "" };
  return { case: { ...empty, ...raw }, expected };
}

/** A case of our own: its expectations stand beside its requests, and workloads and services that it does not name are in `mesh.yaml` above it. */
function ownCase(raw: Partial<Case> & Pick<Case, "id" | "requests">, folder: string): LoadedCase {
  const shared: Partial<Case> = parse(readFileSync(join(folder, "..", "mesh.yaml"), "utf8"));
  const empty = { mesh: {}, features: {}, namespaces: {}, workloads: [], services: [], dns: {}, config: "" };
  const requests = raw.requests.map((request) => [request.id, expectedOf(request)] as const);
  return { case: { ...empty, ...shared, ...raw }, expected: { id: raw.id, requests: Object.fromEntries(requests) } };
}

function expectedOf({ id, expect }: CaseRequest): ExpectedRequest {
  if (expect === undefined) throw new Error(`${id} says nothing of what is expected`);
  const own = typeof expect === "string" ? { outcome: expect } : expect;
  // A line of the server's log is waited for where one is asked for.
  const isLogged = (own.deniedBy ?? own.allowedBy ?? own.details) !== undefined && own.outcome.startsWith("http:");
  return { outcome: own.outcome, client: {}, upstream: [], proxies: isLogged ? [{ log: "access" }] : [], own };
}
