import { assertNever } from "../core/assert-never.ts";
import { type CredentialWish, findCredential, isPublicCredential } from "../model/credential.ts";
import type { ClientTlsMode, ClientTlsSettings } from "../model/istio-networking.ts";
import { parseSpiffeId, spiffeId } from "../model/identity.ts";
import type { Mesh, Service, ServicePort, Workload } from "../model/mesh.ts";
import { provenance, type Provenance } from "../model/resource.ts";
import type { ClusterTls } from "../model/snapshot.ts";
import { portMode } from "../policy/mtls-mode.ts";
import { bindDestinationRules, type MergedRule } from "./destination-rule.ts";
import { bindNamespaceMode, bindPeerAuthentication } from "./peer-authentication.ts";
import { policyBlock, portEntry } from "./policy-block.ts";
import { bindWorkloadsOf } from "./service-index.ts";

export interface ClientTlsResult {
  readonly tls: ClusterTls;
  /** The field that chose it; empty when nothing but the default did. */
  readonly because: readonly Provenance[];
  /**
   * The DestinationRule's top level says ISTIO_MUTUAL although this port has no `tls` of its own: endpoints keep their mark even where
   * the server's PeerAuthentication is DISABLE (errata security 32). Pass it on to `endpointMtls`.
   */
  readonly keepMarks: boolean;
}

export interface ClientTls {
  readonly resolve: (client: Workload, service: Service, port: ServicePort, subset: string) => ClientTlsResult;
  /** Whether an endpoint is marked `tlsMode=istio` for this workload port (spec CT-16). */
  readonly endpointMtls: (workload: Workload, port: number, keepMarks?: boolean) => boolean;
}

/** Client TLS of a whole mesh, indexed once. */
export function bindClientTls(mesh: Mesh): ClientTls {
  const ruleFor = bindDestinationRules(mesh);
  const levelsOf = bindPeerAuthentication(mesh);
  const namespaceMode = bindNamespaceMode(mesh);
  const workloadsOf = bindWorkloadsOf(mesh);
  const trustDomains = [mesh.config.trustDomain, ...mesh.config.trustDomainAliases];
  const names = new Map<Service, readonly string[]>();

  const endpointMtls: ClientTls["endpointMtls"] = (workload, port, keepMarks = false) =>
    isLabelled(workload) && (keepMarks || portMode(levelsOf(workload), port).mode !== "DISABLE");

  const automaticNames = (service: Service): readonly string[] => {
    const known = names.get(service);
    if (known !== undefined) return known;
    const found = serverNames(service, workloadsOf(service), trustDomains);
    names.set(service, found);
    return found;
  };

  const automatic: ClientTls["resolve"] = (client, service, port, subset) => {
    const rule = ruleFor(client, service.hostname, service.namespace);
    const checked = checkerMode(rule, port.port, subset);
    const keepMarks = checked === "ISTIO_MUTUAL";
    const plain = (because: readonly Provenance[] = []): ClientTlsResult => ({
      tls: { mode: "none" },
      because,
      keepMarks,
    });
    if (service.externalName !== undefined || !mesh.config.enableAutoMtls) return plain();
    if (checked !== undefined && !keepMarks) return plain();
    const endpoints = workloadsOf(service);
    const tls = { sni: sniOf(service, port, subset), subjectAltNames: automaticNames(service) };
    if (isOriginalDestination(rule, service, port, subset)) {
      // All or nothing: which endpoint will be dialled is not known (spec CT-14).
      const all = endpoints.length > 0 && endpoints.every((each) => endpointMtls(each, port.target, keepMarks));
      return all ? { tls: { mode: "istio", ...tls }, because: [], keepMarks } : plain();
    }
    const mode = namespaceMode(service.namespace);
    if (mode.mode === "DISABLE") return plain(mode.because);
    return { tls: { mode: "auto", ...tls }, because: [], keepMarks };
  };

  return {
    endpointMtls,
    resolve: (client, service, port, subset) => {
      const rule = ruleFor(client, service.hostname, service.namespace);
      const chosen = policyBlock(rule, port.port, subset, "tls");
      if (chosen === undefined) return automatic(client, service, port, subset);
      const settings = chosen.value;
      return {
        tls: explicitTls(
          settings,
          sniOf(service, port, subset),
          () => automaticNames(service),
          (wish) =>
            rule?.selector === undefined && !isPublicCredential(wish.name)
              ? undefined
              : findCredential(mesh.credentials, client, wish),
        ),
        because: [provenance(chosen.rule, `${chosen.field}.mode`)],
        keepMarks: settings.mode === "ISTIO_MUTUAL",
      };
    },
  };
}

/** The injector's label; a pod may carry it by hand (spec CT-16). */
function isLabelled(workload: Workload): boolean {
  return (workload.labels["security.istio.io/tlsMode"] ?? (workload.sidecar ? "istio" : "disabled")) === "istio";
}

