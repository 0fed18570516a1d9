import type { WorkloadView } from "../../../runtime/model/state.ts";
import { milliseconds } from "../../print/handshake.ts";
import { sanitize, sanitizeLog } from "../../print/sanitize.ts";
import { seg, type Line } from "../../print/segment.ts";
import { certificateLeft, memoryWords, spanWords } from "../../print/status.ts";
import { certificateTone, workloadWords } from "../../print/workload.ts";
import type { Scene } from "./view.ts";

/** Everything about one workload: its program, who it is, how it does, and what selects it. */
export function serviceDetail(workload: WorkloadView, scene: Scene): readonly Line[] {
  return [
    [seg(`${sanitize(workload.id)}  `, "strong"), ...workloadWords(workload.state)],
    ...exitLines(workload, scene.now),
    ...identityLines(workload),
    ...portLines(workload),
    ...certificateLines(workload, scene.now),
    ...trafficLines(workload, scene),
    ...usageLines(workload, scene),
    ...policyLines(workload, scene),
  ];
}

function fact(label: string, text: string): Line {
  return [seg(label.padEnd(11), "dim"), seg(text)];
}

/** Why it is not there: its last words, and when it comes back. */
function exitLines({ state, restarts }: WorkloadView, now: number): readonly Line[] {
  if (state.phase !== "exited") return [];
  const wait =
    state.restartAt === null ? undefined : Math.max(0, Math.ceil((Date.parse(state.restartAt) - now) / 1000));
  return [
    ...(state.lastLines.length === 0 ? [] : [[seg("last lines", "dim")]]),
    ...state.lastLines.slice(-5).map((line): Line => [seg(`  ${sanitizeLog(line)}`)]),
    [
      seg("restarts   ", "dim"),
      seg(`${restarts} so far, ${wait === undefined ? "none planned" : `next in ${spanWords(wait)}`}`),
      seg("; R restarts it now", "dim"),
    ],
  ];
}

function identityLines(workload: WorkloadView): readonly Line[] {
  return [
    workload.sidecar
      ? fact("identity", sanitize(workload.identity))
      : [seg("sidecar    ", "dim"), seg("none: it calls in plaintext, without identity", "warn")],
    fact(
      "address",
      `${sanitize(workload.address)}, service ${sanitize(workload.service)}.${sanitize(workload.namespace)}`,
    ),
  ];
}

function portLines(workload: WorkloadView): readonly Line[] {
  return [
    ...workload.published.map(({ hostPort, port }): Line => [
      seg("open       ", "dim"),
      seg(`http://localhost:${hostPort}`, "info"),
      seg(`  to port ${port}`, "dim"),
    ]),
    ...Object.entries(workload.mtls).map(([port, mode]) => fact(`port ${port}`, `mTLS ${sanitize(mode)}`)),
  ];
}

function certificateLines({ certificate, ...workload }: WorkloadView, now: number): readonly Line[] {
  if (certificate === null) return [];
  const left = certificateLeft({ ...workload, certificate }, now);
  return [
    [
      seg("cert       ", "dim"),
      seg(left === "expired" ? "EXPIRED" : `${left} left`, certificateTone(certificate, now)),
      seg(`, until ${sanitize(certificate.notAfter)}, serial ${sanitize(certificate.serial)}`),
    ],
  ];
}

function trafficLines({ id, sidecar, traffic }: WorkloadView, scene: Scene): readonly Line[] {
  if (!sidecar) return [];
  const { p50, p99, success } = scene.feed.rates.of(id, scene.now);
  const lately =
    p50 === undefined || p99 === undefined || success === undefined
      ? "no HTTP request in the last minute"
      : `last minute: p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, ${(success * 100).toFixed(1)} % answered below 500`;
  return [
    fact(
      "traffic",
      `${traffic.requests} requests: ${traffic.allowed} allowed, ${traffic.denied} denied, ${traffic.failed} failed`,
    ),
    fact("", lately),
    fact("handshakes", `${traffic.handshakes}, ${traffic.handshakesFailed} failed`),
  ];
}

function usageLines({ id, resources }: WorkloadView, scene: Scene): readonly Line[] {
  if (resources.rssBytes === null) return [];
  const { cpu } = scene.feed.rates.of(id, scene.now);
  const now = cpu === undefined ? "" : `, ${(cpu * 100).toFixed(1)} % of a core now`;
  return [
    fact(
      "uses",
      `${memoryWords(resources.rssBytes)} of memory, ${(resources.cpuSeconds ?? 0).toFixed(1)} s of CPU so far${now}`,
    ),
  ];
}

function policyLines({ id }: WorkloadView, { state }: Scene): readonly Line[] {
  return state.resources
    .filter((resource) => resource.selects.includes(id))
    .map((resource): Line => [
      seg("policy     ", "dim"),
      seg(sanitize(`${resource.kind} ${resource.namespace}/${resource.name}`)),
      seg(` ${sanitize(resource.file)}:${resource.line}`, "info"),
    ]);
}
