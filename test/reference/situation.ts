/** What the reference evaluator is asked about: everything as the specification speaks of it, nothing as the engine holds it. */

export interface ReferenceMesh {
  readonly rootNamespace: string;
  /** The mesh's own, then its aliases. */
  readonly trustDomains: readonly string[];
  readonly autoMtls: boolean;
  /** DEFAULT, NONE, BASE, MERGE_SLASHES or DECODE_AND_MERGE_SLASHES. */
  readonly normalization: string;
  /** Every document as parsed YAML, in the order of age. */
  readonly documents: readonly unknown[];
}

export interface ReferenceWorkload {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Names in a verified certificate. */
export interface ReferencePeer {
  readonly uris: readonly string[];
  readonly dns: readonly string[];
  readonly subject: string;
}

export interface ReferenceConnection {
  /** Undefined: the connection is plaintext. */
  readonly peer: ReferencePeer | undefined;
  readonly sourceIp: string;
  readonly destinationIp: string;
  /** Workload port. */
  readonly destinationPort: number;
  /** As the client wrote it; undefined: none. */
  readonly sni: string | undefined;
}

export interface ReferenceRequest {
  readonly method: string;
  readonly authority: string;
  /** The request target as this proxy received it, with query. */
  readonly target: string;
  /** In order; the same name may come again. */
  readonly headers: readonly (readonly [string, string])[];
  /** Payload of the verified token; undefined: there is none. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

export interface ReferenceToken {
  readonly payload: Readonly<Record<string, unknown>>;
  /** Signed by the key that its issuer is known by, and within its time. */
  readonly isSound: boolean;
}

export interface ReferenceVerdict {
  readonly verdict: "allow" | "deny";
  /** Id of the rule that decided; undefined: none did. */
  readonly by: string | undefined;
}
