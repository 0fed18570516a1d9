import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MeshError } from "../../../runtime/core/error.ts";
import { caFileNames, caFolder, openCaStore, readGivenCa } from "../../../runtime/host/ca-store.ts";
import { currentUser } from "../../../runtime/host/session-folder.ts";

const user = currentUser({});
const files = Object.fromEntries(caFileNames.map((name) => [name, `PEM of ${name}`]));
let folder = "";
let ca = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "md-ca-"));
  ca = caFolder(join(folder, "project"), { XDG_STATE_HOME: folder });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the CA on disk", () => {
  it("is kept per project outside of it, for its owner only, and survives", () => {
    expect(ca).toMatch(/\/meshdev\/[0-9a-f]{12}\/ca$/);
    expect(caFolder("/a", { XDG_STATE_HOME: folder })).not.toBe(caFolder("/b", { XDG_STATE_HOME: folder }));
    expect(caFolder("/a", { HOME: "/home/x" })).toMatch(/^\/home\/x\/\.local\/state\/meshdev\//);
    expect(openCaStore(ca, user).load()).toEqual({ files: undefined, problems: [] });
    expect(openCaStore(ca, user).save(files)).toEqual([]);
    expect(openCaStore(ca, user).load()).toEqual({ files, problems: [] });
    expect(lstatSync(ca).mode & 0o777).toBe(0o700);
    for (const name of caFileNames) expect(lstatSync(join(ca, name)).mode & 0o777).toBe(0o600);
  });

  it("a fresh one replaces it whole", () => {
    openCaStore(ca, user).save(files);
    const store = openCaStore(ca, user, true);
    expect(store.load().files).toBeUndefined();
    const other = { ...files, "ca-key.pem": "another" };
    expect(store.save(other)).toEqual([]);
    expect(openCaStore(ca, user).load().files).toEqual(other);
    expect(readdirSync(dirname(ca))).toEqual(["ca"]);
  });

  it("where nothing can be written it is a problem, not an error", () => {
    mkdirSync(join(folder, "meshdev"), { recursive: true });
    writeFileSync(dirname(ca), "a file where a folder should be");
    const [problem] = openCaStore(ca, user).save(files);
    expect(problem).toMatchObject({ code: "MD6004", severity: "warning" });
    expect(openCaStore(ca, user).load().problems[0]?.code).toBe("MD6004");
  });

  it("a given CA must be complete", () => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    expect(readGivenCa(folder)).toEqual(files);
    unlinkSync(join(folder, "ca-key.pem"));
    expect(() => readGivenCa(folder)).toThrow(MeshError);
    expect(() => readGivenCa(folder)).toThrow(/ca-key\.pem/);
  });
});
