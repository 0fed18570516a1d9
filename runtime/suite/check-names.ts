import type { Problem } from "../core/problem.ts";
import { didYouMean } from "../config/suggestion.ts";
import { joinKey } from "../config/field-path.ts";
import type { Mesh } from "../model/mesh.ts";
import { resourceName, type Resource } from "../model/resource.ts";
import type { TestCase } from "./case.ts";
import type { TestFile } from "./test-file.ts";
import { isWanted, wantedText } from "./wanted-policy.ts";

/** Policies and providers that cases name and nobody has written: such an expectation could never fail for the right reason. */
export function checkNames(
  file: TestFile,
  mesh: Mesh,
  added: ReadonlyMap<string, readonly Resource[]>,
): readonly Problem[] {
  const known = policyNames([...Object.values(mesh.policies).flat(), ...mesh.others]);
  const providers = mesh.config.extensionProviders.map(({ name }) => name);
  const problems = new Map<string, Problem>();
  for (const test of file.cases) {
    const { by } = test.expected;
    const more = policyNames(test.given.policies.flatMap((path) => added.get(path) ?? []));
    const names = more.length === 0 ? known : [...known, ...more];
    if (
      by !== undefined &&
      by !== "none" &&
      !names.some((resource) => isWanted({ ...by, rule: undefined }, { resource, rule: null }))
    )
      report(test, "by", `there is no policy ${wantedText({ ...by, rule: undefined })}`, names, by.name);
    for (const provider of Object.keys(test.given.authorizers))
      if (!providers.includes(provider))
        report(test, "given", `meshConfig has no extension provider ${provider}`, providers, provider);
  }
  return [...problems.values()];

  function report(test: TestCase, key: string, message: string, candidates: readonly string[], name: string): void {
    const bare = candidates.map((candidate) => candidate.replace(/^.*[ /]/, ""));
    const hint =
      didYouMean(name, bare) ?? (candidates.length === 0 ? "there are none" : `there are ${candidates.join(", ")}`);
    const field = joinKey(test.field, key);
    problems.set(`${message} ${test.field}`, {
      code: "MD1022",
      severity: "error",
      message,
      hint,
      ...file.locate(field),
      field,
    });
  }
}

function policyNames(resources: readonly Resource[]): readonly string[] {
  return resources
    .filter(({ kind }) => ["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"].includes(kind))
    .map(resourceName);
}
