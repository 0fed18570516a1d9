import { describe, expect, it } from "vitest";
import { findBypass } from "../../../runtime/host/bypass.ts";
import { parseTcpTable } from "../../../runtime/host/tcp-table.ts";

const table =
  parseTcpTable(`  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0 100 0 0 10 0
   2: 0100007F:9C41 0900F47F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 103 1 0 100 0 0 10 0
   3: 0200000A:9C42 22D8B85D:01BB 01 00000000:00000000 00:00000000 00000000     0        0 104 1 0 100 0 0 10 0
   4: 0200000A:9C43 22D8B85D:01BB 06 00000000:00000000 00:00000000 00000000     0        0 105 1 0 100 0 0 10 0
   5: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 106 1
   6: 0000000000000000FFFF00000100007F:0BB9 0000000000000000FFFF000022D8B85D:0050 01 00000000:00000000 00:00000000 00000000     0        0 107 1
   7: B80D0120000000000000000005000000:0BBA 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 108 1
 damaged
`);

describe("the kernel's table", () => {
  it("gives addresses, ports, states and inodes", () => {
    expect(table).toHaveLength(8);
    expect(table[0]).toEqual({
      local: { address: "0.0.0.0", port: 8080 },
      remote: { address: "0.0.0.0", port: 0 },
      state: "listen",
      inode: "101",
    });
    expect(table[2]?.remote).toEqual({ address: "127.244.0.9", port: 8080 });
    expect(table[4]?.state).toBe("other");
    expect(table[5]?.local).toEqual({ address: "::1", port: 3000 });
    expect(table[6]?.remote).toEqual({ address: "93.184.216.34", port: 80 });
    expect(table[7]?.local.address).toBe("2001:db8:0:0:0:0:0:5");
  });
});

describe("going past the sidecar", () => {
  const workload = { sidecar: true, ports: [{ name: "http", port: 8080 }] };
  const all = new Set(table.map((entry) => entry.inode));

  it("sees a declared port in the open, and connections that leave without the sidecar", () => {
    expect(findBypass(workload, table, all, 244)).toEqual({
      listening: [8080],
      connected: ["127.244.0.9:8080", "93.184.216.34:443", "93.184.216.34:80"],
    });
  });

  it("accuses nobody of the sockets of others, of loopback, or of its own callers", () => {
    expect(findBypass(workload, table, new Set(["102"]), 244)).toEqual({ listening: [], connected: [] });
    expect(findBypass(workload, table, new Set(["103"]), 245)).toEqual({ listening: [], connected: [] });
    expect(findBypass({ ...workload, ports: [] }, table, new Set(["101", "102"]), 244)).toEqual({
      listening: [],
      connected: [],
    });
    expect(findBypass({ ...workload, sidecar: false }, table, all, 244)).toEqual({ listening: [], connected: [] });
  });
});
