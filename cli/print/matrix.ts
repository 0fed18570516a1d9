import type { MatrixRecord } from "../door.ts";
import { conditionWords, outcomeWords, portName } from "./access-words.ts";
import { place } from "./place.ts";
import { sanitize } from "./sanitize.ts";
import { seg, type Line, type Segment, type Tone } from "./segment.ts";
import { tableLines } from "./table.ts";

type Port = MatrixRecord["ports"][number];
type Caller = Port["callers"][number];
type Class = Port["classes"][number];

const tones: Readonly<Record<Caller["access"], Tone>> = { allow: "good", deny: "bad", depends: "warn", partly: "info" };

/** Ports with who may call them; `details` adds every class of requests below. */
export function matrixLines(record: MatrixRecord, details: boolean, width: number): readonly Line[] {
  return record.ports.flatMap((port, at): Line[] => [
    ...(at === 0 ? [] : [[]]),
    headLine(port),
    ...tableLines(
      [{ title: "CALLER", cut: "middle" }, { title: "ACCESS" }, { title: "WHAT" }],
      port.callers.map((caller) => callerRow(port, caller)),
      width,
    ).map(indented),
    ...(details ? alike(port.classes.filter((each) => concerns(port, each))).flatMap(classLines) : []),
    ...port.cut.map((text): Line => [seg(`  not all is told: ${text}`, "warn")]),
  ]);
}

function indented(line: Line): Line {
  return [seg("  "), ...line];
}

function headLine(port: Port): Line {
  const [because] = port.because;
  return [
    seg(portName(port), "strong"),
    seg(`  ${port.layer}  ${port.mtls}`),
    ...(because === undefined ? [] : [seg(` ${place(because)}`, "dim")]),
    ...(port.service === null ? [] : [seg(`  ${sanitize(port.workloads.join(", "))}`, "dim")]),
  ];
}

/** Classes of the callers that are shown. */
function concerns(port: Port, { id }: Class): boolean {
  return port.callers.some(({ classes }) => classes.includes(id));
}

function callerRow(port: Port, caller: Caller): readonly Segment[] {
  const name = caller.workloads.length > 0 ? caller.workloads.join(", ") : caller.text;
  const asPlaintext = caller.workloads.length > 0 && caller.connection !== "mutual";
  return [
    seg(sanitize(asPlaintext ? `${name} (${caller.connection === "plaintext" ? "plaintext" : "own TLS"})` : name)),
    seg(caller.access, tones[caller.access]),
    seg(whatWords(port, caller), "plain"),
  ];
}

/** The shorter of what is allowed and what is not; of a single outcome its reason. */
function whatWords(port: Port, caller: Caller): string {
  if (caller.connection === "foreign-tls") {
    const [because] = caller.because;
    return `its TLS is not the mesh's${because === undefined ? "" : ` (${place(because)})`}`;
  }
  const classes = port.classes.filter(({ id, reason }) => caller.classes.includes(id) && reason !== "token");
  if (caller.access !== "partly") {
    const reasons = [...new Set(classes.map(outcomeWords))];
    const [first = ""] = reasons;
    return reasons.length > 1 ? `${first}, and ${reasons.length - 1} more` : first;
  }
  const refused = classes.filter(({ verdict }) => verdict === "deny");
  const others = classes.filter(({ verdict }) => verdict !== "deny");
  const isShorter = refused.length < others.length;
  const texts = [
    ...new Set((isShorter ? refused : others).map(({ conditions }) => conditionWords(withoutCaller(conditions)))),
  ];
  const shown = texts.slice(0, 2).join("; ");
  const more = texts.length > 2 ? `; ${texts.length - 2} more` : "";
  return `${isShorter ? "all but " : ""}${shown}${more}`;
}

/** The row says who calls, and that a token must not be refused goes without saying. */
function withoutCaller(conditions: Class["conditions"]): Class["conditions"] {
  return conditions.filter(
    ({ dimension, text }) =>
      dimension !== "caller" && (dimension !== "token" || text !== "any but a token that is refused"),
  );
}

const words = { allow: "ALLOW  ", deny: "DENY   ", depends: "DEPENDS" } as const;

/** How many classes with the same outcome are told before the rest is only counted. */
const most = 12;

/** Classes that end alike, for the same reason. */
function classLines([first, ...others]: readonly Class[]): readonly Line[] {
  if (first === undefined) return [];
  const more = others.length + 1 - most;
  return [
    [seg("  "), seg(words[first.verdict], tones[first.verdict]), seg(` ${conditionWords(first.conditions)}`)],
    ...others.slice(0, most - 1).map(({ conditions }): Line => [seg(`          ${conditionWords(conditions)}`)]),
    ...(more > 0 ? [[seg(`          and ${more} more; -o json tells all`, "dim")]] : []),
    [seg(`            ${outcomeWords(first)}`, "dim")],
  ];
}

function alike(classes: readonly Class[]): readonly (readonly Class[])[] {
  return [...Map.groupBy(classes, (each) => `${each.verdict} ${outcomeWords(each)}`).values()];
}
