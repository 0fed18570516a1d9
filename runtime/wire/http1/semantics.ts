import {
  buildBlock,
  decimalAt,
  type Fields,
  type HeaderBlock,
  hasRepeatedSingle,
  isCanonicalDecimal,
} from "./fields.ts";
import { nameAt, type RawEntry, rawEntry, stride, tokensOf } from "./fields.ts";
import { nameKind } from "./names.ts";
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

export type FramingFault = "codec" | "bothFramings" | "coding" | "nominated";

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
  /** Protocol of an upgrade, as written; undefined when none is asked for or it is h2c, which Envoy ignores. */
  readonly upgrade: string | undefined;
  readonly expectContinue: boolean;
}

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
}

/**
 * Understands the special headers. Removes what belongs to this hop, including what `Connection` nominates, before anyone
 * can decide on it or forward it; a nomination that could hide the caller is a fault, as in Envoy.
 */
export function readMeaning(
  bytes: Buffer,
  scanned: ScannedHead,
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
  };
  const kept: number[] = [];
  const fault = readSpecials(bytes, scanned.fields, seen, kept);
  if (fault !== undefined) return { kind: "fault", fault };

  const tokens = seen.connection === undefined ? none : tokensOf(seen.connection);
  const proxyTokens = seen.proxyConnection === undefined ? none : tokensOf(seen.proxyConnection);
  const nominated = tokens.every((token) => ordinaryTokens.has(token))
    ? none
    : tokens.filter((token) => !ordinaryTokens.has(token));
  if (tokens.length >= 10 || nominated.some(mustNotBeNominated)) return { kind: "fault", fault: "nominated" };

  if (seen.coding !== undefined) {
    if (seen.length !== undefined) return { kind: "fault", fault: "bothFramings" };
    if (seen.coding.toLowerCase() !== "chunked") return { kind: "fault", fault: "coding" };
  }

  const asked = seen.upgrade !== undefined && tokens.includes("upgrade") ? seen.upgrade : "";
  const h2c = asked.toLowerCase() === "h2c";
  const upgrade = asked === "" || h2c ? undefined : asked;
  const trailers = seen.te !== undefined && tokensOf(seen.te).includes("trailers");

  const rebuild =
    !scanned.canonical ||
    nominated.length > 0 ||
    trailers ||
    upgrade !== undefined ||
    (h2c && seen.settings) ||
    !seen.lengthIsCanonical ||
    hasRepeatedSingle(bytes, kept);
  const block = rebuild
    ? rebuildBlock(bytes, kept, {
        nominated,
        trailers,
        upgrade,
        connection: nominated.length === 0 ? seen.connection : tokens.filter((t) => !nominated.includes(t)).join(", "),
        dropSettings: h2c,
        length: seen.length,
      })
    : { bytes, fields: kept };
  return {
    kind: "meaning",
    block,
    host: seen.host,
    body: seen.coding === undefined ? seen.length : "chunked",
    close: tokens.includes("close") || proxyTokens.includes("close"),
    keepAlive: tokens.includes("keep-alive") || proxyTokens.includes("keep-alive"),
    upgrade,
    expectContinue: seen.expectContinue,
  };
}

const none: readonly string[] = [];

const ordinaryTokens: ReadonlySet<string> = new Set(["close", "keep-alive", "upgrade", "http2-settings", "connection"]);

/** Dropping these would hide who called, or how the message ends. */
function mustNotBeNominated(token: string): boolean {
  return token.startsWith(":") || token.startsWith("x-forwarded-") || token === "host";
}

function readSpecials(bytes: Buffer, fields: Fields, seen: Specials, kept: number[]): FramingFault | undefined {
  for (let at = 0; at < fields.length; at += stride) {
    const from = fields[at] ?? 0;
    const to = fields[at + 1] ?? 0;
    const start = fields[at + 2] ?? 0;
    const end = fields[at + 3] ?? 0;
    switch (nameKind(bytes, from, to)) {
      case "ordinary":
        break;
      case "host":
        seen.host = join(seen.host, bytes, fields, at);
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
        seen.coding = join(seen.coding, bytes, fields, at);
        continue;
      case "te":
        seen.te = join(seen.te, bytes, fields, at);
        continue;
      case "upgrade":
        seen.upgrade = join(seen.upgrade, bytes, fields, at);
        continue;
      case "content-length": {
        const length = decimalAt(bytes, start, end);
        if (length === undefined || seen.length !== undefined) return "codec";
        seen.length = length;
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
    kept.push(from, to, start, end);
  }
  return undefined;
}

function join(earlier: string | undefined, bytes: Buffer, fields: Fields, at: number): string {
  const value = rawEntry(bytes, fields, at)[1];
  return earlier === undefined ? value : `${earlier},${value}`;
}

interface Rebuild {
  readonly nominated: readonly string[];
  readonly trailers: boolean;
  readonly upgrade: string | undefined;
  /** Goes on with an upgrade, as it came but for what it nominates (headers/websocket-both ws-case). */
  readonly connection: string | undefined;
  readonly dropSettings: boolean;
  readonly length: number | undefined;
}

function rebuildBlock(bytes: Buffer, kept: Fields, wanted: Rebuild): HeaderBlock {
  const entries: RawEntry[] = [];
  for (let at = 0; at < kept.length; at += stride) {
    const name = nameAt({ bytes, fields: kept }, at);
    if (name === "content-length" && wanted.length !== undefined) entries.push([name, String(wanted.length)]);
    else if (wanted.nominated.includes(name)) continue;
    else if (name === "http2-settings" && wanted.dropSettings) continue;
    else entries.push(rawEntry(bytes, kept, at));
  }
  if (wanted.trailers) entries.push(["te", "trailers"]);
  if (wanted.upgrade !== undefined)
    entries.push(["connection", wanted.connection ?? "Upgrade"], ["upgrade", wanted.upgrade]);
  return buildBlock(entries);
}
