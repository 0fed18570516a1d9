import { playRound, victims } from "../pod-chaos.ts";
import type { Proof } from "../proof.ts";

const pods = 40;

/** Meshes of 40 pods are started, and one thing after the other is killed: nothing is left of processes, namespaces, links and files. */
export const prove: Proof = async ({ count = 20, progress }) => {
  const failures: string[] = [];
  const times = new Map<string, number[]>();
  for (let round = 0; round < count; round += 1) {
    const victim = victims[round % victims.length] ?? "down";
    const { ms, left } = await playRound(pods, victim);
    times.set(victim, [...(times.get(victim) ?? []), ms]);
    progress(`round ${round + 1}: ${victim}, nothing left after ${ms} ms`);
    if (left.length > 0) failures.push(`after the end by ${victim}: ${left.join(", ")}`);
  }
  return {
    lines: [
      `${count} meshes of ${pods} pods ended, ${failures.length} left something behind`,
      ...[...times].map(([victim, all]) => `${victim}: gone after ${all.join(", ")} ms`),
    ],
    failures,
  };
};
