/** From which port the next connection leaves an address of a workload's own. */
export interface SourcePorts {
  readonly next: (address: string) => number;
}

/** The usual ephemeral ports. */
const first = 32_768;
const last = 60_999;

/**
 * Left to the system, the port of a socket that is bound to an address before it connects has to be free of every earlier connection, also of
 * those that are over and wait out their minute: the search takes a fifth of the CPU of a new connection under load, and fails after 28,000
 * of them within that minute. Taken in turn, a port comes round again only then, towards whomever.
 * @param draw a number in [0, 1): where to begin
 */
export function createSourcePorts(draw: () => number): SourcePorts {
  const ports = new Map<string, number>();
  const any = (): number => first + Math.floor(draw() * (last - first + 1));
  return {
    next: (address) => {
      const port = ports.get(address) ?? any();
      ports.set(address, port === last ? first : port + 1);
      return port;
    },
  };
}

/** The port, or its connection to the same server, is somebody else's. */
export function isPortTaken(error: NodeJS.ErrnoException): boolean {
  return error.code === "EADDRINUSE" || error.code === "EADDRNOTAVAIL";
}
