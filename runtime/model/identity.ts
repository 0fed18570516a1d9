/** Who a workload is: the parts of its SPIFFE id (spec ID-1). */
export interface Identity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`; an `@` in the trust domain becomes `.` (spec ID-1, ID-3). */
export function spiffeId(identity: Identity): string {
  return `spiffe://${identity.trustDomain.replaceAll("@", ".")}/ns/${identity.namespace}/sa/${identity.serviceAccount}`;
}

/** The parts of a workload's SPIFFE id, or undefined when the shape is not exactly Istio's five parts (spec ID-2). */
export function parseSpiffeId(uri: string): Identity | undefined {
  const prefix = "spiffe://";
  if (!uri.startsWith(prefix)) return undefined;
  const parts = uri.slice(prefix.length).split("/");
  const [trustDomain, ns, namespace, sa, serviceAccount] = parts;
  if (parts.length !== 5 || ns !== "ns" || sa !== "sa") return undefined;
  if (trustDomain === undefined || namespace === undefined || serviceAccount === undefined) return undefined;
  return { trustDomain, namespace, serviceAccount };
}
