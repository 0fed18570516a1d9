import { clientAddress, isInBlock } from "./addresses.ts";
import { claimPath, matchesClaim, matchesRequestPrincipal } from "./claims.ts";
import { entriesOf, listOf, part, textOf, textsOf } from "./document.ts";
import type { ReferenceConnection, ReferenceRequest } from "./situation.ts";
import {
  accountPattern,
  headerPattern,
  namespacePattern,
  pathPattern,
  principalPattern,
  stringPattern,
  trustDomainPattern,
} from "./strings.ts";
import { principalsOf, trustDomainsOf } from "./trust-domains.ts";

export interface RuleContext {
  /** Namespace of the policy. */
  readonly namespace: string;
  readonly action: string;
  readonly trustDomains: readonly string[];
  readonly connection: ReferenceConnection;
  /** Undefined on a TCP chain. */
  readonly request: ReferenceRequest | undefined;
}

/** One field or condition: whether one value of it holds. */
interface Meaning {
  readonly needsHttp: boolean;
  readonly holds: (value: string) => boolean;
}

/** What a part of a rule says of the request; `dropped` when a TCP chain cannot ask it (spec AP-57, AP-58). */
type Answer = boolean | "dropped";

/** Whether a rule matches (spec AP-13…AP-15); on TCP chains, HTTP-only parts drop an ALLOW rule and vanish from others. */
export function matchesRule(rule: unknown, context: RuleContext): boolean {
  if (context.request === undefined && context.action === "ALLOW" && needsHttp(rule, context)) return false;
  const from = listOf(part(rule, "from")).map((each) => part(each, "source"));
  const to = listOf(part(rule, "to")).map((each) => part(each, "operation"));
  return (
    (from.length === 0 || from.some((source) => fields(source, context).every((answer) => answer !== false))) &&
    (to.length === 0 || to.some((operation) => fields(operation, context).every((answer) => answer !== false))) &&
    conditions(rule, context).every((answer) => answer !== false)
  );
}

function needsHttp(rule: unknown, context: RuleContext): boolean {
  const groups = [
    ...listOf(part(rule, "from")).map((each) => part(each, "source")),
    ...listOf(part(rule, "to")).map((each) => part(each, "operation")),
  ];
  return [...groups.flatMap((group) => fields(group, context)), ...conditions(rule, context)].includes("dropped");
}

function fields(group: unknown, context: RuleContext): readonly Answer[] {
  return entriesOf(group).flatMap(([name, given]): readonly Answer[] => {
    const values = textsOf(given);
    if (values.length === 0) return [];
    const negated = /^not[A-Z]/.test(name);
    const positive = negated ? `${name.charAt(3).toLowerCase()}${name.slice(4)}` : name;
    const meaning = meaningOf(keyOfField[positive] ?? "", context);
    if (meaning.needsHttp && context.request === undefined) return ["dropped"];
    return [values.some(meaning.holds) !== negated];
  });
}

function conditions(rule: unknown, context: RuleContext): readonly Answer[] {
  return listOf(part(rule, "when")).flatMap((condition): readonly Answer[] => {
    const values = textsOf(part(condition, "values"));
    const notValues = textsOf(part(condition, "notValues"));
    if (values.length === 0 && notValues.length === 0) return [];
    const meaning = meaningOf(textOf(part(condition, "key")), context);
    if (meaning.needsHttp && context.request === undefined) return ["dropped"];
    return [(values.length === 0 || values.some(meaning.holds)) && !notValues.some(meaning.holds)];
  });
}

/** Fields that mean the same as a key of `when`, and those that have none. */
const keyOfField: Readonly<Record<string, string>> = {
  principals: "source.principal",
  requestPrincipals: "request.auth.principal",
  namespaces: "source.namespace",
  serviceAccounts: "source.serviceAccount",
  trustDomains: "source.trustDomain",
  ipBlocks: "source.ip",
  remoteIpBlocks: "remote.ip",
  hosts: "hosts",
  ports: "destination.port",
  methods: "methods",
  paths: "paths",
};

function meaningOf(key: string, context: RuleContext): Meaning {
  const { connection, request, trustDomains } = context;
  const { peer } = connection;
  // spec AP-20: URI names, else DNS names, else the subject; no certificate, no match (AP-27).
  const names = peer === undefined ? [] : [peer.uris, peer.dns, [peer.subject]].find((each) => each.length > 0);
  const named = (pattern: RegExp): boolean => (names ?? []).some((name) => pattern.test(name));
  const lines = (name: string): readonly string[] =>
    (request?.headers ?? []).flatMap(([each, value]) => (each.toLowerCase() === name ? [value] : []));
  const both = (holds: Meaning["holds"]): Meaning => ({ needsHttp: false, holds });
  const http = (holds: Meaning["holds"]): Meaning => ({ needsHttp: true, holds });

  const header = /^request\.headers\[(.*)\]$/.exec(key)?.[1]?.toLowerCase();
  if (header !== undefined)
    return http((value) => headerValues(header).some((line) => headerPattern(value).test(line)));
  if (key.startsWith("request.auth.claims[")) return claim(claimPath(key));

  switch (key) {
    case "source.principal":
      return both((value) => principalsOf(value, trustDomains).some((each) => named(principalPattern(each))));
    case "source.namespace":
      return both((value) => named(namespacePattern(value)));
    case "source.serviceAccount":
      return both((value) => named(accountPattern(value, context.namespace)));
    case "source.trustDomain":
      return both((value) => trustDomainsOf(value, trustDomains).some((each) => named(trustDomainPattern(each))));
    case "source.ip":
      return both((value) => isInBlock(connection.sourceIp, value));
    case "remote.ip":
      return both((value) => isInBlock(clientAddress(connection.sourceIp, lines("x-forwarded-for")), value));
    case "destination.ip":
      return both((value) => isInBlock(connection.destinationIp, value));
    case "destination.port":
      return both((value) => Number(value) === connection.destinationPort);
    case "connection.sni":
      // errata 8: only the client's name is in lower case.
      return both((value) => stringPattern(value).test(connection.sni?.toLowerCase() ?? ""));
    case "hosts":
      return http((value) => headerPattern(value.toLowerCase()).test(request?.authority.toLowerCase() ?? ""));
    case "methods":
      return http((value) => headerPattern(value).test(request?.method ?? ""));
    case "paths":
      return http((value) => pathPattern(value).test(request?.target.split(/[?#]/)[0] ?? ""));
    case "request.auth.principal":
      return http((value) => request?.claims !== undefined && matchesRequestPrincipal(value, request.claims));
    case "request.auth.audiences":
      return claim(["aud"]);
    case "request.auth.presenter":
      return claim(["azp"]);
    default:
      // Dynamic metadata that no filter writes.
      return both(() => false);
  }

  function claim(path: readonly string[]): Meaning {
    return http((value) => request?.claims !== undefined && matchesClaim(path, value, request.claims));
  }

  /** errata 10: pseudo headers work, and `host` is the authority. */
  function headerValues(name: string): readonly string[] {
    if (request === undefined) return [];
    if (name === ":method") return [request.method];
    if (name === ":path") return [request.target];
    return name === ":authority" || name === "host" ? [request.authority] : lines(name);
  }
}
