import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Shape } from "../shape.ts";
import { withDescendants } from "../usage.ts";
import type { Chain } from "./chain.ts";
import { findProgram, startProgram } from "./program.ts";
import { kindOf, kinds, openSite, type Kind, type Site } from "./site.ts";

/** One haproxy, one thread, both hops. It logs nothing and asks of the caller no more than a certificate of the same CA. */
export async function openHaproxy(): Promise<Chain | string> {
  const haproxy = findProgram("haproxy", "MESHDEV_HAPROXY");
  if (haproxy === undefined) return "haproxy is not installed (Debian: apt install haproxy)";
  const site = await openSite();
  try {
    const configuration = join(site.folder, "haproxy.cfg");
    writeFileSync(configuration, configure(site));
    const running = await startProgram(
      haproxy,
      ["-db", "-q", "-f", configuration],
      kinds.map((kind) => site.caller[kind]),
    );
    return {
      name: "haproxy",
      authorization: "client certificate",
      proxies: () => withDescendants(running.pid),
      entry: (shape: Shape) => ({ path: site.caller[kindOf(shape)], preamble: "", authority: "backend:8080" }),
      variants: [],
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]();
        await site[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await site[Symbol.asyncDispose]();
    throw error;
  }
}

function configure(site: Site): string {
  const { certificates, caller, port, application } = site;
  const pair = (kind: Kind): string => {
    const mode = kind === "tcp" ? "tcp" : "http";
    const plain = kind === "http2" ? "proto h2" : "";
    const alpn = kind === "http2" ? "alpn h2" : "";
    return `
frontend caller-${kind}
  mode ${mode}
  bind unix@${caller[kind]} mode 600 ${plain}
  default_backend callee-${kind}
backend callee-${kind}
  mode ${mode}
  server callee 127.0.0.1:${port[kind]} ssl crt ${certificates.frontend.both} ca-file ${certificates.roots} verify required ssl-min-ver TLSv1.3 ${alpn}
frontend callee-${kind}
  mode ${mode}
  bind 127.0.0.1:${port[kind]} ssl crt ${certificates.backend.both} ca-file ${certificates.roots} verify required ssl-min-ver TLSv1.3 ${alpn}
  default_backend application-${kind}
backend application-${kind}
  mode ${mode}
  server application unix@${application[kind]} ${plain}
`;
  };
  return `global
  nbthread 1
  maxconn 4096
defaults
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  http-reuse always
${kinds.map(pair).join("")}`;
}
