import { MeshError } from "../core/error.ts";
import type { ProxySnapshot } from "../model/snapshot.ts";
import { accessMatrix } from "./matrix.ts";
import { serviceOf } from "./ports.ts";
import { matrixRecord, type MatrixRecord } from "./record.ts";

/** Whom a matrix is asked about, by names of services or workloads; all of them where nothing is said. */
export interface MatrixQuestion {
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Namespace of the workloads that are called. */
  readonly namespace: string | undefined;
  /** Service port, or workload port where no service stands before it. */
  readonly port: number | undefined;
}

/** The matrix of some sidecars. @throws MeshError MD8005 for a name that none of them has. */
export function askMatrix(
  snapshots: readonly ProxySnapshot[],
  { from, to, namespace, port }: MatrixQuestion,
): MatrixRecord {
  for (const name of [from, to]) {
    if (name === undefined || name === outside || snapshots.some((snapshot) => isNamed(snapshot, name))) continue;
    throw new MeshError("MD8005", `there is no service or workload ${name} with a sidecar`, {
      hint: `The mesh has ${snapshots.map(({ proxy }) => proxy).join(", ")}.`,
    });
  }
  const record = matrixRecord(
    accessMatrix({
      snapshots,
      from: from === undefined || from === outside ? undefined : (snapshot) => isNamed(snapshot, from),
      to: (snapshot) =>
        (to === undefined || isNamed(snapshot, to)) &&
        (namespace === undefined || snapshot.workload.namespace === namespace),
    }),
  );
  const ports = record.ports.filter((each) => port === undefined || (each.service?.port ?? each.port) === port);
  if (from !== outside) return { ports };
  return {
    ports: ports.map((each) => ({
      ...each,
      callers: each.callers.filter(({ workloads, connection }) => workloads.length === 0 && connection === "plaintext"),
    })),
  };
}

/** Somebody without identity, as `can` calls him. */
const outside = "outside";

function isNamed({ proxy, workload: { name, namespace }, inbound }: ProxySnapshot, wanted: string): boolean {
  const services = inbound.listeners.flatMap((listener) => {
    const host = serviceOf(listener)?.host;
    if (host === undefined) return [];
    const [service = "", space = ""] = host.split(".");
    return [host, service, `${service}.${space}`];
  });
  return [proxy, name, `${name}.${namespace}`, ...services].includes(wanted);
}
