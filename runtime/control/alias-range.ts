import { createServer } from "node:net";

/**
 * Takes a second octet of 127.x.a.b that no other mesh on this machine uses. The claim is an abstract socket, which the kernel drops
 * with the process, in the same network namespace as the addresses. Undefined when all are taken.
 */
export async function claimAliasRange(): Promise<
  { readonly second: number; readonly release: () => void } | undefined
> {
  for (const second of candidates()) {
    const release = await claim(`\0meshdev-alias-${second}`);
    if (release !== undefined) return { second, release };
  }
  return undefined;
}

/** 244 first, as in 10.244.0.0/16; far from 127.0.0.0/16, where systems put their own. */
function candidates(): readonly number[] {
  return Array.from({ length: 127 }, (_, at) => 128 + ((at + 244 - 128) % 127));
}

function claim(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.destroy();
    });
    server.once("error", () => {
      resolve(undefined);
    });
    server.listen(name, () => {
      server.unref();
      resolve(() => {
        server.close();
      });
    });
  });
}
