import { isDeepStrictEqual } from "node:util";
import type { CaseRequest, Expected, ExpectedRequest } from "./case.ts";

/**
 * The recorder told requests apart by `x-case-id`. What a raw request without one did was also written down with its neighbours:
 * hits and logs that are surplus there, and equal to those of such a request, are taken out.
 */
export function withoutStrays(
  request: CaseRequest,
  expected: ExpectedRequest,
  strays: readonly ExpectedRequest[],
  found: { readonly hits: number; readonly logs: (proxy: unknown) => number },
): ExpectedRequest {
  if (isStray(request) || strays.length === 0) return expected;
  const upstream = [...expected.upstream];
  const proxies = [...expected.proxies];
  for (const stray of strays) {
    for (const hit of stray.upstream) if (upstream.length > found.hits) takeOut(upstream, hit);
    for (const log of stray.proxies) {
      const same = proxies.filter((each) => each["proxy"] === log["proxy"]).length;
      if (same > found.logs(log["proxy"])) takeOut(proxies, log);
    }
  }
  return { ...expected, upstream, proxies };
}

export function strayRequests(requests: readonly CaseRequest[], expected: Expected): readonly ExpectedRequest[] {
  return requests.filter(isStray).flatMap(({ id }) => expected.requests[id] ?? []);
}

function isStray(request: CaseRequest): boolean {
  return request.raw !== undefined && !request.raw.toLowerCase().includes("x-case-id:");
}

function takeOut<T>(list: T[], wanted: T): void {
  const at = list.findIndex((each) => isDeepStrictEqual(each, wanted));
  if (at >= 0) list.splice(at, 1);
}
