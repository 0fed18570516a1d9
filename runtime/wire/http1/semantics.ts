import {
  buildBlock,
  decimalAt,
  type Fields,
  type HeaderBlock,
  hasRepeatedSingle,
  isCanonicalDecimal,
} from "./fields.ts";
import { joinValues, plainValue, type RawEntry, rawEntry, stride, tokensOf } from "./fields.ts";
import { type Direction, nameKind } from "./names.ts";
import type { ScannedHead } from "./scan.ts";

/** How the end of a body is found. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until-close" };

export const noBody: Framing = { kind: "none" };
export const chunkedBody: Framing = { kind: "chunked" };
export const untilClose: Framing = { kind: "until-close" };

export type FramingFault = "codec" | "bothFramings" | "bodyDisallowed" | "coding" | "nominated";

/** What the special headers of a message say, with the headers that are left for filters and for the next hop. */
export interface Meaning {
  readonly kind: "meaning";
  readonly block: HeaderBlock;
  /** Undefined without a Host line; several are joined with a comma (errata traffic A11). */
  readonly host: string | undefined;
  /** `chunked`, a length, or undefined when the headers name no body. */
  readonly body: "chunked" | number | undefined;
  readonly close: boolean;
  readonly keepAlive: boolean;
  /** Protocol of an upgrade, as written: `connection` and `upgrade` then stay among the headers as they were sent. Undefined when none is asked for or it is h2c, which Envoy ignores. */
  readonly upgrade: string | undefined;
  readonly expectContinue: boolean;
}

/** `switching`: a 101. */
export type MessageKind = "request" | "connect" | "response" | "switching";

/** Headers that belong to one hop; they never reach a filter or the next hop (spec traffic 5.3.1). Repeated lines are joined. */
interface Specials {
  host: string | undefined;
  connection: string | undefined;
  proxyConnection: string | undefined;
  coding: string | undefined;
  te: string | undefined;
  upgrade: string | undefined;
  length: number | undefined;
  settings: boolean;
  expectContinue: boolean;
  lengthIsCanonical: boolean;
  /** Two names may be the same: as long, and with the same first letter, or nearly. */
  mayRepeat: boolean;
}

/**
 * Understands the special headers. Removes what belongs to this hop, including what `Connection` nominates, before anyone
 * can decide on it or forward it; a nomination that could hide the caller is a fault, as in Envoy. Upgrades and CONNECT
 * keep what they nominate, and an answer nominates nothing.
 */
export function readMeaning(
  bytes: Buffer,
  scanned: ScannedHead,
  kind: MessageKind,
): Meaning | { readonly kind: "fault"; readonly fault: FramingFault } {
  const seen: Specials = {
    host: undefined,
    connection: undefined,
    proxyConnection: undefined,
    coding: undefined,
    te: undefined,
    upgrade: undefined,
    length: undefined,
    settings: false,
    expectContinue: false,
    lengthIsCanonical: true,
    mayRepeat: false,
  };
  const kept: number[] = [];
  const connect = kind === "connect";
  const direction = kind === "response" || kind === "switching" ? "response" : "request";
  const sound = readSpecials(bytes, scanned.fields, direction, seen, kept);
  if (seen.coding !== undefined && seen.length !== undefined) return { kind: "fault", fault: "bothFramings" };
  if (!sound) return { kind: "fault", fault: "codec" };

  const tokens = seen.connection === undefined ? none : tokensOf(seen.connection);
  const proxyTokens = seen.proxyConnection === undefined ? none : tokensOf(seen.proxyConnection);
  const mayAsk = kind !== "response" && tokens.includes("upgrade");
  const asked = mayAsk && seen.upgrade !== undefined ? seen.upgrade : "";
  const h2c = asked.toLowerCase() === "h2c";
  const upgrade = asked === "" || h2c ? undefined : asked;

  if (connect && seen.length !== undefined && seen.length > 0) return { kind: "fault", fault: "bodyDisallowed" };
  if (seen.coding !== undefined && (connect || seen.coding.toLowerCase() !== "chunked"))
    return { kind: "fault", fault: "coding" };
  const nominated =
    kind !== "request" || upgrade !== undefined || tokens.every((token) => ordinaryTokens.has(token))
      ? none
      : tokens.filter((token) => !ordinaryTokens.has(token));
  if (nominated.length > 0 && (tokens.length >= maxTokens || nominated.some(mustNotBeNominated)))
    return { kind: "fault", fault: "nominated" };

  const trailers = seen.te !== undefined && tokensOf(seen.te).includes("trailers");
  const rebuild =
    !scanned.canonical ||
    nominated.length > 0 ||
    trailers ||
    upgrade !== undefined ||
    (h2c && seen.settings) ||
    !seen.lengthIsCanonical ||
    (seen.mayRepeat && hasRepeatedSingle(bytes, kept, direction));
  const block = rebuild
    ? rebuildBlock(bytes, scanned.fields, {
        direction,
        nominated,
        trailers,
        upgrade,
        dropSettings: h2c,
        length: seen.length,
      })
    : { bytes, fields: kept };
  return {
    kind: "meaning",
    block,
    host: nominated.includes("host") ? undefined : seen.host,
    body: seen.coding === undefined ? seen.length : "chunked",
    close: tokens.includes("close") || proxyTokens.includes("close"),
    keepAlive: tokens.includes("keep-alive") || proxyTokens.includes("keep-alive"),
    upgrade,
    expectContinue: seen.expectContinue,
  };
}

