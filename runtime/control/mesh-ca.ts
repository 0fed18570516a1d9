import { randomInt, X509Certificate } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { MeshError } from "../core/error.ts";
import type { Problem } from "../core/problem.ts";
import { createCa, defaultTtlMs, loadCa, signCsr, type Ca } from "../identity/ca.ts";
import { certificateFacts, readCertificates } from "../identity/certificate.ts";
import { rotationAt } from "../identity/rotation.ts";
import { parseSpiffeId } from "../model/identity.ts";
import type { IssuedSvid } from "./svids.ts";

/** Where a CA may be kept; the effects are the host's. */
export interface CaKeeper {
  /** A plug-in CA that the user named: used as it is, or not at all. */
  readonly given: Readonly<Record<string, string>> | undefined;
  readonly load: () => {
    readonly files: Readonly<Record<string, string>> | undefined;
    readonly problems: readonly Problem[];
  };
  readonly save: (files: Readonly<Record<string, string>>) => readonly Problem[];
}

export interface MeshCa {
  /** The one that signs now. */
  readonly current: () => Ca;
  readonly sign: (csr: string, spiffe: string) => Promise<IssuedSvid>;
  /** Why the CA lives in memory only. */
  readonly problems: readonly Problem[];
  /** Signs with another one from now on; one of our own is stored with the roots that are to be trusted when it is found again. */
  readonly use: (next: Ca, roots: string) => readonly Problem[];
  /** A new CA of our own. Rejects with MD3010 when the user gave one. */
  readonly make: () => Promise<Ca>;
}

/** The CA of a mesh: the one given, the one of the last time, or a new one. Throws MD3xxx when one that should be used cannot. */
export async function openMeshCa(
  keeper: CaKeeper,
  trustDomain: string,
  ttlMs: number | undefined,
  clock: Clock,
): Promise<MeshCa> {
  const { ca, problems } = await findCa(keeper, trustDomain, clock);
  let signer = ca;
  return {
    current: () => signer,
    problems,
    use: (next, roots) => {
      signer = next;
      return keeper.given === undefined ? keeper.save({ ...next.files, "root-cert.pem": roots }) : [];
    },
    make: async () => {
      if (keeper.given !== undefined) throw new MeshError("MD3010", "the CA was given by the user");
      return createCa(trustDomain, clock);
    },
    sign: async (csr, spiffe) => {
      const identity = parseSpiffeId(spiffe);
      if (identity === undefined) throw new MeshError("MD3007", `${spiffe} is not the identity of a workload`);
      const issued = await signCsr(signer, csr, identity, ttlMs ?? defaultTtlMs, clock);
      return {
        chain: issued.chain,
        facts: certificateFacts(new X509Certificate(issued.chain), readCertificates(issued.chain)?.slice(1)),
        rotateAt: rotationAt({
          createdAt: clock.now(),
          notAfter: issued.notAfter,
          spread: randomInt(-1_000, 1_000) / 1_000,
        }),
      };
    },
  };
}

async function findCa(
  keeper: CaKeeper,
  trustDomain: string,
  clock: Clock,
): Promise<{ readonly ca: Ca; readonly problems: readonly Problem[] }> {
  if (keeper.given !== undefined) return { ca: loadCa(keeper.given, clock), problems: [] };
  const stored = keeper.load();
  if (stored.files !== undefined) {
    try {
      return { ca: loadCa(stored.files, clock), problems: stored.problems };
    } catch (error) {
      // One that has run out is replaced; anything else is for the user to decide.
      if (!(error instanceof MeshError) || error.code !== "MD3006") throw error;
    }
  }
  const ca = await createCa(trustDomain, clock);
  const saved = keeper.save({ ...ca.files });
  return { ca, problems: stored.problems.length > 0 ? stored.problems : saved };
}
