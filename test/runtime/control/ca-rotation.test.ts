import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { CaFiles } from "../../../runtime/identity/ca.ts";
import { readCertificates } from "../../../runtime/identity/certificate.ts";
import { createOfflineRoot } from "../../support/plugin-ca.ts";
import { createProject, freePort, pairProject, startHere, startLive, type LiveMesh } from "./live-mesh.ts";

/** Calls without pause through two sidecars, until it is stopped. */
function load(mesh: LiveMesh): { readonly calls: () => number; readonly stop: () => Promise<readonly string[]> } {
  const failed: string[] = [];
  let calls = 0;
  let over = false;
  const loop = async (): Promise<void> => {
    while (!over) {
      const { status, body } = await mesh.call("/api/x");
      calls += 1;
      if (status !== 200) failed.push(`${status} ${body}`);
    }
  };
  const loops = Array.from({ length: 6 }, loop);
  return {
    calls: () => calls,
    stop: async () => {
      over = true;
      await Promise.all(loops);
      return failed;
    },
  };
}

/** Waits for so many more calls: what is still to be seen of a change has been seen then. */
async function passing(traffic: ReturnType<typeof load>, more = 40): Promise<void> {
  const from = traffic.calls();
  await vi.waitFor(() => expect(traffic.calls()).toBeGreaterThan(from + more), { timeout: 15_000, interval: 10 });
}

/** Issuers of the certificates that the sidecars have now, and who called whom with a certificate of which. */
function issuers(mesh: LiveMesh): readonly string[] {
  const last = new Map<string, string>();
  for (const event of [...mesh.find("svid.issued"), ...mesh.find("svid.rotated")])
    last.set(event.proxy, event.certificate.issuer);
  return [...new Set(last.values())];
}

async function startPlugin(
  files: CaFiles,
): Promise<{ readonly mesh: LiveMesh; readonly put: (files: CaFiles) => void }> {
  const port = await freePort();
  const project = pairProject(port);
  const directory = createProject({ ...project, "meshdev.yaml": `${project["meshdev.yaml"] ?? ""}ca: ./ca\n` });
  const put = (next: CaFiles): void => {
    const folder = join(directory, "ca");
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(next)) {
      // As a careful script writes: no file is ever half there.
      writeFileSync(join(folder, `${name}.new`), text);
      renameSync(join(folder, `${name}.new`), join(folder, name));
    }
  };
  put(files);
  return { mesh: await startLive(directory, port, {}, startHere), put };
}

describe("certificates that are replaced under load", () => {
  it("fail no call: leaves, then the root of our own CA with overlap", { timeout: 60_000 }, async () => {
    const port = await freePort();
    await using mesh = await startLive(createProject(pairProject(port)), port, {}, startHere);
    const traffic = load(mesh);
    await passing(traffic);
    for (const proxy of ["frontend-1", "backend-1", "frontend-1"]) {
      expect(await mesh.client.command({ type: "svid.rotate", proxy })).toEqual({ ok: true });
      await passing(traffic);
    }
    expect(mesh.find("svid.rotated").length).toBeGreaterThanOrEqual(3);
    const handshakes = mesh.find("handshake.completed").length;
    const before = storedRoots(mesh);
    expect(await mesh.client.command({ type: "ca.rotate", overlap: true })).toEqual({ ok: true });
    await passing(traffic);
    expect(await traffic.stop()).toEqual([]);
    const after = storedRoots(mesh);
    expect(after).toHaveLength(1);
    expect(before).not.toContain(after[0]);
    await vi.waitFor(() => {
      expect(mesh.find("handshake.completed").length).toBeGreaterThan(handshakes);
    });
    expect(mesh.find("handshake.failed")).toEqual([]);
  });

  it("fail calls when the root is replaced without overlap", { timeout: 60_000 }, async () => {
    const port = await freePort();
    await using mesh = await startLive(createProject(pairProject(port)), port, {}, startHere);
    const traffic = load(mesh);
    await passing(traffic);
    expect(await mesh.client.command({ type: "ca.rotate", overlap: false })).toEqual({ ok: true });
    await passing(traffic);
    const failed = await traffic.stop();
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.every((each) => each.startsWith("503 "))).toBe(true);
    expect(mesh.find("handshake.failed")[0]?.failure?.alert).toBe("unknown_ca");
    expect((await mesh.call("/api/x")).status).toBe(200);
  });

  it(
    "fail no call: a plug-in CA's intermediate, then its root in three steps; a root without overlap is not taken",
    {
      timeout: 90_000,
    },
    async () => {
      const [old, next] = [await createOfflineRoot("root one"), await createOfflineRoot("root two")];
      const first = await old.intermediate("one a");
      const { mesh: made, put } = await startPlugin(first);
      await using mesh = made;
      const traffic = load(mesh);
      await passing(traffic);
      const until = async (issuer: string): Promise<void> => {
        await vi.waitFor(() => expect(issuers(mesh)).toEqual([expect.stringContaining(issuer)]), { timeout: 15_000 });
        await passing(traffic);
      };
      await until("one a");

      const second = await old.intermediate("one b");
      put(second);
      await until("one b");

      put(await next.intermediate("two a"));
      await vi.waitFor(async () => expect(await problems(mesh)).toContain("MD3009"), { timeout: 15_000 });
      expect(await mesh.client.command({ type: "ca.rotate", overlap: true })).toMatchObject({ code: "MD3010" });

      const both = old.pem + next.pem;
      put({ ...second, "root-cert.pem": both });
      await vi.waitFor(async () => expect(await problems(mesh)).not.toContain("MD3009"), { timeout: 15_000 });
      const third = await next.intermediate("two b", both);
      put(third);
      await until("two b");
      put({ ...third, "root-cert.pem": next.pem });
      await passing(traffic, 120);
      put({ ...third, "ca-key.pem": "half writ" });
      await vi.waitFor(async () => expect(await problems(mesh)).toContain("MD3012"), { timeout: 15_000 });

      expect(await traffic.stop()).toEqual([]);
      expect(mesh.find("handshake.failed")).toEqual([]);
    },
  );
});

async function problems(mesh: LiveMesh): Promise<readonly string[]> {
  return (await mesh.client.state()).problems.map(({ code }) => code);
}

/** Fingerprints of the roots that are kept for the next start. */
function storedRoots(mesh: LiveMesh): readonly string[] {
  const state = join(mesh.directory, ".state", "meshdev");
  const [project = ""] = readdirSync(state);
  const pem = readFileSync(join(state, project, "ca", "root-cert.pem"), "utf8");
  return (readCertificates(pem) ?? []).map(({ fingerprint256 }) => fingerprint256);
}
