import type { OutboundListener, TcpRoute } from "../model/snapshot.ts";
import { parseAddress } from "../wire/ip-address.ts";

/** Where a connection that is not HTTP goes. `address`: as dialled; `sni`: of its ClientHello, undefined without TLS or name. */
export type TcpChoice = (address: string, sni: string | undefined) => TcpTarget;

export type TcpTarget =
  | { readonly kind: "route"; readonly route: TcpRoute }
  /** The service itself. */
  | { readonly kind: "fallback" }
  /** Nothing takes it: treated like what no service claims. */
  | { readonly kind: "unclaimed" };

const fallback: TcpTarget = { kind: "fallback" };
const unclaimed: TcpTarget = { kind: "unclaimed" };

/** Binds a listener's routes. As in Envoy the narrowest range decides first, and among its routes the closest server name. */
export function bindTcpRoutes(listener: Pick<OutboundListener, "tcp">): TcpChoice {
  const { tcp } = listener;
  if (tcp === undefined) return () => fallback;
  const ranged = tcp.routes.flatMap((route) =>
    (route.subnets ?? [undefined]).map((subnet) => ({
      route,
      range: subnet === undefined ? anywhere : rangeOf(subnet),
    })),
  );
  return (address, sni) => {
    const bytes = parseAddress(address);
    const holding = ranged.filter(({ range }) => range !== undefined && contains(range, bytes));
    const narrowest = Math.max(...holding.map(({ range }) => range?.length ?? -1), tcp.hasFallback ? -1 : -2);
    const candidates = holding.filter(({ range }) => (range?.length ?? -1) === narrowest).map(({ route }) => route);
    const route = closest(candidates, sni?.toLowerCase());
    if (route !== undefined) return { kind: "route", route };
    return tcp.hasFallback && narrowest === -1 ? fallback : unclaimed;
  };
}

/** Whether the choice needs the server name. */
export function needsServerName(listener: Pick<OutboundListener, "tcp"> | undefined): boolean {
  return listener?.tcp?.routes.some((route) => route.serverNames !== undefined) === true;
}

/** Exact name, then the longest wildcard, then routes for any name. */
function closest(routes: readonly TcpRoute[], sni: string | undefined): TcpRoute | undefined {
  let best: TcpRoute | undefined;
  let score = -1;
  for (const route of routes) {
    const own = scoreOf(route, sni);
    if (own > score) {
      best = route;
      score = own;
    }
  }
  return best;
}

function scoreOf({ serverNames }: TcpRoute, sni: string | undefined): number {
  if (serverNames === undefined) return 0;
  if (sni === undefined) return -1;
  return Math.max(
    ...serverNames.map((name) => {
      if (name === sni) return Number.MAX_SAFE_INTEGER;
      return name.startsWith("*") && sni.length >= name.length && sni.endsWith(name.slice(1)) ? name.length : -1;
    }),
  );
}

interface Range {
  readonly bytes: Buffer;
  /** Bits; -1: every address. */
  readonly length: number;
}

const anywhere: Range = { bytes: Buffer.alloc(0), length: -1 };

/** Undefined: not a range; validation refuses it before. */
function rangeOf(text: string): Range | undefined {
  const [address = "", bits] = text.split("/");
  const bytes = parseAddress(address);
  return bytes === undefined ? undefined : { bytes, length: bits === undefined ? bytes.length * 8 : Number(bits) };
}

function contains(range: Range, address: Buffer | undefined): boolean {
  if (range.length < 0) return true;
  if (address === undefined || address.length !== range.bytes.length) return false;
  const whole = range.length >> 3;
  if (!address.subarray(0, whole).equals(range.bytes.subarray(0, whole))) return false;
  const rest = range.length & 7;
  return rest === 0 || ((address[whole] ?? 0) ^ (range.bytes[whole] ?? 0)) >> (8 - rest) === 0;
}
