import type { JwtRule } from "../model/istio-security.ts";
import type { Mesh } from "../model/mesh.ts";
import { requestAuthentications } from "../compile/request-authentication.ts";
import { parseJwt } from "../policy/jwt/parse.ts";
import type { PredictedCall } from "./call.ts";

/** The call with a token where the rule for its issuer looks first; where no rule takes the issuer, where most look. */
export function carryToken(mesh: Mesh, call: PredictedCall, token: string): PredictedCall {
  const jwt = parseJwt(token);
  const issuer = typeof jwt === "string" ? undefined : jwt.claims.issuer;
  const rule = jwtRules(mesh).find((each) => (each.issuer ?? issuer) === issuer);
  const [header] = rule?.fromHeaders ?? [];
  if (header !== undefined) return withHeader(call, header.name, `${header.prefix ?? ""}${token}`);
  const [parameter] = rule?.fromParams ?? [];
  if (parameter !== undefined) {
    const mark = call.path.includes("?") ? "&" : "?";
    return { ...call, path: `${call.path}${mark}${encodeURIComponent(parameter)}=${token}` };
  }
  const [cookie] = rule?.fromCookies ?? [];
  if (cookie !== undefined) return withHeader(call, "cookie", `${cookie}=${token}`);
  return withHeader(call, "authorization", `Bearer ${token}`);
}

function withHeader(call: PredictedCall, name: string, value: string): PredictedCall {
  return { ...call, headers: [...call.headers, [name.toLowerCase(), value]] };
}

/** All rules, oldest policy first. */
export function jwtRules(mesh: Mesh): readonly JwtRule[] {
  return requestAuthentications(mesh).flatMap(({ spec }) => (spec.jwtRules ?? []).filter((rule) => rule !== null));
}

/** A mesh whose rules all take the same keys, for a token that is only supposed. */
export function withOneKeySet(mesh: Mesh, keySet: string): Mesh {
  const authentications = new Set<object>(requestAuthentications(mesh));
  const others = mesh.others.map((resource) => {
    if (!authentications.has(resource)) return resource;
    const found = requestAuthentications({ ...mesh, others: [resource] })[0];
    if (found === undefined) return resource;
    const rules = (found.spec.jwtRules ?? []).map((rule) => {
      const { jwksUri: _uri, jwks_uri: _old, ...rest } = rule ?? {};
      return { ...rest, jwks: keySet };
    });
    return { ...found, spec: { ...found.spec, jwtRules: rules } };
  });
  return { ...mesh, others };
}
