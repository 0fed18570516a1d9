import type { FieldReader } from "./filter-field.ts";
import { logLevels, parseLevel } from "./log-level.ts";

export type ValueTest = (actual: string | number) => boolean;

export interface ValueSetting {
  readonly quoted: boolean;
  readonly now?: number;
  readonly mark?: number | undefined;
}

/** A test for a value that was written after `field:`; an error text when it makes no sense for this field. */
export function parseValue(
  field: FieldReader,
  text: string,
  setting: ValueSetting,
): ValueTest | { readonly error: string } {
  switch (field.kind) {
    case "text":
      return setting.quoted ? exactly(text) : pattern(text);
    case "level":
      return atLevel(text);
    case "time":
      return since(text, setting);
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

/** `warn`, or `warn+` and `>=warn` for that and everything worse. */
function atLevel(text: string): ValueTest | { readonly error: string } {
  const level = parseLevel(text.replace(/^>=|\+$/, ""));
  if (level === undefined) return { error: `levels are ${logLevels.join(", ")}; warn+ means warn and worse` };
  if (!/^>=|\+$/.test(text)) return (actual) => actual === level;
  const worse: ReadonlySet<unknown> = new Set(logLevels.slice(logLevels.indexOf(level)));
  return (actual) => worse.has(actual);
}

/** `5m` ago, or the mark. */
function since(text: string, { now, mark }: ValueSetting): ValueTest | { readonly error: string } {
  if (text === "mark") {
    if (mark === undefined) return { error: "nothing is marked yet; m on the screen marks this moment" };
    return (actual) => Number(actual) >= mark;
  }
  const ago = milliseconds(text);
  if (Number.isNaN(ago) || now === undefined)
    return { error: "since takes a duration, such as since:5m, or since:mark" };
  return (actual) => Number(actual) >= now - ago;
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
  const found = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)?$/.exec(text);
  if (found?.[1] === undefined) return Number.NaN;
  const scale = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[found[2] ?? "ms"];
  return scale === undefined ? Number.NaN : Number(found[1]) * scale;
}
