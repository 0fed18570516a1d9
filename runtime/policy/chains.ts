import type { ConnectionSeen, EffectiveMtlsMode, FilterChain, InboundListener } from "../model/snapshot.ts";

const mtlsHttp = ["istio-http/1.0", "istio-http/1.1", "istio-h2"];
const mtlsTcp = ["istio-peer-exchange", "istio"];
const allIstio = [...mtlsTcp, ...mtlsHttp];
const plainHttp = ["http/1.1", "h2c"];
const plainHttp10 = ["http/1.0", ...plainHttp];

interface ChainNames {
  readonly http: string;
  readonly tcp: string;
}

/** The chains of a port in order of precedence (spec PA-13…PA-15). `http10`: HTTP/1.0 counts as HTTP (spec traffic 1.1.6). */
export function inboundChains(
  protocol: InboundListener["protocol"],
  mode: EffectiveMtlsMode,
  names: ChainNames,
  http10 = false,
): readonly FilterChain[] {
  const sniffed = http10 ? plainHttp10 : plainHttp;
  const terminated = (network: "http" | "tcp", protocols: readonly string[] | undefined): FilterChain => ({
    name: names[network],
    transport: "tls",
    applicationProtocols: protocols,
    terminates: true,
    network,
  });
  const raw = (network: "http" | "tcp", protocols?: readonly string[]): FilterChain => ({
    name: names[network],
    transport: "raw",
    applicationProtocols: protocols,
    terminates: false,
    network,
  });
  const untouched: FilterChain = {
    name: names.tcp,
    transport: "tls",
    applicationProtocols: undefined,
    terminates: false,
    network: "tcp",
  };
  const chains: Readonly<
    Record<EffectiveMtlsMode, Readonly<Record<InboundListener["protocol"], () => readonly FilterChain[]>>>
  > = {
    PERMISSIVE: {
      auto: () => [
        terminated("http", mtlsHttp),
        raw("http", sniffed),
        terminated("tcp", mtlsTcp),
        raw("tcp"),
        untouched,
      ],
      http: () => [terminated("http", allIstio), raw("http")],
      tcp: () => [terminated("tcp", allIstio), untouched, raw("tcp")],
    },
    STRICT: {
      auto: () => [terminated("http", mtlsHttp), terminated("tcp", undefined)],
      http: () => [terminated("http", undefined)],
      tcp: () => [terminated("tcp", undefined)],
    },
    DISABLE: {
      auto: () => [raw("http", sniffed), raw("tcp")],
      http: () => [raw("http")],
      tcp: () => [raw("tcp")],
    },
  };
  return chains[mode][protocol]();
}

/** Why no chain takes a connection. */
export function refusalOf({ mode, protocol }: InboundListener, transport: ConnectionSeen["transport"]): string {
  return transport === "raw"
    ? `plaintext under ${mode}`
    : `TLS that is not the mesh's, on a port of protocol ${protocol} under ${mode}`;
}

/** The chain that takes a connection; undefined: none does, and it is closed without a byte (spec PA-16). */
export function chooseChain(listener: InboundListener, seen: ConnectionSeen): FilterChain | undefined {
  // Under DISABLE nobody looks for TLS (spec PA-11): a ClientHello is bytes like any other.
  const blind = listener.mode === "DISABLE" && seen.transport === "tls";
  const transport = blind ? "raw" : seen.transport;
  const protocols = blind ? [] : seen.protocols;
  const chains = listener.chains.filter((chain) => chain.transport === transport);
  // The client's order decides among named protocols (mtls-matrix/direct-permissive mesh-reverse).
  for (const protocol of protocols) {
    const named = chains.find((chain) => chain.applicationProtocols?.includes(protocol));
    if (named !== undefined) return named;
  }
  return chains.find((chain) => chain.applicationProtocols === undefined);
}
