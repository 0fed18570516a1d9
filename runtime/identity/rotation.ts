export interface RotationInput {
  /** When the certificate came, ms since the epoch. */
  readonly createdAt: number;
  /** When it ends, ms since the epoch. */
  readonly notAfter: number;
  /** A number in [-1, 1) that spreads the renewals of many sidecars. */
  readonly spread: number;
}

const graceRatio = 0.5;
const jitter = 0.01;

/** When to ask for the next certificate, ms since the epoch: after half of its life, ± 1 %, never before it came (spec ID-22). */
export function rotationAt({ createdAt, notAfter, spread }: RotationInput): number {
  const lifetime = Math.max(0, notAfter - createdAt);
  const ratio = Math.min(1, Math.max(0, graceRatio + jitter * spread));
  return Math.max(createdAt, notAfter - ratio * lifetime);
}
