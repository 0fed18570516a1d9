import type { JwtProvider } from "../../../../runtime/model/jwt.ts";

/** A rule with defaults: the usual places, nothing forwarded or written. */
export function providerOf(
  init: Partial<JwtProvider> & Pick<JwtProvider, "issuer"> & { readonly jwks?: string },
): JwtProvider {
  const { jwks, ...given } = init;
  return {
    name: "origins-0",
    audiences: [],
    keys: jwks === undefined ? { kind: "unavailable", url: "http://keys", by: "istiod" } : { kind: "set", text: jwks },
    headers: [{ name: "authorization", prefix: "Bearer " }],
    params: ["access_token"],
    cookies: [],
    forward: false,
    payloadHeader: undefined,
    claimHeaders: [],
    spaceDelimited: ["scope", "permission"],
    provenance: {
      resource: "RequestAuthentication default/jwt",
      file: "mesh.yaml",
      line: 5,
      column: 3,
      field: "spec.jwtRules[0]",
    },
    ...given,
  };
}

/** A clock that stands at `seconds` until it is moved. */
export function clockAt(seconds: number): { readonly now: () => number; set: (seconds: number) => void } {
  let at = seconds;
  return {
    now: () => at * 1000,
    set: (next) => {
      at = next;
    },
  };
}
