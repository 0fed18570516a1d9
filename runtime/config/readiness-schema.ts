import { portNumber } from "./schema-values.ts";

/** When a service counts as ready. */
export const readinessFields = {
  ready: {
    description: "When the service counts as ready; default: its ports accept, or it was started when it has none.",
    anyOf: [
      { enum: ["ports", "spawn"] },
      {
        type: "object",
        additionalProperties: false,
        required: ["http"],
        properties: {
          http: { type: "string", pattern: "^/", description: "Path that must answer with a status below 400." },
          port: { ...portNumber, description: "Port of the program; default: its first." },
          every: { type: "string", description: "Interval, such as 500ms or 1s; default 1s." },
        },
      },
    ],
  },
} as const;

export const readyKeys: readonly string[] = ["http", "port", "every"];
