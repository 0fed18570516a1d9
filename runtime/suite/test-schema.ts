const text = { type: "string" };
const texts = { anyOf: [text, { type: "array", minItems: 1, items: text }] };
const port = { type: "integer", minimum: 1, maximum: 65_535 };

const callerTlsSchema = { enum: ["mesh", "plaintext", "no-certificate", "foreign-certificate"] } as const;

const given = {
  type: "object",
  additionalProperties: false,
  description: "What is different in the world of these cases.",
  properties: {
    policies: {
      ...texts,
      description:
        "YAML files, relative to this one, whose documents are added; one of a known kind and name replaces it.",
    },
    authorizers: {
      type: "object",
      additionalProperties: { enum: ["allow", "deny", "unreachable"] },
      description: "What external authorizers answer, by the provider's name in meshConfig.",
    },
  },
} as const;

const call = {
  from: { ...texts, description: "Service or workload that calls; outside: a caller that is no part of the mesh." },
  to: { ...texts, description: "Service (name, name.namespace or full name) or workload that is called." },
  method: { ...texts, description: "Default: GET." },
  path: { ...texts, description: "As sent, with its query. Default: /." },
  port: {
    anyOf: [port, { type: "array", minItems: 1, items: port }],
    description: "Port of the service; default: its first.",
  },
  headers: {
    type: "object",
    additionalProperties: { anyOf: [{ type: ["string", "number", "boolean"] }, { type: "array", items: text }] },
    description: "Request headers; a list is several lines.",
  },
  claims: { type: "object", description: "The call carries a token that says this and that every rule verifies." },
  jwt: { ...text, description: "File with a token that the call carries, relative to this one." },
  tls: {
    anyOf: [callerTlsSchema, { type: "array", minItems: 1, items: callerTlsSchema }],
    description: "mesh (default): through the caller's sidecar, if it has one. The others go past it.",
  },
  tcp: { ...text, description: "Bytes that are sent instead of a request." },
} as const;

const expectation = {
  expect: {
    enum: ["allow", "deny", "tls-fail"],
    description: "deny: refused by policy or because of its token; tls-fail: refused below policy.",
  },
  by: {
    ...text,
    description:
      "Policy that decides: `default/backend-allow`, `AuthorizationPolicy default/backend-allow rule 1`; none: the default.",
  },
  status: { type: "integer", minimum: 100, maximum: 599, description: "Status that the caller gets." },
} as const;

const testCase = { name: { ...text, description: "Default: the call." }, ...call, ...expectation, given } as const;

/** JSON Schema of *.mesh-test.yaml: what `meshdev schema test` prints, and where the known keys come from. */
export const testSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "*.mesh-test.yaml",
  description:
    "What policy must say to calls. A list for from, to, method, path, port or tls stands for one case each.",
  type: "object",
  additionalProperties: false,
  required: ["cases"],
  patternProperties: { "^x-": {} },
  properties: {
    defaults: {
      type: "object",
      additionalProperties: false,
      properties: { ...call, ...expectation },
      description: "What cases leave out.",
    },
    given,
    cases: {
      type: "array",
      items: { type: "object", additionalProperties: false, patternProperties: { "^x-": {} }, properties: testCase },
    },
  },
} as const;

export const fileKeys: readonly string[] = Object.keys(testSchema.properties);
export const defaultKeys: readonly string[] = Object.keys({ ...call, ...expectation });
export const caseKeys: readonly string[] = Object.keys(testCase);
export const givenKeys: readonly string[] = Object.keys(given.properties);
export const verdicts = expectation.expect.enum;
export const callerTls = callerTlsSchema.enum;
export const authorizerAnswers = given.properties.authorizers.additionalProperties.enum;
