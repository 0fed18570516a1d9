import type { Clock } from "../core/clock.ts";
import type { Problem } from "../core/problem.ts";
import type { Mesh } from "../model/mesh.ts";
import { parseDuration } from "../compile/duration.ts";
import { keySourceOf, type KeySource } from "../compile/key-source.ts";
import { requestAuthentications } from "../compile/request-authentication.ts";
import { positionOf, resourceName } from "../model/resource.ts";
import type { SourcePosition } from "../core/source.ts";

/** What one URL of keys is needed for. */
interface Wanted extends KeySource {
  readonly timeoutMs: number;
  readonly at: SourcePosition;
  readonly resource: string;
  readonly field: string;
}

export interface KeySetsOptions {
  readonly clock: Clock;
  /** The body of an answer with status 2xx; rejects with an error that says why there is none. */
  readonly fetchText: (url: string, timeoutMs: number) => Promise<string>;
  /** Keys came, or others than before. */
  readonly onKeys: (keySets: ReadonlyMap<string, string>) => void;
  readonly onProblems: (problems: readonly Problem[]) => void;
}

/**
 * Fetches the keys that rules name, as istiod does (spec RA-24…RA-27): again every 20 minutes, sooner after a failure; the last good
 * ones stay in use. What a proxy would fetch itself (`PILOT_JWT_ENABLE_REMOTE_JWKS`) is fetched here too, by its rules.
 */
export interface KeySets {
  /** The mesh that the keys are for; what is new is fetched at once. */
  readonly want: (mesh: Mesh) => void;
  /** Something came up that may make another try worth while: programs that serve keys became ready. */
  readonly retry: () => void;
  /** Resolves when every URL of now was tried once. */
  readonly settled: () => Promise<void>;
  readonly close: () => void;
}

const refreshMs = 20 * 60_000;
/** So long a proxy that fetches keys itself keeps them (spec RA-24). */
const proxyRefreshMs = 5 * 60_000;
/** istiod waits a minute and up to an hour; here people look on. */
const firstRetryMs = 1_000;
const lastRetryMs = 60_000;
const usualTimeoutMs = 5_000;

interface Entry {
  wanted: Wanted;
  text: string | undefined;
  fault: string | undefined;
  failures: number;
  cancel: () => void;
  /** The try under way; undefined: none. */
  trying: Promise<void> | undefined;
}

export function createKeySets(options: KeySetsOptions): KeySets {
  const { clock } = options;
  const entries = new Map<string, Entry>();
  let told = "";
  let closed = false;

  function tell(changed: boolean): void {
    if (closed) return;
    if (changed) {
      const known = [...entries].flatMap(([url, { text }]) => (text === undefined ? [] : [[url, text] as const]));
      options.onKeys(new Map(known));
    }
    const problems = [...entries.values()].flatMap(problemOf);
    const text = JSON.stringify(problems);
    if (text === told) return;
    told = text;
    options.onProblems(problems);
  }

  function start(entry: Entry): void {
    entry.cancel();
    entry.trying ??= attempt(entry);
  }

  async function attempt(entry: Entry): Promise<void> {
    let changed = false;
    try {
      const text = await fetchKeys(entry.wanted);
      changed = text !== entry.text;
      entry.text = text;
      entry.fault = undefined;
      entry.failures = 0;
    } catch (error) {
      entry.fault = error instanceof Error ? error.message : String(error);
      entry.failures += 1;
      // A proxy has nothing older to fall back on.
      if (entry.wanted.by === "proxy") {
        changed = entry.text !== undefined;
        entry.text = undefined;
      }
    }
    entry.trying = undefined;
    if (closed || entries.get(entry.wanted.url) !== entry) return;
    const usual = entry.wanted.by === "proxy" ? proxyRefreshMs : refreshMs;
    const wait = entry.failures === 0 ? usual : Math.min(lastRetryMs, firstRetryMs * 2 ** (entry.failures - 1));
    entry.cancel = clock.after(wait, () => {
      start(entry);
    });
    tell(changed);
  }

  async function fetchKeys({ url, kind, barred, timeoutMs }: Wanted): Promise<string> {
    if (barred !== undefined) throw new Error(barred);
    if (kind === "keys") return checked(await options.fetchText(url, timeoutMs));
    const found = keysUrl(await options.fetchText(url, timeoutMs));
    if (found === undefined) throw new Error(`${url} names no jwks_uri`);
    return checked(await options.fetchText(found, timeoutMs));
  }

  return {
    want: (mesh) => {
      const wanted = wantedBy(mesh);
      let gone = false;
      for (const [url, entry] of entries) {
        if (wanted.has(url)) continue;
        entry.cancel();
        entries.delete(url);
        gone ||= entry.text !== undefined;
      }
      for (const [url, each] of wanted) {
        const known = entries.get(url);
        if (known !== undefined) {
          const isFetchedAlike = known.wanted.by === each.by && known.wanted.barred === each.barred;
          known.wanted = each;
          if (!isFetchedAlike) start(known);
          continue;
        }
        const entry: Entry = {
          wanted: each,
          text: undefined,
          fault: undefined,
          failures: 0,
          cancel: () => undefined,
          trying: undefined,
        };
        entries.set(url, entry);
        start(entry);
      }
      tell(gone);
    },
    retry: () => {
      for (const entry of entries.values()) if (entry.fault !== undefined) start(entry);
    },
    settled: async () => {
      await Promise.all(
        Array.from(entries.values(), async ({ trying }) => {
          await trying;
        }),
      );
    },
    close: () => {
      closed = true;
      for (const { cancel } of entries.values()) cancel();
    },
  };
}

/** By URL; the first rule that names one speaks for it. */
function wantedBy(mesh: Mesh): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const source of requestAuthentications(mesh)) {
    for (const [index, rule] of (source.spec.jwtRules ?? []).entries()) {
      if (rule === null || (rule.jwks ?? "") !== "") continue;
      const keys = keySourceOf(mesh, rule);
      const field = `spec.jwtRules[${index}]${rule.jwksUri === undefined ? "" : ".jwksUri"}`;
      if (wanted.has(keys.url)) continue;
      const timeoutMs = parseDuration(rule.timeout) ?? usualTimeoutMs;
      wanted.set(keys.url, {
        ...keys,
        timeoutMs,
        at: positionOf(source, field),
        resource: resourceName(source),
        field,
      });
    }
  }
  return wanted;
}

/** What istiod takes for keys: JSON with a list `keys`. */
function checked(text: string): string {
  const parsed = parsedJson(text);
  if (typeof parsed === "object" && parsed !== null && "keys" in parsed && Array.isArray(parsed.keys)) return text;
  throw new Error("the answer is no JWK set");
}

function keysUrl(text: string): string | undefined {
  const parsed = parsedJson(text);
  return typeof parsed === "object" && parsed !== null && "jwks_uri" in parsed && typeof parsed.jwks_uri === "string"
    ? parsed.jwks_uri
    : undefined;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf({ wanted, text, fault }: Entry): readonly Problem[] {
  if (fault === undefined) return [];
  const { url, at, resource, field } = wanted;
  const effect =
    text === undefined
      ? "every token of this rule is refused until there are keys"
      : "the last keys that came stay in use";
  return [
    {
      code: "MD7010",
      severity: "warning",
      message: `the keys at ${url} cannot be fetched: ${fault}; ${effect}`,
      hint: "it is tried again by itself; for tokens of your own use the issuer of `meshdev token`",
      at,
      resource,
      field,
    },
  ];
}
