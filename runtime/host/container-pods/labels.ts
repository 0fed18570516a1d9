import type { Labels } from "../../model/resource.ts";
import type { Workload } from "../../model/mesh.ts";
import type { PodEngine } from "../containers/engine.ts";
import type { Session } from "../session.ts";

const prefix = "dev.meshdev.";

/** What every container of ours says of itself. */
export function podLabels(mesh: string, session: Session, workload: Workload): Labels {
  return {
    [`${prefix}mesh`]: mesh,
    [`${prefix}project`]: session.record.directory,
    [`${prefix}session`]: session.id,
    [`${prefix}pid`]: String(session.record.pid),
    [`${prefix}workload`]: workload.id,
  };
}

export type PodRole = "pause" | "sidecar" | "app";

export function withRole(labels: Labels, role: PodRole): Labels {
  return { ...labels, [`${prefix}role`]: role };
}

/** Removes what a daemon left that died before it could: a project has one mesh at a time, so that whatever is of another session is nobody's. */
export async function removeLeftovers(engine: PodEngine, { id, record }: Session): Promise<void> {
  const found = await engine.containers.list({ [`${prefix}project`]: record.directory });
  await Promise.all(
    found
      .filter(({ labels }) => labels[`${prefix}session`] !== id)
      .map((container) => engine.containers.remove(container.id)),
  );
}
