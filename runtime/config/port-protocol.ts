import type { PortProtocol } from "../model/mesh.ts";

const named: Readonly<Record<string, PortProtocol>> = {
  tcp: "tcp",
  udp: "udp",
  grpc: "grpc",
  "grpc-web": "grpc-web",
  http: "http",
  http_proxy: "http",
  http2: "http2",
  https: "https",
  tls: "tls",
  mongo: "mongo",
  redis: "redis",
  mysql: "mysql",
};

const kubernetesProtocols: Readonly<Record<string, PortProtocol>> = {
  "kubernetes.io/h2c": "http2",
  "kubernetes.io/ws": "http",
  "kubernetes.io/wss": "https",
};

/** Server-first protocols are never sniffed. */
const neverSniffed: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

export interface NamedPort {
  readonly name: string;
  readonly port: number;
  readonly appProtocol: string | undefined;
  readonly transport: string;
}

/** Whether the name of a port, or what else there is, says its protocol. */
export function isKnownProtocol(port: NamedPort): boolean {
  return portProtocol(port) !== "auto";
}

/** Application protocol of a Service port (spec traffic 1.1.4). */
export function portProtocol(port: NamedPort): PortProtocol {
  if (port.transport === "UDP") return "udp";
  const special = port.appProtocol === undefined ? undefined : kubernetesProtocols[port.appProtocol];
  if (special !== undefined) return special;
  const text = (port.appProtocol ?? port.name).toLowerCase();
  if (text.startsWith("grpc-web")) return "grpc-web";
  const prefix = text.split("-", 1)[0] ?? "";
  const found = Object.hasOwn(named, prefix) ? named[prefix] : undefined;
  return found ?? (neverSniffed.has(port.port) ? "tcp" : "auto");
}
