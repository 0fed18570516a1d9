import type { HttpOptions } from "../model/snapshot.ts";
import { grpcMessage, grpcStatusOf } from "./grpc.ts";
import { applyResponseChanges } from "./ext-authz/authorized.ts";
import type { ResponseChange } from "./ext-authz/check-result.ts";
import { createEdit } from "./header-edit-builder.ts";
import type { FormatFacts } from "./header-format.ts";
import { applyPhases, type HeaderPhase } from "./header-operations.ts";
import type { LocalReply } from "./local-reply.ts";

export interface ReplyContext {
  readonly options: Pick<HttpOptions, "server" | "debugHeaders">;
  readonly date: string;
  readonly grpc: boolean;
  readonly head: boolean;
  /** The route's `headers.response`, with what its values may ask for; they run before content-length and content-type are set. */
  readonly operations?: { readonly phases: readonly HeaderPhase[]; readonly facts: FormatFacts };
  /** What external authorizers that agreed add to every answer; undefined: nobody was asked. */
  readonly changes?: readonly ResponseChange[] | undefined;
  /** What `x-envoy-decorator-operation` says to a caller that sent none (spec traffic 5.1); undefined: nothing. */
  readonly decorator?: string;
}

export interface ReplyHead {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What follows the head; empty after HEAD. */
  readonly body: string;
}

/** The whole head of a local reply, in Envoy's order of events: operations first, then length and type, then date and server. */
export function replyHead(reply: LocalReply, context: ReplyContext): ReplyHead {
  const { server, debugHeaders } = context.options;
  const edit = createEdit();
  edit.add.push(...(debugHeaders ? reply.headers : reply.headers.filter(([name]) => !name.startsWith("x-envoy-"))));
  if (context.changes !== undefined) applyResponseChanges(edit, () => [], context.changes);
  if (context.operations !== undefined) applyPhases(context.operations.phases, edit, context.operations.facts);
  const has = (name: string): boolean => edit.add.some((entry) => entry[0] === name);
  const custom = edit.add.filter(
    ([name]) =>
      name !== "content-length" &&
      (name !== "server" || server === undefined) &&
      !(name === "content-type" && (reply.body === "" || context.grpc)),
  );
  const tail: (readonly [string, string])[] = [];
  if (!has("date")) tail.push(["date", context.date]);
  if (server !== undefined) tail.push(["server", server]);
  if (context.decorator !== undefined && !has("x-envoy-decorator-operation")) {
    tail.push(["x-envoy-decorator-operation", context.decorator]);
  }
  if (context.grpc) {
    const message: (readonly [string, string])[] =
      reply.body === "" || context.head ? [] : [["grpc-message", grpcMessage(reply.body)]];
    const status = `${reply.grpcStatus ?? grpcStatusOf(reply.status)}`;
    return {
      status: 200,
      headers: [["content-type", "application/grpc"], ["grpc-status", status], ...message, ...custom, ...tail],
      body: "",
    };
  }
  // The length of nothing is written for a body that is empty, but not for one that HEAD leaves out.
  const length: (readonly [string, string])[] =
    context.head && reply.body === "" ? [] : [["content-length", `${new TextEncoder().encode(reply.body).length}`]];
  const type: (readonly [string, string])[] =
    reply.contentType === undefined || has("content-type") ? [] : [["content-type", reply.contentType]];
  return {
    status: reply.status,
    headers: [...length, ...type, ...custom, ...tail],
    body: context.head ? "" : reply.body,
  };
}
