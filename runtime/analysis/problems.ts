import { istioCodes } from "../core/codes/istio.ts";
import type { Code } from "../core/codes.ts";
import type { Problem } from "../core/problem.ts";
import type { DocumentObject } from "../config/documents.ts";
import type { Mesh } from "../model/mesh.ts";
import { analyze, notInFiles, placeOf } from "./analyze.ts";
import { analyzers } from "./analyzers/registry.ts";
import { defaultIngress } from "./default-objects.ts";
import { deployedPods } from "./deployed-pods.ts";
import { levelOf } from "./levels.ts";
import { meshObjects } from "./mesh-objects.ts";
import type { Message } from "./message.ts";
import { resourceOf, type Suppression } from "./suppression.ts";
import { createWorld, type WorldOptions } from "./world.ts";

export interface AnalysisRequest {
  /** The project whose services and workloads count as objects; without one only the documents do. */
  readonly mesh?: Mesh;
  /** Pass over Services, Namespaces, Nodes, Pods and Secrets, as `istioctl analyze` does with files. */
  readonly filesOnly?: boolean;
  readonly suppressions?: readonly Suppression[];
  readonly certificateFault: WorldOptions["certificateFault"];
}

/** What Istio's analyzers find in documents, beside what validation said of each already. */
export function analysisProblems(documents: readonly DocumentObject[], request: AnalysisRequest): readonly Problem[] {
  const { mesh, filesOnly = false, suppressions = [], certificateFault } = request;
  const options: WorldOptions = {
    defaultNamespace: "default",
    certificateFault,
    ...(mesh === undefined ? {} : { meshConfig: mesh.config.raw }),
  };
  const written = createWorld(documents, options);
  const world = createWorld(documents, {
    ...options,
    added: filesOnly
      ? []
      : [...defaultIngress, ...deployedPods(written), ...(mesh === undefined ? [] : meshObjects(mesh))],
  });
  return analyze(world, { analyzers, suppressions, hidden: filesOnly ? notInFiles : [] })
    .filter(({ object }) => object.source !== undefined)
    .flatMap(problemOf);
}

function problemOf(message: Message): readonly Problem[] {
  const { code, object, text, field } = message;
  const place = placeOf(message);
  if (!isKnown(code) || object.source === undefined || place === undefined) return [];
  const located = field === undefined ? undefined : object.source.locate(field);
  return [
    {
      code,
      severity: levelOf(code),
      message: text,
      hint: istioCodes[code].next,
      at: located?.at ?? { ...place, column: 1 },
      ...(located?.excerpt === undefined ? {} : { excerpt: located.excerpt }),
      resource: resourceOf(message),
      ...(field === undefined ? {} : { field }),
    },
  ];
}

function isKnown(code: string): code is Code & keyof typeof istioCodes {
  return Object.hasOwn(istioCodes, code);
}
