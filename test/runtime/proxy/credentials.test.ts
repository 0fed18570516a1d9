import { expect, test, vi } from "vitest";
import { systemClock } from "../../../runtime/core/clock.ts";
import { createCa, signCsr } from "../../../runtime/identity/ca.ts";
import { createCredentials } from "../../../runtime/proxy/credentials.ts";

const identity = { trustDomain: "cluster.local", namespace: "default", serviceAccount: "backend" };
const name = "spiffe://cluster.local/ns/default/sa/backend";

test("only a chain for the last key, with the name that is wanted, is installed", async () => {
  const ca = await createCa("cluster.local", systemClock);
  const csrs: string[] = [];
  const installed = vi.fn<() => void>();
  const credentials = createCredentials(systemClock, (csr) => csrs.push(csr), installed);
  expect(credentials.install("nothing was asked")).toBe(false);
  credentials.expect(name);
  expect(csrs).toHaveLength(1);
  const ready = vi.fn<(ready: boolean) => void>();
  credentials.whenReady(ready);

  const chainFor = async (csr: string | undefined, who = identity): Promise<string> =>
    (await signCsr(ca, csr ?? "", who, 60_000, systemClock)).chain;
  expect(credentials.install("garbage")).toBe(false);
  expect(credentials.install(await chainFor(csrs[0], { ...identity, serviceAccount: "other" }))).toBe(false);
  credentials.renew();
  expect(credentials.install(await chainFor(csrs[0]))).toBe(false);
  expect(ready).not.toHaveBeenCalled();
  expect(credentials.install(await chainFor(csrs[1]))).toBe(true);
  expect(ready).toHaveBeenCalledExactlyOnceWith(true);
  expect(installed).toHaveBeenCalledOnce();
  expect(credentials.svid()?.spiffe).toBe(name);

  // Another identity: the old certificate is gone at once, and a new one is asked for.
  credentials.expect("spiffe://cluster.local/ns/default/sa/new");
  expect(credentials.svid()).toBeUndefined();
  expect(csrs).toHaveLength(3);
  credentials.whenReady(ready);
  credentials.close();
  expect(ready).toHaveBeenLastCalledWith(false);
  credentials.whenReady(ready);
  expect(ready).toHaveBeenCalledTimes(3);
});

test("a refusal is asked again, and who waits too long goes without", () => {
  vi.useFakeTimers();
  try {
    const csrs: string[] = [];
    const credentials = createCredentials(
      systemClock,
      (csr) => csrs.push(csr),
      () => undefined,
    );
    credentials.expect(name);
    const ready = vi.fn<(ready: boolean) => void>();
    credentials.whenReady(ready);
    credentials.refused();
    vi.advanceTimersByTime(1000);
    expect(csrs).toHaveLength(2);
    vi.advanceTimersByTime(5000);
    expect(ready).toHaveBeenCalledExactlyOnceWith(false);
  } finally {
    vi.useRealTimers();
  }
});
