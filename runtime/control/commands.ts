import { assertNever } from "../core/assert-never.ts";
import { MeshError } from "../core/error.ts";
import type { CommandAnswer, MeshCommand } from "../model/command.ts";
import type { ResendOutcome } from "../model/dataplane.ts";
import type { Mesh, Workload } from "../model/mesh.ts";
import type { ProxyId } from "../model/snapshot.ts";
import type { MeshLoop } from "./mesh-loop.ts";
import { findWorkloads } from "./selection.ts";

export interface CommandTargets {
  readonly loop: MeshLoop;
  readonly programs: {
    readonly restart: (service: string) => boolean;
    readonly stop: (service: string) => boolean;
    readonly start: (service: string) => boolean;
  };
  readonly renew: (proxy: ProxyId) => void;
  /** A new root for the mesh's own CA. */
  readonly rotateCa: (overlap: boolean) => Promise<void>;
  readonly hasProxy: (proxy: ProxyId) => boolean;
  readonly stop: () => void;
  readonly reload: () => Promise<void>;
  readonly detach: () => void;
  /** By the id of an exchange. */
  readonly resend: (id: string) => Promise<ResendOutcome>;
  /** What puts a command behind the sidecar of a lease, once it is there. */
  readonly entranceOf: (lease: Workload) => Promise<LeaseEntrance>;
}

export interface LeaseEntrance {
  readonly env: Readonly<Record<string, string>>;
  readonly launch?: readonly string[];
  /** The lease is over: ends what is left of its command. */
  readonly end?: () => void;
}

const done: CommandAnswer = { ok: true };

/** Carries out one command. `untilClosed` takes what must happen when the client is gone. */
export async function obeyCommand(
  targets: CommandTargets,
  command: MeshCommand,
  untilClosed: (release: () => void) => void,
): Promise<CommandAnswer> {
  const { loop, programs } = targets;
  const mesh = loop.mesh();
  if (mesh === undefined) return refuse("the mesh is still starting");
  switch (command.type) {
    case "mesh.stop":
      targets.stop();
      return done;
    case "mesh.reload":
      await targets.reload();
      return done;
    case "mesh.detach":
      targets.detach();
      return done;
    case "workload.restart":
      return programs.restart(command.service) ? done : unknownService(mesh, command.service);
    case "workload.stop":
      return programs.stop(command.service) ? done : unknownService(mesh, command.service);
    case "workload.start": {
      loop.summon(command.service);
      const [workload] = findWorkloads(loop.mesh() ?? mesh, command.service);
      if (workload === undefined) return unknownService(mesh, command.service);
      loop.activate(workload.service);
      programs.start(command.service);
      return done;
    }
    case "workload.scale":
      return loop.scale(command.service, command.instances) ? done : unknownService(mesh, command.service);
    case "svid.rotate":
      if (!targets.hasProxy(command.proxy)) return refuse(`there is no sidecar ${command.proxy}`);
      targets.renew(command.proxy);
      return done;
    case "ca.rotate":
      return rotateCa(targets, command.overlap);
    case "lease.acquire": {
      const lease = loop.lease(command.service);
      if (lease === undefined) return unknownService(mesh, command.service);
      let isOver = false;
      let entrance: LeaseEntrance | undefined;
      untilClosed(() => {
        isOver = true;
        entrance?.end?.();
        loop.release(lease.id);
      });
      entrance = await targets.entranceOf(lease);
      if (isOver) entrance.end?.();
      const { env, launch } = entrance;
      return { ok: true, lease: lease.id, env, ...(launch === undefined ? {} : { launch }) };
    }
    case "exchange.replay": {
      const outcome = await targets.resend(command.id);
      if (!outcome.ok) return { ok: false, code: "MD7011", message: outcome.reason };
      return { ok: true, replay: { requestId: outcome.requestId, status: outcome.status } };
    }
    case "lease.release":
      return loop.release(command.lease) ? done : refuse(`there is no lease ${command.lease}`);
    default:
      return assertNever(command);
  }
}

async function rotateCa({ rotateCa: rotate }: CommandTargets, overlap: boolean): Promise<CommandAnswer> {
  try {
    await rotate(overlap);
    return done;
  } catch (error) {
    if (!(error instanceof MeshError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { ok: false, code: error.code, message: error.message, ...hint };
  }
}

function refuse(message: string): CommandAnswer {
  return { ok: false, code: "MD7003", message };
}

function unknownService(mesh: Mesh, service: string): CommandAnswer {
  const known = [...new Set(mesh.workloads.map((workload) => workload.service))];
  const shown = known.length > 12 ? `${known.slice(0, 12).join(", ")} and ${known.length - 12} more` : known.join(", ");
  return { ok: false, code: "MD7006", message: `there is no service ${service}`, hint: `services are ${shown}` };
}
