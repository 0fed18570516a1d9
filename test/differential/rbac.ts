import { assertNever } from "../../runtime/core/assert-never.ts";
import type {
  Attribute,
  Clause,
  ClauseGroup,
  CompiledPolicy,
  CompiledRule,
  CustomStage,
  Matcher,
  PolicySet,
} from "../../runtime/model/policy.ts";

/** Our compiled policies as the RBAC configuration that Istio would generate for Envoy. */

export interface Rbac {
  readonly action: "ALLOW" | "DENY" | "LOG";
  readonly policies: Readonly<Record<string, object>>;
}

/** The rules of an RBAC filter, each kind with what its notes begin with; an absent kind is none. */
export interface RbacFilter {
  readonly rules?: Rbac;
  readonly shadow_rules?: Rbac;
  readonly shadow_rules_stat_prefix?: string;
}

/** The filter of an action: what is enforced, and what only runs dry. Undefined: no policy of this action applies. */
export function rbacOf(set: PolicySet, action: "ALLOW" | "DENY" | "AUDIT"): RbacFilter | undefined {
  const [rules, shadow] = [false, true].map((dryRun) =>
    rulesOf(
      set.policies.filter((policy) => policy.action === action && policy.dryRun === dryRun),
      action === "AUDIT" ? "LOG" : action,
    ),
  );
  if (rules === undefined && shadow === undefined) return undefined;
  const prefix = `istio_dry_run_${action.toLowerCase()}_`;
  return {
    ...(rules === undefined ? {} : { rules }),
    ...(shadow === undefined ? {} : { shadow_rules: shadow, shadow_rules_stat_prefix: prefix }),
  };
}

/** The filter before a provider: its rules say whether it is asked, or refuse what nobody can be asked about. */
export function customRbac(set: PolicySet, { provider, policies }: CustomStage): RbacFilter {
  const own = set.policies.filter((_policy, index) => policies.includes(index));
  const rules = rulesOf(own, "DENY");
  if (rules === undefined) return {};
  return provider === undefined ? { rules } : { shadow_rules: rules, shadow_rules_stat_prefix: "istio_ext_authz_" };
}

function rulesOf(policies: readonly CompiledPolicy[], action: Rbac["action"]): Rbac | undefined {
  if (policies.length === 0) return undefined;
  const rules = policies.flatMap((policy) =>
    policy.rules
      .filter((rule) => rule.dropped === undefined)
      .map((rule) => {
        const suffix = policy.fault === undefined ? "" : "-deny-due-to-bad-CUSTOM-action";
        return [`${policy.id}-rule[${rule.index}]${suffix}`, policyOf(rule)] as const;
      }),
  );
  return { action, policies: Object.fromEntries(rules) };
}

function policyOf(rule: CompiledRule): object {
  const permissions = rule.when.filter(({ attribute }) => isPermission(attribute)).map(permissionOf);
  const principals = rule.when.filter(({ attribute }) => !isPermission(attribute)).map(principalOf);
  return {
    permissions: [{ and_rules: { rules: [anyPermission(rule.to), ...permissions] } }],
    principals: [{ and_ids: { ids: [anyPrincipal(rule.from), ...principals] } }],
  };
}

function anyPermission(groups: readonly ClauseGroup[]): object {
  if (groups.length === 0) return { any: true };
  return {
    or_rules: {
      rules: groups.map(({ clauses }) => ({ and_rules: { rules: [{ any: true }, ...clauses.map(permissionOf)] } })),
    },
  };
}

function anyPrincipal(groups: readonly ClauseGroup[]): object {
  if (groups.length === 0) return { any: true };
  return {
    or_ids: { ids: groups.map(({ clauses }) => ({ and_ids: { ids: [{ any: true }, ...clauses.map(principalOf)] } })) },
  };
}

/** What Envoy asks of the destination; all else it asks of the caller. */
function isPermission({ kind }: Attribute): boolean {
  return ["destination-ip", "destination-port", "sni", "host", "method", "path", "metadata"].includes(kind);
}

function permissionOf(clause: Clause): object {
  const some = {
    or_rules: { rules: orNever(clause.matchers.map((matcher) => permission(clause.attribute, matcher))) },
  };
  return clause.negated ? { not_rule: some } : some;
}

function principalOf(clause: Clause): object {
  const some = { or_ids: { ids: orNever(clause.matchers.map((matcher) => principal(clause.attribute, matcher))) } };
  return clause.negated ? { not_id: some } : some;
}

/** Envoy refuses an empty list. */
function orNever(rules: readonly object[]): readonly object[] {
  return rules.length > 0 ? rules : [{ header: { name: ":never", present_match: true } }];
}

