import { describe, expect, it } from "vitest";
import { createOutsideNames, hostName } from "../../../../runtime/host/pods/outside-names.ts";

const table: Readonly<Record<string, readonly { address: string; family: number }[]>> = {
  "www.example.com": [
    { address: "2001:db8::1", family: 6 },
    { address: "93.184.216.34", family: 4 },
  ],
  "six.example.com": [{ address: "2001:db8::2", family: 6 }],
  "dev.example.com": [{ address: "127.0.0.1", family: 4 }],
  "lan.example.com": [{ address: "10.244.7.7", family: 4 }],
};
const resolve = async (name: string): Promise<(typeof table)[string]> => {
  const found = table[name];
  if (found === undefined) throw Object.assign(new Error(name), { code: "ENOTFOUND" });
  return found;
};

describe("names outside of the mesh", () => {
  it("keep their addresses where those mean the same in a pod", async () => {
    const names = createOutsideNames();
    expect(await names.addressesOf("www.example.com", resolve)).toEqual(["93.184.216.34"]);
    expect(names.targetOf("93.184.216.34")).toBe("93.184.216.34");
  });

  it("get one that stands for them otherwise, the same each time, and the machine dials the name", async () => {
    const names = createOutsideNames();
    const seen = new Set<string>();
    for (const name of ["six.example.com", "dev.example.com", "lan.example.com"]) {
      const [address = ""] = await names.addressesOf(name, resolve);
      expect(address).toMatch(/^240\.240\./);
      expect(await names.addressesOf(name, resolve)).toEqual([address]);
      expect(names.targetOf(address)).toBe(name);
      seen.add(address);
    }
    expect(seen.size).toBe(3);
  });

  it("do not exist when nobody has them", async () => {
    await expect(createOutsideNames().addressesOf("nosuch.example.com", resolve)).rejects.toMatchObject({
      code: "ENOTFOUND",
    });
  });

  it("include the machine itself", async () => {
    const names = createOutsideNames();
    const [address = ""] = await names.addressesOf(hostName, resolve);
    expect(names.targetOf(address)).toBe("127.0.0.1");
  });
});
