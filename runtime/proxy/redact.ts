import type { DecisionRecord, MissedClause, TriedRule } from "../model/decision.ts";

const hidden = "***";

const secretHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
  "api-key",
  "x-auth-token",
  "x-amz-security-token",
]);

const secretName = /(?:^|[-_.])(?:token|secret|password|passwd|apikey|api[-_.]key|credential|signature|sig|jwt)s?$/i;

/** Whether a header's value must never leave the data plane. */
function isSecretHeader(name: string): boolean {
  return secretHeaders.has(name) || secretName.test(name);
}

export function redactHeader(name: string, value: string): string {
  return isSecretHeader(name) ? hidden : value;
}

/** Hides the values of query parameters whose name says that they are secret, and a password in an absolute target. */
export function redactTarget(target: string): string {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  const clean = path.includes("@") ? path.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, `$1${hidden}@`) : path;
  if (question < 0) return clean;
  const query = target
    .slice(question + 1)
    .split("&")
    .map(redactParameter)
    .join("&");
  return `${clean}?${query}`;
}

function redactParameter(parameter: string): string {
  const equals = parameter.indexOf("=");
  if (equals < 0) return parameter;
  const name = parameter.slice(0, equals);
  return secretName.test(decodeName(name)) ? `${name}=${hidden}` : parameter;
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A decision quotes what the request had: the same rules hold there, and for the values a policy wants of a secret header. */
export function redactDecision(record: DecisionRecord): DecisionRecord {
  return { ...record, tried: record.tried.map(redactTried) };
}

function redactTried(tried: TriedRule): TriedRule {
  return tried.missed === null ? tried : { ...tried, missed: redactMissed(tried.missed) };
}

function redactMissed(missed: MissedClause): MissedClause {
  const header = /headers\[([^\]]*)\]/.exec(missed.field)?.[1];
  if (header !== undefined && isSecretHeader(header.toLowerCase())) {
    return { ...missed, wanted: missed.wanted.map(() => hidden), actual: missed.actual === null ? null : hidden };
  }
  return missed.actual === null ? missed : { ...missed, actual: redactTarget(missed.actual) };
}