const none: readonly string[] = [];
const maxTokens = 10;

const ordinaryTokens: ReadonlySet<string> = new Set(["close", "keep-alive", "upgrade", "http2-settings", "connection"]);

/** Dropping these would hide who called. */
function mustNotBeNominated(token: string): boolean {
  return token.startsWith(":") || forwarded.has(token);
}

const forwarded: ReadonlySet<string> = new Set(["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);

/** Sorts the headers into those of this hop and the rest; false when a length is none. */
function readSpecials(bytes: Buffer, fields: Fields, direction: Direction, seen: Specials, kept: number[]): boolean {
  let sound = true;
  /** A bit for each name so far; different ones may share one. */
  let names = 0;
  for (let at = 0; at < fields.length; at += stride) {
    const from = fields[at] ?? 0;
    const to = fields[at + 1] ?? 0;
    const start = fields[at + 2] ?? 0;
    const end = fields[at + 3] ?? 0;
    switch (nameKind(bytes, from, to)) {
      case "ordinary":
        break;
      case "host":
        if (direction === "response") break;
        seen.host = seen.host === undefined ? plainValue(bytes, start, end) : join(seen.host, bytes, fields, at);
        continue;
      case "connection":
        seen.connection = join(seen.connection, bytes, fields, at);
        continue;
      case "proxy-connection":
        seen.proxyConnection = join(seen.proxyConnection, bytes, fields, at);
        continue;
      case "keep-alive":
        continue;
      case "transfer-encoding":
        // Not joined as Envoy does: of a coding that is named twice it may believe either (RFC 9112 §6.1 calls it an attack).
        seen.coding = seen.coding === undefined ? rawEntry(bytes, fields, at)[1] : "several";
        continue;
      case "te":
        if (direction === "response") break;
        seen.te = join(seen.te, bytes, fields, at);
        continue;
      case "upgrade":
        seen.upgrade = join(seen.upgrade, bytes, fields, at);
        continue;
      case "content-length": {
        const length = decimalAt(bytes, start, end);
        sound &&= length !== undefined && seen.length === undefined;
        seen.length = length ?? 0;
        seen.lengthIsCanonical = isCanonicalDecimal(bytes, start, end);
        break;
      }
      case "expect":
        seen.expectContinue ||= rawEntry(bytes, fields, at)[1].toLowerCase() === "100-continue";
        break;
      case "http2-settings":
        seen.settings = true;
        break;
    }
    const bit = 1 << (((to - from) * 7 + ((bytes[from] ?? 0) | 0x20)) & 31);
    if ((names & bit) !== 0) seen.mayRepeat = true;
    names |= bit;
    kept.push(from, to, start, end);
  }
  return sound;
}

function join(earlier: string | undefined, bytes: Buffer, fields: Fields, at: number): string {
  const value = rawEntry(bytes, fields, at)[1];
  return earlier === undefined ? value : joinValues(earlier, value);
}

interface Rebuild {
  readonly direction: Direction;
  readonly nominated: readonly string[];
  readonly trailers: boolean;
  readonly upgrade: string | undefined;
  readonly dropSettings: boolean;
  readonly length: number | undefined;
}

function rebuildBlock(bytes: Buffer, fields: Fields, wanted: Rebuild): HeaderBlock {
  const entries: RawEntry[] = [];
  let trailers = wanted.trailers;
  for (let at = 0; at < fields.length; at += stride) {
    const entry = rawEntry(bytes, fields, at);
    switch (nameKind(bytes, fields[at] ?? 0, fields[at + 1] ?? 0)) {
      case "content-length":
        entries.push([entry[0], `${wanted.length}`]);
        break;
      case "te":
        if (wanted.direction === "response") entries.push(entry);
        else if (trailers) entries.push(["te", "trailers"]);
        trailers = false;
        break;
      case "connection":
      case "upgrade":
        if (wanted.upgrade !== undefined) entries.push(entry);
        break;
      case "http2-settings":
        if (!wanted.dropSettings) entries.push(entry);
        break;
      case "ordinary":
      case "expect":
        if (!wanted.nominated.includes(entry[0])) entries.push(entry);
        break;
      case "host":
        if (wanted.direction === "response") entries.push(entry);
        break;
      case "keep-alive":
      case "proxy-connection":
      case "transfer-encoding":
        break;
    }
  }
  return buildBlock(entries, wanted.direction);
}
