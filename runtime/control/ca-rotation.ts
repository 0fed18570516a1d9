import type { Clock } from "../core/clock.ts";
import type { Problem } from "../core/problem.ts";
import { MeshError } from "../core/error.ts";
import type { Ca } from "../identity/ca.ts";
import { joinRoots, rootsOverlap } from "../identity/roots.ts";
import type { ToDataPlane } from "../model/dataplane.ts";
import type { MeshCa } from "./mesh-ca.ts";
import type { Svids } from "./svids.ts";

/** Root certificates that sidecars trust. */
export interface Bundle {
  readonly version: number;
  /** PEM. */
  readonly roots: string;
}

/**
 * `overlap`: old and new roots are trusted until every sidecar has a certificate of the new CA, and a second longer. `at-once`: the new root alone, and the
 * certificates a second later, as when somebody replaces a root and does not know better.
 */
export type RotationKind = "overlap" | "at-once";

export interface CaRotation {
  readonly bundle: () => Bundle;
  /** Another CA takes over; one at a time. Rejects with MD3009 when its roots and the old ones leave nobody who trusts both. */
  readonly replace: (next: Ca, kind: RotationKind) => Promise<void>;
  /** A new root of the mesh's own CA. Rejects with MD3010 when the CA is a plug-in. */
  readonly renewRoot: (kind: RotationKind) => Promise<void>;
}

export interface CaRotationOptions {
  readonly clock: Clock;
  readonly ca: MeshCa;
  readonly svids: Pick<Svids, "renewAll">;
  readonly send: (message: ToDataPlane) => void;
  readonly onProblems: (problems: readonly Problem[]) => void;
}

/** How long sidecars may take for their new certificates. */
const patienceMs = 10_000;
/** How long a handshake may go on that began with the old certificates; it ends on a connection that nobody calls on yet. */
const handshakeMs = 1_000;
/** How long a rotation without overlap leaves them with the old ones. */
const lateMs = 1_000;

export function createCaRotation({ clock, ca, svids, send, onProblems }: CaRotationOptions): CaRotation {
  let bundle: Bundle = { version: 1, roots: ca.current().roots };
  let last: Promise<void> = Promise.resolve();

  function trust(roots: string): void {
    if (roots === bundle.roots) return;
    bundle = { version: bundle.version + 1, roots };
    send({ type: "bundle", ...bundle });
  }

  async function overlapping(next: Ca): Promise<void> {
    const sameSigner = fingerprint(next) === fingerprint(ca.current());
    trust(joinRoots(bundle.roots, next.roots));
    ca.use(next, bundle.roots);
    const late = sameSigner ? [] : await svids.renewAll(patienceMs);
    if (late.length > 0) {
      // Who could not be certified anew is still trusted by the others: nothing is taken away.
      onProblems([
        {
          code: "MD3011",
          severity: "warning",
          message: `${late.join(", ")} got no certificate of the new CA in time; the old root stays trusted`,
          hint: "rotate again when they are back",
        },
      ]);
      return;
    }
    if (!sameSigner) await pause(handshakeMs);
    trust(next.roots);
    onProblems(ca.use(next, next.roots));
  }

  async function atOnce(next: Ca): Promise<void> {
    trust(next.roots);
    onProblems(ca.use(next, next.roots));
    await pause(lateMs);
    await svids.renewAll(patienceMs);
  }

  function pause(ms: number): Promise<void> {
    return new Promise((done) => {
      clock.after(ms, done);
    });
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  }

  return {
    bundle: () => bundle,
    replace: (next, kind) =>
      inTurn(async () => {
        if (kind === "overlap" && !rootsOverlap(ca.current().roots, next.roots))
          throw new MeshError("MD3009", "the new root-cert.pem holds none of the roots that are trusted now");
        await (kind === "overlap" ? overlapping(next) : atOnce(next));
      }),
    renewRoot: (kind) =>
      inTurn(async () => {
        const next = await ca.make();
        await (kind === "overlap" ? overlapping(next) : atOnce(next));
      }),
  };
}

function fingerprint({ certificate }: Ca): string {
  return certificate.fingerprint256;
}
