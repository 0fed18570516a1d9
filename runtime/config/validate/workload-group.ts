import { quote } from "../go-text.ts";
import type { Decoded } from "../shape.ts";
import type { workloadGroup } from "../shapes/workload-group.ts";
import { probeHeaderFault } from "./header-names.ts";
import { type Report, refuseFault } from "./report.ts";
import { portFault, validateLabels } from "./values.ts";

type Spec = Decoded<typeof workloadGroup>;

/** Spec traffic 10.2.7. */
export function validateWorkloadGroup(spec: Spec, report: Report): void {
  if (spec.template === undefined) {
    report.refuse("spec", "template is required");
    return;
  }
  const faults: string[] = [];
  validateLabels(spec.metadata?.labels, "", { ...report, refuse: (_, message) => faults.push(message) });
  if (faults.length > 0) {
    const count = faults.length === 1 ? "1 error occurred" : `${faults.length} errors occurred`;
    const listed = faults.map((fault) => `\t* ${fault}\n`).join("");
    report.refuse("spec.metadata.labels", `invalid labels: ${count}:\n${listed}\n`);
    return;
  }
  if (spec.probe !== undefined) validateProbe(spec.probe, report);
}

const counts = [
  "periodSeconds",
  "initialDelaySeconds",
  "timeoutSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function validateProbe(probe: NonNullable<Spec["probe"]>, report: Report): void {
  const field = "spec.probe";
  for (const key of counts) if ((probe[key] ?? 0) < 0) report.refuse(`${field}.${key}`, `${key} must be non-negative`);
  const { httpGet, tcpSocket, exec, grpc } = probe;
  // Of several methods the last one that the message declares counts.
  if (grpc !== undefined) {
    report.refuse(field, "unknown health check method *v1alpha3.ReadinessProbe_Grpc");
  } else if (exec !== undefined) {
    if ((exec.command ?? []).length === 0) report.refuse(`${field}.exec`, "exec.command is required");
  } else if (tcpSocket !== undefined) {
    refuseFault(report, `${field}.tcpSocket.port`, portFault(tcpSocket.port ?? 0));
  } else if (httpGet !== undefined) {
    refuseFault(report, `${field}.httpGet.port`, portFault(httpGet.port ?? 0));
    if (!["", "HTTP", "HTTPS"].includes(httpGet.scheme ?? ""))
      report.refuse(`${field}.httpGet.scheme`, `httpGet.scheme must be one of ${quote("HTTPS")}, ${quote("HTTP")}`);
    for (const [index, { name = "" }] of (httpGet.httpHeaders ?? []).entries())
      refuseFault(report, `${field}.httpGet.httpHeaders[${index}].name`, probeHeaderFault(name));
  } else report.refuse(field, "unknown health check method <nil>");
}
