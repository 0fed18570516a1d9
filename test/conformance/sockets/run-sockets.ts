import type { LoadedCase } from "../case.ts";
import type { RequestResult } from "../engine.ts";
import { createCertificates } from "./certificates.ts";
import { createEchoApps } from "./echo-app.ts";
import { createMeshWorld } from "./mesh-world.ts";
import { playCase } from "./play-case.ts";

/** Plays cases one after the other against one control plane and one data plane process. */
export interface SocketsRunner extends AsyncDisposable {
  readonly run: (loaded: LoadedCase) => Promise<ReadonlyMap<string, RequestResult>>;
}

export async function createSocketsRunner(): Promise<SocketsRunner> {
  const certificates = await createCertificates();
  const apps = createEchoApps((name) => certificates.issue("public", name));
  const world = await createMeshWorld(certificates);
  const stage = { world, apps, certificates, handshakes: new Map() };
  return {
    run: (loaded) => playCase(stage, loaded),
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      await apps[Symbol.asyncDispose]();
    },
  };
}
