import { listOf, namespaceOf, nameOf, part, textOf } from "./document.ts";
import { type Asked, policiesFor } from "./authorize.ts";
import { matchesRule } from "./rule.ts";

/** What CUSTOM policies do before anything else is asked (spec AP-5, CU-2…CU-6). */
export type Custom =
  | { readonly kind: "passed" }
  /** By RBAC, with the id of the rule that could not be asked about; undefined: the provider said no. */
  | { readonly kind: "denied"; readonly by: string | undefined };

export interface Providers {
  /** Names of those that can be asked, with what they speak. */
  readonly known: Readonly<Record<string, "http" | "grpc">>;
  /** Whether a workload may have several (spec CU-3). */
  readonly several: boolean;
  readonly allows: (provider: string) => boolean;
}

export function askProviders(asked: Asked, providers: Providers): Custom {
  const policies = policiesFor(asked).filter((policy) => textOf(part(policy, "spec", "action")) === "CUSTOM");
  const names = [...new Set(policies.map(providerOf))].toSorted();
  const isBad = (name: string): boolean =>
    providers.known[name] === undefined || (names.length > 1 && !providers.several);
  // One provider after the other, by name (spec CU-3).
  for (const name of names) {
    // An HTTP provider says nothing on a TCP chain (spec CU-6).
    if (!isBad(name) && asked.request === undefined && providers.known[name] === "http") continue;
    const own = policies.filter((policy) => providerOf(policy) === name).flatMap((policy) => matching(policy, asked));
    const [first] = own.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    if (first === undefined) continue;
    if (isBad(name)) return { kind: "denied", by: `${first}-deny-due-to-bad-CUSTOM-action` };
    if (!providers.allows(name)) return { kind: "denied", by: undefined };
  }
  return { kind: "passed" };
}

function providerOf(policy: unknown): string {
  return textOf(part(policy, "spec", "provider", "name"));
}

function matching(policy: unknown, { mesh, connection, request }: Asked): readonly string[] {
  const namespace = namespaceOf(policy);
  const context = { namespace, action: "CUSTOM", trustDomains: mesh.trustDomains, connection, request };
  return listOf(part(policy, "spec", "rules")).flatMap((rule, index) =>
    rule !== null && matchesRule(rule, context)
      ? [`istio-ext-authz-${providerOf(policy)}-ns[${namespace}]-policy[${nameOf(policy)}]-rule[${index}]`]
      : [],
  );
}
