export type SchemaName =
  | "project"
  | "test"
  | "test-report"
  | "events"
  | "state"
  | "check"
  | "flips"
  | "doctor"
  | "prune"
  | "why"
  | "probe"
  | "matrix"
  | "changes"
  | "suggest"
  | "fidelity";

/** A JSON Schema that is part of the published contract. */
export async function schema(name: SchemaName): Promise<unknown> {
  switch (name) {
    case "project":
      return (await import("./config/project-schema.ts")).projectSchema;
    case "test":
      return (await import("./suite/test-schema.ts")).testSchema;
    case "test-report":
      return (await import("./store/test-report-schema.ts")).testReportSchema;
    case "events":
      return (await import("./store/schemas.ts")).eventSchema;
    case "state":
      return (await import("./store/schemas.ts")).stateSchema;
    case "matrix":
      return (await import("./store/access-schemas.ts")).matrixSchema;
    case "changes":
      return (await import("./store/access-schemas.ts")).changesSchema;
    case "flips":
      return (await import("./store/schemas.ts")).flipsSchema;
    case "why":
      return (await import("./store/why-schema.ts")).whySchema;
    case "doctor":
      return (await import("./store/doctor-schema.ts")).doctorSchema;
    case "prune":
      return (await import("./store/prune-schema.ts")).pruneSchema;
    case "suggest":
      return (await import("./store/suggest-schema.ts")).suggestSchema;
    case "check":
      return (await import("./analysis/check-schema.ts")).checkSchema;
    case "fidelity":
      return (await import("./config/fidelity/fidelity-schema.ts")).fidelitySchema;
    case "probe":
      return (await import("./probe/probe-schema.ts")).probeSchema;
  }
}
