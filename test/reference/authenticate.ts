import { hasSelector, kindOf, listOf, namespaceOf, part, selects, textOf, textsOf } from "./document.ts";
import type { ReferenceMesh, ReferenceToken, ReferenceWorkload } from "./situation.ts";

type Claims = Readonly<Record<string, unknown>>;

/** What a RequestAuthentication makes of a token; `beyond`: it asks for more than is written down here. */
export type Authenticated =
  | { readonly kind: "passed"; readonly claims: Claims | undefined }
  | { readonly kind: "refused" }
  | { readonly kind: "beyond" };

/** spec RA-2, RA-3, RA-5: rules of all policies that apply; a token needs one that takes its issuer, and passes where nobody asks. */
export function authenticate(
  mesh: ReferenceMesh,
  workload: ReferenceWorkload,
  token: ReferenceToken | undefined,
): Authenticated {
  const rules = mesh.documents
    .filter(
      (document) =>
        kindOf(document) === "RequestAuthentication" &&
        [mesh.rootNamespace, workload.namespace].includes(namespaceOf(document)) &&
        (!hasSelector(document) || selects(document, workload.labels)),
    )
    .flatMap((document) => listOf(part(document, "spec", "jwtRules")));
  if (token === undefined || rules.length === 0) return { kind: "passed", claims: undefined };
  const known = ["issuer", "jwks", "spaceDelimitedClaims", "forwardOriginalToken"];
  if (rules.some((rule) => Object.keys(rule ?? {}).some((name) => !known.includes(name)))) return { kind: "beyond" };
  const mine = rules.filter((rule) => textOf(part(rule, "issuer")) === token.payload["iss"]);
  const [rule] = mine;
  if (rule === undefined || !token.isSound) return { kind: "refused" };
  // Two rules for one issuer leave their claims one over the other.
  if (mine.length > 1) return { kind: "beyond" };
  const split = ["scope", "permission", ...textsOf(part(rule, "spaceDelimitedClaims"))];
  const claims = Object.entries(token.payload).map(([name, value]): readonly [string, unknown] =>
    split.includes(name) && typeof value === "string" ? [name, value.split(" ")] : [name, value],
  );
  return { kind: "passed", claims: Object.fromEntries(claims) };
}
