import type { ShadowRecord } from "../../runtime/model/decision.ts";
import type { ExtAuthzCall } from "../../runtime/model/ext-authz.ts";
import { place } from "./place.ts";
import type { Glyphs } from "./glyphs.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Tone } from "./segment.ts";

const tones: Readonly<Record<ExtAuthzCall["result"], Tone>> = {
  allowed: "good",
  denied: "bad",
  error: "bad",
  "failed-open": "warn",
};

const words: Readonly<Record<ExtAuthzCall["result"], string>> = {
  allowed: "allowed it",
  denied: "refused it",
  error: "could not be asked",
  "failed-open": "could not be asked, and failOpen lets the request pass",
};

/** Who was asked about a request, and what came of it. */
export function extAuthzLines(calls: readonly ExtAuthzCall[] | null | undefined, glyphs: Glyphs): readonly Line[] {
  return (calls ?? []).flatMap((call): readonly Line[] => {
    const answer = call.status === null ? "" : ` (${call.protocol === "grpc" ? "gRPC" : "HTTP"} ${call.status})`;
    const where = call.endpoint === null ? "" : ` ${glyphs.arrow} ${sanitize(call.endpoint)}`;
    return [
      [
        seg("authorizer ", "dim"),
        seg(sanitize(call.provider), "strong"),
        seg(` ${words[call.result]}`, tones[call.result]),
        seg(`${answer}, ${call.ms.toFixed(1)} ms`),
      ],
      [seg(`  ${sanitize(call.cluster)}${where}`, "dim")],
      [seg(`  asked by ${sanitize(call.rule)}`, "dim")],
      ...(call.error === null ? [] : [[seg(`  ${sanitize(call.error)}`, "warn")]]),
      ...changed("request", call.requestHeaders),
      ...changed("answer", call.responseHeaders),
    ];
  });
}

function changed(what: string, names: readonly string[]): readonly Line[] {
  return names.length === 0 ? [] : [[seg(`  changed in the ${what}: ${names.map(sanitize).join(", ")}`, "dim")]];
}

const shadows: Readonly<Record<ShadowRecord["kind"], string>> = {
  audit: "audit",
  "dry-run-deny": "dry run of DENY",
  "dry-run-allow": "dry run of ALLOW",
};

const results: Readonly<Record<ShadowRecord["result"], string>> = {
  allowed: "would be allowed",
  denied: "would be denied",
  audited: "marked",
  "not-audited": "not marked",
};

/** What policies that never decide say of a request. */
export function shadowLines(shadow: readonly ShadowRecord[] | undefined): readonly Line[] {
  return (shadow ?? []).map((each): Line => {
    const tone = each.result === "denied" ? "warn" : "plain";
    const rule =
      each.by === null
        ? [seg(": no rule matched", "dim")]
        : [seg(` by ${sanitize(each.by.resource)} rule ${each.by.rule} `), seg(place(each.by), "info")];
    return [seg(`${shadows[each.kind]}: `, "dim"), seg(results[each.result], tone), ...rule];
  });
}
