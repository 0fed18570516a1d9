import type {
  AuthorizationAction,
  AuthorizationCondition,
  AuthorizationPolicy,
  AuthorizationRule,
} from "../model/istio-security.ts";
import type { Attribute, Clause, ClauseGroup, CompiledRule, Matcher, Unusable } from "../model/policy.ts";
import { provenance } from "../model/resource.ts";
import { migratePrincipal, migrateTrustDomain } from "../policy/trust-domain.ts";
import {
  addressValue,
  headerValue,
  hostValue,
  metadataValue,
  namespaceValue,
  pathValue,
  portValue,
  principalValue,
  requestPrincipalValue,
  serviceAccountValue,
  textValue,
  trustDomainValue,
  type ValueCompiler,
} from "../policy/values.ts";

export interface RuleContext {
  readonly policy: AuthorizationPolicy;
  readonly action: AuthorizationAction;
  readonly layer: "http" | "tcp";
  /** The mesh's trust domain, then its aliases. */
  readonly trustDomains: readonly string[];
}

/** What a field or `when` key is tested on. */
interface FieldMeaning {
  readonly attribute: Attribute;
  readonly compile: ValueCompiler;
  readonly needsHttp: boolean;
}

const needsHttp = "needs HTTP, and this is not an HTTP connection";
const invalid = "has a value that cannot be used";

export function compileRule(context: RuleContext, rule: AuthorizationRule, index: number): CompiledRule {
  const path = `spec.rules[${index}]`;
  const scope: Scope = { context, unusable: [] };
  const from = (rule.from ?? []).map((entry, at) =>
    compileGroup(scope, "from.source", `${path}.from[${at}].source`, Object.entries(entry.source)),
  );
  const to = (rule.to ?? []).map((entry, at) =>
    compileGroup(scope, "to.operation", `${path}.to[${at}].operation`, Object.entries(entry.operation)),
  );
  const when = (rule.when ?? []).flatMap((condition, at) => compileCondition(scope, condition, `${path}.when[${at}]`));
  return {
    index,
    provenance: provenance(context.policy, path),
    from,
    to,
    when,
    // Istio drops what it can't use in the direction of safety: the whole rule of an ALLOW, the single part of a DENY (spec AP-57, AP-58, AP-69).
    dropped: context.action === "ALLOW" ? scope.unusable.at(-1)?.why : undefined,
    ...(scope.unusable.length === 0 ? {} : { unusable: scope.unusable }),
  };
}

interface Scope {
  readonly context: RuleContext;
  readonly unusable: Unusable[];
}

function compileGroup(
  scope: Scope,
  label: string,
  path: string,
  fields: readonly (readonly [string, readonly string[] | undefined])[],
): ClauseGroup {
  const clauses = fields.flatMap(([name, values]) => {
    const negated = name.startsWith("not");
    const plain = negated ? name.charAt(3).toLowerCase() + name.slice(4) : name;
    const meaning = meaningOfField(plain, scope.context);
    if (meaning === undefined) return [];
    return compileClause(scope, meaning, `${label}.${name}`, negated, values ?? [], `${path}.${name}`);
  });
  return { clauses, provenance: provenance(scope.context.policy, path) };
}

function compileCondition(scope: Scope, condition: AuthorizationCondition, path: string): readonly Clause[] {
  const meaning = meaningOfKey(condition.key, scope.context);
  if (meaning === undefined) {
    const values = [...(condition.values ?? []), ...(condition.notValues ?? [])];
    scope.unusable.push(unusable(scope, `when ${condition.key}`, values, invalid, `${path}.key`));
    return [];
  }
  const field = `when ${condition.key}`;
  return [
    ...compileClause(scope, meaning, field, false, condition.values ?? [], `${path}.values`),
    ...compileClause(scope, meaning, field, true, condition.notValues ?? [], `${path}.notValues`),
  ];
}

function compileClause(
  scope: Scope,
  meaning: FieldMeaning,
  field: string,
  negated: boolean,
  values: readonly string[],
  path: string,
): readonly Clause[] {
  if (values.length === 0) return [];
  if (meaning.needsHttp && scope.context.layer === "tcp") {
    scope.unusable.push(unusable(scope, field, values, needsHttp, path));
    return [];
  }
  const matchers: Matcher[] = [];
  let isSound = true;
  for (const value of values) {
    const compiled = meaning.compile(value);
    if (compiled === undefined) isSound = false;
    else matchers.push(...compiled);
  }
  if (!isSound) scope.unusable.push(unusable(scope, field, values, invalid, path));
  if (matchers.length === 0) return [];
  return [
    {
      field,
      attribute: meaning.attribute,
      negated,
      values,
      matchers,
      provenance: provenance(scope.context.policy, path),
    },
  ];
}

