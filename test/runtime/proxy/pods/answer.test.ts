import { decode, encode, type DecodedPacket, type RecordType } from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerQuery, type LookUp } from "../../../../runtime/proxy/pods/answer.ts";

const zone = {
  names: {
    "backend.default.svc.cluster.local": ["10.96.0.5"],
    "db.default.svc.cluster.local": Array.from({ length: 60 }, (_, at) => `10.244.1.${at + 2}`),
    "empty.default.svc.cluster.local": [],
  },
  aliases: { "legacy.default.svc.cluster.local": "www.example.com" },
};
const lookUp: LookUp = async (name) => {
  if (name === "www.example.com") return ["93.184.216.34"];
  throw Object.assign(new Error(name), { code: name === "slow.example.com" ? "EAI_AGAIN" : "ENOTFOUND" });
};

async function ask(
  name: string,
  type: RecordType = "A",
  transport: "udp" | "tcp" = "udp",
  room?: number,
): Promise<DecodedPacket> {
  const query = encode({
    type: "query",
    id: 4711,
    flags: 256,
    questions: [{ name, type }],
    ...(room === undefined
      ? {}
      : {
          additionals: [
            {
              type: "OPT",
              name: ".",
              udpPayloadSize: room,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ],
        }),
  });
  const answer = await answerQuery(query, transport, zone, lookUp);
  if (answer === undefined) throw new Error("no answer");
  return decode(answer);
}

const data = ({ answers = [] }: DecodedPacket): unknown[] => answers.map((each) => ("data" in each ? each.data : each));

describe("the name server of pods", () => {
  it.each([
    ["backend.default.svc.cluster.local", "A", "NOERROR", ["10.96.0.5"]],
    ["BackEnd.Default.svc.cluster.local", "A", "NOERROR", ["10.96.0.5"]],
    ["backend.default.svc.cluster.local", "AAAA", "NOERROR", []],
    ["backend.default.svc.cluster.local", "TXT", "NOERROR", []],
    ["empty.default.svc.cluster.local", "A", "NOERROR", []],
    ["nosuch.default.svc.cluster.local", "A", "NXDOMAIN", []],
    ["www.example.com.default.svc.cluster.local", "A", "NXDOMAIN", []],
    ["backend", "A", "NXDOMAIN", []],
    ["constructor", "A", "NXDOMAIN", []],
    ["5.0.96.10.in-addr.arpa", "PTR", "NXDOMAIN", []],
    ["www.example.com", "A", "NOERROR", ["93.184.216.34"]],
    ["www.example.com", "AAAA", "NOERROR", []],
    ["nosuch.example.com", "A", "NXDOMAIN", []],
    ["nosuch.example.com", "AAAA", "NXDOMAIN", []],
    ["slow.example.com", "A", "SERVFAIL", []],
    ["legacy.default.svc.cluster.local", "A", "NOERROR", ["www.example.com", "93.184.216.34"]],
  ] as const)("%s %s: %s", async (name, type, rcode, addresses) => {
    const answer = await ask(name, type);
    expect(answer).toMatchObject({ id: 4711, type: "response", rcode, flag_rd: true, flag_ra: true });
    expect(data(answer)).toEqual(addresses);
  });

  it("cuts what does not fit over UDP, so that it is asked again over TCP", async () => {
    const name = "db.default.svc.cluster.local";
    expect(await ask(name)).toMatchObject({ flag_tc: true, answers: [] });
    expect(data(await ask(name, "A", "udp", 4096))).toHaveLength(60);
    expect(data(await ask(name, "A", "tcp"))).toHaveLength(60);
  });

  it("never fails, whatever comes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (bytes) => {
        const answer = await answerQuery(Buffer.from(bytes), "udp", zone, lookUp);
        expect(answer === undefined || answer.length > 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
