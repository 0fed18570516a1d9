import type { CaseRequest, CaseWorkload } from "../../conformance/case.ts";
import type { ReferenceOutcome } from "../outcome.ts";
import type { ReferenceToken } from "../situation.ts";

/** Random cases write out every address. */
export function addressOf(workload: CaseWorkload): string {
  return workload.ip ?? "0.0.0.0";
}

/** The token that the runner mints for a request. */
export function tokenOf({ jwt }: CaseRequest): ReferenceToken | undefined {
  if (jwt === undefined) return undefined;
  const { iss, sub, aud, claims, key, exp } = jwt;
  return { payload: { iss, sub, aud, ...claims }, isSound: key === undefined && (exp ?? 1) > 0 };
}

/** How what happened differs from the reference, in words; undefined: it does not. */
export function disagreement(
  request: CaseRequest,
  wanted: ReferenceOutcome,
  told: ReferenceOutcome,
): string | undefined {
  // The echo application's own HTTP library refuses some paths that the mesh let pass.
  const same =
    told.outcome === wanted.outcome || (told.outcome.startsWith("app-rejected") && wanted.outcome === "http:200");
  if (same && told.deniedBy === wanted.deniedBy && told.allowedBy === wanted.allowedBy) return undefined;
  return `${request.id}: ${JSON.stringify({ reference: wanted, told })}`;
}
