import type { JwtProvider } from "../../runtime/model/jwt.ts";

/** RequestAuthentications as our model compiled them, as the jwt_authn filter that Istio would generate (spec RA-3, RA-4). */
export interface JwtAuthn {
  readonly providers: Readonly<Record<string, object>>;
  readonly requirement: object;
}

/** `prefix` tells the providers of one scenario from those of all others in the filter. Undefined: no rule applies. */
export function jwtAuthnOf(rules: readonly JwtProvider[], prefix: string): JwtAuthn | undefined {
  if (rules.length === 0) return undefined;
  const names = rules.map(({ name }) => `${prefix}-${name}`);
  const any = (requirements: readonly object[]): object => ({ requires_any: { requirements } });
  const named = names.map((provider_name) => ({ provider_name }));
  const orMissing = named.map((provider) => any([provider, { allow_missing: {} }]));
  const [only] = orMissing;
  return {
    providers: Object.fromEntries(rules.map((rule, index) => [names[index], provider(rule)])),
    requirement:
      only !== undefined && orMissing.length === 1
        ? only
        : any([...named, { requires_all: { requirements: orMissing } }]),
  };
}

function provider(rule: JwtProvider): object {
  if (rule.keys.kind !== "set") throw new Error("keys that nobody has");
  return {
    ...(rule.issuer === "" ? {} : { issuer: rule.issuer }),
    ...(rule.audiences.length === 0 ? {} : { audiences: rule.audiences }),
    local_jwks: { inline_string: rule.keys.text },
    forward: rule.forward,
    payload_in_metadata: "payload",
    normalize_payload_in_metadata: { space_delimited_claims: rule.spaceDelimited },
    from_headers: rule.headers.map(({ name, prefix }) => ({ name, value_prefix: prefix })),
    from_params: rule.params,
    from_cookies: rule.cookies,
  };
}
