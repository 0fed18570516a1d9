import { allowOnly, peerAuthentication } from "../e2e/support/load.ts";

/** Paths `/bit/0` … `/bit/7` spell the number of the edit that decided: a path is denied while its bit is set. */
export const bits = 8;

export function isDenied(edit: number, bit: number): boolean {
  return ((edit >> bit) & 1) === 1;
}

/** The policy of one edit. All have the same size: a file that shrinks waits, on purpose, until it has been quiet. */
export function bitPolicy(edit: number): string {
  const paths = Array.from({ length: bits }, (_, bit) => `"/${isDenied(edit, bit) ? "bit" : "off"}/${bit}"`);
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: bits, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: DENY
  rules:
    - to: [{operation: {paths: [${paths.join(", ")}]}}]
`;
}

/** What stays as it is: who may call at all, one path that nobody may, and one that everybody may. */
export const fixedPolicies = `${peerAuthentication("STRICT")}---
${allowOnly("caller")}---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: denied, namespace: default}
spec:
  selector: {matchLabels: {app: backend}}
  action: DENY
  rules: [{to: [{operation: {paths: ["/denied"]}}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: edge, namespace: default}
spec:
  selector: {matchLabels: {app: edge}}
  rules: [{to: [{operation: {paths: ["/open"]}}]}]
`;

export const storeMode = (mode: "STRICT" | "PERMISSIVE"): string => `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: store, namespace: default}
spec:
  selector: {matchLabels: {app: store}}
  mtls: {mode: ${mode}}
`;

/** A route that changes with every edit and sends everything where it went before. */
export const route = (edit: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: backend, namespace: default}
spec:
  hosts: [backend]
  http:
    - headers: {request: {set: {x-edit: "${String(edit).padStart(8, "0")}"}}}
      route: [{destination: {host: backend}}]
`;
