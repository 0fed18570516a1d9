import { fork } from "node:child_process";
import { join } from "node:path";
import type { LoadMessage, Measured, Order } from "./order.ts";

export interface LoadGenerator extends AsyncDisposable {
  /** `onBegin` runs when warming up is over; refused with the reason when the chain does not answer as it should. */
  readonly run: (order: Order, onBegin: () => void) => Promise<Measured>;
}

const patienceMs = 10_000;

export function startLoadGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, "main.ts"), [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return {
    run: (order, onBegin) =>
      new Promise((resolve, reject) => {
        const give = (end: () => void): void => {
          clearTimeout(timer);
          child.off("message", onMessage);
          child.off("exit", onExit);
          end();
        };
        const onExit = (): void => {
          give(() => {
            reject(new Error("the load generator ended"));
          });
        };
        const onMessage = (message: LoadMessage): void => {
          if (message.type === "begun") {
            try {
              onBegin();
            } catch (error) {
              // Thrown from here it would end this process, and leave every chain behind.
              give(() => {
                reject(error instanceof Error ? error : new Error(String(error)));
              });
            }
            return;
          }
          give(() => {
            if (message.type === "failed") reject(new Error(message.reason));
            else resolve(message.measured);
          });
        };
        const timer = setTimeout(onExit, order.warmMs + order.measureMs + patienceMs);
        child.on("message", onMessage);
        child.once("exit", onExit);
        child.send(order);
      }),
    [Symbol.asyncDispose]: async () => {
      const exit = new Promise((done) => child.once("exit", done));
      child.disconnect();
      await exit;
    },
  };
}
