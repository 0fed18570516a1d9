import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { ExchangeEvent } from "../../runtime/model/event.ts";
import type { CommandAnswer } from "../../runtime/model/command.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import type { Context } from "../context.ts";
import { type Door, type MeshClient, openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { startLeased } from "../leased.ts";
import { bareName, parseHeader } from "../options.ts";
import { eventLine } from "../print/event-line.ts";
import { chosenOutput, createPrinter, type OutputOptions } from "../print/printer.ts";
import { sanitize, sanitizeLog } from "../print/sanitize.ts";
import { seg, type Line } from "../print/segment.ts";
import { readInput } from "../read-input.ts";
import type { SendAnswer, SendOrder } from "../send-program.ts";
import { requireOk, requireSession } from "../session.ts";

export interface SendOptions extends OutputOptions {
  readonly directory?: string;
  readonly port?: number;
  readonly header?: readonly string[];
  /** Body; `@file` reads it from a file, `@-` from stdin. */
  readonly data?: string;
  /** Status that is expected. */
  readonly expect?: number;
}

export interface SendQuestion {
  readonly from: string;
  readonly to: string;
  readonly method: string | undefined;
  readonly path: string | undefined;
}

/** The sidecars tell of a request once it is over; both have done so long before this. One without an answer has nothing to tell. */
const hopsPatienceMs = 2_000;

/** Really sends one request in the name of a service, through a sidecar of its own, and tells what the sidecars say of it. */
export async function send(question: SendQuestion, options: SendOptions, context: Context): Promise<number> {
  const { expect } = options;
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  await using client = await door.connect(session);
  const lease = requireOk(await client.command({ type: "lease.acquire", service: bareName(question.from) }));
  const requestId = randomUUID();
  const order = orderOf(question, options, await client.state(), requestId, context);
  const hops = followRequest(client, requestId);
  const answer = await runProgram(door, lease, order, context);
  const seen = await hops.ended("status" in answer ? hopsPatienceMs : 0);
  const printer = createPrinter(context, options.color);
  const isAnswered = "status" in answer;
  const held = isAnswered && (expect === undefined || expect === answer.status);
  if (chosenOutput(options) === "json") {
    printer.json({ schemaVersion: 1, requestId, expected: expect ?? null, answer, hops: seen });
    return held ? exitCodes.ok : exitCodes.findings;
  }
  printer.note([
    isAnswered
      ? [seg(String(answer.status), answer.status < 400 ? "good" : "bad"), seg(`  ${answer.ms} ms`, "dim")]
      : [seg(`no answer: ${sanitize(answer.error)}`, "bad"), seg("  `meshdev why` may tell the reason", "dim")],
    ...seen.flatMap((event): readonly Line[] => {
      const line = eventLine(event, printer.glyphs);
      return line === undefined ? [] : [line];
    }),
  ]);
  if (isAnswered && answer.body !== "")
    printer.lines(
      answer.body
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => [seg(sanitizeLog(line))]),
    );
  if (isAnswered && !held) printer.note([[seg(`expected ${expect}, got ${answer.status}`, "bad")]]);
  return held ? exitCodes.ok : exitCodes.findings;
}

function orderOf(
  { from, to, method, path }: SendQuestion,
  options: SendOptions,
  state: MeshState,
  requestId: string,
  context: Context,
): SendOrder {
  const host = bareName(to);
  const { data = null } = options;
  const body = data?.startsWith("@") === true ? readInput(data.slice(1), "body", context) : data;
  return {
    host,
    port: options.port ?? firstPort(state, host, bareName(from)),
    method: method ?? (body === null ? "GET" : "POST"),
    path: path ?? "/",
    headers: [["x-request-id", requestId], ...(options.header ?? []).map(parseHeader)],
    body,
  };
}

/** As a caller would name it: `orders`, `orders.shop`, or the full name; 80 for names outside of the mesh. */
function firstPort(state: MeshState, name: string, from: string): number {
  const own = state.workloads.find(({ service }) => service === from);
  const namespace = own === undefined ? "default" : (own.identity.split("/")[4] ?? "default");
  const wanted = [name, `${name}.svc.cluster.local`, `${name}.${namespace}.svc.cluster.local`];
  return state.services.find(({ hostname }) => wanted.includes(hostname))?.ports[0]?.port ?? 80;
}

/** What sidecars tell of one request: the caller's side first. */
function followRequest(
  client: MeshClient,
  requestId: string,
): { readonly ended: (patienceMs: number) => Promise<readonly ExchangeEvent[]> } {
  const stop = new AbortController();
  const seen: ExchangeEvent[] = [];
  const read = async (): Promise<void> => {
    for await (const line of client.events({ replay: true, signal: stop.signal })) {
      if (line.type !== "exchange.completed" || line.requestId !== requestId) continue;
      seen.push(line);
      // The caller's side ends last.
      if (line.side === "outbound") return;
    }
  };
  const reading = read();
  return {
    ended: async (patienceMs) => {
      const late = setTimeout(() => {
        stop.abort();
      }, patienceMs);
      await reading;
      clearTimeout(late);
      return seen.toSorted((a, b) => Number(a.side === "inbound") - Number(b.side === "inbound"));
    },
  };
}

async function runProgram(
  door: Door,
  lease: Extract<CommandAnswer, { readonly ok: true }>,
  order: SendOrder,
  context: Context,
): Promise<SendAnswer> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const file = fileURLToPath(new URL(`../send-program.${extension}`, import.meta.url));
  const { child, fault } = await startLeased(door, [process.execPath, file], lease, context, [
    "pipe",
    "pipe",
    "inherit",
  ]);
  const abort = (): void => {
    child.kill();
  };
  context.signal.addEventListener("abort", abort);
  child.on("error", () => undefined);
  child.stdin?.on("error", () => undefined).end(JSON.stringify(order));
  const told = await Promise.race([child.stdout === null ? "" : text(child.stdout), fault]);
  context.signal.removeEventListener("abort", abort);
  context.signal.throwIfAborted();
  return told === "" ? { error: "the program that sends it ended too early" } : (JSON.parse(told) as SendAnswer);
}
