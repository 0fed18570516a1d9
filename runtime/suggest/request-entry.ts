import type { PlainValue } from "../config/edit/field-edit.ts";
import type { RequestFacts } from "../model/decision.ts";
import type { Attribute } from "../model/policy.ts";
import { valuesFor } from "./request-value.ts";

/** What a rule says to mean this request and as little else as it can: its `source` and its `operation`. */

type Fields = { readonly [name: string]: readonly string[] };

const attributes: Readonly<Record<string, Attribute>> = {
  principals: { kind: "peer" },
  serviceAccounts: { kind: "peer" },
  ipBlocks: { kind: "source-ip" },
  requestPrincipals: { kind: "request-principal" },
  methods: { kind: "method" },
  paths: { kind: "path" },
  ports: { kind: "destination-port" },
};

/** The first value that a field can have for a request. */
export function valueOf(field: string, facts: RequestFacts): string | undefined {
  const attribute = attributes[field];
  return attribute === undefined ? undefined : valuesFor({ field, attribute }, facts)[0];
}

function fieldsOf(names: readonly string[], facts: RequestFacts): Fields {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = valueOf(name, facts);
      return value === undefined ? [] : [[name, [value]] as const];
    }),
  );
}

/** By its identity, or by its address when it has none; `token`: also by who it says it is. */
export function sourceOf(facts: RequestFacts, token: boolean): PlainValue {
  const principals = fieldsOf(["principals"], facts);
  const who = principals["principals"] === undefined ? fieldsOf(["ipBlocks"], facts) : principals;
  return { source: { ...who, ...(token ? fieldsOf(["requestPrincipals"], facts) : {}) } };
}

export function operationOf(facts: RequestFacts): PlainValue {
  const names = facts.layer === "tcp" ? ["ports"] : ["methods", "paths", "ports"];
  return { operation: fieldsOf(names, facts) };
}
