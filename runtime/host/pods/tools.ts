import { MeshError } from "../../core/error.ts";
import { findExecutable } from "../find-executable.ts";

/** Programs of the system that make pods; the package in which each is, as Debian calls it. */
const packages = {
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
  mount: "util-linux",
  ip: "iproute2",
  nft: "nftables",
  perl: "perl-base",
} as const;

type Tool = keyof typeof packages;

/** Absolute path of each. */
export type PodTools = Readonly<Record<Tool, string>>;

export type FoundTools =
  | { readonly ok: true; readonly tools: PodTools }
  | { readonly ok: false; readonly missing: readonly string[]; readonly packages: readonly string[] };

/** `ip` and `nft` are in sbin, which a user's PATH may lack. */
export function findPodTools(path: string | undefined): FoundTools {
  const folders = [path ?? "", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].filter((each) => each !== "").join(":");
  const find = (name: string): string => {
    try {
      return findExecutable(name, "/", folders);
    } catch (error) {
      if (error instanceof MeshError) return "";
      throw error;
    }
  };
  const tools: PodTools = {
    unshare: find("unshare"),
    nsenter: find("nsenter"),
    setpriv: find("setpriv"),
    mount: find("mount"),
    ip: find("ip"),
    nft: find("nft"),
    perl: find("perl"),
  };
  const missing = toolNames.filter((name) => tools[name] === "");
  if (missing.length === 0) return { ok: true, tools };
  return { ok: false, missing, packages: [...new Set(missing.map((name) => packages[name]))] };
}

const toolNames: readonly Tool[] = ["unshare", "nsenter", "setpriv", "mount", "ip", "nft", "perl"];
