import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSampleProject, parseNdjson, until, type Finished, type Project } from "./support/project.ts";

interface Told {
  readonly comparison: {
    readonly before: number;
    readonly after: number | null;
    readonly flipped: number;
    readonly flips: readonly { readonly after: { readonly verdict: string } }[];
  } | null;
}

let project: Project & { readonly port: number };

beforeAll(async () => {
  project = await createSampleProject();
  expect(await project.meshdev("up", "-d")).toMatchObject({ code: 0 });
});
afterAll(() => project[Symbol.asyncDispose]());

function told({ stdout }: Finished): Told["comparison"] {
  return (JSON.parse(stdout) as Told).comparison;
}

it("says what a draft, the last save and two generations flip of the calls that were made", async () => {
  expect(told(await project.meshdev("diff", "-o", "json"))).toBeNull();
  expect(await project.meshdev("diff", "--fail-on-change")).toMatchObject({ code: 0, stdout: /nothing was saved/ });
  for (let call = 0; call < 3; call++)
    expect((await fetch(`http://localhost:${project.port}/api/data?token=s3cret`)).status).toBe(200);

  const text = project.read("mesh/backend.yaml");
  const draft = text.slice(text.indexOf("---")).replace("sa/frontend", "sa/intruder");
  project.write("draft.yaml", draft);
  const before = await project.meshdev("diff", "-f", "draft.yaml", "--fail-on-change", "-o", "json");
  expect(before.code).toBe(4);
  expect(told(before)).toMatchObject({ before: 1, after: null, excluded: [] });
  expect(told(before)?.flips.map(({ after }) => after.verdict)).toContain("deny");
  const validate = new Ajv2020({ strict: false }).compile(
    JSON.parse((await project.meshdev("schema", "flips")).stdout) as object,
  );
  expect(validate(JSON.parse(before.stdout)), JSON.stringify(validate.errors)).toBe(true);

  project.write("mesh/backend.yaml", text.replace("sa/frontend", "sa/intruder"));
  const saved = await until("the save to be compared", async () => {
    const found = told(await project.meshdev("diff", "--json"));
    return found?.after === 2 ? found : undefined;
  });
  expect(saved).toMatchObject({ before: 1, flipped: expect.any(Number) });
  const words = await project.meshdev("diff");
  expect(words).toMatchObject({ code: 0, stdout: /ALLOW > DENY {2}frontend-1 .* backend-1:8080 {2}GET \/api\/data/ });
  expect(words.stdout).toMatch(/before allow {2}by backend-allow rule 0 mesh\/backend\.yaml:24:7/);
  expect(words.stdout).not.toContain("s3cret");
  expect(await project.meshdev("diff", "--fail-on-change")).toMatchObject({ code: 4 });
  expect(told(await project.meshdev("diff", "2..1", "-o", "json"))).toMatchObject({ before: 2, after: 1 });
  const events = await project.meshdev("events", "-o", "ndjson", "--for", "1s", "--replay");
  expect(parseNdjson(events.stdout).map(({ type }) => type)).toContain("save.compared");
});

it("what cannot be compared is refused with the exit code that says why", async () => {
  expect(await project.meshdev("diff", "1..99")).toMatchObject({ code: 2, stderr: /MD8005.*generation 1 or 99/s });
  expect(await project.meshdev("diff", "HEAD~1")).toMatchObject({ code: 2, stderr: /MD8001/ });
  project.write("broken.yaml", "kind: AuthorizationPolicy\napiVersion: security.istio.io/v1\nspec: {}\n");
  expect(await project.meshdev("diff", "-f", "broken.yaml")).toMatchObject({ code: 3, stderr: /MD8010/ });
  expect(await project.meshdev("diff", "-f", "none.yaml")).toMatchObject({ code: 3, stderr: /none\.yaml/ });
});
