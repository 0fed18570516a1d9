import type { UpstreamHttp } from "../model/snapshot.ts";
import type { Sidecar } from "./context.ts";
import { openApp } from "./dial-app.ts";
import { openUpstream, targetKey } from "./dial-upstream.ts";
import type { UpstreamTarget } from "./dial-upstream.ts";
import type { Exchange } from "./exchange.ts";
import type { Acquired } from "./forward-options.ts";
import { ignore } from "./server-handshake.ts";
import { upstreamConnection } from "./upstream-pool.ts";
import type { Dialled } from "./upstream.ts";

/** The version that a request is sent on in, by what the compiler said of its destination (spec traffic 1.1.7). */
export function versionFor(upstream: UpstreamHttp, exchange: Exchange): "http1" | "http2" {
  if (upstream === "downstream") return exchange.protocol === "HTTP/2" ? "http2" : "http1";
  return upstream;
}

/** More requests are under way than the destination may have: answered at once, never tried again (spec traffic 3.3.5). */
export function refuseOverflow(done: Done): () => void {
  done({ kind: "failed", reason: "overflow", transport: "" });
  return ignore;
}

type Open = (done: (result: Dialled) => void) => () => void;
type Done = (result: Acquired) => void;

/** A connection to another workload or an outside server; `fresh`: none that has carried a request. The returned function gives up. */
export function acquireUpstream(sidecar: Sidecar, target: UpstreamTarget, fresh: boolean, done: Done): () => void {
  const key = targetKey(sidecar, target);
  const open: Open = (opened) => openUpstream(sidecar, target, key, opened);
  return target.protocol === "http2"
    ? sidecar.sessions.acquire(key, open, done)
    : acquireSocket(sidecar, key, fresh, open, done);
}

/** A connection to the own application. */
export function acquireApp(sidecar: Sidecar, port: number, version: "http1" | "http2", done: Done): () => void {
  const { address, key } = sidecar.app(port);
  const open: Open = (opened) => openApp(sidecar, address, opened);
  return version === "http2"
    ? sidecar.sessions.acquire(key, open, done)
    : acquireSocket(sidecar, key, false, open, done);
}

function acquireSocket(sidecar: Sidecar, key: string, fresh: boolean, open: Open, done: Done): () => void {
  const waiting = fresh ? undefined : sidecar.upstreams.take(key);
  if (waiting !== undefined) {
    done({ kind: "connection", connection: waiting });
    return ignore;
  }
  return open((result) => {
    if (result.kind === "failed") {
      done(result);
      return;
    }
    const { socket, handshake, leaf, spiffe } = result;
    done({ kind: "connection", connection: upstreamConnection({ socket, key, handshake, leaf, spiffe }) });
  });
}
