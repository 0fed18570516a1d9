import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Socket } from "node:net";
import { systemClock } from "./core/clock.ts";
import { isLendAnswer, isReachQuestion } from "./model/lending.ts";
import { createDataPlane, type DataPlane } from "./proxy/data-plane.ts";
import { openLineChannel } from "./proxy/line-channel.ts";
import { isToDataPlane } from "./proxy/message.ts";
import { createOutside, type Outside, type OutsideChannel } from "./proxy/pods/outside.ts";
import { unpackSections } from "./wire/sections.ts";

/**
 * The data plane process: every sidecar's sockets. It speaks on file descriptor 3 and ends with it; argument 1 is the drain mode. In a mesh
 * namespace argument 2 is the namespace's own address; then Node's channel to the daemon lends sockets, and the listeners come as file descriptors.
 */
const channelDescriptor = 3;
const podDescriptors = { capture: 5, udp: 6, tcp: 7 };
const isInMeshNamespace = process.argv[3] !== undefined;

/** `ulimit -n`, which Node raises to what is allowed when it starts; the usual number of systems that have no such file. */
function descriptorLimit(): number {
  try {
    return Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1] ?? usualDescriptors,
    );
  } catch {
    return usualDescriptors;
  }
}

const usualDescriptors = 10_240;

function lendingChannel(): OutsideChannel {
  return {
    send: (question) => {
      process.send?.(question);
    },
    onAnswer: (hear) => {
      process.on("message", (message, handle) => {
        if (isLendAnswer(message)) hear(message, handle);
      });
    },
  };
}

/** Loaded only where there are pods. */
async function startPods(plane: DataPlane, outside: Outside): Promise<void> {
  const [{ servePods }, { reachFromOutside }] = await Promise.all([
    import("./proxy/pods/serve.ts"),
    import("./proxy/pods/reach.ts"),
  ]);
  servePods(podDescriptors, plane, outside);
  process.on("message", (message) => {
    if (isReachQuestion(message)) reachFromOutside(message, (answer, socket) => process.send?.(answer, socket));
  });
}

function main(): void {
  const stream = new Socket({ fd: channelDescriptor, readable: true, writable: true });
  const channel = openLineChannel(
    stream,
    (value) => {
      if (unpackSections(value) && isToDataPlane(value)) plane.receive(value);
    },
    (error) => {
      if (error !== undefined) process.stderr.write(`data plane: ${error.message}\n`);
      plane.close();
      process.exit(error === undefined ? 0 : 1);
    },
  );
  const outside = isInMeshNamespace ? createOutside(lendingChannel()) : undefined;
  const plane = createDataPlane({
    clock: systemClock,
    send: channel.send,
    backlog: channel.backlog,
    pid: process.pid,
    descriptors: descriptorLimit(),
    draw: Math.random,
    uuid: randomUUID,
    drain: process.argv[2] === "istio" ? "istio" : "strict",
    ...(outside === undefined ? {} : { pods: { outside, gateway: process.argv[3] ?? "" } }),
  });
  if (outside !== undefined) void startPods(plane, outside);
  // One connection's fault must not end everybody's: it is told, and the rest goes on.
  process.on("uncaughtException", (error) => {
    process.stderr.write(`data plane: uncaught: ${error.stack ?? error.message}\n`);
  });
  process.on("unhandledRejection", (reason) => {
    process.stderr.write(`data plane: unhandled rejection: ${String(reason)}\n`);
  });
  // The terminal's signals go to the whole group; the daemon decides when to end.
  process.on("SIGINT", () => undefined);
}

main();
