import { mostInstances } from "../config/project-service.ts";
import type { MeshCommand } from "../model/command.ts";

/** A command as any client may have sent it; an error text when it is none. */
export function parseCommand(text: string): MeshCommand | { readonly error: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: "the body is not JSON" };
  }
  const type = field(value, "type");
  switch (type) {
    case "mesh.stop":
    case "mesh.reload":
    case "mesh.detach":
      return { type };
    case "workload.restart":
    case "workload.stop":
    case "workload.start":
    case "lease.acquire": {
      const service = field(value, "service");
      return service === undefined ? { error: `${type} needs "service"` } : { type, service };
    }
    case "workload.scale": {
      const service = field(value, "service");
      const instances: unknown = Reflect.get(Object(value), "instances");
      if (service === undefined || !isInstances(instances))
        return { error: `${type} needs "service" and "instances", a whole number up to ${mostInstances}` };
      return { type, service, instances };
    }
    case "svid.rotate": {
      const proxy = field(value, "proxy");
      return proxy === undefined ? { error: `${type} needs "proxy"` } : { type, proxy };
    }
    case "exchange.replay": {
      const id = field(value, "id");
      return id === undefined ? { error: `${type} needs "id"` } : { type, id };
    }
    case "ca.rotate": {
      const overlap: unknown = Reflect.get(Object(value), "overlap") ?? true;
      return typeof overlap === "boolean" ? { type, overlap } : { error: `${type} takes "overlap": true or false` };
    }
    case "lease.release": {
      const lease = field(value, "lease");
      return lease === undefined ? { error: `${type} needs "lease"` } : { type, lease };
    }
    case undefined:
      return { error: 'a command is an object with a "type"' };
    default:
      return { error: `there is no command ${JSON.stringify(type)}` };
  }
}

function isInstances(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= mostInstances;
}

function field(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  const found: unknown = Reflect.get(value, name);
  return typeof found === "string" ? found : undefined;
}
