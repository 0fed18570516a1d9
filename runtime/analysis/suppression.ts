import type { Message } from "./message.ts";
import { namespaceOf } from "./object.ts";

/** `IST0128=DestinationRule bank/d`: messages of a code about an object that are not told; `*` in the name stands for any text. */
export interface Suppression {
  readonly code: string;
  /** `Kind namespace/name`. */
  readonly resource: string;
}

/** Undefined unless there is exactly one `=`. */
export function parseSuppression(text: string): Suppression | undefined {
  const [code = "", resource, ...rest] = text.split("=");
  return resource === undefined || rest.length > 0 ? undefined : { code, resource };
}

export const suppressionAnnotation = "galley.istio.io/analyze-suppress";

/** `Kind namespace/name`, as messages and suppressions name an object. */
export function resourceOf({ object }: Message): string {
  return `${object.kind} ${object.fullName}`;
}

export function isSuppressed(message: Message, suppressions: readonly Suppression[]): boolean {
  const own = (message.object.annotations[suppressionAnnotation] ?? "").split(",");
  if (own.includes("*") || own.includes(message.code)) return true;
  return suppressions.some(({ code, resource }) => code === message.code && globMatches(resource, resourceOf(message)));
}

/** Whether a message is about the namespace; objects without one belong to all. */
export function isOf(message: Message, namespace: string | undefined): boolean {
  return namespace === undefined || ["", namespace].includes(namespaceOf(message.object));
}

export function globMatches(pattern: string, text: string): boolean {
  const source = pattern.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", "[^]*");
  return new RegExp(`^${source}$`).test(text);
}
