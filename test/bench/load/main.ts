import { loadHttp1 } from "./http1.ts";
import { loadHttp2 } from "./http2.ts";
import type { LoadMessage, Order } from "./order.ts";
import { createTally } from "./tally.ts";
import { loadTcp, loadTcpConnections } from "./tcp.ts";

// The load generator: a process of its own that takes one order after the other from its parent.
const kinds = {
  "http/1.1": loadHttp1,
  "http/1.1 connect": loadHttp1,
  "http/2": loadHttp2,
  tcp: loadTcp,
  "tcp connect": loadTcpConnections,
} as const;

function tell(message: LoadMessage): void {
  process.send?.(message);
}

process.on("message", (order: Order) => {
  const tally = createTally();
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  let stop = (): void => undefined;

  function end(message: LoadMessage): void {
    if (over) return;
    over = true;
    clearTimeout(timer);
    tell(message);
    stop();
  }

  stop = kinds[order.shape.protocol](order, tally, (reason) => {
    end({ type: "failed", reason });
  });
  timer = setTimeout(() => {
    tally.reset();
    tell({ type: "begun" });
    timer = setTimeout(() => {
      end({ type: "ended", measured: tally.read() });
    }, order.measureMs);
  }, order.warmMs);
});
process.on("disconnect", () => process.exit(0));