function unusable({ context }: Scope, field: string, values: readonly string[], why: string, path: string): Unusable {
  return { field, values, why, provenance: provenance(context.policy, path) };
}

const peer: Attribute = { kind: "peer" };

function both(attribute: Attribute, compile: ValueCompiler): FieldMeaning {
  return { attribute, compile, needsHttp: false };
}

function http(attribute: Attribute, compile: ValueCompiler): FieldMeaning {
  return { attribute, compile, needsHttp: true };
}

function principals(context: RuleContext): ValueCompiler {
  return (value) => migratePrincipal(value, context.trustDomains).flatMap((each) => principalValue(each) ?? []);
}

function trustDomains(context: RuleContext): ValueCompiler {
  return (value) => migrateTrustDomain(value, context.trustDomains).flatMap((each) => trustDomainValue(each) ?? []);
}

function meaningOfField(name: string, context: RuleContext): FieldMeaning | undefined {
  switch (name) {
    case "principals":
      return both(peer, principals(context));
    case "namespaces":
      return both(peer, namespaceValue);
    case "serviceAccounts":
      return both(peer, serviceAccountValue(context.policy.namespace));
    case "trustDomains":
      return both(peer, trustDomains(context));
    case "ipBlocks":
      return both({ kind: "source-ip" }, addressValue);
    case "remoteIpBlocks":
      return both({ kind: "remote-ip" }, addressValue);
    case "requestPrincipals":
      return http({ kind: "request-principal" }, requestPrincipalValue);
    case "hosts":
      return http({ kind: "host" }, hostValue);
    case "ports":
      return both({ kind: "destination-port" }, portValue);
    case "methods":
      return http({ kind: "method" }, headerValue);
    case "paths":
      return http({ kind: "path" }, pathValue);
    default:
      return undefined;
  }
}

/** The complete list of `when` keys (spec 5.7). */
function meaningOfKey(key: string, context: RuleContext): FieldMeaning | undefined {
  const header = /^request\.headers\[(.*)\]$/s.exec(key)?.[1];
  if (header !== undefined) {
    return { attribute: { kind: "header", name: header.toLowerCase() }, compile: headerValue, needsHttp: true };
  }
  switch (key) {
    case "source.ip":
      return meaningOfField("ipBlocks", context);
    case "remote.ip":
      return meaningOfField("remoteIpBlocks", context);
    case "source.namespace":
      return meaningOfField("namespaces", context);
    case "source.serviceAccount":
      return meaningOfField("serviceAccounts", context);
    case "source.trustDomain":
      return meaningOfField("trustDomains", context);
    case "source.principal":
      return meaningOfField("principals", context);
    case "destination.ip":
      return { attribute: { kind: "destination-ip" }, compile: addressValue, needsHttp: false };
    case "destination.port":
      return meaningOfField("ports", context);
    case "connection.sni":
      return { attribute: { kind: "sni" }, compile: textValue, needsHttp: false };
    case "request.auth.principal":
      return meaningOfField("requestPrincipals", context);
    case "request.auth.audiences":
      return http({ kind: "claim", path: ["aud"] }, textValue);
    case "request.auth.presenter":
      return http({ kind: "claim", path: ["azp"] }, textValue);
    default:
      break;
  }
  const claim = /^request\.auth\.claims(\[.*\])$/s.exec(key)?.[1];
  if (claim !== undefined) return http({ kind: "claim", path: claimPath(claim) }, textValue);
  return meaningOfMetadata(key);
}

/** `experimental.envoy.filters.http.ext_authz[risk]`: what stands behind the first bracket is one key (spec AP-50). */
function meaningOfMetadata(key: string): FieldMeaning | undefined {
  const name = /^experimental\.(?=envoy\.filters\.)(.*)$/s.exec(key)?.[1]?.replace(/\]$/, "") ?? "";
  const bracket = name.indexOf("[");
  if (bracket < 0) return undefined;
  return both({ kind: "metadata", filter: name.slice(0, bracket), key: name.slice(bracket + 1) }, metadataValue);
}

/** `[a][b]` as `a`, `b`; brackets in another order are part of one name (spec AP-46). */
function claimPath(brackets: string): readonly string[] {
  return /^(?:\[[^[\]]*\])+$/.test(brackets) ? brackets.slice(1, -1).split("][") : [brackets.slice(1, -1)];
}
