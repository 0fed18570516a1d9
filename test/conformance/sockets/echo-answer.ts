/** What the recordings' application makes of a request: its answer is told by `x-app-` headers. */

export interface EchoRequest {
  readonly proto: string;
  readonly method: string;
  readonly uri: string;
  readonly host: string;
  /** Lower-case names, without Host and pseudo headers. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface EchoAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Of a gRPC answer: its status, which follows the body. */
  readonly grpcStatus?: string;
}

export function told(request: EchoRequest, name: string): string | undefined {
  return request.headers.find((entry) => entry[0] === name)?.[1];
}

/** `attempt`: 1 for the first try. */
export function echoAnswer(
  workload: string,
  port: number,
  request: EchoRequest,
  received: string,
  attempt: number,
): EchoAnswer {
  const statuses = (told(request, "x-app-status") ?? "200").split(",").map((each) => Number(each.trim()));
  const status = statuses[Math.min(attempt, statuses.length) - 1] ?? 200;
  const added = (told(request, "x-app-headers") ?? "")
    .split(";")
    .flatMap((pair): readonly (readonly [string, string])[] => {
      const at = pair.indexOf("=");
      return at > 0 ? [[pair.slice(0, at).toLowerCase(), pair.slice(at + 1)]] : [];
    });
  const replaced = new Set(added.map(([name]) => name));
  const usual: readonly (readonly [string, string])[] = [
    // The recordings' library says nothing of a body that a status forbids.
    ...(status === 304 ? [] : [["content-type", "application/json"] as const]),
    ["x-app-workload", workload],
  ];
  const grpc = told(request, "x-app-grpc-status")?.split(",");
  if (grpc !== undefined) {
    const type = ["content-type", "application/grpc"] as const;
    return { status, headers: [type, ...added], body: "", grpcStatus: grpc[Math.min(attempt, grpc.length) - 1] ?? "0" };
  }
  const { method, uri, host } = request;
  return {
    status,
    headers: [...usual.filter(([name]) => !replaced.has(name)), ...added],
    body: JSON.stringify({ workload, port, method, uri, host, body: received }),
  };
}

/** `x-app-delay` in milliseconds. */
export function delayOf(request: EchoRequest): number {
  const [, amount = "0", unit = "ms"] = /^([\d.]+)(ms|s)$/.exec(told(request, "x-app-delay") ?? "") ?? [];
  return Number(amount) * (unit === "s" ? 1000 : 1);
}

/** `x-app-reset`: how many attempts end without an answer. */
export function isReset(request: EchoRequest, attempt: number): boolean {
  const wanted = told(request, "x-app-reset");
  return wanted === "true" || attempt <= Number(wanted ?? "0");
}
