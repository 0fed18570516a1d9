import { validateNamespacedHost } from "./namespaced-host.ts";
import type { Report } from "./report.ts";

/** `namespace/host` entries of a Sidecar egress listener, with warnings for those that earlier ones cover. */
export function validateEgressHosts(hosts: readonly string[], namespace: string, field: string, report: Report): void {
  if (hosts.length === 0) report.refuse(field, "sidecar: egress listener must contain at least one host");
  const seen = new Map<string, Set<string>>();
  for (const [index, text] of hosts.entries()) {
    const at = `${field}.hosts[${index}]`;
    const slash = text.indexOf("/");
    if (slash !== -1 && !text.startsWith("~")) {
      const written = text.slice(0, slash);
      const host = text.slice(slash + 1);
      const space = written === "." ? namespace : written;
      const known = seen.get(space) ?? new Set<string>();
      seen.set(space, known);
      if (host === "*" ? known.size > 0 : known.has(host) || known.has("*"))
        report.warn(at, `duplicated egress host: ${text}`);
      known.add(host);
    }
    validateNamespacedHost(text, "sidecar", at, report);
  }
  if (seen.get("*")?.has("*") === true && seen.size !== 1)
    report.warn(`${field}.hosts`, "`*/*` host select all resources, no other hosts can be added");
}
