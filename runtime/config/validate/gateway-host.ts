import { wildcardDomainFault } from "../domain.ts";
import { quote } from "../go-text.ts";

/** At a gateway a host may also be the server name of automatic passthrough, `outbound_.<PORT>_._.<HOSTNAME>`. */
export function gatewayHostFault(host: string, isServerName: boolean): string | undefined {
  const plain = wildcardDomainFault(host);
  if (!isServerName || !host.startsWith("outbound_") || new TextEncoder().encode(host).length > 255) return plain;
  const format = "outbound_.<PORT>_._.<HOSTNAME>";
  const parts = host.split("_");
  if (parts.length < 4) return `domain name ${host} invalid, should follow '${format}' format`;
  const port = (parts[1] ?? "").replace(/^\.+|\.+$/g, "");
  const name = (parts[3] ?? "").replace(/^\.+|\.+$/g, "");
  const wrong = (label: string): string =>
    `domain name ${quote(host)} invalid (label ${quote(label)} invalid). should follow ${format} format`;
  if (!/\d/.test(port)) return wrong(port);
  return /[a-zA-Z]/.test(name) ? undefined : wrong(name);
}
