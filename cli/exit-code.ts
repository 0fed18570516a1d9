import { MeshError } from "../runtime/core/error.ts";

/** A published contract: scripts branch on these. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  invalid: 3,
  findings: 4,
  serviceFailed: 5,
  timeout: 6,
  conflict: 7,
  environment: 8,
  noSession: 9,
  disagreement: 10,
  interrupted: 130,
  terminated: 143,
} as const;

/** Ends a command with a code and nothing more to say. */
export class ExitWith extends Error {
  override readonly name = "ExitWith";
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** Codes whose exit code differs from that of their thousand. */
const special: Readonly<Record<string, number>> = {
  MD4002: exitCodes.timeout,
  MD6003: exitCodes.conflict,
  MD6008: exitCodes.conflict,
  MD7004: exitCodes.internal,
  MD7005: exitCodes.conflict,
  MD7006: exitCodes.usage,
  MD7007: exitCodes.conflict,
  MD7011: exitCodes.usage,
  MD8002: exitCodes.timeout,
  MD8003: exitCodes.invalid,
  MD8005: exitCodes.usage,
  MD8006: exitCodes.conflict,
  MD8007: exitCodes.environment,
  MD8008: exitCodes.environment,
  MD8009: exitCodes.serviceFailed,
  MD8010: exitCodes.invalid,
  MD9002: exitCodes.disagreement,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof ExitWith) return error.code;
  if (!(error instanceof MeshError)) return exitCodes.internal;
  const own = special[error.code];
  if (own !== undefined) return own;
  return byArea[error.code.charAt(2)] ?? exitCodes.internal;
}

/** By the thousand of a code; the rest is a fault of ours. */
const byArea: Readonly<Record<string, number>> = {
  "1": exitCodes.invalid,
  "2": exitCodes.invalid,
  "3": exitCodes.environment,
  "4": exitCodes.serviceFailed,
  "5": exitCodes.environment,
  "6": exitCodes.environment,
  "7": exitCodes.noSession,
  "8": exitCodes.usage,
};
