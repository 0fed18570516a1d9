import type { MatrixRecord } from "../door.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";

type Port = MatrixRecord["ports"][number];
type Outcome = Pick<Port["classes"][number], "reason" | "by" | "asks" | "because" | "verdict">;
type Condition = Port["classes"][number]["conditions"][number];

/** Why a class of requests is allowed or not, with the place in the files. */
export function outcomeWords({ verdict, reason, by, asks, because }: Outcome): string {
  const from = because[0] === undefined ? "" : ` (${place(because[0])})`;
  const asked = asks.length === 0 ? "" : `provider ${sanitize(asks.join(" and "))} decides, asked by `;
  switch (reason) {
    case "matched":
      return by === null
        ? "a rule matched"
        : `${verdict === "depends" ? asked : ""}${sanitize(by.resource)} rule ${by.rule} (${place(by)})`;
    case "no-allow-matched":
      return "no ALLOW rule matches";
    case "no-policy":
      return "no policy refuses it";
    case "tls":
      return `plaintext under STRICT${from}`;
    case "token":
      return `the token is refused${from}`;
  }
}

/** `method: GET, HEAD | path: /api/*`; without a condition every request is meant. */
export function conditionWords(conditions: readonly Condition[]): string {
  if (conditions.length === 0) return "every request";
  return conditions.map(({ dimension, text }) => `${sanitize(dimension)}: ${sanitize(text)}`).join(" | ");
}

/** `backend.default:8080`, or the workload where no service stands before it. */
export function portName({ service, workloads, port }: Pick<Port, "service" | "workloads" | "port">): string {
  if (service === null) return sanitize(`${workloads.join(", ")}:${port}`);
  const [name = "", namespace = ""] = service.host.split(".");
  return sanitize(`${name}.${namespace}:${service.port}`);
}
