import { MeshError } from "../../runtime/core/error.ts";
import type { MeshCommand } from "../../runtime/model/command.ts";
import type { MeshState } from "../../runtime/model/state.ts";
import type { ColorChoice, Context } from "../context.ts";
import { openDoor } from "../door.ts";
import { exitCodes } from "../exit-code.ts";
import { bareName } from "../options.ts";
import { createPrinter } from "../print/printer.ts";
import { sanitize } from "../print/sanitize.ts";
import { seg } from "../print/segment.ts";
import { judgeReadiness, type Readiness } from "../readiness.ts";
import { requireOk, requireSession } from "../session.ts";
import { defaultTimeoutMs, waitUntil } from "../wait.ts";

export interface LifecycleOptions {
  readonly directory?: string;
  readonly timeout?: number;
  readonly color: ColorChoice;
}

const commandOf = { start: "workload.start", stop: "workload.stop", restart: "workload.restart" } as const;
const done = { start: "started", stop: "stopped", restart: "restarted" } as const;

/** Starts, stops or restarts services of a running mesh, and waits until it is so. */
export async function changeLife(
  what: keyof typeof commandOf,
  services: readonly string[],
  options: LifecycleOptions,
  context: Context,
): Promise<number> {
  const names = services.map(bareName);
  return await change(
    names.map((service) => ({ type: commandOf[what], service })),
    (state) => (what === "stop" ? judgeStopped(state, names) : judgeReady(state, names)),
    names.map((service) => `${done[what]} ${service}`),
    options,
    context,
  );
}

/** `orders=3 web=1`: how many instances run until the mesh stops, whatever the project file says. */
export async function scale(pairs: readonly string[], options: LifecycleOptions, context: Context): Promise<number> {
  const wanted = pairs.map(readPair);
  return await change(
    wanted.map(({ service, instances }) => ({ type: "workload.scale", service, instances })),
    (state) =>
      judgeReady(
        state,
        wanted.map(({ service }) => service),
      ),
    wanted.map(({ service, instances }) => `${service} has ${instances} ${instances === 1 ? "instance" : "instances"}`),
    options,
    context,
  );
}

function readPair(text: string): { readonly service: string; readonly instances: number } {
  const [, service, instances] = /^([^=]+)=(\d{1,3})$/.exec(text) ?? [];
  if (service === undefined)
    throw new MeshError("MD8001", `${text} does not say how many`, { hint: "Write a service and a number: orders=3." });
  return { service: bareName(service), instances: Number(instances) };
}

async function change(
  commands: readonly MeshCommand[],
  judge: (state: MeshState) => Readiness,
  words: readonly string[],
  options: LifecycleOptions,
  context: Context,
): Promise<number> {
  const door = await openDoor();
  const session = await requireSession(door, context, options.directory);
  await using client = await door.connect(session);
  for (const command of commands) requireOk(await client.command(command));
  await waitUntil(client, judge, options.timeout ?? defaultTimeoutMs, context.signal);
  createPrinter(context, options.color).note(words.map((each) => [seg(sanitize(each))]));
  return exitCodes.ok;
}

/** Only what was named counts; a service may fail for reasons of its own. */
function judgeReady(state: MeshState, services: readonly string[]): Readiness {
  const workloads = state.workloads.filter(({ service, id }) => services.includes(service) || services.includes(id));
  return judgeReadiness({ ...state, workloads }, services);
}

function judgeStopped({ workloads }: MeshState, services: readonly string[]): Readiness {
  const running = workloads.filter(
    ({ service, id, state }) => (services.includes(service) || services.includes(id)) && "pid" in state,
  );
  return running.length === 0 ? { kind: "ready" } : { kind: "waiting", for: running.map(({ id }) => id) };
}
