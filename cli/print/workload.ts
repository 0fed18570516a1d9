import { assertNever } from "../../runtime/core/assert-never.ts";
import type { CertificateFacts } from "../../runtime/model/event.ts";
import type { WorkloadState } from "../../runtime/model/state.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Tone } from "./segment.ts";

/** The state of a program in words, for lines and tables. */
export function workloadWords(state: WorkloadState): Line {
  switch (state.phase) {
    case "waiting":
      return [
        seg("waiting", "dim"),
        seg(state.for.length === 0 ? "" : ` for ${state.for.map(sanitize).join(", ")}`, "dim"),
      ];
    case "starting":
      return [seg("starting", "info")];
    case "ready":
      return [seg("ready", "good")];
    case "unready":
      return [seg("not ready", "warn"), seg(`: ${sanitize(state.reason)}`)];
    case "stopping":
      return [seg("stopping", "dim")];
    case "exited":
      return [
        seg("exited", "bad"),
        seg(` ${state.signal === null ? `with code ${state.code ?? "unknown"}` : `by ${sanitize(state.signal)}`}`),
        ...(state.restartAt === null ? [] : [seg(`, next start ${sanitize(state.restartAt.slice(11, 19))}Z`, "dim")]),
      ];
    case "failed":
      return [seg("failed", "bad"), seg(`: ${sanitize(state.reason)}`)];
    case "stopped":
      return [seg("stopped", "dim")];
    default:
      return assertNever(state);
  }
}

export function phaseTone(state: WorkloadState): Tone {
  return workloadWords(state)[0]?.tone ?? "plain";
}

/** A sidecar asks for a new certificate when half of the time is gone: one with less than a tenth left was not replaced in time. */
export function certificateTone(certificate: CertificateFacts | null, now: number): Tone {
  if (certificate === null) return "dim";
  const end = Date.parse(certificate.notAfter);
  if (end <= now) return "bad";
  return end - now < (end - Date.parse(certificate.notBefore)) / 10 ? "warn" : "plain";
}
