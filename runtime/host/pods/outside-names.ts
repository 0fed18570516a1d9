/** An address as the system's resolver gives it. */
interface Resolved {
  readonly address: string;
  readonly family: number;
}

/** Which addresses pods see for names outside of the mesh. Theirs is an IPv4 network with a loopback of its own. */
export interface OutsideNames {
  /** What a pod should dial. A name whose addresses mean nothing in a pod gets one that stands for it, the same for the whole session. */
  readonly addressesOf: (
    name: string,
    resolve: (name: string) => Promise<readonly Resolved[]>,
  ) => Promise<readonly string[]>;
  /** Name or address that the machine should dial for what a pod dialled. */
  readonly targetOf: (address: string) => string;
}

/** By this name a pod reaches what listens on the machine's 127.0.0.1. */
export const hostName = "host.meshdev.internal";
/** Stands for the machine; no name gets it. */
const hostAddress = "240.240.255.254";
/** Class E: nobody has these, and every client that was tried takes them. */
const standInPrefix = "240.240.";
const standIns = 254 * 254;

export function createOutsideNames(): OutsideNames {
  const byName = new Map<string, string>();
  const byAddress = new Map<string, string>([[hostAddress, "127.0.0.1"]]);

  function standInFor(name: string): string {
    const known = byName.get(name);
    if (known !== undefined) return known;
    const slot = byName.size % standIns;
    const address = `${standInPrefix}${1 + Math.floor(slot / 254)}.${1 + (slot % 254)}`;
    byName.set(name, address);
    byAddress.set(address, name);
    return address;
  }

  return {
    addressesOf: async (name, resolve) => {
      if (name === hostName) return [hostAddress];
      const found = await resolve(name);
      const usable = found.filter(({ address, family }) => family === 4 && isReachable(address));
      return usable.length > 0 ? usable.map(({ address }) => address) : [standInFor(name)];
    },
    targetOf: (address) => byAddress.get(address) ?? address,
  };
}

/** In a pod, loopback is the pod's own, and these ranges are the mesh's. */
function isReachable(address: string): boolean {
  return !/^(127\.|0\.|10\.244\.|10\.96\.|240\.240\.)/.test(address);
}
