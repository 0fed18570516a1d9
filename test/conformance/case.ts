import { readFileSync } from "node:fs";
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

export interface ExpectedRequest {
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
  const expected: Expected = JSON.parse(readFileSync(path.replace(/\.yaml$/, ".expected.json"), "utf8"));
  const empty = { mesh: {}, features: {}, namespaces: {}, workloads: [], services: [], dns: {}, config: "" };
  return { case: { ...empty, ...raw }, expected };
}