function permission(attribute: Attribute, matcher: Matcher): object {
  switch (attribute.kind) {
    case "destination-ip":
      return { destination_ip: range(matcher) };
    case "destination-port":
      return { destination_port: matcher.kind === "port" ? matcher.value : 0 };
    case "sni":
      return { requested_server_name: text(matcher) };
    case "host":
      return { header: header(":authority", matcher, true) };
    case "method":
      return { header: header(":method", matcher, false) };
    case "path":
      return matcher.kind === "template" ? template(matcher.value) : { url_path: { path: text(matcher) } };
    case "metadata": {
      const value =
        matcher.kind === "listed"
          ? { list_match: { one_of: { string_match: text(matcher.of) } } }
          : { string_match: text(matcher) };
      return { metadata: { filter: attribute.filter, path: [{ key: attribute.key }], value } };
    }
    default:
      throw new Error(`${attribute.kind} says nothing of a destination`);
  }
}

function principal(attribute: Attribute, matcher: Matcher): object {
  switch (attribute.kind) {
    case "peer":
      return { authenticated: { principal_name: text(matcher) } };
    // The address of the PROXY header stands for the direct one that Istio asks for, which here is a Unix socket.
    case "source-ip":
      return { source_ip: range(matcher) };
    case "remote-ip":
      return { remote_ip: range(matcher) };
    case "header":
      return { header: header(attribute.name, matcher, false) };
    case "claim": {
      const matches = text(matcher);
      return claim(attribute.path, {
        or_match: {
          value_matchers: [{ list_match: { one_of: { string_match: matches } } }, { string_match: matches }],
        },
      });
    }
    case "request-principal": {
      if (matcher.kind !== "request-principal") throw new Error(`${matcher.kind} is no request principal`);
      const ids = [
        claim(["iss"], { string_match: text(matcher.issuer) }),
        claim(["sub"], { string_match: text(matcher.subject) }),
      ];
      return { and_ids: { ids } };
    }
    default:
      throw new Error(`${attribute.kind} says nothing of a caller`);
  }
}

/** Where the jwt_authn filter leaves what it verified. */
function claim(path: readonly string[], value: object): object {
  const keys = ["payload", ...path].map((key) => ({ key }));
  return { metadata: { filter: "envoy.filters.http.jwt_authn", path: keys, value } };
}

function header(name: string, matcher: Matcher, ignoreCase: boolean): object {
  if (matcher.kind === "present" && !matcher.nonEmpty) return { name, present_match: true };
  return { name, string_match: { ...text(matcher), ...(ignoreCase ? { ignore_case: true } : {}) } };
}

function template(value: string): object {
  return {
    uri_template: {
      name: "uri-template",
      typed_config: {
        "@type": "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig",
        path_template: value.replaceAll("{*}", "*").replaceAll("{**}", "**"),
      },
    },
  };
}

function range(matcher: Matcher): object {
  const [address, length] = matcher.kind === "cidr" ? matcher.value.split("/") : [];
  const bits = address?.includes(":") === true ? 128 : 32;
  return { address_prefix: address, prefix_len: length === undefined ? bits : Number(length) };
}

/** spec 5.4, 5.5: exact, prefix and suffix as such, the rest as the regular expressions of Istio's generator. */
function text(matcher: Matcher): object {
  switch (matcher.kind) {
    case "exact":
      return { exact: matcher.value };
    case "prefix":
      return matcher.value === "" ? regex(".*") : { prefix: matcher.value };
    case "suffix":
      return matcher.value === "" ? regex(".*") : { suffix: matcher.value };
    case "present":
      return regex(matcher.nonEmpty ? ".+" : ".*");
    case "affix":
      return regex(`${quoted(matcher.prefix)}.*${quoted(matcher.suffix)}`);
    case "sequence":
      return regex(`.*${matcher.parts.map(quoted).join(".*")}.*`);
    case "service-account":
      return regex(`spiffe://.+/ns/${quoted(matcher.namespace)}/(.+/|)sa/${quoted(matcher.name)}(/.+)?`);
    case "trust-domain":
      return regex(`spiffe://${quoted(matcher.before)}[^/]*${quoted(matcher.after)}/.*`);
    case "template":
    case "cidr":
    case "port":
    case "request-principal":
    case "listed":
      throw new Error(`a ${matcher.kind} is no text`);
    default:
      return assertNever(matcher);
  }
}

function regex(pattern: string): object {
  return { safe_regex: { regex: pattern } };
}

function quoted(value: string): string {
  return value.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
