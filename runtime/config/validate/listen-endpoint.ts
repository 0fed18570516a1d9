import { numberFault } from "../go-text.ts";
import { portFault, socketFault } from "./values.ts";

/** Faults of a Sidecar's `defaultEndpoint`: `127.0.0.1:port`, `[::1]:port`, `:port` or a Unix socket. */
export function listenEndpointFaults(endpoint: string): readonly string[] {
  if (endpoint.startsWith("unix://")) {
    const fault = socketFault(endpoint.slice("unix://".length));
    return fault === undefined ? [] : [fault];
  }
  const faults: string[] = [];
  const { host, port, fault } = splitHostPort(endpoint);
  if (fault !== undefined) faults.push(fault);
  if (!["", "127.0.0.1", "0.0.0.0", "::1", "::"].includes(host))
    faults.push(
      "sidecar: defaultEndpoint must be of form 127.0.0.1:<port>,0.0.0.0:<port>,[::1]:port,[::]:port,unix://filepath or unset",
    );
  const text = numberFault("Atoi", port);
  if (text !== undefined) faults.push(`sidecar: defaultEndpoint port (${port}) is not a number: ${text}`);
  else {
    const range = portFault(Number(port));
    if (range !== undefined) faults.push(range);
  }
  return faults;
}

/** Go's net.SplitHostPort. */
function splitHostPort(text: string): { readonly host: string; readonly port: string; readonly fault?: string } {
  const failed = (why: string): { host: string; port: string; fault: string } => ({
    host: "",
    port: "",
    fault: `address ${text}: ${why}`,
  });
  const colon = text.lastIndexOf(":");
  if (colon === -1) return failed("missing port in address");
  if (text.startsWith("[")) {
    const close = text.indexOf("]");
    if (close === -1) return failed("missing ']' in address");
    if (close + 1 === text.length) return failed("missing port in address");
    if (close + 1 !== colon)
      return failed(text[close + 1] === ":" ? "too many colons in address" : "missing port in address");
    return { host: text.slice(1, close), port: text.slice(colon + 1) };
  }
  const host = text.slice(0, colon);
  if (host.includes(":")) return failed("too many colons in address");
  if (/[[\]]/.test(text)) return failed(`unexpected '${/[[\]]/.exec(text)?.[0] ?? ""}' in address`);
  return { host, port: text.slice(colon + 1) };
}
