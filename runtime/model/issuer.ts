/** The issuer of tokens for development: a workload of the mesh that serves the keys behind the tokens of `meshdev token`. */
export const devIssuer = {
  service: "meshdev-issuer",
  namespace: "istio-system",
  port: 80,
  /** Where its program listens. */
  target: 8080,
  /** Its tokens say this in `iss` when nobody wants something else; keys are found by it too (OpenID discovery). */
  url: "http://meshdev-issuer.istio-system",
  keysPath: "/jwks",
} as const;

/** Whether a URL names the issuer of the mesh, by one of the names that a Service has. */
export function isDevIssuer(url: string): boolean {
  const host = /^http:\/\/([^/:?#]+)(?::80)?(?:[/?#]|$)/i.exec(url)?.[1]?.toLowerCase().replace(/\.$/, "");
  const name = `${devIssuer.service}.${devIssuer.namespace}`;
  return host !== undefined && [name, `${name}.svc`, `${name}.svc.cluster.local`].includes(host);
}

/** How the issuer's program is started; the host knows. */
export interface IssuerProgram {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}
