import type { RequestFacts } from "../../../runtime/model/decision.ts";

export interface FactsInit {
  readonly layer?: "http" | "tcp";
  /** SPIFFE id of the caller; undefined: plaintext. */
  readonly peer?: string | undefined;
  readonly sourceIp?: string;
  readonly port?: number;
  readonly sni?: string;
  readonly method?: string;
  readonly authority?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
}

/** A request as policies see it; a GET of / by nobody unless said otherwise. */
export function factsOf(init: FactsInit = {}): RequestFacts {
  return {
    layer: init.layer ?? "http",
    peer: init.peer === undefined ? undefined : { uriSans: [init.peer], dnsSans: [], subject: "" },
    sourceIp: init.sourceIp ?? "10.244.0.2",
    destinationIp: "10.244.0.3",
    destinationPort: init.port ?? 8080,
    sni: init.sni,
    method: () => init.method ?? "GET",
    authority: () => init.authority ?? "backend:8080",
    path: () => init.path ?? "/",
    header: (name) => init.headers?.[name] ?? [],
  };
}