/** `outbound_.8080_.v1_.backend.default.svc.cluster.local` (spec CT-20). */
function sniOf(service: Service, port: ServicePort, subset: string): string {
  return `outbound_.${port.port}_.${subset}_.${service.hostname}`;
}

/** What the endpoint side makes of the same rule: there a port entry without `tls` does inherit (spec CT-4). */
function checkerMode(rule: MergedRule | undefined, port: number, subsetName: string): ClientTlsMode | undefined {
  const subset = rule?.subsets.find((each) => each.subset.name === subsetName)?.subset.trafficPolicy;
  for (const traffic of [subset, rule?.policy?.traffic]) {
    if (traffic === undefined) continue;
    const settings = portEntry(traffic, port)?.settings.tls ?? traffic.tls;
    if (settings !== undefined) return settings.mode ?? "DISABLE";
  }
  return undefined;
}

/** Headless services, and `simple: PASSTHROUGH`, go to the address that the caller dialled. */
function isOriginalDestination(
  rule: MergedRule | undefined,
  service: Service,
  port: ServicePort,
  subsetName: string,
): boolean {
  if (service.address === "None") return true;
  const balancer = policyBlock(rule, port.port, subsetName, "loadBalancer")?.value;
  return typeof balancer === "object" && balancer !== null && "simple" in balancer && balancer.simple === "PASSTHROUGH";
}

/** Undefined: the rule's name does not count. */
type FindSecret = (wish: CredentialWish) => ReturnType<typeof findCredential> | undefined;

function explicitTls(
  settings: ClientTlsSettings,
  sni: string,
  automaticNames: () => readonly string[],
  secret: FindSecret,
): ClusterTls {
  const names = settings.subjectAltNames ?? [];
  switch (settings.mode) {
    case undefined:
    case "DISABLE":
      return { mode: "none" };
    case "ISTIO_MUTUAL":
      return {
        mode: "istio",
        sni: filled(settings.sni) ?? sni,
        subjectAltNames: names.length > 0 ? names : automaticNames(),
      };
    case "SIMPLE":
    case "MUTUAL":
      return originated(settings, settings.mode === "MUTUAL", names, secret);
    default:
      return assertNever(settings.mode);
  }
}

function originated(
  settings: ClientTlsSettings,
  mutual: boolean,
  names: readonly string[],
  secret: FindSecret,
): ClusterTls {
  const skipVerify = settings.insecureSkipVerify ?? false;
  const common = { mode: mutual ? "mutual" : "simple", sni: filled(settings.sni), subjectAltNames: names } as const;
  const credential = filled(settings.credentialName);
  if (credential !== undefined) {
    const found = secret({ name: credential, mutual, verifies: !skipVerify });
    // A secret can be used only by rules with a workloadSelector; others end up without TLS (spec CT-11).
    if (found === undefined) return { mode: "none" };
    if ("fault" in found) return { mode: "withheld", reason: found.fault };
    return { ...common, caFile: undefined, certFile: undefined, keyFile: undefined, secret: found, skipVerify };
  }
  const certFile = filled(settings.clientCertificate);
  const keyFile = filled(settings.privateKey);
  // Without both files there is no TLS context either (spec CT-10).
  if (mutual && (certFile === undefined || keyFile === undefined)) return { mode: "none" };
  const crlFile = skipVerify ? undefined : filled(settings.caCrl);
  return {
    ...common,
    caFile: settings.caCertificates === "system" ? undefined : filled(settings.caCertificates),
    certFile: mutual ? certFile : undefined,
    keyFile: mutual ? keyFile : undefined,
    ...(crlFile === undefined ? {} : { crlFile }),
    skipVerify,
  };
}

function filled(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** Names that the server's certificate may carry (spec ID-9, ID-10): every endpoint's account, and what the Service's annotations add. */
function serverNames(
  service: Service,
  endpoints: readonly Workload[],
  trustDomains: readonly string[],
): readonly string[] {
  const own = trustDomains[0] ?? "";
  const identity = (serviceAccount: string): string =>
    spiffeId({ trustDomain: own, namespace: service.namespace, serviceAccount });
  const list = (annotation: string): readonly string[] =>
    (service.annotations[annotation] ?? "")
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== "");
  const names = [
    // The registry knows accounts, not trust domains: a foreign one is found out only by the handshake (trust-domain/server-cert-foreign).
    ...endpoints.map(({ namespace, serviceAccount }) => spiffeId({ trustDomain: own, namespace, serviceAccount })),
    ...list("alpha.istio.io/kubernetes-serviceaccounts").map(identity),
    ...list("alpha.istio.io/canonical-serviceaccounts"),
  ];
  const expanded = names.flatMap((name) => {
    const parsed = parseSpiffeId(name);
    return parsed === undefined
      ? [name]
      : [name, ...trustDomains.map((trustDomain) => spiffeId({ ...parsed, trustDomain }))];
  });
  return [...new Set(expanded)].toSorted();
}
