/** Two services that call each other, for tests of what crosses between sidecars. */
export const twoServices = `
services:
  frontend: {run: x, port: 8080}
  backend: {run: x, port: 8080}
`;

/** Mutual TLS everywhere. */
export const strict = `
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
`;
