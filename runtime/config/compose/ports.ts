import { joinIndex } from "../field-path.ts";
import { isRecord } from "../yaml-tree.ts";
import type { Draft } from "./draft.ts";
import { knownPorts } from "./keys.ts";

/** One port of a compose service. */
interface ComposePort {
  readonly target: number;
  readonly published: number | undefined;
  readonly transport: "tcp" | "udp";
  readonly name: string | undefined;
  readonly protocol: string | undefined;
  readonly from: string;
}

export interface ProjectPorts {
  readonly ports: readonly Readonly<Record<string, unknown>>[] | undefined;
  readonly publish: readonly string[] | undefined;
  /** The field of the compose file behind each of both. */
  readonly portOrigins: readonly string[];
  readonly publishOrigins: readonly string[];
}

/** `ports` and `expose` as a project file has them: what the service listens on, and what of it the host can reach. */
export function translatePorts(
  service: Readonly<Record<string, unknown>>,
  at: string,
  protocol: string | undefined,
  draft: Draft,
): ProjectPorts {
  const all = [
    ...listOf(service["ports"]).flatMap((item, index) => readPort(item, joinIndex(`${at}.ports`, index), draft)),
    ...listOf(service["expose"]).flatMap((item, index) => readExposed(item, joinIndex(`${at}.expose`, index), draft)),
  ];
  const seen = new Set<string>();
  const ports = all.filter(({ target, transport }) => {
    const key = `${target}/${transport}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  const published = all.filter((port) => port.published !== undefined && port.transport === "tcp");
  const hosts = [...new Map(published.map((port) => [port.published, port] as const)).values()];
  return {
    ports: ports.length === 0 ? undefined : ports.map((port) => longForm(port, protocol)),
    publish: hosts.length === 0 ? undefined : hosts.map((port) => `${port.published ?? 0}:${port.target}`),
    portOrigins: ports.map(({ from }) => from),
    publishOrigins: hosts.map(({ from }) => from),
  };
}

function longForm(
  { target, transport, name, protocol }: ComposePort,
  forService: string | undefined,
): Readonly<Record<string, unknown>> {
  const said = transport === "udp" ? "udp" : (protocol ?? forService);
  const known = knownPorts.get(target);
  if (name !== undefined || said !== undefined)
    return { name: name ?? `port-${target}`, port: target, ...(said === undefined ? {} : { protocol: said }) };
  return { name: known === undefined ? `port-${target}` : known, port: target };
}

const portText = /^(?:(?:(\[[^\]]*\]|[\d.]+):)?(\d+(?:-\d+)?)?:)?(\d+)(?:-(\d+))?(?:\/(tcp|udp))?$/;

/** `80`, `8080:80`, `127.0.0.1:8080:80/tcp`, ranges, or the long form. */
function readPort(item: unknown, from: string, draft: Draft): readonly ComposePort[] {
  if (isRecord(item)) return readLong(item, from, draft);
  const text = typeof item === "number" || typeof item === "string" ? String(item) : "";
  if (text.includes("${")) return [];
  const match = portText.exec(text);
  const [, address, published, first, last = first, transport] = match ?? [];
  const targets = range(`${first ?? ""}-${last ?? ""}`);
  const hosts = published === undefined ? [] : range(published);
  if (match === null || targets.length === 0 || (hosts.length > 0 && hosts.length !== targets.length)) {
    draft.problem(from, {
      code: "MD1003",
      message: `${text} is no port`,
      hint: 'write "80", "8080:80" or "127.0.0.1:8080:80"',
    });
    return [];
  }
  if (address !== undefined && !isLoopback(address))
    draft.note(
      from,
      from.replace(/\[\d+\]$/, ""),
      "ports are published on localhost only, whatever address is written",
      "info",
    );
  return targets.map((target, index) => ({
    target,
    published: hosts[index],
    transport: transport === "udp" ? "udp" : "tcp",
    name: undefined,
    protocol: undefined,
    from,
  }));
}

function readLong(item: Readonly<Record<string, unknown>>, from: string, draft: Draft): readonly ComposePort[] {
  const target = Number(item["target"]);
  const published = item["published"] === undefined ? undefined : Number(item["published"]);
  if (!isPort(target) || (published !== undefined && !isPort(published))) {
    draft.problem(from, { code: "MD1003", message: "target and published must be ports from 1 to 65535" });
    return [];
  }
  return [
    {
      target,
      published,
      transport: item["protocol"] === "udp" ? "udp" : "tcp",
      name: textOf(item["name"]),
      protocol: textOf(item["app_protocol"]),
      from,
    },
  ];
}

function readExposed(item: unknown, from: string, draft: Draft): readonly ComposePort[] {
  return readPort(item, from, draft).map((port) => ({ ...port, published: undefined }));
}

function range(text: string): readonly number[] {
  const [first = 0, last = first] = text.split("-").map(Number);
  if (!isPort(first) || !isPort(last) || last < first || last - first > 100) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65_535;
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "[::1]";
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
