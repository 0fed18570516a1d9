import { ipFault, isLabel } from "../domain.ts";
import { quote } from "../go-text.ts";
import { protocolOf } from "../protocol.ts";
import type { Decoded } from "../shape.ts";
import type { gateway } from "../shapes/gateway.ts";
import { validateNamespacedHost } from "./namespaced-host.ts";
import { type Report, refuseFault } from "./report.ts";
import { validateServerTls } from "./server-tls.ts";
import { portFault, socketFault } from "./values.ts";

type Spec = Decoded<typeof gateway>;
type Server = NonNullable<Spec["servers"]>[number];
type Port = NonNullable<Server["port"]>;

/** Spec traffic 10.2.1. */
export function validateGateway(spec: Spec, name: string, report: Report): void {
  if (!isLabel(name)) report.refuse("metadata.name", `invalid gateway name: ${quote(name)}`);
  const servers = spec.servers ?? [];
  if (servers.length === 0) report.refuse("spec", "gateway must have at least one server");
  const names = new Set<string>();
  for (const [index, server] of servers.entries()) {
    const field = `spec.servers[${index}]`;
    validateServer(server, field, report);
    if (server.port === undefined) continue;
    const portName = server.port.name ?? "";
    if (names.has(portName))
      report.refuse(`${field}.port.name`, `port names in servers must be unique: duplicate name ${portName}`);
    names.add(portName);
    if (protocolOf(server.port.protocol)?.http !== true && server.tls?.httpsRedirect === true)
      report.warn(`${field}.tls.httpsRedirect`, "tls.httpsRedirect should only be used with http servers");
  }
}

function validateServer(server: Server, field: string, report: Report): void {
  const { hosts = [], port, bind = "", tls } = server;
  if (hosts.length === 0) report.refuse(field, "server config must contain at least one host");
  for (const [index, host] of hosts.entries())
    validateNamespacedHost(host, "gateway", `${field}.hosts[${index}]`, report);
  const sound = validatePort(port, bind, `${field}.port`, report);
  validateBind(port, bind, `${field}.bind`, report);
  validateServerTls(tls, `${field}.tls`, report);
  if (!sound || port === undefined) return;
  const protocol = protocolOf(port.protocol);
  if (protocol?.tls === true) {
    if (tls === undefined) report.refuse(field, "server must have TLS settings for HTTPS/TLS protocols");
    return;
  }
  if (tls === undefined) return;
  if (protocol?.http !== true) {
    report.refuse(`${field}.tls`, "server cannot have TLS settings for non HTTPS/TLS ports");
    return;
  }
  const passes = ["PASSTHROUGH", "AUTO_PASSTHROUGH"].includes(tls.mode ?? "PASSTHROUGH");
  if (!passes || [tls.caCertificates, tls.privateKey, tls.serverCertificate].some((file) => (file ?? "") !== ""))
    report.refuse(`${field}.tls`, "server cannot have TLS settings for plain text HTTP ports");
}

/** False when the port has a fault. */
function validatePort(port: Port | undefined, bind: string, field: string, report: Report): boolean {
  let sound = true;
  const refuse: Report["refuse"] = (at, message) => {
    sound = false;
    report.refuse(at, message);
  };
  if (port === undefined) {
    refuse(field, "port is required");
    return sound;
  }
  const { number = 0, protocol = "", name = "", targetPort = 0 } = port;
  if (protocolOf(protocol) === undefined)
    refuse(
      `${field}.protocol`,
      `invalid protocol ${quote(protocol)}, supported protocols are HTTP, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP`,
    );
  if (number > 0 || !bind.startsWith("unix://")) {
    const fault = portFault(number);
    if (fault !== undefined) refuse(`${field}.number`, fault);
  }
  if (targetPort > 0) refuse(`${field}.targetPort`, "targetPort has no impact on Gateways");
  if (name === "") refuse(field, `port name must be set: ${printedPort(port)}`);
  return sound;
}

function validateBind(port: Port | undefined, bind: string, field: string, report: Report): void {
  if (!bind.startsWith("unix://")) {
    if (bind !== "") refuseFault(report, field, ipFault(bind));
    return;
  }
  refuseFault(report, field, socketFault(bind.slice("unix://".length)));
  if (port !== undefined && (port.number ?? 0) !== 0)
    report.refuse(field, `port number must be 0 for unix domain socket: ${printedPort(port)}`);
}

/** A Port as protobuf's text format prints it. */
function printedPort(port: Port): string {
  const { number = 0, protocol = "", name = "", targetPort = 0 } = port;
  return [
    ...(number === 0 ? [] : [`number:${number}`]),
    ...(protocol === "" ? [] : [`protocol:${quote(protocol)}`]),
    ...(name === "" ? [] : [`name:${quote(name)}`]),
    ...(targetPort === 0 ? [] : [`target_port:${targetPort}`]),
  ].join(" ");
}
