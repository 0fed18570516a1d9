import type { DecisionRecord, MissedClause, TriedRule } from "../model/decision.ts";
import type { JwtProvider } from "../model/jwt.ts";

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

/** A signed token wherever it stands: what it begins with is `{"` in base64. */
const signedToken = /eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?/g;

/** Places where RequestAuthentications look for tokens, lower-case header names. */
export interface TokenPlaces {
  readonly headers: ReadonlySet<string>;
  readonly params: ReadonlySet<string>;
}

const noPlaces: TokenPlaces = { headers: new Set(), params: new Set() };

const places = new WeakMap<readonly JwtProvider[], TokenPlaces>();

export function tokenPlaces(jwt: readonly JwtProvider[]): TokenPlaces {
  const known = places.get(jwt);
  if (known !== undefined) return known;
  const made = {
    headers: new Set(jwt.flatMap(({ headers }) => headers.map(({ name }) => name))),
    params: new Set(jwt.flatMap(({ params }) => params)),
  };
  places.set(jwt, made);
  return made;
}

/** Whether a header's value must never leave the data plane. */
function isSecretHeader(name: string, { headers }: TokenPlaces): boolean {
  return secretHeaders.has(name) || headers.has(name) || secretName.test(name);
}

export function redactHeader(name: string, value: string, at: TokenPlaces = noPlaces): string {
  return isSecretHeader(name, at) ? hidden : value.replaceAll(signedToken, hidden);
}

/** Hides the values of query parameters whose name says that they are secret, and a password in an absolute target. */
export function redactTarget(target: string, at: TokenPlaces = noPlaces): string {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  const clean = path.includes("@") ? path.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, `$1${hidden}@`) : path;
  if (question < 0) return clean.replaceAll(signedToken, hidden);
  const query = target
    .slice(question + 1)
    .split("&")
    .map((parameter) => redactParameter(parameter, at))
    .join("&");
  return `${clean}?${query}`.replaceAll(signedToken, hidden);
}

function redactParameter(parameter: string, { params }: TokenPlaces): string {
  const equals = parameter.indexOf("=");
  if (equals < 0) return parameter;
  const name = parameter.slice(0, equals);
  const decoded = decodeName(name);
  return params.has(decoded) || secretName.test(decoded) ? `${name}=${hidden}` : parameter;
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A decision quotes what the request had: the same rules hold there, and for the values a policy wants of a secret header. */
export function redactDecision(record: DecisionRecord, at: TokenPlaces = noPlaces): DecisionRecord {
  const { blame } = record;
  return {
    ...record,
    tried: record.tried.map((tried) => redactTried(tried, at)),
    ...(blame === undefined
      ? {}
      : { blame: blame.map((each) => ({ ...each, clauses: each.clauses.map((clause) => redactMissed(clause, at)) })) }),
  };
}

function redactTried(tried: TriedRule, at: TokenPlaces): TriedRule {
  const { missed, clauses, unusable } = tried;
  if (missed === null && clauses === undefined && unusable === undefined) return tried;
  return {
    ...tried,
    missed: missed === null ? null : redactMissed(missed, at),
    ...(clauses === undefined ? {} : { clauses: clauses.map((clause) => redactMissed(clause, at)) }),
    ...(unusable === undefined
      ? {}
      : {
          unusable: unusable
            .map((field) => redactMissed({ ...field, actual: null }, at))
            .map(({ actual: _none, ...field }) => field),
        }),
  };
}

function redactMissed<T extends Pick<MissedClause, "field" | "wanted" | "actual">>(missed: T, at: TokenPlaces): T {
  const header = /headers\[([^\]]*)\]/.exec(missed.field)?.[1];
  if (header !== undefined && isSecretHeader(header.toLowerCase(), at)) {
    return { ...missed, wanted: missed.wanted.map(() => hidden), actual: missed.actual === null ? null : hidden };
  }
  return missed.actual === null ? missed : { ...missed, actual: redactTarget(missed.actual, at) };
}
