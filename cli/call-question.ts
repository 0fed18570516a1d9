import { MeshError } from "../runtime/core/error.ts";
import { parseClaims } from "./commands/token.ts";
import type { Context } from "./context.ts";
import type { CallToken, PredictedCall } from "./door.ts";
import { bareName, parseHeader } from "./options.ts";
import { readInput } from "./read-input.ts";

/** A call that a command asks about, as it is typed. */
export interface Question {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
}

export interface QuestionOptions {
  readonly port?: number;
  readonly header?: readonly string[];
  /** File with a token; `-` is stdin. */
  readonly jwt?: string;
  readonly claim?: readonly string[];
  readonly tls?: "mesh" | NonNullable<PredictedCall["tls"]>;
  /** Bytes that are sent instead of a request; true: any. */
  readonly tcp?: string | true;
}

export function callOf(question: Question, { port, header, tls = "mesh", tcp }: QuestionOptions): PredictedCall {
  return {
    ...question,
    from: bareName(question.from),
    to: bareName(question.to),
    port,
    headers: (header ?? []).map(parseHeader),
    ...(tls === "mesh" ? {} : { tls }),
    ...(tcp === undefined ? {} : { tcp: tcp === true ? anyBytes : tcp }),
  };
}

const anyBytes = "hello\n";

/** @throws MeshError MD8001 */
export function tokenOf({ jwt, claim, tcp }: QuestionOptions, context: Context): CallToken | undefined {
  if (jwt !== undefined && claim !== undefined)
    throw new MeshError("MD8001", "--jwt and --claim exclude each other: a token says by itself what it claims");
  if (tcp !== undefined && (jwt ?? claim) !== undefined)
    throw new MeshError("MD8001", "--tcp sends raw bytes, which carry no token");
  if (claim !== undefined) return { kind: "claims", claims: parseClaims(claim) };
  if (jwt === undefined) return undefined;
  return { kind: "token", token: readInput(jwt, "token", context).trim() };
}
