import { decode, encode, type Answer, type DecodedPacket, type Packet } from "dns-packet";
import type { Zone } from "../../model/dataplane.ts";

/** Names outside the mesh; rejects with the resolver's code, ENOTFOUND for a name that does not exist. */
export type LookUp = (name: string) => Promise<readonly string[]>;

type Zonal = Pick<Zone, "names" | "aliases">;

const clusterSuffix = ".cluster.local";
/** Seconds: endpoints of headless services come and go, names outside change seldom. */
const meshTtl = 5;
const outsideTtl = 30;
const plainUdpBytes = 512;

interface Found {
  readonly rcode: "NOERROR" | "NXDOMAIN" | "SERVFAIL";
  readonly addresses: readonly string[];
  readonly target?: string;
  readonly ttl: number;
}

/** What a name server of a cluster answers; undefined: the question cannot be read, or is none. Over UDP a long answer is cut and says so. */
export async function answerQuery(
  bytes: Buffer,
  transport: "udp" | "tcp",
  zone: Zonal,
  lookUp: LookUp,
): Promise<Buffer | undefined> {
  const query = readQuery(bytes);
  const question = query?.questions?.[0];
  if (query === undefined || question === undefined) return undefined;
  const found = await find(question.name.toLowerCase().replace(/\.$/, ""), zone, lookUp);
  const answers: Answer[] = [];
  const asked = question.type;
  if (found.target !== undefined && (asked === "A" || asked === "AAAA" || asked === "CNAME"))
    answers.push({ type: "CNAME", name: question.name, ttl: found.ttl, data: found.target });
  // Pods have no IPv6: that question has an answer without addresses, so that nobody waits.
  if (asked === "A") {
    const name = found.target ?? question.name;
    for (const data of found.addresses) answers.push({ type: "A", name, ttl: found.ttl, data });
  }
  const reply: Packet = {
    type: "response",
    id: query.id,
    flags:
      flags.recursionAvailable |
      flags.authoritative |
      (query.flag_rd ? flags.recursionDesired : 0) |
      rcodes[found.rcode],
    questions: [question],
    answers,
  };
  const whole = encode(reply);
  if (transport === "tcp" || whole.length <= roomOf(query)) return whole;
  return encode({ ...reply, flags: (reply.flags ?? 0) | flags.truncated, answers: [] });
}

const flags = { authoritative: 1 << 10, truncated: 1 << 9, recursionDesired: 1 << 8, recursionAvailable: 1 << 7 };
const rcodes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3 };

function readQuery(bytes: Buffer): DecodedPacket | undefined {
  try {
    const packet = decode(bytes);
    return packet.type === "query" && packet.questions?.length === 1 ? packet : undefined;
  } catch {
    return undefined;
  }
}

function roomOf(query: DecodedPacket): number {
  const option = query.additionals?.find((each) => each.type === "OPT");
  return option?.type === "OPT" ? Math.max(plainUdpBytes, option.udpPayloadSize) : plainUdpBytes;
}

async function find(name: string, zone: Zonal, lookUp: LookUp): Promise<Found> {
  const inside = Object.hasOwn(zone.names, name) ? zone.names[name] : undefined;
  if (inside !== undefined) return { rcode: "NOERROR", addresses: inside, ttl: meshTtl };
  const target = Object.hasOwn(zone.aliases, name) ? zone.aliases[name] : undefined;
  if (target !== undefined) return { ...(await findOutside(target, lookUp)), target };
  // What is the mesh's own, and names without a dot, are nobody's outside.
  if (name.endsWith(clusterSuffix) || !name.includes(".") || name.endsWith(".arpa"))
    return { rcode: "NXDOMAIN", addresses: [], ttl: meshTtl };
  return findOutside(name, lookUp);
}

async function findOutside(name: string, lookUp: LookUp): Promise<Found> {
  try {
    return { rcode: "NOERROR", addresses: await lookUp(name), ttl: outsideTtl };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return { rcode: code === "ENOTFOUND" ? "NXDOMAIN" : "SERVFAIL", addresses: [], ttl: meshTtl };
  }
}
