import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";

export interface TcpEntry {
  readonly local: TcpAddress;
  readonly remote: TcpAddress;
  readonly state: "listen" | "established" | "other";
  readonly inode: string;
}

export interface TcpAddress {
  readonly address: string;
  readonly port: number;
}

/** The kernel's TCP sockets of this network namespace; `root` is `/proc`, or a process below it. */
export function readTcpTable(root: string): readonly TcpEntry[] {
  const folder = root === "/proc" ? "/proc/net" : `${root}/net`;
  return ["tcp", "tcp6"].flatMap((name) => {
    try {
      return parseTcpTable(readFileSync(`${folder}/${name}`, "utf8"));
    } catch {
      return [];
    }
  });
}

export function parseTcpTable(text: string): readonly TcpEntry[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
      if (local === undefined || remote === undefined || inode === undefined) return [];
      const kind = state === "0A" ? "listen" : state === "01" ? "established" : "other";
      return [{ local: parseAddress(local), remote: parseAddress(remote), state: kind, inode } satisfies TcpEntry];
    });
}

/** `0100007F:1F90`: words in host byte order (little endian on all that we run on), port in hexadecimal. */
function parseAddress(text: string): TcpAddress {
  const [hex = "", port = "0"] = text.split(":");
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed(),
  );
  return { address: formatAddress(bytes), port: Number.parseInt(port, 16) };
}

function formatAddress(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  const dotted = bytes.slice(12).join(".");
  if (mapped && isIPv4(dotted)) return dotted;
  if (bytes.every((byte) => byte === 0)) return "::";
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "::1";
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  return groups.join(":");
}
