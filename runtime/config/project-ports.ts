import { joinIndex, joinKey } from "./field-path.ts";
import { isDnsLabel } from "./names.ts";
import type { Reader } from "./project-reader.ts";
import { portKeys } from "./service-schema.ts";
import { isRecord } from "./yaml-tree.ts";

export interface PortSpec {
  readonly name: string;
  readonly port: number;
  readonly target: number;
  /** Acts as appProtocol; undefined: the name decides (spec traffic 1.1.4). */
  readonly protocol: string | undefined;
  readonly transport: "TCP" | "UDP";
  readonly field: string;
}

export interface PublishSpec {
  readonly hostPort: number;
  /** Undefined: the first declared port. */
  readonly port: number | undefined;
  readonly field: string;
}

/** `port: 8080`, `port: 5432/tcp`, or the long form `ports: [...]`. */
export function parsePorts(
  reader: Reader,
  value: Readonly<Record<string, unknown>>,
  at: (name: string) => string,
): readonly PortSpec[] {
  if (value["port"] !== undefined) return parsePort(reader, value["port"], at("port"), true);
  const { ports } = value;
  if (!Array.isArray(ports)) {
    reader.wrong(at("ports"), "ports must be a list", "write `ports: [{ name: http, port: 8080 }]`");
    return [];
  }
  return ports.flatMap((item, index) => parsePort(reader, item, joinIndex(at("ports"), index), ports.length === 1));
}

/** Without a name of its own a lone port is called after its protocol, several ones `http-8080`. */
function parsePort(reader: Reader, value: unknown, field: string, lone: boolean): readonly PortSpec[] {
  if (isRecord(value)) return parseLongPort(reader, value, field, lone);
  const text = reader.text(field, value);
  if (text === undefined || isUnresolved(text)) return [];
  const match = /^(\d{1,5})(?:\/([A-Za-z][-A-Za-z0-9.]*))?$/.exec(text);
  const port = Number(match?.[1] ?? 0);
  if (match === null || port < 1 || port > 65535) {
    reader.wrong(
      field,
      `${text} is not a port`,
      "write a number from 1 to 65535, with a protocol if it is not HTTP: `5432/tcp`",
    );
    return [];
  }
  const protocol = (match[2] ?? "http").toLowerCase();
  return [
    {
      name: lone ? protocol : `${protocol}-${port}`,
      port,
      target: port,
      protocol: undefined,
      transport: protocol === "udp" ? "UDP" : "TCP",
      field,
    },
  ];
}

function parseLongPort(
  reader: Reader,
  value: Readonly<Record<string, unknown>>,
  field: string,
  lone: boolean,
): readonly PortSpec[] {
  reader.keys(field, portKeys, value);
  const port = reader.integer(joinKey(field, "port"), value["port"], 1, 65535);
  const target = reader.integer(joinKey(field, "target"), value["target"], 1, 65535);
  const protocol = reader.text(joinKey(field, "protocol"), value["protocol"]);
  const named = reader.text(joinKey(field, "name"), value["name"]);
  if (value["port"] === undefined) reader.missing(field, "port", "give the port of the Service");
  if (named !== undefined && !isDnsLabel(named))
    reader.wrong(joinKey(field, "name"), `${named} is not a valid port name`, "use lower case letters, digits and -");
  if (port === undefined) return [];
  const base = protocol?.toLowerCase() ?? "http";
  const usable = isDnsLabel(base) ? base : "port";
  return [
    {
      name: named ?? (lone ? usable : `${usable}-${port}`),
      port,
      target: target ?? port,
      protocol,
      transport: base === "udp" ? "UDP" : "TCP",
      field,
    },
  ];
}

/** `3000`, `"3000:8080"`, or a list of those. */
export function parsePublish(reader: Reader, value: unknown, field: string): readonly PublishSpec[] {
  if (value === undefined) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap((item, index) => {
    const at = Array.isArray(value) ? joinIndex(field, index) : field;
    const text = reader.text(at, item);
    if (text === undefined || isUnresolved(text)) return [];
    const match = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text);
    const [hostPort = 0, port] = (match?.slice(1) ?? []).filter((part) => part !== undefined).map(Number);
    if (hostPort < 1 || hostPort > 65535 || (port !== undefined && (port < 1 || port > 65535))) {
      reader.wrong(
        at,
        `${text} cannot be published`,
        'write a host port, `3000`, or host port and port, `"3000:8080"`',
      );
      return [];
    }
    return [{ hostPort, port, field: at }];
  });
}

function isUnresolved(text: string): boolean {
  return text.includes("${");
}
