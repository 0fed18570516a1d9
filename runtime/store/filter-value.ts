import type { FieldReader } from "./filter-field.ts";

export type ValueTest = (actual: string | number) => boolean;

/** A test for a value that was written after `field:`; an error text when it makes no sense for this field. */
export function parseValue(field: FieldReader, text: string, quoted: boolean): ValueTest | { readonly error: string } {
  switch (field.kind) {
    case "text":
      return quoted ? exactly(text) : pattern(text);
    case "number":
      return compare(text, Number, `${field.name} takes a number, such as ${field.name}:3 or ${field.name}:>=3`);
    case "duration":
      return compare(text, milliseconds, `${field.name} takes a duration, such as ${field.name}:>200ms`);
    case "status": {
      const family = /^([1-5])xx$/i.exec(text)?.[1];
      if (family !== undefined) return (actual) => Math.floor(Number(actual) / 100) === Number(family);
      return compare(text, Number, `${field.name} takes a status, such as 403, 4xx or >=500`);
    }
  }
}

function exactly(text: string): ValueTest {
  const wanted = text.toLowerCase();
  return (actual) => String(actual).toLowerCase() === wanted;
}

/** `*` stands for any text; without one the whole value must be equal. Letter case never matters. */
function pattern(text: string): ValueTest {
  if (!text.includes("*")) return exactly(text);
  const parts = text.split("*").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`));
  const whole = new RegExp(`^${parts.join(".*")}$`, "is");
  return (actual) => whole.test(String(actual));
}

function compare(text: string, read: (text: string) => number, usage: string): ValueTest | { readonly error: string } {
  const found = /^(>=|<=|>|<|=)?(.+)$/.exec(text);
  const wanted = found?.[2] === undefined ? Number.NaN : read(found[2]);
  if (Number.isNaN(wanted)) return { error: usage };
  switch (found?.[1]) {
    case ">=":
      return (actual) => Number(actual) >= wanted;
    case "<=":
      return (actual) => Number(actual) <= wanted;
    case ">":
      return (actual) => Number(actual) > wanted;
    case "<":
      return (actual) => Number(actual) < wanted;
    default:
      return (actual) => Number(actual) === wanted;
  }
}

function milliseconds(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(us|ms|s|m)?$/.exec(text);
  if (found?.[1] === undefined) return Number.NaN;
  const scale = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }[found[2] ?? "ms"];
  return scale === undefined ? Number.NaN : Number(found[1]) * scale;
}
