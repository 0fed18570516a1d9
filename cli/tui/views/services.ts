import type { MeshState, WorkloadView } from "../../../runtime/model/state.ts";
import { sanitize, sanitizeLog } from "../../print/sanitize.ts";
import { seg, type Line } from "../../print/segment.ts";
import { certificateLeft, memoryWords, mtlsWords, portWords } from "../../print/status.ts";
import { workloadWords } from "../../print/workload.ts";
import type { ListColumn } from "../columns.ts";
import { drawColumns, nameWidth } from "./drawing.ts";
import { listView, type Scene, type View } from "./view.ts";

export function servicesView(scene: Scene): View {
  return listView(scene.state.workloads, serviceColumns(scene), drawColumns(scene.glyphs.ellipsis), {
    detail: (workload) => ({ lines: serviceDetail(workload, scene.state, scene.now), why: 0 }),
    empty: () => [
      [seg("No services are declared.", "strong")],
      [],
      [seg("  Add them to meshdev.yaml; it is read again when you save.", "dim")],
    ],
  });
}

function serviceColumns(scene: Scene): readonly ListColumn<WorkloadView>[] {
  const number = (value: number, isBad: boolean) => seg(String(value), isBad && value > 0 ? "warn" : "plain");
  return [
    {
      title: "NAME",
      width: nameWidth(scene),
      priority: 0,
      cut: "middle",
      cell: (workload) => seg(sanitize(workload.id), "strong"),
    },
    { title: "STATE", width: "flex", least: 12, priority: 0, cell: (workload) => workloadWords(workload.state) },
    {
      title: "PORTS",
      width: Math.min(24, Math.max(5, ...scene.state.workloads.map((workload) => portWords(workload).length))),
      priority: 3,
      cell: (workload) => seg(portWords(workload)),
    },
    {
      title: "MTLS",
      width: 10,
      priority: 4,
      cell: (workload) => (workload.sidecar ? seg(mtlsWords(workload)) : seg("no sidecar", "warn")),
    },
    {
      title: "REQUESTS",
      width: 8,
      align: "right",
      priority: 2,
      cell: (workload) => (workload.sidecar ? number(workload.traffic.requests, false) : seg("-")),
    },
    {
      title: "DENIED",
      width: 6,
      align: "right",
      priority: 1,
      cell: (workload) => (workload.sidecar ? number(workload.traffic.denied, true) : seg("-")),
    },
    {
      title: "FAILED",
      width: 6,
      align: "right",
      priority: 2,
      cell: (workload) =>
        workload.sidecar ? number(workload.traffic.failed + workload.traffic.handshakesFailed, true) : seg("-"),
    },
    { title: "RESTARTS", width: 8, align: "right", priority: 6, cell: (workload) => number(workload.restarts, true) },
    {
      title: "GEN",
      width: 4,
      align: "right",
      priority: 5,
      cell: (workload) =>
        seg(
          workload.acked === null ? "-" : String(workload.acked),
          workload.acked !== null && workload.acked !== scene.state.generation.number ? "warn" : "plain",
        ),
    },
    {
      title: "CERT",
      width: 7,
      align: "right",
      priority: 5,
      cell: (workload) => seg(certificateLeft(workload, scene.now)),
    },
    {
      title: "RSS",
      width: 7,
      align: "right",
      priority: 7,
      cell: (workload) => seg(memoryWords(workload.resources.rssBytes)),
    },
  ];
}

function serviceDetail(workload: WorkloadView, state: MeshState, now: number): readonly Line[] {
  const fact = (label: string, text: string): Line => [seg(label.padEnd(11), "dim"), seg(text)];
  const lines: Line[] = [[seg(`${sanitize(workload.id)}  `, "strong"), ...workloadWords(workload.state)]];
  const current = workload.state;
  if (current.phase === "exited" && current.lastLines.length > 0) {
    lines.push(
      [seg("last lines", "dim")],
      ...current.lastLines.slice(-5).map((line): Line => [seg(`  ${sanitizeLog(line)}`)]),
      [seg("R restarts it now", "dim")],
    );
  }
  if (workload.sidecar) lines.push(fact("identity", sanitize(workload.identity)));
  else lines.push([seg("sidecar    ", "dim"), seg("none: it calls in plaintext, without identity", "warn")]);
  lines.push(
    fact(
      "address",
      `${sanitize(workload.address)}, service ${sanitize(workload.service)}.${sanitize(workload.namespace)}`,
    ),
  );
  for (const { hostPort, port } of workload.published)
    lines.push([
      seg("open       ", "dim"),
      seg(`http://localhost:${hostPort}`, "info"),
      seg(`  to port ${port}`, "dim"),
    ]);
  for (const [port, mode] of Object.entries(workload.mtls)) lines.push(fact(`port ${port}`, `mTLS ${sanitize(mode)}`));
  if (workload.certificate !== null) {
    lines.push(
      fact(
        "cert",
        `serial ${sanitize(workload.certificate.serial)}, ${leftWords(certificateLeft(workload, now))}, until ${sanitize(workload.certificate.notAfter)}`,
      ),
    );
  }
  const { traffic } = workload;
  lines.push(
    fact(
      "traffic",
      `${traffic.requests} requests: ${traffic.allowed} allowed, ${traffic.denied} denied, ${traffic.failed} failed`,
    ),
  );
  lines.push(fact("handshakes", `${traffic.handshakes}, ${traffic.handshakesFailed} failed`));
  if (workload.resources.rssBytes !== null)
    lines.push(
      fact(
        "uses",
        `${memoryWords(workload.resources.rssBytes)}, ${(workload.resources.cpuSeconds ?? 0).toFixed(1)} s of CPU`,
      ),
    );
  const selecting = state.resources.filter((resource) => resource.selects.includes(workload.id));
  for (const resource of selecting)
    lines.push([
      seg("policy     ", "dim"),
      seg(sanitize(`${resource.kind} ${resource.namespace}/${resource.name}`)),
      seg(` ${sanitize(resource.file)}:${resource.line}`, "info"),
    ]);
  return lines;
}

function leftWords(left: string): string {
  return left === "expired" ? "EXPIRED" : `${left} left`;
}
