import type { JwtRule } from "../model/istio-security.ts";
import { devIssuer, isDevIssuer, type IssuerProgram } from "../model/issuer.ts";
import type { Resource } from "../model/resource.ts";
import { noContainer } from "./project-container.ts";
import type { Group } from "./workloads.ts";
import { isRecord } from "./yaml-tree.ts";

/** The issuer for development as a group of workloads, when a rule wants its keys and nobody else has its name. */
export function issuerGroup(
  groups: readonly Group[],
  resources: readonly Resource[],
  program: IssuerProgram | undefined,
): readonly Group[] {
  const { service, namespace, port, target } = devIssuer;
  if (groups.some((group) => group.key === service) || !resources.some(wantsIssuer)) return [];
  return [
    {
      key: service,
      parent: service,
      field: "",
      at: undefined,
      namespace,
      serviceAccount: service,
      labels: { app: service, version: "v1" },
      annotations: {},
      sidecar: true,
      instances: 1,
      ports: [{ name: "http", port, target, protocol: undefined, transport: "TCP", field: "" }],
      publish: [],
      profiles: [],
      needs: [],
      run: program?.command,
      cwd: undefined,
      envFiles: [],
      env: program?.env ?? {},
      watch: undefined,
      ready: undefined,
      conditions: {},
      restart: undefined,
      stopGraceMs: undefined,
      container: noContainer,
    },
  ];
}

function wantsIssuer({ kind, spec }: Resource): boolean {
  if (kind !== "RequestAuthentication" || !isRecord(spec)) return false;
  const rules: readonly unknown[] = Array.isArray(spec["jwtRules"]) ? spec["jwtRules"] : [];
  return rules.some((rule) => isRecord(rule) && takesKeysOfIssuer(rule));
}

function takesKeysOfIssuer(rule: JwtRule): boolean {
  if ((rule.jwks ?? "") !== "") return false;
  return isDevIssuer(rule.jwksUri ?? rule.jwks_uri ?? rule.issuer ?? "");
}
