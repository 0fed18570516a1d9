import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../e2e/support/project.ts";
import type { Shape } from "../shape.ts";
import { writeCertificates, type Certificates } from "./certificates.ts";
import { startProgram, type RunningProgram } from "./program.ts";

export const kinds = ["http1", "http2", "tcp"] as const;
export type Kind = (typeof kinds)[number];

/** Which of its sockets a shape goes to. */
export function kindOf({ protocol }: Pick<Shape, "protocol">): Kind {
  switch (protocol) {
    case "http/1.1":
    case "http/1.1 connect":
      return "http1";
    case "http/2":
      return "http2";
    case "tcp":
    case "tcp connect":
      return "tcp";
  }
}

/** A folder with everything that nginx, haproxy and Envoy are configured with: certificates, sockets, ports, the application. */
export interface Site extends AsyncDisposable {
  readonly folder: string;
  readonly certificates: Certificates;
  /** Where the caller's proxy listens. */
  readonly caller: Readonly<Record<Kind, string>>;
  /** Loopback ports on which the callee's proxy listens. */
  readonly port: Readonly<Record<Kind, number>>;
  /** Where the application listens. */
  readonly application: Readonly<Record<Kind, string>>;
}

const program = join(import.meta.dirname, "..", "backend", "main.ts");

export async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "mb-"));
  let application: RunningProgram | undefined;
  const dispose = async (): Promise<void> => {
    await application?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const certificates = await writeCertificates(folder);
    const sockets = (side: string): Record<Kind, string> => ({
      http1: join(folder, `${side}-http1.sock`),
      http2: join(folder, `${side}-http2.sock`),
      tcp: join(folder, `${side}-tcp.sock`),
    });
    const at = sockets("app");
    application = await startProgram(
      process.execPath,
      [program, at.http1, at.http2, at.tcp],
      kinds.map((kind) => at[kind]),
    );
    return {
      folder,
      certificates,
      caller: sockets("caller"),
      port: { http1: await freePort(), http2: await freePort(), tcp: await freePort() },
      application: at,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
