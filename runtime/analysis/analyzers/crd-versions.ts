import { quote } from "../../config/go-text.ts";
import { message } from "../message.ts";
import type { Analyzer } from "./analyzer.ts";

const group = "gateway.networking.k8s.io";
const least: Readonly<Record<string, string>> = {
  [`grpcroutes.${group}`]: "1.1.0",
  [`backendtlspolicies.${group}`]: "1.4.0",
  [`tlsroutes.${group}`]: "1.5.0",
  [`tcproutes.${group}`]: "1.6.0",
};

/** IST0176. */
export const crdVersions: Analyzer = {
  name: "k8sgateway.CRDVersionAnalyzer",
  inputs: ["CustomResourceDefinition"],
  analyze: (world) =>
    world.all("CustomResourceDefinition").flatMap((crd) => {
      const wanted = Object.hasOwn(least, crd.name) ? least[crd.name] : undefined;
      const installed = version(crd.annotations[`${group}/bundle-version`]);
      return wanted === undefined ||
        installed === undefined ||
        !isLess(installed.numbers, version(wanted)?.numbers ?? [])
        ? []
        : [
            message(
              "IST0176",
              crd,
              `Gateway API CRD ${quote(crd.name)} is at version ${quote(installed.text)} but Istio requires at least ${quote(wanted)}; resources of this kind will not be processed. Upgrade the Gateway API CRDs to satisfy the minimum version.`,
            ),
          ];
    }),
};

interface Version {
  readonly numbers: readonly number[];
  /** Without a leading `v`, missing parts filled in. */
  readonly text: string;
}

/** A semantic version; a pre-release counts as the release. */
function version(written: string | undefined): Version | undefined {
  const parts = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/.exec(written ?? "");
  if (parts === null) return undefined;
  const numbers = [parts[1], parts[2], parts[3]].map((part) => Number(part ?? "0"));
  return { numbers, text: `${numbers.join(".")}${parts[4] ?? ""}${parts[5] ?? ""}` };
}

function isLess(one: readonly number[], other: readonly number[]): boolean {
  for (const [index, number] of one.entries()) {
    const against = other[index] ?? 0;
    if (number !== against) return number < against;
  }
  return false;
}
